"""The many forms that people say one thing in, each put into the one that is read."""
