"""The sound of a stretch of video, in one format and exactly as long as asked."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from atom_core.errors import MediaError
from atom_core.media.container.clock import clock_stretches, stamps_few
from atom_core.media.container.joins import Joins, joined
from atom_core.media.container.opening import open_container, reading
from atom_core.media.container.packets import packets
from atom_core.media.pictures.decode import Reader
from atom_core.records import Video
from atom_core.text.printable import printable

RATE_HZ = 48000
"""Samples per second of all sound that Atom writes."""
NUM_CHANNELS = 2
_RUN_UP_S = 0.5
"""Decoded before the start and thrown away: decoders of compressed sound need a run-up."""
_DRIFT_S = 0.02
"""Timestamps this far, seconds, from where the sound has got to mean a gap; less is rounding."""
_FARTHER_S = 2.0
"""How much farther back is sought where that led beyond what was sought."""
_BEFORE_ALL = 10_000_000
"""How long before the first packet is sought to stand at it, microseconds."""
_BLOCK = 4096
_STEREO = "sample_fmts=fltp:channel_layouts=stereo"
_LISTED = re.compile(r"\d+ channels \(|ambisonic")
"""Names of layouts that FFmpeg has no number for: `8 channels (FL+FR+FC+LFE+SL+SR+BL+BR)`, as QuickTime files have."""
_LIMITER = "limit=0.9:attack=1:release=50:level=disabled:latency=1"
_FOR_SOME = (
    Disposition.comment
    | Disposition.descriptions
    | Disposition.hearing_impaired
    | Disposition.visual_impaired
    | Disposition.dub
    | Disposition.karaoke
)
"""Marks of tracks that a player takes only when told to."""


def sound_of(
    video: Video, path: Path, start_s: float, num_samples: int, *, wanted: str = "", rate_hz: int = RATE_HZ
) -> Iterator[np.ndarray]:
    """Blocks [2, S], float32, -1 to 1, `num_samples` in all, from `start_s` on the clock of the pictures of `video`.

    :param path: where its file is
    :param wanted: the track to take, see `sound_streams`
    :raises MediaError: if the file cannot be read
    """
    if not video.has_audio:
        yield from silence(num_samples)
        return
    with Reader.of(video) as reader:
        origin_s, pictures = reader.origin_s, reader.index
    elapsed_s, first = 0.0, 0
    for at_s, duration_s in clock_stretches(video.leaps, origin_s, start_s, num_samples / rate_hz):
        elapsed_s += duration_s
        end = min(round(elapsed_s * rate_hz), num_samples)
        clock = _Joined(pictures, video.joins) if video.joins else None
        yield from sound(path, at_s, end - first, wanted, rate_hz=rate_hz, clock=clock)
        first = end


def silence(num_samples: int) -> Iterator[np.ndarray]:
    """Blocks [2, S], float32, of nothing, `num_samples` in all."""
    for first in range(0, num_samples, _BLOCK):
        yield np.zeros((NUM_CHANNELS, min(_BLOCK, num_samples - first)), np.float32)


class _Joined(NamedTuple):
    """The clock of recordings that follow each other in a file."""

    pictures: int
    """Index of the stream of pictures."""
    joins: Joins
    """Where recordings begin among its pictures."""


def sound(
    path: Path,
    start_s: float,
    num_samples: int,
    wanted: str = "",
    *,
    rate_hz: int = RATE_HZ,
    clock: _Joined | None = None,
) -> Iterator[np.ndarray]:
    """Blocks [2, S], float32, -1 to 1, `num_samples` in all, from `start_s` on the file's own clock; gaps are silent.

    :param wanted: the track to take, see `sound_streams`
    :param clock: that on which `start_s` is, where the file's own begins anew
    :raises MediaError: if the file cannot be read
    """
    position = 0
    with open_container(path) as container, reading(path):
        for at, block in _placed(container, start_s, wanted, rate_hz, clock):
            first = max(position - at, 0)
            if first >= block.shape[1]:
                continue
            yield from silence(min(max(at - position, 0), num_samples - position))
            position = min(max(at, position), num_samples)
            part = block[:, first : first + num_samples - position]
            if part.shape[1]:
                yield part
            position += part.shape[1]
            if position >= num_samples:
                return
    yield from silence(num_samples - position)


def sound_streams(container: InputContainer, wanted: str = "") -> list[AudioStream]:
    """The sound tracks that can be decoded, in the order in which a player would choose them.

    Tracks of the pictures' own programme come first, then those marked as the default, then others; commentary and
    tracks for people who hear or see badly come last.

    :param wanted: a track to prefer to all: its number among the sound tracks, from 1, or its language as the file
        states it, such as ``eng``
    """
    tracks = [stream for stream in container.streams.audio if stream.codec_context is not None]
    related = _of_the_programme(container)
    return sorted(
        tracks,
        key=lambda track: (
            not wanted or not _is_called(container, track, wanted),
            track is not related,
            not track.disposition & Disposition.default,
            bool(track.disposition & _FOR_SOME),
            track.index,
        ),
    )


def sound_track(video: Video, wanted: str = "") -> int | None:
    """The number of the sound track that is taken, from 1; None where there is none.

    :raises MediaError: if the file cannot be read, or a track is wanted that it does not have
    """
    number = None
    if video.has_audio:
        with open_container(video.path) as container, reading(video.path):
            tracks = sound_streams(container, wanted)
            if tracks and (not wanted or _is_called(container, tracks[0], wanted)):
                number = container.streams.audio.index(tracks[0]) + 1
            known = [_name(container, track) for track in container.streams.audio]
    if wanted and number is None:
        has = f"has the sound tracks {', '.join(known)}" if video.has_audio else "has no sound"
        raise MediaError(f"'{video.path}' {has}; there is no track {wanted!r}", path=video.path)
    return number


def _is_called(container: InputContainer, track: AudioStream, wanted: str) -> bool:
    number = str(container.streams.audio.index(track) + 1)
    return wanted.lower() in (number, track.metadata.get("language", "").lower())


def _name(container: InputContainer, track: AudioStream) -> str:
    number, language = container.streams.audio.index(track) + 1, track.metadata.get("language", "")
    return f"{number} ({printable(language)})" if language else str(number)


def _of_the_programme(container: InputContainer) -> AudioStream | None:
    """The sound of the pictures' programme, where a file can hold several: transport streams mark no defaults."""
    pictures = container.streams.best("video")
    if "mpegts" not in container.format.name or pictures is None:
        return None
    best = container.streams.best("audio", related=pictures)
    return best if isinstance(best, AudioStream) else None


