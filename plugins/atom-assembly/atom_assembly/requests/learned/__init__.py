"""Requests read by small networks that learned from the wordings of many persons."""
