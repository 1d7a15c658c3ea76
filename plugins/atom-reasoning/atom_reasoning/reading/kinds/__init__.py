"""Readers of the kinds of questions, each by its patterns."""
