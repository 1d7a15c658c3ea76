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

_STRAY_S = 1.0
"""Stamps that are ahead of both their neighbours by more are damaged."""
_DAMAGE = (
    av.error.InvalidDataError,
    av.error.ArgumentError,
    av.error.PatchWelcomeError,  # streams of pictures that begin anew, in Ogg
    MemoryError,  # a size that cannot be
)
"""How FFmpeg ends reading at what it cannot skip."""
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
            if before_s.get(index, math.inf) <= time_s < former_s - _STRAY_S:
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
    with suppress(*_DAMAGE):
        while num_failed < _NUM_TRIES:
            try:
                for packet in container.demux(*chosen):
                    num_failed = 0
                    yield packet
                return
            except (BlockingIOError, IndexError):  # damage that can be read past; streams that nobody declared
                num_failed += 1
    for stream in chosen:  # as at the end, so that decoders let go of what they hold
        last: Packet[Any] = Packet()
        last.stream = stream
        yield last
