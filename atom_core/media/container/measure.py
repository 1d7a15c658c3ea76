"""How long a video is and how fast, from the time stamps of everything that its file stores."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.video.stream import VideoStream

from atom_core.errors import MediaError
from atom_core.media.container.clock import is_bare, length, stamps_few, stores_order
from atom_core.media.container.heads import HEAD_BYTES, head_finder
from atom_core.media.container.joins import joins_of
from atom_core.media.container.opening import open_container, reading
from atom_core.media.container.packets import packets
from atom_core.media.container.tracks import picture_stream
from atom_core.media.timelines.rates import STANDARD_RATES, peak_rate
from atom_core.media.timelines.timecode import stated_timecode

_LEAP_S = 10.0
"""Longest that nothing is stored in formats whose clocks are known to leap (transport and program streams), seconds;
FFmpeg takes more for a leap, too."""
_LONGEST_STILL_S = 1800.0
"""Longest that one picture may stand, in silence, elsewhere; the clock of a camera leaps by hours."""
_SLOWEST_S = 60.0
"""Where pictures regularly come slower than one a minute, the clock's unit is damaged."""
_MOST_LEAPS = 1000
"""A file with more has no clock at all."""
LONGEST_S = 10 * 86400.0
"""Longest video that is read: ten days, which are some 86,000 windows of ten seconds."""
_SHORTEST_LEAD_S = 0.1
"""Sound that begins earlier by less is what its encoder needs to start, or nothing that anybody sees."""
_REGULAR = 0.95
"""Share of gaps between pictures that are alike where the rate is constant."""


class Measured(NamedTuple):
    """What was found."""

    duration_s: float
    fps: float
    peak_fps: float
    timecode: str
    lead_s: float
    has_audio: bool
    may_change_size: bool
    """Whether key pictures say different things of their size."""
    leaps: tuple[tuple[float, float], ...]
    """Where the file's clock leaps on although the recording does not: to when, and how far, seconds."""
    joins: tuple[tuple[int, float], ...]
    """Where it begins anew: with which stored picture, and how much later than by it pictures are shown, seconds."""
    fault: str
    """Why only part of the file can be used; "" where all of it can."""
    seekable: bool
    """Whether time stamps say where in the file a picture is."""


class _Stored:
    """What the packets of a file say, put together."""

    def __init__(self, container: InputContainer, stream: VideoStream, origin_s: float) -> None:
        self.container, self.stream, self.origin_s = container, stream, origin_s
        self.joins: list[tuple[int, float]] = []
        self.starts_s = np.array([origin_s])
        self.last_s, self.last_length_s = origin_s, 0.0
        self.found_s, self.found_dts, self.num_whole = 0.0, -math.inf, 0
        self.has_audio = False
        self.heads: set[bytes] = set()
        self._head = head_finder(stream.codec_context.name, stream.codec_context.extradata)
        self.others_s: set[int] = set()
        self._by_order, self._bare = stores_order(container), 0 if is_bare(container) else None
        self._fills = stamps_few(container)
        self._is_edited = False
        """Whether pictures are stored that are not shown: an MP4's edits may go back in what is stored."""
        self._due: int | None = None
        """When the next picture is decoded where it does not say itself."""
        # of each stored picture; NaN where nothing is said
        self._decoded_s, self._shown_s, self._lengths_s = array("d"), array("d"), array("d")
        self._are_used, self._are_corrupt = array("b"), array("b")

    @property
    def is_partly_used(self) -> bool:
        """Whether only the first of several recordings is used: those that players join are of other formats."""
        return bool(self.joins) and not _may_restart(self.container)

    def add(self, packet: Packet[Any]) -> None:
        """Take a packet into account."""
        is_picture = packet.stream_index == self.stream.index
        stamp = packet.pts if packet.pts is not None else packet.dts
        if is_picture and self._by_order:
            stamp = packet.dts if self._bare is None else self._bare
            if self._bare is not None:
                self._bare += length(packet)
        if is_picture and packet.size:
            decoded = packet.dts
            if self._fills:
                stamp, decoded = packet.pts, self._due if decoded is None else decoded
                self._due = None if decoded is None else decoded + length(packet)
            self._add_picture(packet, stamp, decoded)
        elif is_whole(packet) and stamp is not None and not packet.is_discard:
            self.found_s = max(self.found_s, float((stamp + (packet.duration or 0)) * packet.time_base))
            self.has_audio |= packet.stream.type == "audio" and packet.stream.codec_context is not None
            self.others_s.add(int(stamp * packet.time_base))

    def _add_picture(self, packet: Packet[Any], stamp: int | None, decoded: int | None) -> None:
        is_used = is_whole(packet)
        self.num_whole += is_used
        if self._head and is_used and packet.is_keyframe:
            self.heads.add(self._head(bytes(memoryview(packet)[:HEAD_BYTES])))
        if is_used and packet.dts is not None:
            self.found_dts = max(self.found_dts, packet.dts)
        self._is_edited |= packet.is_discard
        self._are_used.append(is_used and not packet.is_discard)
        self._are_corrupt.append(packet.is_corrupt and not packet.is_discard)
        for times_s, time in ((self._decoded_s, decoded), (self._shown_s, stamp)):
            times_s.append(math.nan if time is None else float(time * packet.time_base))
        self._lengths_s.append(float((packet.duration or 0) * packet.time_base))

    def end(self) -> None:
        """Put the pictures on one clock; there are no more packets."""
        if not self._shown_s:
            return
        decoded_s, shown_s, lengths_s = map(np.frombuffer, (self._decoded_s, self._shown_s, self._lengths_s))
        if self._fills and np.isnan(shown_s).any():  # those that are stamped may be shown after others
            shown_s = decoded_s + _first(shown_s - decoded_s)
        self.joins = [] if self._is_edited else joins_of(decoded_s, shown_s, lengths_s)
        if self.is_partly_used:
            shown_s, lengths_s = shown_s[: self.joins[0][0]], lengths_s[: self.joins[0][0]]
        elif self.joins:
            firsts, shifts_s = zip(*self.joins, strict=True)
            shown_s = shown_s + np.repeat((0.0, *shifts_s), np.diff((0, *firsts, len(shown_s))))
        are_used = np.array(self._are_used, bool)
        # those among others are shown: what was lost is little, or nothing where only the clock leaps
        last = int(np.flatnonzero(are_used)[-1]) if are_used.any() else 0
        are_used[:last] |= np.array(self._are_corrupt, bool)[:last]
        is_used = (shown_s >= self.origin_s - 1e-6) & are_used[: len(shown_s)]
        starts_s, lengths_s = shown_s[is_used], lengths_s[is_used]
        if not len(starts_s):
            return
        self.found_s = max(self.found_s, float((starts_s + lengths_s).max()))
        self.starts_s = np.sort(starts_s)
        if self.starts_s[-1] >= self.last_s:
            self.last_s = float(self.starts_s[-1])
            self.last_length_s = float(lengths_s[np.flatnonzero(starts_s == self.last_s)[-1]])


