"""Making a library anew so that no video is forgotten: those still to come are noted in its folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import atom_core as atom
from atom_core.files import private_folder, write_whole
from atom_indexing.commands.library import state
from atom_indexing.entries.summary import Held
from atom_indexing.library.remembering import Remembering
from atom_indexing.passages.collect import forget_others

FILE = "rebuild.json"


def begin(context: atom.CommandContext) -> list[Path]:
    """The videos to index again; a rebuild that was cut off goes on.

    Each is found as it was until it is there anew. Only where that cannot be, since another model made the library or
    it cannot be read, it is emptied.

    :raises ModelError: if the model cannot be loaded; the library is as it was
    :raises LibraryError: if the library cannot be read or written
    """
    from atom_indexing.library import erase
    from atom_indexing.library.chroma import check_room

    _ = context.host().decoder  # a model that cannot be loaded must not cost the library
    place = context.settings.library
    check_room(place)
    held = _readable(context)
    if held is None or not cut_off(place):
        left = _read(place)[1]
        note = partial(_begin, place, left)
        if held is None:
            erase(place, first=lambda videos: note(videos.values()))
        else:
            note(one.path for one in held.values())
    return _read(place)[1]


def to_renew(context: atom.CommandContext, library: atom.Library) -> set[str]:
    """What the library has from before the rebuild that is under way, by content hash."""
    held = library.held() if isinstance(library, Remembering) else {}
    return {content_hash for content_hash, one in held.items() if one.first_s < _since(context.settings.library)}


def finish(context: atom.CommandContext, library: atom.Library) -> None:
    """Forget what is gone. Keep in mind what could not be read and was not deleted, for the next rebuild."""
    place = context.settings.library
    former = library.held() if isinstance(library, Remembering) else {}
    for content_hash in to_renew(context, library):
        if state(former[content_hash].path) == "gone":
            library.remove(content_hash)
    forget_others(context.host(), (library.held() if isinstance(library, Remembering) else library.videos()).keys())
    held = set(library.videos().values())
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


def _since(place: Path) -> float:
    """When the rebuild that is under way was begun, seconds since 1970; 0 if that is not known."""
    try:
        return float(json.loads((place / FILE).read_text(encoding="utf-8"))["since_s"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return 0.0


def _begin(place: Path, left: Iterable[Path], videos: Iterable[Path]) -> None:
    _note(place, dict.fromkeys([*left, *videos]), cut_off=True)


def _note(place: Path, paths: Iterable[Path], *, cut_off: bool) -> None:
    value = {"cut_off": cut_off, "since_s": time.time(), "videos": [str(path) for path in paths]}
    try:
        private_folder(place)
        write_whole(place / FILE, json.dumps(value, indent=1), private=True)
    except OSError as error:
        raise atom.LibraryError(f"library '{place}' cannot be written: {error.strerror}; check the folder") from None


def _readable(context: atom.CommandContext) -> Mapping[str, Held] | None:
    """What the library holds of each video; None if it belongs to another model than is in force, or is damaged."""
    try:
        library = context.host().library
        if not isinstance(library, Remembering):
            return None
        library.fair_score()  # reads all of it
        return library.held()
    except atom.LibraryError:
        return None
