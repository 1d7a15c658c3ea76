"""Whether a clip shows what a line says: by the words of its caption, by vectors, and by asking the decoder."""
