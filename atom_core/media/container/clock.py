"""When decoded pictures are shown: by their own time stamps, or, where a format stores none, by their order.

Some formats know only in which order pictures are decoded: AVI counts them, a stream without a container not even that.
The picture that is shown n-th then has the n-th of the stored times. Each packet is marked with its own time, which its
picture carries through the decoder; so a picture that is lost shifts none after the next key picture.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet

from atom_core.files.bounded import keep
from atom_core.files.stamp import FileStamp
from atom_core.media.container.opening import open_container
from atom_core.media.container.packets import packets
from atom_core.media.container.tracks import picture_stream

_REACH = 64
"""Times that are kept after they were given out: more than any decoder reorders."""


_BARE = frozenset({"h264", "hevc", "vvc", "hxvs", "dirac"})
"""Streams without a container to whose packets FFmpeg gives no times."""
_NEAR_S = 1.0
"""Stamps that fall back by less are wrong guesses."""
_MISCOUNT = 1
"""Ticks by which FFmpeg's count of an AVI may be off after a seek: it rounds by the rate of another track."""
_MAX_KNOWN = 64
"""Streams without a container whose key pictures are remembered."""


class StampClock:
    """The clock of formats that store when each picture is shown."""

    def store(self, packet: Packet[Any]) -> None:
        """Take note of a packet before it is decoded."""

    def shown(self, frame: av.VideoFrame) -> int | None:
        """When `frame` is shown, in the stream's time base; None if that is not known."""
        return frame.pts if frame.pts is not None else frame.dts


class SparseClock(StampClock):
    """The clock of program streams, which stamp few pictures; FFmpeg guesses the others' times, some too early."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._length = 1
        self.is_counted = False
        """Whether pictures came without any time: then only counting from the first one is certain."""

    def store(self, packet: Packet[Any]) -> None:
        """Take note of a packet before it is decoded."""
        if packet.size and packet.duration:
            # for frames to which the decoder gives no duration
            self._length = packet.duration

    def shown(self, frame: av.VideoFrame) -> int | None:
        """When `frame` is shown, in the stream's time base: right after the last one where its stamp cannot be."""
        stamp = super().shown(frame)
        self.is_counted |= stamp is None
        if self._last is not None and (stamp is None or self._is_early(stamp, frame)):
            stamp = self._last + (frame.duration or self._length)
        if stamp is not None:
            self._last = stamp
        return stamp

    def _is_early(self, stamp: int, frame: av.VideoFrame) -> bool:
        """Whether a stamp falls back, but not so far that another recording begins."""
        assert self._last is not None
        return stamp <= self._last and (self._last - stamp) * (frame.time_base or 0) < _NEAR_S


class OrderClock:
    """The clock of formats that store the order of decoding."""

    def __init__(self, first: int | None = None, *, found: int | None = None) -> None:
        """
        :param first: time of the first packet where packets have none; None if they do
        :param found: time of the first packet by the file's index, from which FFmpeg's count may differ after a seek
        """
        self._next, self._found, self._shift = first, found, 0
        self._stored: list[int] = []
        self._num_given = 0
        self._shown: list[int] = []

    def store(self, packet: Packet[Any]) -> None:
        """Take note of a packet before it is decoded, and mark it with its time."""
        if self._found is not None and packet.size and packet.dts is not None:
            # a seek ends at a key picture whose place the index has: where their times differ, FFmpeg's count is off
            if packet.is_keyframe and abs(self._found - packet.dts) <= _MISCOUNT:
                self._shift = self._found - packet.dts
            self._found = None
        time = self._next
        if time is not None:
            self._next = time + length(packet)
        elif packet.dts is not None:
            time = packet.dts + self._shift
        if packet.size and time is not None:
            packet.pts = packet.dts = time
            # the times of all packets are those of all pictures; only which picture has which is not known
            bisect.insort(self._stored, time)

    def shown(self, frame: av.VideoFrame) -> int | None:
        """When `frame` is shown, in the stream's time base; None if that is not known."""
        own = frame.pts
        if own is None:
            return None
        if frame.key_frame or not self._shown:  # of what is stored after it only what was shown already comes before it
            num_leading = sum(time > own for time in self._shown)
            self._num_given = bisect.bisect_left(self._stored, own) + num_leading
        self._shown.append(own)
        # pictures come out of the decoder in the order in which they are shown, so the n-th has the n-th time
        due = self._stored[min(self._num_given, len(self._stored) - 1)]
        self._num_given += 1
        # forgotten now and then, or hours of video would add up; no picture is reordered past `_REACH` others
        if self._num_given > 2 * _REACH:
            del self._stored[: self._num_given - _REACH], self._shown[:-_REACH]
            self._num_given = _REACH
        return due


