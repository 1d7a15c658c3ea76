"""Crops in the headers of containers; headers that are damaged say none."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

from atom_core.media.pictures.crop import Crop, container_crop

MP4, MATROSKA = "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), name) + content


def _track(kind: bytes, entry: bytes, shown: tuple[int, int] = (0, 0)) -> bytes:
    handler = _box(b"hdlr", bytes(8) + kind + bytes(12))
    media = _box(b"minf", _box(b"stbl", _box(b"stsd", bytes(8) + entry)))
    return _box(b"trak", _box(b"tkhd", bytes(76) + struct.pack(">II", *shown)) + _box(b"mdia", handler + media))


def _entry(*boxes: bytes) -> bytes:
    return _box(b"avc1", bytes(24) + struct.pack(">HH", 720, 480) + bytes(50) + b"".join(boxes))


def _clap(*numbers: int) -> bytes:
    return _box(b"clap", struct.pack(">IIIIiIiI", *numbers))


def _element(name: int, content: bytes) -> bytes:
    return name.to_bytes((name.bit_length() + 7) // 8) + (len(content) | 1 << 56).to_bytes(8) + content


def _matroska(*sides: tuple[int, int]) -> bytes:
    video = _element(0xE0, b"".join(_element(name, size.to_bytes(2)) for name, size in sides))
    sound = _element(0xAE, _element(0x83, b"\2"))
    return _element(0x1A45DFA3, b"") + _element(
        0x18538067, _element(0x1654AE6B, sound + _element(0xAE, _element(0x83, b"\1") + video))
    )


def test_clean_aperture(tmp_path: Path) -> None:
    """The middle of what is shown is so far from the picture's; tracks of sound do not count."""
    tracks = _track(b"soun", bytes(60)), _track(b"vide", _entry(_clap(704, 1, 472, 1, -4, 1, 1, 1)))
    path = tmp_path / "v.mp4"
    path.write_bytes(_box(b"ftyp", b"isom") + _box(b"moov", b"".join(tracks)))
    assert container_crop(path, MP4, 0) == Crop(4, 5, 12, 3)
    assert container_crop(path, MP4, 1) == Crop()
    assert container_crop(path, "avi", 0) == Crop()


def test_the_size_of_what_is_shown_tells_the_shape_of_pixels(tmp_path: Path) -> None:
    """Where there is no box for it, and the track's size is not that of the whole picture."""
    path = tmp_path / "v.mov"
    for shown, aspect in (((640 << 16, 480 << 16), Fraction(640, 704)), ((720 << 16, 480 << 16), None)):
        path.write_bytes(_box(b"moov", _track(b"vide", _entry(_clap(704, 1, 480, 1, 0, 1, 0, 1)), shown)))
        assert container_crop(path, MP4, 0) == Crop(8, 0, 8, 0, aspect)


def test_matroska(tmp_path: Path) -> None:
    """Sides that are not named are not cut."""
    path = tmp_path / "v.mkv"
    path.write_bytes(_matroska((0x54AA, 300), (0x54CC, 7)))
    assert container_crop(path, MATROSKA, 0) == Crop(left=7, bottom=300)
    assert Crop(left=7, bottom=300).inside(640, 300) == Crop()


def test_damage(tmp_path: Path) -> None:
    """Whatever bytes are there, reading ends and nothing is raised."""
    rng = random.Random(0)
    path = tmp_path / "v"
    whole = {
        MP4: _box(b"moov", _track(b"vide", _entry(_clap(704, 1, 472, 0, -4, 1, 1, 1)))),
        MATROSKA: _matroska((0x54AA, 300), (0x54CC, 7)),
    }
    for name, content in whole.items():
        for _ in range(300):
            damaged = bytearray(content)
            for _ in range(rng.randrange(1, 6)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            path.write_bytes(damaged[: rng.randrange(1, len(damaged) + 1)])
            container_crop(path, name, 0).inside(720, 480)
