"""Text as people write and read it."""
