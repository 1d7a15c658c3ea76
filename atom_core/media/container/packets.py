"""What a file stores, packet by packet, however damaged it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

_RESTART_S = 1.0
"""Time stamps that fall back by more mean another recording ..."""
_NUM_RESTARTED = 8
"""... if so many packets one after the other say so: single ones may be damaged."""
_NUM_TRIES = 100
"""How often reading goes on after damage without finding anything."""


def packets(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    """The packets of `streams`, or all, each stream's in the order of the file.

    Stops at damage that it cannot skip. Drops the time stamps of a packet that is stamped later than both its
    neighbours: that is damage.
    """
    held: dict[int, Packet[Any]] = {}
    before_s: dict[int, float] = {}
    for packet in _stored(container, *streams):
        index = packet.stream.index  # the empty packet at the end, which lets go of what a decoder holds, has no other
        if (former := held.pop(index, None)) is not None:
            former_s, time_s = _dts_s(former), _dts_s(packet)
            if before_s.get(index, math.inf) <= time_s < former_s - _RESTART_S:
                former.pts = former.dts = None
            else:
                before_s[index] = former_s
            yield former
        if packet.dts is None:
            yield packet
        else:
            held[index] = packet
    yield from held.values()


def _dts_s(packet: Packet[Any]) -> float:
    """When a packet is to be decoded, seconds; never, if it does not say."""
    return math.inf if packet.dts is None else float(packet.dts * packet.time_base)


def _stored(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    chosen = streams or container.streams.get()
    num_failed = 0
    with suppress(av.error.InvalidDataError, av.error.ArgumentError, MemoryError):  # a size that cannot be is damage
        while num_failed < _NUM_TRIES:
            try:
                for packet in container.demux(*chosen):
                    num_failed = 0
                    yield packet
                return
            except (BlockingIOError, IndexError):  # damage that can be read past; streams that nobody declared
                num_failed += 1


class Recording:
    """Tells where time stamps begin anew, as in files that were joined byte for byte; fed with packets in order."""

    def __init__(self, stream_index: int) -> None:
        self._stream_index, self._newest_s, self._num_back = stream_index, -math.inf, 0

    @property
    def has_restarted(self) -> bool:
        """Whether the first recording is over."""
        return self._num_back >= _NUM_RESTARTED

    def is_past(self, packet: Packet[Any]) -> bool:
        """Whether `packet` comes after the first recording, or may do so."""
        if not self.has_restarted and packet.stream_index == self._stream_index and packet.dts is not None:
            dts_s = _dts_s(packet)
            self._num_back = self._num_back + 1 if dts_s < self._newest_s - _RESTART_S else 0
            self._newest_s = max(self._newest_s, dts_s)
        return self._num_back > 0
