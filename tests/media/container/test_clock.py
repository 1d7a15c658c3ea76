"""When pictures are shown, by packets and pictures that are made up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atom_core.media.container import clock
from atom_core.media.container.clock import (
    Key,
    OrderClock,
    SparseClock,
    StampClock,
    clock_stretches,
    is_bare,
    key_before,
    length,
    stamps_few,
    stores_order,
)


def packet(dts: int | None = None, duration: int | None = 1, size: int = 9, *, key: bool = False) -> Any:
    """A packet."""
    return SimpleNamespace(dts=dts, pts=dts, duration=duration, size=size, is_keyframe=key)


def frame(pts: int | None, dts: int | None = None, duration: int = 0, *, key: bool = False) -> Any:
    """A decoded picture, of a stream that counts in 25ths of a second."""
    return SimpleNamespace(pts=pts, dts=dts, duration=duration, time_base=Fraction(1, 25), key_frame=key)


def test_stamps_are_believed() -> None:
    """The time of showing, or else that of decoding."""
    made = StampClock()
    assert [made.shown(frame(3, 9)), made.shown(frame(None, 9)), made.shown(frame(None))] == [3, 9, None]


def test_guessed_stamps() -> None:
    """What falls back by less than a second comes right after the last picture; by more, another recording begins."""
    clock = SparseClock()
    assert (clock.shown(frame(None)), clock.is_counted) == (None, True)
    clock = SparseClock()
    assert [clock.shown(one) for one in (frame(50), frame(50), frame(49, duration=3), frame(60))] == [50, 51, 54, 60]
    assert not clock.is_counted
    clock.store(packet(duration=4))
    clock.store(packet(duration=7, size=0))
    clock.store(packet(duration=0))
    assert [clock.shown(one) for one in (frame(36), frame(None), frame(47))] == [64, 68, 72]
    assert clock.is_counted
    assert [clock.shown(one) for one in (frame(47), frame(52))] == [47, 52]
    unknown = frame(3)
    unknown.time_base = None
    assert clock.shown(unknown) == 56, "how far it falls back is not known"


def orders(clock: OrderClock, *packets: Any) -> list[int | None]:
    """The times with which packets are marked."""
    for one in packets:
        clock.store(one)
    return [one.pts for one in packets]


def test_pictures_without_times_are_shown_in_turn() -> None:
    """The picture that is shown n-th has the n-th time, each packet lasting as long as it says; empty ones nothing."""
    clock = OrderClock(10)
    made = orders(clock, packet(duration=2, key=True), packet(size=0), packet(duration=2), packet(duration=None))
    assert made == [10, None, 12, 14]
    assert [clock.shown(frame(own, key=own == 10)) for own in (10, 14, 12)] == [10, 12, 14]
    assert clock.shown(frame(None)) is None
    assert clock.shown(frame(14)) == 14, "there is no later time than the last"


def test_a_lost_picture_shifts_none_after_the_next_key_picture() -> None:
    """Pictures that are shown before a key picture which is decoded before them count as shown before it."""
    clock = OrderClock(0)
    orders(clock, *[packet() for _ in range(10)])
    assert [clock.shown(frame(0, key=True)), clock.shown(frame(2))] == [0, 1]
    assert [clock.shown(frame(5, key=True)), clock.shown(frame(6))] == [5, 6]
    leading = OrderClock(0)
    orders(leading, *[packet() for _ in range(6)])
    assert [leading.shown(frame(own, key=own in (0, 3))) for own in (0, 4, 3, 5)] == [0, 1, 4, 5]


def test_an_index_corrects_the_count_after_a_seek() -> None:
    """By one tick, at the key picture where the seek ended; larger differences are another picture's."""
    for found, dts, key, marked in (
        (10, 9, True, [10, 11]),
        (10, 11, True, [10, 11]),
        (10, 10, True, [10, 11]),
        (10, 8, True, [8, 9]),
        (10, 12, True, [12, 13]),
        (10, 9, False, [9, 10]),
        (None, 9, True, [9, 10]),
    ):
        assert orders(OrderClock(found=found), packet(dts, key=key), packet(dts + 1, key=True)) == marked
    assert orders(OrderClock(found=10), packet(4, size=0), packet(None), packet(9, key=True)) == [4, None, 10]