def _first(values: np.ndarray) -> float:
    """The first that is known; 0 if none is."""
    known = values[np.isfinite(values)]
    return float(known[0]) if len(known) else 0.0


def _may_restart(container: InputContainer) -> bool:
    """Whether clocks of the format are known to leap and to begin anew."""
    return Flags.ts_discont in Flags(container.format.flags)


def measure(path: Path, index: int, origin_s: float) -> Measured:
    """Measure the stream `index`, whose first picture is shown at `origin_s` on the file's own clock.

    :raises MediaError: if the file cannot be read, its clock says nothing or it is too long
    """
    with open_container(path) as container, reading(path):
        stream = picture_stream(container, index)
        stored = _Stored(container, stream, origin_s)
        for packet in packets(container):
            stored.add(packet)
        stored.end()
        starts_s = stored.starts_s
        gaps_s = np.diff(starts_s)
        longest_s = _longest_s(container, gaps_s)
        kept_s = gaps_s[gaps_s <= longest_s]
        usual_s = float(np.median(kept_s)) if len(kept_s) else 0.04
        end_s, fault = _end(stored, usual_s, longest_s)
        leaps = _leaps(path, stored, starts_s, usual_s, longest_s)
        duration_s = round(max(end_s - origin_s - sum(by_s for _, by_s in leaps), 0.0), 9)
        if duration_s > LONGEST_S:
            raise MediaError(
                f"'{path}' is {duration_s / 86400:.0f} days long by its clock, and at most {LONGEST_S / 86400:.0f} are"
                " read; cut it into parts",
                path=path,
            )
        if leaps:
            gaps_s = gaps_s[gaps_s < min(by_s for _, by_s in leaps)]
        fps = _rate(stream, gaps_s, len(starts_s) / duration_s if duration_s else 0.0)
        peak_fps = peak_rate(starts_s.tolist(), fps, float(stream.base_rate or 0))
        timecode = stated_timecode(container, stream)
        lead_s = _lead_s(container, origin_s)
    if stored.is_partly_used:
        fault = (
            f"holds recordings one after another, whose times begin anew, after {duration_s:.1f} s;"
            " only what is before that is used; convert it to MP4 to join it"
        )
    elif fault:
        fault = fault.format(found_s=duration_s)
    may_change_size = len(stored.heads - {b""}) > 1
    joins = () if stored.is_partly_used else tuple(stored.joins)
    seekable = not stored.joins
    return Measured(
        duration_s, fps, peak_fps, timecode, lead_s, stored.has_audio, may_change_size, leaps, joins, fault, seekable
    )


def _lead_s(container: InputContainer, origin_s: float) -> float:
    """How long a player runs, with sound alone, before the first picture."""
    lead_s = origin_s - (container.start_time or 0) / 1e6 if container.start_time is not None else 0.0
    return lead_s if lead_s > _SHORTEST_LEAD_S else 0.0


