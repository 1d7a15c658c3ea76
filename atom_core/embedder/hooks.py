"""The built-in text embedder, shared through the same hook that plugins use."""

from __future__ import annotations

from atom_core.hookspecs import Register, hookimpl


@hookimpl
def atom_register_modules(register: Register) -> None:
    """Share `Embedder` as ``embedder``."""
    register("embedder", "atom_core.embedder.embedder:Embedder", summary="Texts to vectors, by `Settings.embedder`")
