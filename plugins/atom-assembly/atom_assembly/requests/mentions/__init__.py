"""Requests read by what they mention and the words around that, whatever their grammar."""
