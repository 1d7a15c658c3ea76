"""One pass over a video for all its clips: inside `sharing` a video is read by one reader, which stays open where it
stands for the next clip, instead of one for each clip that is asked for at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from atom_core.call_context import caller
from atom_core.records import Video

if TYPE_CHECKING:
    from atom_core.media.pictures.decode import Reader

_LOOK_S = 0.2
"""How soon who was cancelled stops waiting for its turn."""
_MOST_OPEN = 2
"""Readers that stay open while nobody reads by them."""


class _Pass:
    """The reader of one video, whose turn it is, and who waits for one."""

    def __init__(self) -> None:
        self.turn = threading.Condition()
        self.num_users = 0
        """Who reads, or waits for it; changed under the lock of all."""
        self.is_taken = False
        self.waiting: list[float] = []
        """Where those begin that wait, seconds."""
        self.reader: Reader | None = None
        self.reached_s = 0.0

    def take(self, start_s: float) -> None:
        """Wait until nobody reads, and nobody else waits whose clip comes before that at `start_s`.

        :raises Cancelled: if the result is no longer wanted
        """
        with self.turn:
            self.waiting.append(start_s)
            try:
                while self.is_taken or self._next_s() != start_s:
                    self.turn.wait(_LOOK_S)
                    caller.get().check()
                self.is_taken = True
            finally:
                self.waiting.remove(start_s)

    def leave(self, reached_s: float) -> None:
        """Let the next one read."""
        with self.turn:
            self.is_taken, self.reached_s = False, reached_s
            self.turn.notify_all()

    def _next_s(self) -> float:
        ahead = [start_s for start_s in self.waiting if start_s >= self.reached_s]
        return min(ahead or self.waiting)

    def close(self) -> None:
        """Let go of the file."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None


_passes: dict[Video, _Pass] = {}
_lock = threading.Lock()
_num_sharing = 0


@contextmanager
def sharing() -> Iterator[None]:
    """Clips of one video that are read inside, also by other threads, are read by one reader."""
    global _num_sharing
    with _lock:
        _num_sharing += 1
    try:
        yield
    finally:
        with _lock:
            _num_sharing -= 1
            if not _num_sharing:
                _close_idle(0)


def is_shared() -> bool:
    """Whether videos are read by one reader each."""
    return _num_sharing > 0


@contextmanager
def turn_of(video: Video, start_s: float, end_s: float) -> Iterator[None]:
    """Read a clip alone among those of its video, in their order as far as they wait.

    :raises Cancelled: if the result is no longer wanted
    """
    one = _taken(video, start_s)
    try:
        yield
    finally:
        _left(one, end_s)


@contextmanager
def reader_of(video: Video, start_s: float, end_s: float) -> Iterator[Reader]:
    """The reader of a video for a clip of it, wherever it stands.

    :raises MediaError: as `Reader` does
    :raises Cancelled: if the result is no longer wanted
    """
    from atom_core.media.pictures.decode import Reader

    one = _taken(video, start_s)
    try:
        if one.reader is None:
            one.reader = Reader.of(video)
        yield one.reader
    except BaseException:  # where it stands is not known
        one.close()
        raise
    finally:
        _left(one, end_s)


def _taken(video: Video, start_s: float) -> _Pass:
    with _lock:
        one = _passes.pop(video, None) or _Pass()
        _passes[video] = one  # the last of all
        one.num_users += 1
    try:
        one.take(start_s)
    except BaseException:
        _gone(one)
        raise
    return one


def _left(one: _Pass, end_s: float) -> None:
    one.leave(end_s)
    _gone(one)


def _gone(one: _Pass) -> None:
    with _lock:
        one.num_users -= 1
        _close_idle(_MOST_OPEN if _num_sharing else 0)


def _close_idle(most: int) -> None:
    """Close the readers that were used longest ago, all but `most` of those by which nobody reads."""
    idle = [video for video, one in _passes.items() if not one.num_users]
    for video in idle[: max(len(idle) - most, 0)]:
        _passes.pop(video).close()
