"""What comes up over a picture that goes on: titles before a moving camera, windows and pages on a screen.

All of it may be new where it stands, so that much of the picture is replaced at once; but part of the picture, or
something in all of it, stays as it was, as it does before and after.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from atom_core.media.cuts.run import AROUND_S, Run
from atom_core.media.cuts.similarity import Look, differing, following, look, replaced, spread

_STAYS = 0.6
"""Where no more than this differs in pictures around, some of it stays, as on a screen."""
_CHANGES, _HUE = 0.88, 0.1
"""From one screen to another so much differs at least, and so much more of it than around has another hue ..."""
_SCREEN = (0.3, 0.35)
"""... and this much is replaced in such a share of it."""
_STANDS_OUT = 3.0
"""How many times the mean changes of level around it one is that stands out of them."""
_SIDES, _SHARE = 3, 0.3
"""A third of the picture at one side that has so large a share of its detail, before and after ..."""
_GOES_ON_LEAST, _GOES_ON_FOLLOWING = 0.2, 0.8
"""... in which no more is replaced than this, and levels follow those before, goes on: a title is new elsewhere ..."""
_MOVES_ALONG, _MOVING_LEVELS = 0.3, 0.15
"""... if it moves so many times as much as all of the picture before and after, and by this at least, levels of 255."""


def usually_differing(run: Run, index: int) -> float:
    """What part of the edges differs in the pictures around one, but for one of them."""
    reach = range(max(index - run.frames(AROUND_S, 3), 1), min(index + 1 + run.frames(AROUND_S, 3), len(run)))
    others = [differing(run.looks[other - 1], run.looks[other]) for other in reach if other != index]
    return sorted(others)[-2:][0] if others else 0.0


def is_another_screen(run: Run, index: int) -> bool:
    """Whether nothing stays from one picture to the next, where something does in all around: pages of one design
    scroll and replace each other, and what lies around them is the same until another screen is seen."""
    least, area = _SCREEN
    if run.changes[index] < least or not _has_other_hues(run, index):
        return False
    old, new = run.looks[index - 1 : index + 1]
    return differing(old, new) >= _CHANGES and spread(old, new) >= area and usually_differing(run, index) <= _STAYS


def _has_other_hues(run: Run, index: int) -> bool:
    return run.hues[index] >= run.usual(run.hues, index)[1] + _HUE


def goes_on(run: Run, index: int) -> bool:
    """Whether part of a picture that moves goes on in the next, and what is new comes up over the rest."""
    old, new = run.looks[index - 1 : index + 1]
    is_alike = run.levels[index] < _STANDS_OUT * run.usual(run.levels, index)[1] and not _has_other_hues(run, index)
    if is_alike and differing(old, new) < _CHANGES and usually_differing(run, index) <= _STAYS:
        return True
    near = run.looks[max(index - 2, 0) : index + 2]
    for axis, side in enumerate(old.picture.shape[:2]):
        for part in (slice(side // _SIDES), slice(-(side // _SIDES), None)):
            place = (part, slice(None)) if axis == 0 else (slice(None), part)
            if side // _SIDES >= _SIDES and _is_same(old, new, place) and _moves_along(near, place):
                return True
    return False


def _is_same(old: Look, new: Look, place: tuple[slice, slice]) -> bool:
    before, after = look(old.picture[place]), look(new.picture[place])
    if before.detail < _SHARE * old.detail or after.detail < _SHARE * new.detail:
        return False
    return replaced(before, after) <= _GOES_ON_LEAST and following(before, after) >= _GOES_ON_FOLLOWING


def _moves_along(near: list[Look], place: tuple[slice, slice]) -> bool:
    """Whether a part moves as the rest does before and after a change, and as it does then, too.

    What stands still may be laid over two shots; what hardly has edges may go on in them and not in its levels.
    """
    steps = [np.abs(later.picture - earlier.picture) for earlier, later in pairwise(near)]
    inside, whole = ([float(step[at].mean()) for step in steps] for at in (place, ...))
    around = [(inside[at], whole[at]) for at in (0, -1)]
    goes_on_alike = inside[len(inside) // 2] <= _STANDS_OUT * max(inside[0], inside[-1])
    return goes_on_alike and all(part >= max(_MOVES_ALONG * mean, _MOVING_LEVELS) for part, mean in around)
