"""Searches for what is shown, said and written, over footage that has all three."""