def _longest_s(container: InputContainer, gaps_s: np.ndarray) -> float:
    """How long one picture may stand in silence, seconds."""
    if len(gaps_s) and np.median(gaps_s) > _SLOWEST_S:
        return _SLOWEST_S
    return _LEAP_S if _may_restart(container) else _LONGEST_STILL_S


def _end(stored: _Stored, usual_s: float, longest_s: float) -> tuple[float, str]:
    """When the last picture goes, on the file's clock, and what is to be said if others are missing."""
    stream, container = stored.stream, stored.container
    length_s = stored.last_length_s if 0 < stored.last_length_s <= longest_s else usual_s
    end_s = stored.last_s + length_s
    time_base = stream.time_base or Fraction(1, 90000)
    promised_s, is_short = 0.0, False
    if stored.joins:
        pass  # promises are those of all recordings
    elif "mp4" in container.format.name and len(stream.index_entries):
        last = stream.index_entries[-1].timestamp
        ahead_s = float((last - stored.found_dts) * time_base) if math.isfinite(stored.found_dts) else 0.0
        promised_s = end_s + ahead_s
        is_short = _is_short(end_s, promised_s)
    elif stream.duration and "asf" in container.format.name:  # each track has the length of the file
        promised_s = float(stream.duration * time_base)
        is_short = _is_short(stored.found_s, promised_s)
    elif stream.duration:
        # where AVI's length is guessed from the size, its header counts pictures
        num = stream.frames if container.format.name == "avi" and stream.frames else stream.duration
        promised_s = float((num + (stream.start_time or 0)) * time_base)
        is_short = _is_short(end_s, promised_s) and not 0 < stream.frames <= stored.num_whole
    elif container.duration:
        promised_s = container.duration / 1e6
        is_short = _is_short(stored.found_s, promised_s)  # Matroska counts from 0, not from the start
    if is_short:
        return (
            end_s,
            f"is cut off: of {promised_s - stored.origin_s:.1f} s the first {{found_s:.1f}} s are there and used",
        )
    if stream.duration and not stored.joins:
        # packet lengths follow the order of decoding, the length of the track does not
        stated_s = float((stream.duration + (stream.start_time or 0)) * time_base)
        if stored.last_s < stated_s <= end_s + max(usual_s, length_s):
            end_s = stated_s
    return end_s, ""


def _is_short(found_s: float, promised_s: float) -> bool:
    return found_s < promised_s - max(0.3, 0.02 * promised_s)


def _leaps(
    path: Path, stored: _Stored, starts_s: np.ndarray, usual_s: float, longest_s: float
) -> tuple[tuple[float, float], ...]:
    """Where the clock leaps: nothing at all is stored for longer than a recording can be still."""
    at = np.flatnonzero(np.diff(starts_s) > longest_s)
    if not len(at):
        return ()
    others_s = np.array(sorted(stored.others_s))
    leaps = []
    for place in at.tolist():
        before_s, after_s = float(starts_s[place]), float(starts_s[place + 1])
        between = np.searchsorted(others_s, after_s - 2) - np.searchsorted(others_s, before_s + 2)
        if between <= 0:
            leaps.append((after_s, after_s - before_s - usual_s))
    if len(leaps) > _MOST_LEAPS:
        raise MediaError(
            f"the time stamps of '{path}' leap {len(leaps)} times and say nothing; convert it to MP4 first",
            path=path,
        )
    return tuple(leaps)


def _rate(stream: VideoStream, gaps_s: np.ndarray, counted_fps: float) -> float:
    """Pictures a second: the rate that a constant one is a rounding of, else the average."""
    if len(gaps_s):
        usual_s = float(np.median(gaps_s))
        regular_s = gaps_s[np.abs(gaps_s - usual_s) <= max(0.0011, 0.02 * usual_s)]
        if usual_s > 0 and len(regular_s) >= _REGULAR * len(gaps_s):
            mean_s = float(regular_s.mean())
            slack = 1e-5 + 1.5 * float(stream.time_base or 0) / float(regular_s.sum())
            rates = (stream.average_rate, stream.guessed_rate, stream.base_rate, *STANDARD_RATES)
            return next((float(rate) for rate in rates if rate and abs(float(rate) * mean_s - 1) < slack), 1 / mean_s)
    stated_fps = float(stream.average_rate or 0)
    return stated_fps if counted_fps and abs(stated_fps / counted_fps - 1) < 0.02 else counted_fps


def is_whole(packet: Packet[Any]) -> bool:
    """Whether a packet has what it should: not its end cut off, not zeros where a disk was never written."""
    if not packet.size or packet.is_corrupt:
        return False
    if packet.stream.type not in ("video", "audio") or packet.stream.codec_context is None:
        return True
    as_they_are = packet.stream.codec_context.name.startswith(("rawvideo", "pcm_"))  # zeros are black, and silence
    return as_they_are or any(bytes(memoryview(packet)[:32]))
