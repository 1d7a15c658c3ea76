"""The resident encoder, and the cache of what it has made."""
