"""The commands that come with the core."""
