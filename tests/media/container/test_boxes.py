"""Boxes of MP4 files, byte by byte (ISO/IEC 14496-12)."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest

from atom_core.media.container import boxes as reader
from atom_core.media.container.boxes import Boxes, boxes, level


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of `parts`."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def long_box(kind: bytes, content: bytes) -> bytes:
    """A box whose size has eight bytes."""
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


def listed(data: bytes, end: int | None = None) -> list[tuple[bytes, bytes]]:
    """The kinds and contents of boxes that follow each other."""
    return [(kind, data[start:stop]) for kind, start, stop in level(BytesIO(data), 0, end or len(data))]


FTYP = box(b"ftyp", b"isom", bytes(4))


def told(*parts: bytes) -> Boxes:
    """What a file of these boxes says."""
    return boxes(BytesIO(FTYP + b"".join(parts)))


def test_boxes_follow_each_other() -> None:
    """Of any size, empty ones too; one without a size goes to the end, and one that is cut off ends there."""
    data = box(b"aaaa", b"12345678") + long_box(b"bbbb", b"1234567890") + box(b"cccc")
    whole = [(b"aaaa", b"12345678"), (b"bbbb", b"1234567890"), (b"cccc", b"")]
    assert listed(data) == whole
    assert listed(data + b"\0" * 7) == whole, "seven bytes are no box"
    assert listed(data + struct.pack(">I4s", 0, b"dddd") + b"rest") == [*whole, (b"dddd", b"rest")]
    assert listed(data[:12]) == [(b"aaaa", b"1234")]
    assert listed(data, 12) == [(b"aaaa", b"1234")]
    assert listed(data[:20], 40) == [(b"aaaa", b"12345678")], "a file that became shorter meanwhile"
    assert listed(long_box(b"bbbb", b"")) == [(b"bbbb", b"")]
    assert listed(data + box(b"zzzz", b"of another"), len(data) + 7) == whole, "what follows is no part of it"
    assert listed(struct.pack(">I4sQ", 1, b"eeee", 2**56 + 16) + b"rest") == [(b"eeee", b"rest")]


@pytest.mark.parametrize(
    "head", [struct.pack(">I4s", 7, b"aaaa"), struct.pack(">I4sQ", 1, b"aaaa", 15), b"\0\0\0\2aaaa"]
)
def test_sizes_that_cannot_be_end_the_reading(head: bytes) -> None:
    """A box is not shorter than its own head."""
    assert listed(box(b"free") + head + bytes(32)) == [(b"free", b"")]


def test_what_is_such_a_file() -> None:
    """It is known by its first box, and can be played if there is one that says what is where, on any level."""
    nothing = Boxes(has_media=False, has_index=False, refers=False, num_samples=0, is_endless=False)
    assert boxes(BytesIO(b"")) == boxes(BytesIO(box(b"RIFF") + box(b"moov"))) == nothing
    film = nothing._replace(has_media=True)
    assert told() == told(box(b"mdat", box(b"moov"))) == told(box(b"free")) == film
    for kind in (b"moov", b"meta"):
        assert told(box(b"mdat", b"1234"), box(kind)) == film._replace(has_index=True)
    assert boxes(BytesIO(box(b"moov"))) == film._replace(has_index=True)


def reference(flags: int, name: bytes) -> bytes:
    """A film whose data lie where `name` says."""
    entry = box(b"url ", struct.pack(">I", flags), name)
    dref = box(b"dref", struct.pack(">II", 0, 1), entry)
    return box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"dinf", dref)))))


@pytest.mark.parametrize(
    ("flags", "name", "refers"),
    [
        (1, b"", False),
        (1, b"other.mp4\0", False),
        (3, b"x\0", False),
        (0, b"x\0", True),
        (2, b"x\0", True),
        (0, b"\0", False),
    ],
)
def test_whether_pictures_lie_elsewhere(flags: int, name: bytes, refers: bool) -> None:
    """Unless the flag says that they are in the file itself; an empty name is the file's own, too."""
    found = told(reference(flags, name))
    assert (found.refers, found.has_index) == (refers, True)
    assert told(reference(flags, name), reference(1, b"")).refers == refers
    assert told(reference(1, b""), reference(flags, name)).refers == refers


def test_a_film_that_names_others() -> None:
    """QuickTime's list of films to choose from."""
    assert told(box(b"moov", box(b"rmra"))).refers
    assert told(box(b"moov", box(b"rmra")), reference(1, b"")).refers


def test_samples_of_all_fragments() -> None:
    """What each declares is added up."""
    runs = [box(b"moof", box(b"traf", box(b"trun", struct.pack(">II", 5, number), b"..."))) for number in (3, 400)]
    assert told(*runs) == Boxes(has_media=True, has_index=False, refers=False, num_samples=403, is_endless=False)


def test_no_end_of_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many are looked at as any recording has; with more it is no recording."""
    monkeypatch.setattr(reader, "_MAX_BOXES", 4)
    assert not told(*[box(b"free")] * 3).is_endless
    assert told(*[box(b"free")] * 4).is_endless
    assert not told(*[box(b"free")] * 4, box(b"moov")).has_index
