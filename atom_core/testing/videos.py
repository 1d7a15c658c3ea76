"""Makes small real video files whose pictures say which frame and which shot they are.

Each picture is a grid of 4 x 4 cells in the shot's colour: cell 0 is dark, cell 1 bright, the other fourteen spell the
frame's number in Gray code (one cell changes from frame to frame). `frame_number` and `shot_colour` read it back, also
after compression, scaling and turning upright.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

Colour = tuple[int, int, int]

RED, GREEN, BLUE = (200, 30, 30), (20, 150, 40), (30, 40, 200)
YELLOW, MAGENTA, CYAN = (190, 180, 20), (180, 30, 170), (20, 160, 170)
COLOURS: tuple[Colour, ...] = (RED, BLUE, GREEN, YELLOW, MAGENTA, CYAN)
"""Colours that stay apart after compression."""

AUDIO_RATE_HZ = 48000
_GRID = 4
_CODECS = {
    ".mp4": ("libx264", "aac"),
    ".m4v": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"),
    ".avi": ("mpeg4", "pcm_s16le"),
    ".ts": ("libx264", "aac"),
    ".mpg": ("mpeg2video", "mp2"),
}
_OPTIONS = {
    "libx264": {
        "preset": "ultrafast",
        "crf": "16",
        "x264-params": "b-adapt=0:bframes=2:threads=1",
    },
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "4", "b": "2M", "auto-alt-ref": "0"},
    "mpeg4": {"qmin": "1", "qmax": "2"},
    "mpeg2video": {"qmin": "1", "qmax": "2", "bf": "2"},
}


class Shot(NamedTuple):
    """A number of frames of one colour."""

    num_frames: int
    colour: Colour


def draw(number: int, colour: Colour, size: tuple[int, int]) -> np.ndarray:
    """The picture of frame `number`, [H, W, 3], uint8, RGB; `size` is width and height."""
    width, height = size
    code = number ^ (number >> 1)
    bits = np.array([0, 1, *((code >> place) & 1 for place in range(_GRID * _GRID - 2))]).reshape(_GRID, _GRID)
    rows, columns = np.arange(height) * _GRID // height, np.arange(width) * _GRID // width
    bright = np.asarray(colour) + (255 - np.asarray(colour)) * 0.4
    dark = np.asarray(colour) * 0.8
    return np.where(bits[rows][:, columns, None] == 1, bright, dark).astype(np.uint8)


def _cells(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    centre_y, centre_x = ((np.arange(_GRID) + 0.5) * height / _GRID, (np.arange(_GRID) + 0.5) * width / _GRID)
    reach_y, reach_x = max(height // 24, 1), max(width // 24, 1)
    return np.array(
        [
            image[int(y) - reach_y : int(y) + reach_y, int(x) - reach_x : int(x) + reach_x].mean(axis=(0, 1))
            for y in centre_y
            for x in centre_x
        ]
    )


def frame_number(image: np.ndarray) -> int:
    """The number that `draw` coded in an upright RGB picture [H, W, 3]."""
    levels = _cells(image).sum(axis=1)
    code = sum(int(level > (levels[0] + levels[1]) / 2) << place for place, level in enumerate(levels[2:]))
    number = 0
    while code:
        number, code = number ^ code, code >> 1
    return number


def shot_colour(image: np.ndarray) -> Colour:
    """Which of `COLOURS` an upright RGB picture [H, W, 3] was drawn in."""
    seen = _cells(image)[0] / 0.8
    return min(COLOURS, key=lambda colour: float(np.abs(seen - np.asarray(colour)).sum()))


def write_video(
    path: Path | str,
    *,
    shots: Sequence[Shot | tuple[int, Colour]] = (Shot(24, RED), Shot(24, BLUE)),
    size: tuple[int, int] = (64, 48),
    fps: Fraction | int = 24,
    timestamps_s: Sequence[float] | None = None,
    start_s: float = 0.0,
    audio: bool = False,
    tone_hz: float = 440.0,
    rotation: int = 0,
    mirrored: bool = False,
    gop: int = 12,
    codec: str | None = None,
) -> Path:
    """Write a video whose frames are numbered from 0; the suffix chooses container and codecs.

    :param shots: how many frames of which colour, in order
    :param size: displayed width and height, pixels
    :param timestamps_s: when each frame is shown, seconds, rising from 0; None spaces them by `fps`
    :param start_s: timestamp of the first frame on the file's clock, seconds, rounded to whole frames of `fps`
    :param audio: whether there is a sound track; it beeps for the first 0.1 s of every shot
    :param rotation: clockwise turn that players are told to make: 0, 90, 180 or 270 degrees (not in AVI)
    :param mirrored: whether players are told to mirror left and right after that turn
    :param gop: most frames from one key picture to the next
    :param codec: picture codec, if not the usual one of the container
    """
    path, scenes = Path(path), [Shot(*shot) for shot in shots]
    colours = [shot.colour for shot in scenes for _ in range(shot.num_frames)]
    times_s = list(timestamps_s or (float(index / Fraction(fps)) for index in range(len(colours))))
    if len(times_s) != len(colours):
        raise ValueError(f"{len(colours)} frames but {len(times_s)} timestamps")
    if timestamps_s is None:
        start_s = float(round(start_s * Fraction(fps)) / Fraction(fps))
    ends_s = [*times_s[1:], times_s[-1] + float(1 / Fraction(fps))]
    with av.open(str(path), "w") as container:
        video = _add_pictures(container, codec or _CODECS[path.suffix][0], size, Fraction(fps), rotation, mirrored, gop)
        if timestamps_s is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        sound = _add_sound(container, _CODECS[path.suffix][1]) if audio else None
        for number, colour in enumerate(colours):
            frame = _drawn(number, colour, size, rotation, mirrored)
            frame.time_base = Fraction(1, 1000) if timestamps_s is not None else 1 / Fraction(fps)
            frame.pts = round((times_s[number] + start_s) / frame.time_base)
            frame.duration = max(round((ends_s[number] - times_s[number]) / frame.time_base), 1)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if sound is not None:
            _write_sound(container, sound, _beeps(scenes, times_s, float(1 / Fraction(fps)), tone_hz), start_s)
    return path


def _drawn(number: int, colour: Colour, size: tuple[int, int], rotation: int, mirrored: bool) -> av.VideoFrame:
    """A frame as it is stored: players turn and mirror it back."""
    upright = draw(number, colour, size)
    turned = np.rot90(upright[:, ::-1] if mirrored else upright, rotation // 90)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(turned), format="rgb24")


def _add_pictures(
    container: OutputContainer,
    codec: str,
    size: tuple[int, int],
    fps: Fraction,
    rotation: int,
    mirrored: bool,
    gop: int,
) -> VideoStream:
    stream = container.add_stream(codec, rate=fps, options=dict(_OPTIONS.get(codec, {})))
    assert isinstance(stream, VideoStream)
    stream.width, stream.height = size[::-1] if rotation % 180 else size
    odd = stream.width % 2 or stream.height % 2
    stream.pix_fmt = "yuv444p" if odd and codec == "libx264" else "yuv420p"
    stream.codec_context.gop_size = gop
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= Flags.frame_duration
    if rotation or mirrored:
        stream.set_display_rotation(-rotation, hflip=mirrored)
    return stream


def _add_sound(container: OutputContainer, codec: str) -> AudioStream:
    stream = container.add_stream(codec, rate=AUDIO_RATE_HZ)
    assert isinstance(stream, AudioStream)
    stream.layout = "mono"
    return stream


def _beeps(shots: Sequence[Shot], times_s: Sequence[float], last_s: float, tone_hz: float) -> np.ndarray:
    time_s = np.arange(round((times_s[-1] + last_s) * AUDIO_RATE_HZ)) / AUDIO_RATE_HZ
    loud = np.zeros_like(time_s, dtype=bool)
    first = 0
    for shot in shots:
        loud |= (time_s >= times_s[first]) & (time_s < times_s[first] + 0.1)
        first += shot.num_frames
    return np.asarray(0.5 * np.sin(2 * np.pi * tone_hz * time_s) * loud, dtype=np.float32)


def _write_sound(container: OutputContainer, stream: AudioStream, samples: np.ndarray, start_s: float) -> None:
    block = 1024
    for first in range(0, len(samples), block):
        frame = av.AudioFrame.from_ndarray(samples[None, first : first + block], format="fltp", layout="mono")
        frame.sample_rate = AUDIO_RATE_HZ
        frame.time_base = Fraction(1, AUDIO_RATE_HZ)
        frame.pts = first + round(start_s * AUDIO_RATE_HZ)
        container.mux(stream.encode(frame))
    container.mux(stream.encode())
