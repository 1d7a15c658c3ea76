"""Which model a library belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import atom_core as atom

if TYPE_CHECKING:
    from atom_indexing.library.database import Collections

FORMAT = 1


def claim(found: Collections, *, path: Path, model: str, name: str) -> None:
    """Note whose vectors a new library holds; refuse one of another model."""
    made = found.clips.metadata or {}
    if "model" not in made:
        found.clips.modify(metadata={"format": FORMAT, "model": model, "model_name": name})
    elif content_of(str(made["model"])) != content_of(model):
        raise atom.LibraryError(
            f"library '{path}' was made with model {made['model']}, not with {model}; "
            f"use --model {made.get('model_name')}, another --library DIR, or make it anew: atom index --rebuild"
        )
    elif made.get("format") != FORMAT:
        raise atom.LibraryError(
            f"library '{path}' has format {made.get('format')}, this version reads {FORMAT}; "
            "make it anew: atom index --rebuild"
        )


def content_of(model: str) -> str:
    """What tells models apart: the name before ``@`` is for people, and a copy under another name is the same model."""
    return model.rpartition("@")[2]
