"""A model as programs for phones: its sizes, its programs, their weights and layers, lowered and written."""
