"""Which part of the stored pictures the container asks players to show: Matroska's crop, MP4's clean aperture.

FFmpeg's libraries tell programs of it, but PyAV does not hand it on, so it is read from the header here.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NamedTuple

from atom_core.media.container.boxes import level

_SEGMENT, _CLUSTER, _TRACKS, _TRACK, _TRACK_TYPE, _VIDEO = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0x83, 0xE0
_SIDES = (0x54CC, 0x54BB, 0x54DD, 0x54AA)
"""Matroska's crop at the left, top, right and bottom."""
_MATROSKA_VIDEO = 1
_ENTRY_BYTES = 86
"""Length of a picture track's entry in MP4, before the boxes that describe it further (ISO/IEC 14496-12, 12.1.3)."""
_MAX_ELEMENTS = 10_000
_MAX_HEADER_BYTES = 1 << 20


class Crop(NamedTuple):
    """What is cut off stored pictures, pixels at each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0
    aspect: Fraction | None = None
    """Shape of the pixels that are left, width by height, where only the size of the whole picture tells it."""

    def inside(self, width: int, height: int) -> Crop:
        """Itself if something of a picture of that size is left, else none."""
        return self if self.left + self.right < width and self.top + self.bottom < height else Crop()

    @property
    def cuts(self) -> bool:
        """Whether anything is cut off."""
        return any((self.left, self.top, self.right, self.bottom))


def container_crop(path: Path, format_name: str, place: int) -> Crop:
    """The crop of the picture track that comes at `place` among those of the file, from 0; none where it says none.

    :param format_name: FFmpeg's name of the container
    """
    find = {"matroska,webm": _matroska, "mov,mp4,m4a,3gp,3g2,mj2": _mp4}.get(format_name)
    if find is None:
        return Crop()
    try:
        with path.open("rb") as file:
            return next((crop for number, crop in enumerate(find(file)) if number == place), Crop())
    except (OSError, struct.error, ArithmeticError, IndexError, ValueError):  # damaged: FFmpeg made something of it
        return Crop()


def _matroska(file: BinaryIO) -> Iterator[Crop]:
    """The crop of each picture track, in order."""
    size = os.fstat(file.fileno()).st_size
    for segment, start, end in _elements(file, 0, size):
        if segment != _SEGMENT:
            continue
        for part, first, last in _elements(file, start, end):
            if part == _TRACKS and last - first <= _MAX_HEADER_BYTES:
                yield from _matroska_tracks(file, first, last)
                return


def _matroska_tracks(file: BinaryIO, start: int, end: int) -> Iterator[Crop]:
    for track, first, last in _elements(file, start, end):
        if track != _TRACK:
            continue
        parts = {part: (at, after) for part, at, after in _elements(file, first, last)}
        if _TRACK_TYPE in parts and _number(file, *parts[_TRACK_TYPE]) == _MATROSKA_VIDEO:
            video = _elements(file, *parts[_VIDEO]) if _VIDEO in parts else iter(())
            sides = {part: _number(file, at, after) for part, at, after in video}
            left, top, right, bottom = (sides.get(side, 0) for side in _SIDES)
            yield Crop(left, top, right, bottom)


def _number(file: BinaryIO, start: int, end: int) -> int:
    file.seek(start)
    return int.from_bytes(file.read(min(end - start, 8)))


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Name, start and end of the content of each element (RFC 8794); one of unknown size reaches to the end."""
    for _ in range(_MAX_ELEMENTS):
        if start >= end:
            return
        file.seek(start)
        head = file.read(12)
        name_bytes = 9 - head[0].bit_length()
        size_bytes = 9 - head[name_bytes].bit_length()
        if not 1 <= name_bytes <= 4 or size_bytes > 8:
            return
        name = int.from_bytes(head[:name_bytes])
        coded = int.from_bytes(head[name_bytes : name_bytes + size_bytes])
        unknown = (1 << (7 * size_bytes)) - 1
        first = start + name_bytes + size_bytes
        last = end if coded & unknown == unknown else min(first + (coded & unknown), end)
        yield name, first, last
        start = last


def _mp4(file: BinaryIO) -> Iterator[Crop]:
    """The crop of each picture track, in order."""
    size = os.fstat(file.fileno()).st_size
    for start, end in _path(file, 0, size, b"moov", b"trak"):
        kinds = (_read(file, *place)[8:12] for place in _path(file, start, end, b"mdia", b"hdlr"))
        if next(kinds, b"") == b"vide":
            yield _mp4_track(file, start, end)


def _mp4_track(file: BinaryIO, start: int, end: int) -> Crop:
    shown = next((_read(file, *place)[-8:] for place in _path(file, start, end, b"tkhd")), bytes(8))
    for first, last in _path(file, start, end, b"mdia", b"minf", b"stbl", b"stsd"):
        entry = _read(file, first + 8, min(last, first + 8 + _ENTRY_BYTES))
        width, height = struct.unpack(">HH", entry[32:36])
        entry_end = min(first + 8 + int.from_bytes(entry[:4]), last)
        inner = level(file, first + 8 + _ENTRY_BYTES, entry_end)
        boxes = {name: _read(file, at, after) for name, at, after in inner}
        if b"clap" in boxes:
            crop = _clean_aperture(boxes[b"clap"], width, height)
            display = struct.unpack(">II", shown)  # of the whole picture or of what is shown, 16.16
            if crop.cuts and b"pasp" not in boxes and all(display) and display != (width << 16, height << 16):
                left = Fraction(width - crop.left - crop.right, height - crop.top - crop.bottom)
                return crop._replace(aspect=Fraction(*display) / left)
            return crop
    return Crop()


def _clean_aperture(box: bytes, width: int, height: int) -> Crop:
    """ISO/IEC 14496-12, 12.1.4: the size of what is shown, and how far its middle is from the picture's."""
    numbers = struct.unpack(">IIIIiIiI", box[:32])
    inner_width, inner_height, right_by, down_by = (
        Fraction(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)
    )
    left = round((width - inner_width) / 2 + right_by)
    top = round((height - inner_height) / 2 + down_by)
    right = width - left - round(inner_width)
    bottom = height - top - round(inner_height)
    crop = Crop(max(left, 0), max(top, 0), max(right, 0), max(bottom, 0))
    return crop.inside(width, height) if inner_width > 0 and inner_height > 0 else Crop()


def _path(file: BinaryIO, start: int, end: int, *names: bytes) -> Iterator[tuple[int, int]]:
    """Where the boxes begin and end that are reached through boxes of these names."""
    for name, first, last in level(file, start, end):
        if name == names[0]:
            yield from _path(file, first, last, *names[1:]) if len(names) > 1 else [(first, last)]


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(min(end - start, _MAX_HEADER_BYTES))
