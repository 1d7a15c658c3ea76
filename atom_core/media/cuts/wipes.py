"""Wipes in a run of small pictures: the new shot comes over the old one behind a straight edge.

From each picture to the next only a band changes wholly, where the edge has passed; the bands of a wipe follow each
other from one side to the other at one speed. A camera that moves changes all of the picture alike, a thing that
crosses it leaves behind what was there.

Shapes: N pictures, P places across a picture, C candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from atom_core.media.cuts.run import Run, Transition
from atom_core.media.cuts.similarity import replaced, spread, unlike

_SHORTEST_S, _LONGEST_S = 0.24, 1.08
"""How long the edge takes, seconds ..."""
_LEAST = 6
"""... pictures at least ..."""
_RATE = 25
"""... where more than these a second make no difference."""
_IN_BAND = 2.5
"""How much more changes in a band than beside it, on average ..."""
_EACH, _MOST_STEPS = 1.3, 0.85
"""... and at least, in this share of its steps."""
_CHANGE = 6
"""Mean change in a band, levels of 255, at least."""
_REPLACED, _SPREAD, _UNLIKE = 0.5, 0.9, 0.8
"""How wholly, and in what share of the picture, a wipe replaces what is seen, and how little is left of it."""
_LASTING_S, _LASTING = 0.6, 0.36
"""For how long, in seconds, what was before and what is after differ, and how much at least: things cross a picture."""
_STAYS_S, _STAYS = 0.2, 0.7
"""After so many seconds each shot still shows what it did next to the wipe, at least partly: things drive by."""
_SIDE = 1
"""Places beside a band that are neither in it nor out of it: the edge is soft, and its speed not quite known."""


class _Candidate(NamedTuple):
    score: float
    first: int
    last: int


def wipes(run: Run) -> Iterator[Transition]:
    """The wipes of a run, best first; they do not overlap."""
    pictures = np.stack([one.picture for one in run.looks]) if run.looks else np.zeros((0, 1, 1, 3))
    if len(pictures) <= _LEAST:
        return
    changes = np.abs(np.diff(pictures, axis=0)).mean(axis=3)
    taken: list[tuple[int, int]] = []
    for candidate in sorted(_candidates(changes, run), reverse=True):
        first, last = candidate.first, candidate.last
        if any(first <= other_last and last >= other_first for other_first, other_last in taken):
            continue
        if last >= len(run):
            continue
        old, new = run.looks[first - 1], run.looks[last]
        change = replaced(old, new)
        other = change >= _REPLACED and spread(old, new) >= _SPREAD and unlike(old, new) >= _UNLIKE
        if other and _lasts(run, first, last):
            taken.append((first, last))
            yield Transition((first + last) // 2, first, last, change)


def _lasts(run: Run, first: int, last: int) -> bool:
    """Whether nothing of what was shortly before comes back shortly after."""
    reach = run.frames(_LASTING_S)
    step = max(reach // 4, 1)
    before, after = run.looks[max(first - reach, 0) : first][::-step], run.looks[last : last + reach : step]
    if any(replaced(old, new) < _LASTING for old in before for new in after):
        return False
    # a thing that fills the picture as it crosses is a shot neither before nor after its edges
    stays = run.frames(_STAYS_S)
    ends = ((max(first - 1 - stays, 0), first - 1), (last, min(last + stays, len(run) - 1)))
    return all(unlike(run.looks[one], run.looks[two]) <= _STAYS for one, two in ends)


def _candidates(changes: np.ndarray, run: Run) -> Iterator[_Candidate]:
    """Times in which bands that follow each other across the picture change.

    :param changes: from each picture to the next, [N - 1, H, W]
    """
    stride = max(round(run.fps / _RATE), 1)
    for axis in (1, 2):
        along = changes.mean(axis=3 - axis)
        for profile in (along, along[:, ::-1]):
            sums = np.concatenate([np.zeros((len(profile), 1)), profile.cumsum(axis=1)], axis=1)
            for length in range(run.frames(_SHORTEST_S, _LEAST), run.frames(_LONGEST_S) + 1, stride):
                if len(profile) >= length:
                    yield from _of_length(sums, length)


def _of_length(sums: np.ndarray, length: int) -> Iterator[_Candidate]:
    """Candidates in which the edge takes so many steps.

    :param sums: of changes from one side up to each place, [N - 1, P + 1]
    """
    places, starts = sums.shape[1] - 1, np.arange(len(sums) - length + 1)
    insides, beside = [], []
    for step in range(length):
        at = sums[starts + step]
        low, high = places * step // length, -(-places * (step + 1) // length)
        wide = (max(low - _SIDE, 0), min(high + _SIDE, places))
        insides.append((at[:, high] - at[:, low]) / (high - low))
        beside.append((at[:, -1] - (at[:, wide[1]] - at[:, wide[0]])) / (places - wide[1] + wide[0]))
    inside, outside = np.stack(insides), np.maximum(np.stack(beside), 0.5)
    score = inside.mean(axis=0) / outside.mean(axis=0)
    most = (inside >= _EACH * outside).mean(axis=0) >= _MOST_STEPS
    for start in (most & (score >= _IN_BAND) & (inside.mean(axis=0) >= _CHANGE)).nonzero()[0]:
        yield _Candidate(float(score[start]), int(start) + 1, int(start) + length)
