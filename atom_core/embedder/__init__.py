"""The text embedder: a shared module that turns texts into unit vectors."""
