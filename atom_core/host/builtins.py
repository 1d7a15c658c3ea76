"""The plugins that every host has; a start of ``atom`` finds its commands with them, and loads no host."""

from __future__ import annotations

from atom_core.embedder import hooks as embedder
from atom_core.loader import transformers_loader
from atom_core.media import hooks as media

BUILTINS: tuple[tuple[str, object], ...] = (
    ("media", media),
    ("transformers", transformers_loader),
    ("embedder", embedder),
)
"""Shot detection, transformers models, the text embedder."""
