"""Who may ask, and for which files."""
