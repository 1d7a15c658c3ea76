"""Videos in which known words are said at known times, and sounds in which nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from atom_core.testing.speech.espeak import Said, say

RATE_HZ = 48000
_CODECS = {".mp4": "aac", ".mov": "pcm_s16le", ".mkv": "pcm_s16le", ".ts": "aac"}
_BLOCK = 1024


class Line(NamedTuple):
    """Something that is said in a talk."""

    text: str
    """What is said."""
    at_s: float
    """When it begins, seconds from the first picture."""
    voice: str = "en-us"
    """Who says it, see `VOICES`."""


def spoken(
    lines: Sequence[Line], duration_s: float, *, rate_hz: int = RATE_HZ
) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    """The sound of all lines, [S], float32, at `rate_hz`, and all words with their times."""
    samples = np.zeros(round(duration_s * rate_hz), np.float32)
    words = []
    for line in lines:
        said = say(line.text, line.voice)
        piece = _resampled(said, rate_hz)[: max(len(samples) - round(line.at_s * rate_hz), 0)]
        first = round(line.at_s * rate_hz)
        samples[first : first + len(piece)] += piece
        words += [(text, line.at_s + start_s, line.at_s + end_s) for text, start_s, end_s in said.words]
    return samples, words


def _resampled(said: Said, rate_hz: int) -> np.ndarray:
    at_s = np.arange(round(len(said.samples) * rate_hz / said.rate_hz)) / rate_hz
    resampled = np.interp(at_s, np.arange(len(said.samples)) / said.rate_hz, said.samples)
    return np.asarray(resampled, dtype=np.float32)


def music(duration_s: float, *, level: float = 0.2, rate_hz: int = RATE_HZ, seed: int = 0) -> np.ndarray:
    """A tune over chords and a beat, [S], float32: plucked tones with overtones, no voice."""
    random = np.random.default_rng(seed)
    samples = np.zeros(round(duration_s * rate_hz) + rate_hz, np.float32)
    scale = np.array([0, 2, 4, 7, 9, 12])
    for beat, start_s in enumerate(np.arange(0, duration_s, 0.25)):
        tones = [60 + random.choice(scale)]
        if beat % 8 == 0:
            tones += [48, 52, 55]
        at_s = np.arange(round(0.9 * rate_hz)) / rate_hz
        for tone in tones:
            hz = 440 * 2 ** ((tone - 69) / 12)
            wave = sum(np.sin(2 * np.pi * hz * part * at_s) / part for part in (1, 2, 3, 4))
            first = round(start_s * rate_hz)
            samples[first : first + len(at_s)] += (wave * np.exp(-4 * at_s)).astype(np.float32)
        if beat % 2 == 0:
            first = round(start_s * rate_hz)
            click = random.normal(0, 1, round(0.05 * rate_hz)) * np.exp(-60 * at_s[: round(0.05 * rate_hz)])
            samples[first : first + len(click)] += click.astype(np.float32)
    samples = samples[: round(duration_s * rate_hz)]
    return np.asarray(level * samples / max(float(np.abs(samples).max()), 1e-9), dtype=np.float32)


def noise(duration_s: float, *, level: float = 0.1, rate_hz: int = RATE_HZ, seed: int = 0) -> np.ndarray:
    """White noise, [S], float32."""
    return np.random.default_rng(seed).normal(0, level, round(duration_s * rate_hz)).astype(np.float32)


def hum(duration_s: float, *, level: float = 0.1, rate_hz: int = RATE_HZ) -> np.ndarray:
    """The hum of a mains supply of 50 Hz, with overtones, [S], float32."""
    at_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.asarray(
        level * sum(np.sin(2 * np.pi * 50 * part * at_s) / part for part in (1, 2, 3, 5)), dtype=np.float32
    )


def write_talk(
    path: Path | str,
    tracks: Sequence[np.ndarray],
    *,
    duration_s: float | None = None,
    rate_hz: int = RATE_HZ,
    layout: str = "mono",
    sound_start_s: float = 0.0,
    languages: Sequence[str] = (),
) -> Path:
    """Write a video of plain pictures with sound tracks; the suffix chooses the container.

    :param tracks: the samples of each, [S] at `rate_hz`, or [C, S] with all channels of `layout`; one channel of more
        than one is the front centre, or both sides
    :param duration_s: length of the pictures; None is that of the longest track
    :param sound_start_s: how much later than the first picture the sound begins, seconds
    :param languages: ISO 639-2 codes that the file states of its tracks
    """
    path = Path(path)
    longest_s = max((track.shape[-1] / rate_hz for track in tracks), default=1.0) + sound_start_s
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=Fraction(10), options={"preset": "ultrafast", "crf": "35"})
        assert isinstance(pictures, VideoStream)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        streams = []
        for number, _ in enumerate(tracks):
            stream = container.add_stream(_CODECS[path.suffix], rate=rate_hz)
            assert isinstance(stream, AudioStream)
            stream.layout = layout
            if number < len(languages):
                stream.metadata["language"] = languages[number]
            streams.append(stream)
        packets = list(_pictures(pictures, longest_s if duration_s is None else duration_s))
        for stream, track in zip(streams, tracks, strict=True):
            packets += _sound(stream, _channels(track, stream.layout.nb_channels), rate_hz, sound_start_s)
        for packet in sorted(packets, key=_due_s):  # as cameras write them
            container.mux(packet)
    return path


def _due_s(packet: av.Packet[Any]) -> Fraction:
    return Fraction(0) if packet.dts is None else packet.dts * packet.time_base


def _channels(track: np.ndarray, num_channels: int) -> np.ndarray:
    if track.ndim == 2 or num_channels == 1:
        return np.atleast_2d(track)
    channels = np.zeros((num_channels, len(track)), np.float32)
    if num_channels >= 6:
        channels[2] = track  # FL FR FC LFE ...
    else:
        channels[:] = track
    return channels


def _pictures(stream: VideoStream, duration_s: float) -> Iterator[av.Packet[Any]]:
    for number in range(max(round(duration_s * 10), 1)):
        grey = np.full((48, 64, 3), 60 + number // 20 % 4 * 40, np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, 10)
        yield from stream.encode(frame)
    yield from stream.encode()


def _sound(stream: AudioStream, channels: np.ndarray, rate_hz: int, start_s: float) -> Iterator[av.Packet[Any]]:
    is_float = stream.codec_context.name == "aac"
    samples = np.clip(channels, -1, 1)
    planes = samples if is_float else np.round(samples * 32767).astype(np.int16).T.reshape(1, -1)
    step = 1 if is_float else len(channels)
    for first in range(0, channels.shape[1], _BLOCK):
        piece = np.ascontiguousarray(planes[:, first * step : (first + _BLOCK) * step])
        frame = av.AudioFrame.from_ndarray(piece, format="fltp" if is_float else "s16", layout=stream.layout.name)
        frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        frame.pts = first + round(start_s * rate_hz)
        yield from stream.encode(frame)
    yield from stream.encode()
