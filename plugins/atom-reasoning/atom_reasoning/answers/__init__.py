"""Answers worked out from what clips show; nothing here asks a model."""
