"""A model's files: opened, checked, loaded, quantised and written."""
