"""Films asked for in people's words, on a library whose truth is known."""
