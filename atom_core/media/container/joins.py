"""Where a file's clock begins anew, as in recordings joined byte for byte, and one clock for them all."""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from av.packet import Packet

Joins = Sequence[tuple[int, float]]
"""Where recordings begin, all but the first: with which stored picture, from 0, and how much later than by their own
clock its pictures are shown in the file as a whole, seconds."""
_BACK_S = 0.1
"""Stamps that fall back by more mean another recording, as for FFmpeg's program ..."""
_NUM_BACK = 3
"""... if so many pictures one after the other say so: single stamps may be damaged ..."""
_STEADY_S = 1.0
"""... and follow each other within this time."""
_NEAR = 100
"""How many pictures before or after a join that of another track may be stored."""


def joins_of(decoded_s: np.ndarray, shown_s: np.ndarray, lengths_s: np.ndarray) -> list[tuple[int, float]]:
    """Where recordings begin, each right after the last one's end; see `Joins`.

    :param decoded_s: when each stored picture is decoded by the file, [N], NaN where it does not say
    :param shown_s: when each is shown, [N], NaN where the file does not say
    :param lengths_s: how long each is shown, [N]
    """
    known = np.flatnonzero(np.isfinite(decoded_s))
    firsts = [0, *known[_begins(decoded_s[known])].tolist()]
    found: list[tuple[int, float]] = []
    by_s = 0.0
    end_s = -math.inf
    for at, after in zip(firsts, [*firsts[1:], len(shown_s)], strict=True):
        part_s, ends_s = shown_s[at:after], shown_s[at:after] + lengths_s[at:after]
        if not np.isfinite(part_s).any():
            continue
        if math.isfinite(end_s):
            by_s = end_s - float(np.nanmin(part_s))
            found.append((at, by_s))
        end_s = float(np.nanmax(ends_s)) + by_s
    return found


def _begins(times_s: np.ndarray) -> list[int]:
    """The places in rising times where they begin anew."""
    begins = [0]
    for place in (np.flatnonzero(np.diff(times_s) < -_BACK_S) + 1).tolist():
        following = times_s[place : place + _NUM_BACK]
        before = times_s[max(place - 2, begins[-1]) : place]  # one that is ahead of its neighbours is damaged
        is_back = place > begins[-1] and following.max() < times_s[begins[-1] : place].max()
        if is_back and following[0] < before.min() and (abs(np.diff(following)) < _STEADY_S).all():
            begins.append(place)
    return begins[1:]


def joined(stored: Iterable[Packet[Any]], pictures: int, joins: Joins) -> Iterator[Packet[Any]]:
    """Packets from the start of a file on, stamped with the times of the file as a whole.

    :param pictures: index of the stream whose pictures `joins` counts
    """
    firsts, num_pictures = [at for at, _ in joins], 0
    newest_s, parts = dict[int, float](), defaultdict[int, int](int)
    for packet in stored:
        index = packet.stream_index
        time_s = math.nan if packet.dts is None else float(packet.dts * packet.time_base)
        if index == pictures:
            parts[index] = bisect.bisect_right(firsts, num_pictures)
            num_pictures += bool(packet.size)
        elif parts[index] < len(joins):
            away = num_pictures - firsts[parts[index]]
            if away > _NEAR or (away >= -_NEAR and time_s < newest_s.get(index, -math.inf) - _BACK_S):
                parts[index] += 1
                newest_s.pop(index, None)
            newest_s[index] = max(newest_s.get(index, -math.inf), time_s)
        if parts[index] and packet.time_base:
            ticks = round(joins[parts[index] - 1][1] / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts + ticks
            packet.dts = None if packet.dts is None else packet.dts + ticks
        yield packet
