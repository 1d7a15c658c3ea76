"""One pass over a video for all its clips: inside `sharing` a video is read by one reader, which stays open where it
stands for the next clip, instead of one for each clip that is asked for at the same time.

Clips are read no faster than they are used: see `holding`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from atom_core.call_context import caller
from atom_core.kernels.malloc import give_back
from atom_core.records import Video

if TYPE_CHECKING:
    from atom_core.media.pictures.decode import Reader

_LOOK_S = 0.2
"""How soon who was cancelled stops waiting for its turn."""
_GATHER_S = 0.1
"""How long whose clip is not the first of its video waits for those before it, where nothing of the video was read yet:
threads that begin together come in any order, and to go back is to decode pictures twice."""
_MOST_OPEN = 2
"""Readers that stay open while nobody reads by them."""
_MOST_PICTURES = max((os.cpu_count() or 1) // 2, 1)
"""Clips whose pictures are in memory: more are not read any faster ..."""
_MOST_HELD = 2 * _MOST_PICTURES
"""... and those of which only what the model sees is there yet, with them: one that is encoded, and the next."""


class _Holder:
    """Who keeps what it reads for a while."""

    def __init__(self, urgent: Callable[[], bool]) -> None:
        self.urgent = urgent
        self.holds = self.has_pictures = False

    @property
    def may_read(self) -> bool:
        """Whether what it reads has its place in memory."""
        has_place = _num_held < _MOST_HELD and _num_pictures < _MOST_PICTURES
        return self.holds or has_place or self.urgent()


class _Waiting:
    """A clip that waits for its turn."""

    def __init__(self, start_s: float) -> None:
        self.start_s, self.holder = start_s, _holder.get()

    @property
    def may_go(self) -> bool:
        """Whether it waits for nothing but its turn."""
        return self.holder is None or self.holder.may_read


class _Pass:
    """The reader of one video, whose turn it is, and who waits for one. Changed under the lock of all."""

    def __init__(self) -> None:
        self.num_users = 0
        """Who reads, or waits for it."""
        self.is_taken = False
        self.waiting: list[_Waiting] = []
        self.reader: Reader | None = None
        self.reached_s = 0.0
        self.gathers_until_s = time.monotonic() + _GATHER_S if _num_gathering else 0.0
        """Until when the first turn waits for the first clip."""

    def take(self, start_s: float) -> None:
        """Wait until nobody reads, and nobody else waits whose clip comes before that at `start_s`.

        :raises Cancelled: if the result is no longer wanted
        """
        mine = _Waiting(start_s)
        self.waiting.append(mine)
        try:
            while self.is_taken or self._next() is not mine or self._gathers_s(mine) > 0:
                _turns.wait(self._gathers_s(mine) or _LOOK_S)
                caller.get().check()
            self.is_taken, self.gathers_until_s = True, 0.0
            if mine.holder is not None:
                _count(mine.holder, holds=True, has_pictures=True)
        finally:
            self.waiting.remove(mine)
            _turns.notify_all()

    def _gathers_s(self, mine: _Waiting) -> float:
        """How long the first clip to be read waits yet for those before it, seconds."""
        if mine.start_s <= 0 or (mine.holder is not None and mine.holder.urgent()):
            return 0.0
        return max(self.gathers_until_s - time.monotonic(), 0.0)

    def leave(self, reached_s: float) -> None:
        """Let the next one read."""
        self.is_taken, self.reached_s = False, reached_s
        _turns.notify_all()

    def _next(self) -> _Waiting | None:
        ready = [one for one in self.waiting if one.may_go]
        ahead = [one for one in ready if one.start_s >= self.reached_s]
        return min(ahead or ready, key=lambda one: one.start_s, default=None)

    def close(self) -> None:
        """Let go of the file."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None


_passes: dict[Video, _Pass] = {}
_turns = threading.Condition()
"""Notified where somebody's turn may have come."""
_num_sharing = _num_gathering = 0
_num_held = _num_pictures = 0
_holder: ContextVar[_Holder | None] = ContextVar("holder", default=None)


@contextmanager
def sharing(*, gathers: bool = False) -> Iterator[None]:
    """Clips of one video that are read inside, also by other threads, are read by one reader.

    :param gathers: whether several threads begin together, so that the first to ask waits a moment for earlier clips
    """
    global _num_sharing, _num_gathering
    with _turns:
        _num_sharing += 1
        _num_gathering += gathers
    try:
        yield
    finally:
        with _turns:
            _num_sharing -= 1
            _num_gathering -= gathers
            if not _num_sharing:
                _close_idle(0)


def is_shared() -> bool:
    """Whether videos are read by one reader each."""
    return _num_sharing > 0


@contextmanager
def holding(urgent: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """What is read inside is in memory until the end, as pictures until `prepared`: inside `sharing` the first clip
    waits until few others are.

    :param urgent: whether somebody waits for it, and so it does not
    """
    holder = _Holder(urgent)
    token = _holder.set(holder)
    try:
        yield
    finally:
        _holder.reset(token)
        if holder.holds:
            _count(holder, holds=False, has_pictures=False)


def prepared() -> None:
    """Of the clip that the caller is `holding` the pictures are gone, and what the model sees of them is there."""
    holder = _holder.get()
    if holder is not None and holder.holds:
        give_back()  # or the next pictures take new memory: freed blocks that were aligned are not found again
        _count(holder, holds=True, has_pictures=False)


def _count(holder: _Holder, *, holds: bool, has_pictures: bool) -> None:
    global _num_held, _num_pictures
    with _turns:
        _num_held += holds - holder.holds
        _num_pictures += has_pictures - holder.has_pictures
        holder.holds, holder.has_pictures = holds, has_pictures
        _turns.notify_all()


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
    with _turns:
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
    with _turns:
        one.leave(end_s)
        _gone(one)


def _gone(one: _Pass) -> None:
    one.num_users -= 1
    _close_idle(_MOST_OPEN if _num_sharing else 0)


def _close_idle(most: int) -> None:
    """Close the readers that were used longest ago, all but `most` of those by which nobody reads."""
    idle = [video for video, one in _passes.items() if not one.num_users]
    for video in idle[: max(len(idle) - most, 0)]:
        _passes.pop(video).close()