def test_hours_take_no_more_memory() -> None:
    """Times that were given out long ago are forgotten, and no picture is shown at another's for it."""
    clock = OrderClock(0)
    for number in range(500):
        clock.store(packet(key=number == 0))
        assert clock.shown(frame(number, key=number == 0)) == number
        assert len(clock._stored) <= 130
        assert len(clock._shown) <= 130
    clock.store(packet(key=True))
    assert clock.shown(frame(500, key=True)) == 500
    ahead = OrderClock(0)
    orders(ahead, *[packet() for _ in range(500)])
    assert [ahead.shown(frame(number, key=number == 0)) for number in range(500)] == list(range(500))


def container(name: str, codec: str = "h264") -> Any:
    """An open file of some format."""
    return SimpleNamespace(
        format=SimpleNamespace(name=name),
        streams=SimpleNamespace(video=[SimpleNamespace(codec_context=SimpleNamespace(name=codec))]),
    )


@pytest.mark.parametrize(
    ("name", "codec", "bare", "few", "order"),
    [
        ("avi", "mpeg4", False, False, True),
        ("h264", "h264", True, False, True),
        ("dirac", "dirac", True, False, True),
        ("mpegvideo", "mpeg1video", True, False, True),
        ("mpegvideo", "mpeg2video", False, False, False),
        ("mpeg", "mpeg1video", False, True, False),
        ("mov,mp4,m4a,3gp,3g2,mj2", "h264", False, False, False),
    ],
)
def test_what_formats_store(name: str, codec: str, bare: bool, few: bool, order: bool) -> None:
    """Times of all pictures, of a few, or the order alone; streams without a container not even counts."""
    opened = container(name, codec)
    assert (is_bare(opened), stamps_few(opened), stores_order(opened)) == (bare, few, order)


def test_key_pictures_are_looked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their times, counted by packets, and their places in the file; anew when the file changes."""
    path, opened = tmp_path / "a.h264", []
    path.write_bytes(b"x")

    @contextmanager
    def opening(path: Path) -> Iterator[None]:
        opened.append(path)
        yield

    found = [
        (packet(duration=2, key=True), 0),
        (packet(size=0, key=True), None),
        (packet(), 40),
        (packet(key=True), 90),
    ]
    for one, place in found:
        one.pos = place
    monkeypatch.setattr(clock, "open_container", opening)
    monkeypatch.setattr(clock, "picture_stream", lambda container, index: index)
    monkeypatch.setattr(clock, "packets", lambda container, stream: [one for one, _ in found])
    for _ in range(2):
        assert clock.keys_of(path, 0) == [Key(0, 0), Key(3, 90)]
    assert opened == [path]
    assert clock.keys_of(path, 1) == [Key(0, 0), Key(3, 90)]
    path.write_bytes(b"xy")
    clock.keys_of(path, 0)
    assert len(opened) == 3


def test_how_long_a_packet_lasts() -> None:
    """A tick where it does not say, nothing where it is empty."""
    assert [length(packet(duration=ticks)) for ticks in (5, 1, 0, None, -3)] == [5, 1, 1, 1, 1]
    assert length(packet(duration=5, size=0)) == 0


def test_the_key_picture_to_begin_with() -> None:
    """The one before the last, so that pictures around a time are whole."""
    keys = [Key(0, 100), Key(10, 200), Key(20, 300)]
    assert [key_before(keys, time).time for time in (10, 19, 20, 25)] == [0, 0, 10, 10]
    for time in (-1, 0, 9):
        with pytest.raises(LookupError):
            key_before(keys, time)


@pytest.mark.parametrize(
    ("start_s", "duration_s", "stretches"),
    [
        (0.0, 1.0, [(5.0, 1.0)]),
        (0.0, 10.0, [(5.0, 2.0), (10.0, 3.0), (20.0, 5.0)]),
        (1.0, 2.0, [(6.0, 1.0), (10.0, 1.0)]),
        (2.0, 3.0, [(10.0, 3.0)]),
        (5.0, 1.0, [(20.0, 1.0)]),
        (0.0, 2.0, [(5.0, 2.0)]),
        (2.0, 0.0, [(10.0, 0.0)]),
        (6.0, 1.0, [(21.0, 1.0)]),
        (0.0, 0.0, [(5.0, 0.0)]),
        (1.0, 4.0, [(6.0, 1.0), (10.0, 3.0)]),
    ],
)
def test_stretches_of_a_clock_that_leaps(
    start_s: float, duration_s: float, stretches: list[tuple[float, float]]
) -> None:
    """A clock that begins at 5 s, and leaps from 7 s to 10 s and from 13 s to 20 s, though the recording goes on."""
    leaps = [(20.0, 7.0), (10.0, 3.0)]
    assert clock_stretches(leaps, 5.0, start_s, duration_s) == [pytest.approx(one) for one in stretches]
