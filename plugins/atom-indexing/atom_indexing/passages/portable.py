"""What is said and written in videos, as lines of an exported library and from another library's file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from attrs import frozen

import atom_core as atom
from atom_indexing.passages.collect import SOURCES
from atom_indexing.passages.store import FILE, LEFT_OUT, Passage, Passages

KEY = "passages"
"""What a line of passages has, and one of a clip has not: its channel."""


@frozen(kw_only=True)
class Told:
    """What is said, or written, in one video."""

    channel: str
    """``speech`` or ``text``."""
    content_hash: str
    made_by: str
    """The task that told it."""
    passages: tuple[Passage, ...]


def told_in(folder: Path, content_hashes: Collection[str]) -> Iterator[Told]:
    """What there is in a library's folder of some videos, without vectors, which are made of the texts again.

    :raises LibraryError: if it cannot be read
    """
    if not (folder / FILE).is_file():
        return
    try:
        with Passages.opened(folder) as kept:
            for name in SOURCES:
                for content_hash, made_by in kept.made_by(name).items():
                    if made_by != LEFT_OUT and content_hash in content_hashes:
                        passages = tuple(kept.of_video(name, content_hash))
                        yield Told(channel=name, content_hash=content_hash, made_by=made_by, passages=passages)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise atom.LibraryError(
            f"what is said and written cannot be read from '{folder / FILE}': {error}; `atom library --mend` clears"
            " what is damaged"
        ) from None


def line_of(told: Told) -> str:
    """As a line."""
    rows = [[one.start_s, one.end_s, one.text, one.words] for one in told.passages]
    about = {KEY: told.channel, "content_hash": told.content_hash, "made_by": told.made_by, "rows": rows}
    return json.dumps(about, ensure_ascii=False)


def of_line(value: Mapping[str, object]) -> Told:
    """What `line_of` wrote.

    :raises ValueError: if it is none
    """
    channel, content_hash, made_by, rows = (value.get(name) for name in (KEY, "content_hash", "made_by", "rows"))
    if channel not in SOURCES or not (isinstance(content_hash, str) and isinstance(made_by, str) and made_by):
        raise ValueError("it is nothing that is said or written in a video")
    if not isinstance(rows, list):
        raise ValueError("it has no passages")
    passages = []
    for start_s, end_s, text, words in rows:
        if not isinstance(text, str):
            raise ValueError("a passage has no text")
        times = tuple((str(word), float(first_s), float(last_s)) for word, first_s, last_s in words)
        one = Passage(content_hash=content_hash, start_s=float(start_s), end_s=float(end_s), text=text, words=times)
        passages.append(one)
    return Told(channel=str(channel), content_hash=content_hash, made_by=made_by, passages=tuple(passages))


def take_in(folder: Path, found: Iterable[Told], source: str) -> int:
    """Hold in a library's folder what was told of videos of which it has nothing yet; of how many that is.

    :param source: how messages call where it is from
    :raises LibraryError: if it cannot be read or written
    """
    num = 0
    try:
        for told in found:
            with Passages.opened(folder, write=True) as kept:
                if kept.made_by(told.channel).get(told.content_hash, LEFT_OUT) == LEFT_OUT:
                    kept.put(told.channel, told.content_hash, told.made_by, told.passages)
                    num += 1
    except (OSError, sqlite3.Error) as error:
        raise atom.LibraryError(
            f"what is said and written cannot be taken over from {source}: {error}; `atom index PATH` finds it anew"
        ) from None
    return num