def _placed(
    container: InputContainer, start_s: float, wanted: str, rate_hz: int, clock: _Joined | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of resampled sound, each with the sample it starts at, counted from `start_s`.

    A track that gives no sound although its codec is known, for example one that is encrypted, gives way to the next.
    """
    for stream in sound_streams(container, wanted):
        heard = False
        for placed in _of_track(container, stream, start_s, rate_hz, clock):
            heard = True
            yield placed
        if heard or _begins_later(container, stream):
            return


def _begins_later(container: InputContainer, stream: AudioStream) -> bool:
    """Whether a track that was silent where it was asked for has sound elsewhere."""
    with suppress(av.error.FFmpegError):
        container.seek(0)
    return next(_frames(packets(container, stream)), None) is not None


def _of_track(
    container: InputContainer, stream: AudioStream, start_s: float, rate_hz: int, clock: _Joined | None
) -> Iterator[tuple[int, np.ndarray]]:
    run_up_s = start_s - _RUN_UP_S  # before 0 lies what a decoder of AAC is to be given first
    stored = _from(container, stream, run_up_s) if clock is None else _from_anew(container, stream, run_up_s, clock)
    converter: _Converter | None = None
    position = 0
    for frame in _frames(stored):
        due = position if frame.time is None else round((frame.time - start_s) * rate_hz)
        if converter is None or not converter.takes(frame) or abs(due - position - converter.held) > rate_hz * _DRIFT_S:
            if converter is not None:
                yield from _counted(position, converter.end())
            converter, position = _Converter(frame, rate_hz), due
        for placed in _counted(position, converter.convert(frame)):
            yield placed
            position += placed[1].shape[1]
    if converter is not None:
        yield from _counted(position, converter.end())


def _from(container: InputContainer, stream: AudioStream, start_s: float) -> Iterator[Packet[Any]]:
    """Stored sound from some time on, or from before it."""
    found_s, stored = _sought(container, stream, start_s)
    if not stamps_few(container):
        return stored
    # Program streams are sought by their bytes: that may lead beyond, and what is stood at may be part of a packet.
    if found_s < start_s - _FARTHER_S:  # right before a gap or a leap of the clock, with nothing to run up by
        return _sought(container, stream, found_s - _RUN_UP_S)[1]
    if found_s > start_s + _RUN_UP_S / 2:
        found_s, stored = _sought(container, stream, start_s - _FARTHER_S)
    if found_s > start_s + _RUN_UP_S / 2:
        return _not_before(_from_start(container, stream), start_s)
    return stored


def _sought(container: InputContainer, stream: AudioStream, time_s: float) -> tuple[float, Iterator[Packet[Any]]]:
    """Where seeking leads, seconds, and what is stored from there on."""
    try:
        container.seek(int(time_s / stream.time_base) if stream.time_base else 0, stream=stream)
    except av.error.FFmpegError:  # some formats know of nothing before 0 ...
        with suppress(av.error.FFmpegError):  # ... or are read from the start alone, where they stand already
            container.seek(0, stream=stream)
    stored = packets(container, stream)
    first = next(stored, None)
    return (time_s, stored) if first is None else (_time_s(first), chain((first,), stored))


def _from_start(container: InputContainer, *streams: Stream) -> Iterator[Packet[Any]]:
    container.seek((container.start_time or 0) - _BEFORE_ALL)
    return packets(container, *streams)


def _from_anew(container: InputContainer, stream: AudioStream, start_s: float, clock: _Joined) -> Iterator[Packet[Any]]:
    """Stored sound from some time on, where only reading from the start tells the time."""
    both = _from_start(container, container.streams[clock.pictures], stream)
    of_both = joined(both, clock.pictures, clock.joins)
    return _not_before((packet for packet in of_both if packet.stream_index == stream.index), start_s)


def _not_before(stored: Iterable[Packet[Any]], start_s: float) -> Iterator[Packet[Any]]:
    return (packet for packet in stored if not _time_s(packet) < start_s)


def _time_s(packet: Packet[Any]) -> float:
    """When a packet is heard, seconds; NaN if it does not say."""
    return math.nan if packet.pts is None else float(packet.pts * packet.time_base)


def _counted(position: int, blocks: Iterator[np.ndarray]) -> Iterator[tuple[int, np.ndarray]]:
    for block in blocks:
        yield position, block
        position += block.shape[1]


def _frames(stored: Iterable[Packet[Any]]) -> Iterator[av.AudioFrame]:
    for packet in stored:
        try:
            frames: list[Any] = packet.decode()
            for frame in frames:
                _keep_layout(frame)
            yield from frames
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            continue  # one damaged packet is a short silence


def _keep_layout(frame: av.AudioFrame) -> None:
    """Never let go of a frame's layout that lists its channels one by one.

    PyAV 18 copies the pointer to that list, and both the frame and its layout free it, which ends the process. The few
    bytes of the layout itself are lost.
    """
    if _LISTED.match(frame.layout.name):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(frame.layout))


class _Converter:
    """Brings frames of one format to one rate and two channels.

    More than two channels are mixed by ITU-R BS.775 (centre and surround 3 dB lower). Their sum can be more than full
    scale; a limiter holds such peaks down, and quieter passages keep their level.
    """

    def __init__(self, frame: av.AudioFrame, rate_hz: int) -> None:
        self._format, self._rate_hz = self._format_of(frame), rate_hz
        self._taken, self._given = 0.0, 0
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=Fraction(1, frame.sample_rate),
        )
        stages = [self._graph.add("aresample", str(rate_hz)), self._graph.add("aformat", _STEREO)]
        if frame.layout.nb_channels > NUM_CHANNELS:
            stages += [self._graph.add("alimiter", _LIMITER), self._graph.add("aformat", _STEREO)]
        self._graph.link_nodes(source, *stages, self._graph.add("abuffersink")).configure()

    @staticmethod
    def _format_of(frame: av.AudioFrame) -> tuple[int, str, str, int]:
        return frame.sample_rate, frame.format.name, frame.layout.name, frame.layout.nb_channels

    def takes(self, frame: av.AudioFrame) -> bool:
        """Whether `frame` has the format of those before."""
        return self._format == self._format_of(frame)

    @property
    def held(self) -> int:
        """Samples that went in and have not come out yet."""
        return round(self._taken) - self._given

    def convert(self, frame: av.AudioFrame) -> Iterator[np.ndarray]:
        """What comes out once `frame` is in: blocks [2, S], float32."""
        frame.pts = None  # frames are placed by whoever asks
        self._graph.push(frame)
        self._taken += frame.samples * self._rate_hz / frame.sample_rate
        yield from self._pull()

    def end(self) -> Iterator[np.ndarray]:
        """What is still held."""
        self._graph.push(None)
        yield from self._pull()

    def _pull(self) -> Iterator[np.ndarray]:
        while True:
            try:
                piece = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(piece, av.AudioFrame)
            self._given += piece.samples
            yield piece.to_ndarray()
