"""The built-in text embedder, shared through the same hook that plugins use."""

from __future__ import annotations

from atom_core.hookspecs import hookimpl
from atom_core.specs import Register


@hookimpl
def atom_register_modules(register: Register) -> None:
    """Share `Embedder` as ``embedder``."""
    register.module(
        "embedder", "atom_core.embedder.embedder:Embedder", summary="Texts to vectors, by `Settings.embedder`"
    )
