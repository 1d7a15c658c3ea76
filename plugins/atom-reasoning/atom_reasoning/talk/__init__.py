"""The question in a text that says more than that: its parts, which of them asks, and what the others tell of it."""
