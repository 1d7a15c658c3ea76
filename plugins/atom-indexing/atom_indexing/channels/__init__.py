"""The ways in which moments are found, what each says of a moment, and how they are made one list."""
