"""Decoded pictures as a player shows them."""