class Key(NamedTuple):
    """Where a key picture of a stream without a container is stored."""

    time: int
    """When it is decoded, in the stream's time base, each packet lasting as long as it says."""
    position: int
    """The place of its first byte in the file."""


_known_keys: dict[tuple[FileStamp, int], list[Key]] = {}
_lock = threading.Lock()


def is_bare(container: InputContainer) -> bool:
    """Whether it is a stream without a container, whose packets have a place and a length but no time."""
    return container.format.name in _BARE or (
        container.format.name == "mpegvideo" and container.streams.video[0].codec_context.name == "mpeg1video"
    )


def stamps_few(container: InputContainer) -> bool:
    """Whether a format says only of some of its pictures when they are shown."""
    return container.format.name == "mpeg"


def stores_order(container: InputContainer) -> bool:
    """Whether a format says only in which order its pictures are decoded."""
    return container.format.name == "avi" or is_bare(container)


def keys_of(path: Path, index: int) -> list[Key]:
    """The key pictures of a stream without a container; all its packets are read, once, none is decoded."""
    file_and_stream = FileStamp.of(path.stat()), index
    kept = _known_keys.get(file_and_stream)
    if kept is None:
        keys, time = list[Key](), 0
        with open_container(path) as container:
            for packet in packets(container, picture_stream(container, index)):
                if packet.is_keyframe and packet.pos is not None:
                    keys.append(Key(time, packet.pos))
                time += length(packet)
        with _lock:
            keep(_known_keys, file_and_stream, keys, _MAX_KNOWN)
        return keys
    return kept


def key_before(keys: list[Key], time: int) -> Key:
    """The last key picture but one at or before `time`: from it on the pictures around `time` are whole, and counted.

    :raises LookupError: if there are no two
    """
    at = bisect.bisect_right(keys, time, key=lambda key: key.time)
    if at < 2:
        raise LookupError
    return keys[at - 2]


def length(packet: Packet[Any]) -> int:
    """How long a packet of a stream without a container lasts, in its time base."""
    return max(packet.duration or 1, 1) if packet.size else 0


def clock_stretches(
    leaps: Sequence[tuple[float, float]], origin_s: float, start_s: float, duration_s: float
) -> list[tuple[float, float]]:
    """Which stretches of a file's own clock a stretch of its video is: where each starts, and how long it is, seconds.

    :param leaps: where the clock leaps on although the recording does not, see `Video.leaps`
    :param origin_s: when the first picture is shown on that clock
    :param start_s: where the stretch begins, seconds from the first picture
    """
    stretches: list[tuple[float, float]] = []
    skipped_s, end_s = 0.0, start_s + duration_s
    # each leap ends a stretch of the file's clock; the video's clock goes on as if it were not there
    for at_s, by_s in sorted(leaps):
        leap_s = at_s - by_s - skipped_s - origin_s  # on the clock of the video
        if leap_s > start_s:
            if leap_s >= end_s:
                break
            stretches.append((origin_s + skipped_s + start_s, leap_s - start_s))
            start_s = leap_s
        skipped_s += by_s
    return [*stretches, (origin_s + skipped_s + start_s, end_s - start_s)]
