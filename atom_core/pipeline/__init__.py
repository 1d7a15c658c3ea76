"""Graphs of tasks and the lanes that run them."""
