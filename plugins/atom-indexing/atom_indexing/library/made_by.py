"""Which model a library belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import atom_core as atom
from atom_indexing.library.chroma import called
from atom_indexing.replica.changes import Change

if TYPE_CHECKING:
    from atom_indexing.library.database import Collections

FORMAT = 1


def claim(found: Collections, *, path: Path, model: str, name: str) -> None:
    """Note whose vectors a new library holds; refuse one of another model."""
    if "model" not in (found.clips.metadata or {}):
        found.clips.modify(metadata={"format": FORMAT, "model": model, "model_name": name})
        found.changes.append(Change())
    else:
        check_model(made_by(found), path=path, model=model)


def content_of(model: str) -> str:
    """What tells models apart: the name before ``@`` is for people, and a copy under another name is the same model."""
    return model.rpartition("@")[2]


def made_by(found: Collections) -> dict[str, str]:
    """Which model and which text embedder made the vectors of a library, and in which format it is."""
    about, texts = found.clips.metadata or {}, found.texts.metadata or {}
    said = {name: str(about.get(name, "")) for name in ("model", "model_name", "format")}
    return {**said, "embedder": str(texts.get("embedder", ""))}


def check_model(made: Mapping[str, str], *, path: Path, model: str) -> None:
    """Refuse a library of another model, or format.

    :param made: see `made_by`
    :raises LibraryError: with what to do then
    """
    if content_of(made["model"]) != content_of(model):
        raise atom.LibraryError(
            f"library '{called(path)}' was made with model {made['model']}, not with {model}; "
            f"use --model {made['model_name']}, another --library DIR, or make it anew: atom index --rebuild"
        )
    if made["format"].isdecimal() and len(made["format"]) < 9 and int(made["format"]) > FORMAT:
        raise atom.LibraryError(
            f"library '{called(path)}' has format {made['format']}, of a newer Atom; this version reads {FORMAT}:"
            " update it, or name another with --library DIR"
        )
    if made["format"] != str(FORMAT):
        raise atom.LibraryError(
            f"library '{called(path)}' has format {made['format']}, this version reads {FORMAT}; "
            "make it anew: atom index --rebuild"
        )
