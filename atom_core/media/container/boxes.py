"""What the boxes of an MP4 or QuickTime file say, read before anything is made of it (ISO/IEC 14496-12)."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_FIRST = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"moof", b"pnot", b"uuid", b"sidx"})
"""The boxes that such files begin with."""
_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"moof", b"traf"})
"""Boxes looked into."""
_MAX_BOXES = 4_000_000
"""Most boxes that are looked at: a day in fragments of a quarter of a second has fewer."""


class Boxes(NamedTuple):
    """What was found."""

    has_media: bool
    """Whether it is such a file at all."""
    has_index: bool
    """Whether the box is there that says what is where."""
    refers: bool
    """Whether pictures or sound lie in other files."""
    num_samples: int
    """Samples that fragments declare, all together; each takes memory as soon as a fragment is read."""
    is_endless: bool
    """Whether there are more boxes than are looked at."""


def boxes(file: BinaryIO) -> Boxes:
    """What the boxes of `file` say; sizes that cannot be end the reading."""
    size = file.seek(0, os.SEEK_END)
    first, has_index, refers, num_samples, number = b"", False, False, 0, 0
    for number, (kind, at, end) in enumerate(_walk(file, 0, size), 1):
        first = first or kind
        if first not in _FIRST or number > _MAX_BOXES:
            break
        has_index |= kind in (b"moov", b"meta")
        if kind == b"rmra":
            refers = True
        elif kind == b"dref":
            refers |= _names_files(file, at, end)
        elif kind == b"trun":
            file.seek(at + 4)
            num_samples += int.from_bytes(file.read(4))
    return Boxes(first in _FIRST, has_index, refers, num_samples, number > _MAX_BOXES)


def level(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, first byte after the head, and end of each box between two places, one after the other."""
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        start = at + 8
        if size == 1:  # the true size follows
            size, start = int.from_bytes(head[8:]), at + 16
        stop = min(at + size, end) if size else end
        if stop < start:
            return
        yield kind, start, stop
        at = stop


def _walk(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """What `level` gives, those that hold others before what they hold."""
    for kind, start, stop in level(file, at, end):
        yield kind, start, stop
        if kind in _FOLDERS:
            yield from _walk(file, start, stop)


def _names_files(file: BinaryIO, at: int, end: int) -> bool:
    """Whether one of the data references at `at` is not to the file itself."""
    for _, start, stop in _walk(file, at + 8, end):
        file.seek(start)
        flags = int.from_bytes(file.read(4))
        if not flags & 1 and stop - start > 5:  # an empty name is the file's own, too
            return True
    return False
