"""Making a library anew so that no video is forgotten: those still to come are noted in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import atom_core as atom
from atom_core.files import write_whole
from atom_indexing.library_command import state

FILE = "rebuild.json"


def begin(context: atom.CommandContext) -> list[Path]:
    """Empty the library, whichever model made it; the videos to index again. A rebuild that was cut off goes on.

    :raises ModelError: if the model cannot be loaded; the library is as it was
    :raises LibraryError: if the library cannot be read or written
    """
    from atom_indexing.library import erase

    _ = context.host().decoder  # a model that cannot be loaded must not cost the library
    place = context.settings.library
    if not (cut_off(place) and _fits(context)):
        _, left = _read(place)
        erase(place, first=lambda videos: _note(place, dict.fromkeys([*left, *videos.values()]), cut_off=True))
    return _read(place)[1]


def finish(context: atom.CommandContext, library: atom.Library) -> None:
    """Keep in mind what could not be read and was not deleted, for the next rebuild."""
    place, held = context.settings.library, set(library.videos().values())
    left = [path for path in _read(place)[1] if path not in held and state(path) != "gone"]
    if left:
        _note(place, left, cut_off=False)
        context.note(f"videos that could not be indexed again: {len(left)}; the next --rebuild tries them too")
    else:
        (place / FILE).unlink(missing_ok=True)


def cut_off(place: Path) -> bool:
    """Whether a rebuild of the library at `place` was not brought to its end."""
    return _read(place)[0]


def _read(place: Path) -> tuple[bool, list[Path]]:
    try:
        noted = json.loads((place / FILE).read_text(encoding="utf-8"))
        names = [str(name) for name in noted["videos"]]
        return bool(noted["cut_off"]), [Path(name) for name in names if "\0" not in name]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return False, []


def _note(place: Path, paths: Iterable[Path], *, cut_off: bool) -> None:
    try:
        write_whole(
            place / FILE,
            json.dumps({"cut_off": cut_off, "videos": [str(path) for path in paths]}, indent=1),
            private=True,
        )
    except OSError as error:
        raise atom.LibraryError(f"library '{place}' cannot be written: {error.strerror}; check the folder") from None


def _fits(context: atom.CommandContext) -> bool:
    """Whether the library belongs to the model in force, as one does whose rebuild was cut off."""
    try:
        return context.host().library is not None
    except atom.LibraryError:
        return False
