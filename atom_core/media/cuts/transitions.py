"""Where one shot becomes the next: cuts, dissolves, wipes and fades, found while pictures come one by one.

Each way of finding them has its module; all look at small pictures (`run.SIDE`), so that the cost is that of decoding.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from atom_core.media.cuts import dissolves, hard_cuts, wipes
from atom_core.media.cuts.fades import FadeFinder
from atom_core.media.cuts.run import Run, Transition

_TOGETHER = 256
"""Pictures that are decided together."""
_AROUND_S = 1.2
"""What is looked at before and after a picture to decide, at least, seconds."""


def find_transitions(pictures: Iterable[np.ndarray], fps: float) -> list[Transition]:
    """All transitions of a video in order; no two overlap.

    :param pictures: all of its pictures, [S, S, 3], uint8, RGB
    :param fps: pictures a second
    """
    run, fader = Run(fps), FadeFinder(fps)
    margin = max(dissolves.LONGEST * dissolves.stride_of(fps), run.frames(_AROUND_S))
    fades: list[Transition | None] = []
    cuts: list[Transition] = []
    mixed: list[Transition] = []
    start = decided = 0

    def decide(until: int) -> None:
        found = (hard_cuts.cut_at(run, index) for index in range(max(decided - start, 1), until - start))
        cuts.extend(_later(cut, start) for cut in found if cut)
        for gradual in (dissolves.dissolves(run), wipes.wipes(run)):
            mixed.extend(_later(one, start) for one in gradual if decided <= one.at + start < until)

    for picture in pictures:
        run.add(picture)
        fades.append(fader.feed(start + len(run) - 1, run.looks[-1]))
        # decided in blocks, with a margin on either side that the decision looks at, and forgotten behind it
        if len(run) >= 2 * margin + _TOGETHER:
            until = start + len(run) - margin
            decide(until)
            decided = until
            run.forget(until - margin - start)
            start = until - margin
    decide(start + len(run))
    fades.append(fader.end())
    # fades first, then cuts: a fade holds pictures that look like a cut, and a cut ones that look like a mixture
    return _without_overlap([*(fade for fade in fades if fade), *cuts, *mixed])


def _later(transition: Transition, by: int) -> Transition:
    at, first, last, strength = transition
    return Transition(at + by, first + by, last + by, strength)


def _without_overlap(found: Iterable[Transition]) -> list[Transition]:
    """Transitions in order, less those that overlap one that stands earlier in `found`."""
    kept: list[Transition] = []
    for one in found:
        if all(one.first > other.last + 1 or one.last < other.first - 1 for other in kept):
            kept.append(one)
    return sorted(kept)
