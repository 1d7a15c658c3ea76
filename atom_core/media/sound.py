"""The sound of a stretch of video, in one format and exactly as long as asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from atom_core.media.opening import open_container, reading

RATE_HZ = 48000
"""Samples per second of all sound that Atom writes."""
NUM_CHANNELS = 2
_RUN_UP_S = 0.5
"""Decoded before the start and thrown away: decoders of compressed sound need a run-up."""
_DRIFT = RATE_HZ // 50
"""Timestamps this far, in samples, from where the sound has got to mean a gap; less is rounding."""
_BLOCK = 4096


def silence(num_samples: int) -> Iterator[np.ndarray]:
    """Blocks [2, S], float32, of nothing, `num_samples` in all."""
    for first in range(0, num_samples, _BLOCK):
        yield np.zeros((NUM_CHANNELS, min(_BLOCK, num_samples - first)), np.float32)


def sound(path: Path, start_s: float, num_samples: int) -> Iterator[np.ndarray]:
    """Blocks [2, S], float32, -1 to 1, `num_samples` in all, from `start_s` on the file's own clock; gaps are silent.

    :raises MediaError: if the file cannot be read
    """
    position = 0
    with open_container(path) as container, reading(path):
        for at, block in _placed(container, start_s):
            first = max(position - at, 0)
            if first >= block.shape[1]:
                continue
            yield from silence(min(max(at - position, 0), num_samples - position))
            position = min(max(at, position), num_samples)
            wanted = block[:, first : first + num_samples - position]
            if wanted.shape[1]:
                yield wanted
            position += wanted.shape[1]
            if position >= num_samples:
                return
    yield from silence(num_samples - position)


def _placed(container: InputContainer, start_s: float) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of resampled sound, each with the sample it starts at, counted from `start_s`."""
    stream = container.streams.audio[0]
    seek_s = start_s - _RUN_UP_S
    if seek_s > 0 and stream.time_base:
        container.seek(int(seek_s / stream.time_base), stream=stream)
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
    position: int | None = None
    for frame in _frames(container):
        if frame.time is not None:
            due = round((frame.time - start_s) * RATE_HZ)
            if position is None or abs(due - position) > _DRIFT:
                position = due
        for piece in resampler.resample(frame):
            yield position or 0, piece.to_ndarray()
            position = (position or 0) + piece.samples
    for piece in resampler.resample(None):
        yield position or 0, piece.to_ndarray()
        position = (position or 0) + piece.samples


def _frames(container: InputContainer) -> Iterator[av.AudioFrame]:
    for packet in container.demux(container.streams.audio[0]):
        try:
            yield from packet.decode()
        except av.error.FFmpegError as error:
            if isinstance(error, MemoryError):
                raise
            continue  # one damaged packet is a short silence
