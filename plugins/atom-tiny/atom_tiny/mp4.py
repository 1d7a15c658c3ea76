"""Writing clips as MP4 files with sound (H.264 and AAC, by PyAV), and reading the frames a model sees."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from attrs import frozen
from PIL import Image

from atom_tiny import draw
from atom_tiny.words import COLOUR_NAMES
from atom_tiny.world import MIDPOINTS, Clip

SAMPLE_RATE = 32_000
TONES_HZ = tuple(262.0 * 2 ** (step / 12) for step in (0, 2, 4, 5, 7, 9, 11, 12))
"""One tone per colour, the C major scale."""


@frozen(kw_only=True)
class Shot:
    """A clip and how long it lasts in a video."""

    clip: Clip
    num_frames: int


@frozen(kw_only=True)
class Format:
    """Size, rate and quality of a file."""

    width: int
    height: int
    fps: Fraction
    crf: int = 18
    preset: str = "veryfast"
    sound: bool = True


def spans_s(shots: list[Shot], fps: Fraction) -> list[tuple[float, float]]:
    """Start and end of every shot, in seconds."""
    ends = np.cumsum([shot.num_frames for shot in shots])
    return [
        (float((end - shot.num_frames) / fps), float(end / fps))
        for shot, end in zip(shots, map(int, ends), strict=True)
    ]


def write(path: Path, shots: list[Shot], form: Format, rng: np.random.Generator) -> None:
    """Render the shots one after the other, with hard cuts, into an MP4 file."""
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=form.fps)
        video.width, video.height, video.pix_fmt = form.width, form.height, "yuv420p"
        video.codec_context.thread_count = 1
        video.options = {"crf": str(form.crf), "preset": form.preset}
        sound = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono") if form.sound else None
        for shot in shots:
            ground = draw.background(shot.clip.background, form.width, form.height, rng)
            for i in range(0, shot.num_frames, 16):
                times = (np.arange(i, min(i + 16, shot.num_frames)) + 0.5) / shot.num_frames
                for picture in draw.frames(shot.clip, times, form.width, form.height, rng, ground):
                    container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode())
        if sound is not None:
            _write_sound(container, sound, tones(shots, form.fps))


def tones(shots: list[Shot], fps: Fraction) -> np.ndarray:
    """The sound track: each object's tone while it is seen, louder while it acts; float32 in -1..1."""
    parts = []
    for shot in shots:
        length = round(float(shot.num_frames / fps) * SAMPLE_RATE)
        u = np.arange(length) / max(1, length)
        seconds = np.arange(length) / SAMPLE_RATE
        mixed = np.zeros(length)
        for thing in shot.clip.things:
            seen = thing.states(u)[:, 0]
            loud = np.where((u >= thing.start) & (u < thing.end), 0.16, 0.05)
            mixed += seen * loud * np.sin(2 * math.pi * TONES_HZ[COLOUR_NAMES.index(thing.colour)] * seconds)
        fade = np.clip(np.minimum(seconds, seconds[::-1]) / 0.02, 0, 1) if length else seconds
        parts.append(mixed * fade)
    return np.concatenate(parts).astype(np.float32)


def _write_sound(container: av.container.OutputContainer, stream: av.AudioStream, wave: np.ndarray) -> None:
    for at in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, at : at + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def read_frames(path: Path, start_s: float = 0.0, end_s: float | None = None) -> list[Image.Image]:
    """Eight frames at the midpoints of eight equal spans of the clip, as RGB pictures."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        decoded = [(float(frame.time), frame) for frame in container.decode(stream)]
        if end_s is None:
            end_s = decoded[-1][0] + float(1 / (stream.average_rate or 25))
        stamps = np.array([time for time, _ in decoded])
        wanted = start_s + MIDPOINTS * (end_s - start_s)
        picks = np.clip(np.searchsorted(stamps, wanted + 1e-6, side="right") - 1, 0, len(decoded) - 1)
        return [decoded[i][1].to_image() for i in picks]


def random_format(aspect: tuple[int, int], rng: np.random.Generator, *, sound: bool = True) -> Format:
    """A size of this aspect with even sides, a rate and a quality."""
    short = int(rng.choice([120, 144, 180, 240]))
    scale = short / min(aspect)
    width, height = (round(scale * a / 2) * 2 for a in aspect)
    fps = [Fraction(12), Fraction(15), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)][
        int(rng.integers(6))
    ]
    return Format(width=width, height=height, fps=fps, crf=int(rng.integers(16, 27)), sound=sound)
