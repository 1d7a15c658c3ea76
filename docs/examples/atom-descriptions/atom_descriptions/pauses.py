"""Where a video is quiet."""

from __future__ import annotations

import atom_core as atom

_STEP_S = 0.05


def find_pauses(video: atom.Video, silence_db: float, min_pause_s: float) -> list[atom.Span]:
    """The stretches of at least `min_pause_s` that are quieter than `silence_db`, in order; all of a silent video.

    :raises MediaError: if the sound cannot be read
    """
    if not video.has_audio:
        return [atom.Span(start_s=0.0, end_s=video.duration_s)]
    spans: list[atom.Span] = []
    start_s: float | None = None
    levels = _levels(video)
    for place, level_db in enumerate([*levels, 0.0]):  # the end is no pause
        at_s = min(place * _STEP_S, video.duration_s)
        if level_db < silence_db and place < len(levels):
            start_s = at_s if start_s is None else start_s
        elif start_s is not None:
            if at_s - start_s >= min_pause_s:
                spans.append(atom.Span(start_s=start_s, end_s=at_s))
            start_s = None
    return spans


def _levels(video: atom.Video) -> list[float]:
    """The loudness of each step, decibels below full scale."""
    import numpy as np

    from atom_core.media.pictures.decode import Reader
    from atom_core.media.sound import RATE_HZ, sound

    with Reader.of(video) as reader:
        origin_s = reader.origin_s  # times of a video count from its first picture
    step = round(RATE_HZ * _STEP_S)
    levels: list[float] = []
    rest = np.zeros(0, np.float32)
    for block in sound(video.path, origin_s, round(video.duration_s * RATE_HZ)):
        rest = np.concatenate([rest, np.abs(block).max(axis=0)])
        whole = rest[: len(rest) // step * step].reshape(-1, step)
        levels += (20 * np.log10(np.sqrt((whole**2).mean(axis=1)) + 1e-9)).tolist()
        rest = rest[whole.size :]
    return levels
