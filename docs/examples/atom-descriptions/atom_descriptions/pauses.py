"""Where a video is quiet."""

from __future__ import annotations

from collections.abc import Iterator

import atom_core as atom

_STEP_S = 0.05
_PIECE_S = 60.0
"""So much is heard at once, seconds."""


def find_pauses(video: atom.Video, sound: atom.ReadSound, silence_db: float, min_pause_s: float) -> list[atom.Span]:
    """The stretches of at least `min_pause_s` that are quieter than `silence_db`, in order; all of a silent video.

    :raises MediaError: if the sound cannot be read
    """
    spans: list[atom.Span] = []
    start_s: float | None = None
    levels = list(_levels(video, sound))
    for place, level_db in enumerate([*levels, 0.0]):  # the end is no pause
        at_s = min(place * _STEP_S, video.duration_s) if place < len(levels) else video.duration_s
        if level_db < silence_db and place < len(levels):
            start_s = at_s if start_s is None else start_s
        elif start_s is not None:
            if at_s - start_s >= min_pause_s:
                spans.append(atom.Span(start_s=start_s, end_s=at_s))
            start_s = None
    return spans


def _levels(video: atom.Video, sound: atom.ReadSound) -> Iterator[float]:
    """The loudness of each step, decibels below full scale."""
    import numpy as np

    start_s = 0.0
    while start_s < video.duration_s:
        end_s = min(start_s + _PIECE_S, video.duration_s)
        heard = sound(atom.Clip(video=video, start_s=start_s, end_s=end_s), num_channels=2)
        step = round(heard.rate_hz * _STEP_S)
        loudest = np.abs(heard.samples).max(axis=0)
        whole = loudest[: len(loudest) // step * step].reshape(-1, step)
        yield from (20 * np.log10(np.sqrt((whole**2).mean(axis=1)) + 1e-9)).tolist()
        start_s = end_s
