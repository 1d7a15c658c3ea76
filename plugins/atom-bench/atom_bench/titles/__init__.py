"""Titles that are known, on footage: how well they are read, how often, and what that costs."""
