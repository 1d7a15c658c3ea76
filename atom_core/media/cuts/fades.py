"""Fades through a plain colour: runs of pictures that show nothing, between two that show different things."""

from __future__ import annotations

from collections import deque

import numpy as np

from atom_core.media.cuts.run import Transition
from atom_core.media.cuts.similarity import Look, filled, replaced, unlike

_PLAIN = 0.25
"""A picture with no stronger edges is plain, levels of 255 on average ..."""
_PLAIN_SHARE = 0.1
"""... if they are this share of those before and after at most."""
_NEAR_S = 0.8
"""How long before and after the plain pictures the fade begins and ends, at most, seconds."""
_WHOLE = 0.85
"""Share of a shot's edges that are seen where it is wholly there."""
_HALF = 0.5
"""Share of them that are enough to compare it."""
_STEADY = 1.25
"""Most by which edges grow from the nearest picture to the next where light has come at once."""
_REPLACED = 0.5
"""How wholly the shot before is replaced by the shot after, at least; else the light was out, or something blinked."""
_UNLIKE = 0.8
"""How little the two have in common that are called different also where one has far less contrast."""
_CUT = 0.42
"""How wholly one picture replaces the one before where another shot begins ..."""
_ABOVE, _AROUND = 0.15, 3
"""... and by how much more than most of so many pictures to either side do ..."""
_BURST_S = 0.28
"""... and the time next to the plain pictures of a fade within which none does, seconds: else something bursts."""
_FAINT = 0.2
"""A picture with less than this share of a shot's edges is too faint to tell whether it replaces the one before."""
_COVERED = 0.25
"""Share of the picture that shows other than the plain colour in both shots, at least; else things came and went ..."""
_FILLED = 0.6
"""... unless so much of the picture of the shot that comes or goes at once shows something."""


class FadeFinder:
    """Watches pictures one by one for fades."""

    def __init__(self, fps: float) -> None:
        self._near = max(round(_NEAR_S * fps), 4)
        self._burst = max(round(_BURST_S * fps), 1)
        self._before: deque[tuple[int, Look]] = deque(maxlen=self._near)
        self._plain: list[tuple[int, Look]] = []
        """The first and the last plain picture, once there is one."""
        self._after: list[tuple[int, Look]] = []
        """What has come after the plain pictures."""

    def feed(self, index: int, look: Look) -> Transition | None:
        """The next picture; a fade that ended some time before it, if there was one."""
        if self._is_plain(look) and not self._after:
            self._plain = [*self._plain[:1], (index, look)]
            return None
        if not self._plain:
            self._before.append((index, look))
            return None
        self._after.append((index, look))
        return self._decide() if len(self._after) >= self._near else None

    def end(self) -> Transition | None:
        """There are no more pictures; a fade that has just ended, if there is one."""
        return self._decide() if self._plain and self._after else None

    def _is_plain(self, look: Look) -> bool:
        seen = max((earlier.detail for _, earlier in self._before), default=0.0)
        return seen > 0 and look.detail <= min(_PLAIN, _PLAIN_SHARE * seen)

    def _decide(self) -> Transition | None:
        before, plain, after = list(self._before), self._plain, self._after
        self._plain, self._after = [], []
        self._before.clear()
        old, new = _one_shot(before[::-1])[::-1], _one_shot(after)
        burst = min(len(old) - len(before), len(new) - len(after)) < 0 and min(len(old), len(new)) < self._burst
        fade = None if burst else _fade(old, plain, new)
        for index, look in after:  # the next fade may have begun already
            again = self.feed(index, look)
            assert again is None
        return fade


def _one_shot(pictures: list[tuple[int, Look]]) -> list[tuple[int, Look]]:
    """The pictures, of which the first are next to plain ones, up to where another shot has been cut to."""
    least = _FAINT * max((look.detail for _, look in pictures), default=0.0)
    seen = [
        place for place in range(1, len(pictures)) if min(one.detail for _, one in pictures[place - 1 :][:2]) >= least
    ]
    changes = [replaced(pictures[place - 1][1], pictures[place][1]) for place in seen]
    for number, (place, change) in enumerate(zip(seen, changes, strict=True)):
        # a camera that swings fast replaces much with each picture
        around = changes[max(number - _AROUND, 0) : number] + changes[number + 1 : number + 1 + _AROUND]
        if change >= max(_CUT, float(np.median(around)) + _ABOVE if around else 0.0):
            return pictures[:place]
    return pictures


def _fade(
    before: list[tuple[int, Look]], plain: list[tuple[int, Look]], after: list[tuple[int, Look]]
) -> Transition | None:
    begins, ends = _whole(before), _whole(after)
    if plain[-1][1].detail > _PLAIN_SHARE * max(look.detail for _, look in after):
        return None
    old, new = before[begins[-1]], after[ends[0]]
    pairs = [(one, two) for one in _compared(before, begins, nearest=-1) for two in _compared(after, ends, nearest=0)]
    change = min(replaced(*pair) for pair in pairs)
    if change < _REPLACED and min(unlike(*pair) for pair in pairs) < _UNLIKE:
        return None
    at = _boundary(old, plain, new, come=after[0][0])
    return None if at is None else Transition(at, old[0] + 1, new[0], change)


def _boundary(old: tuple[int, Look], plain: list[tuple[int, Look]], new: tuple[int, Look], *, come: int) -> int | None:
    """Where the new shot is taken to begin; None if only some things went and came before a plain background.

    :param come: the first picture that is not plain again
    """
    at_once = new[0] == come
    # both shots must fill the picture, or a title that came and went on a plain ground would be a fade
    if min(_covered(old[1], plain[0][1]), _covered(new[1], plain[-1][1])) >= _COVERED:
        # A shot that comes at once begins with its first picture, one that fades in halfway between.
        return come if at_once else (plain[0][0] + come) // 2
    if at_once and filled(new[1]) >= _FILLED:
        return come
    if old[0] + 1 == plain[0][0] and filled(old[1]) >= _FILLED:
        return plain[0][0]
    return None


def _whole(pictures: list[tuple[int, Look]], share: float = _WHOLE) -> list[int]:
    """Which pictures show a shot wholly."""
    most = max(look.detail for _, look in pictures)
    return [place for place, (_, look) in enumerate(pictures) if look.detail >= share * most]


def _compared(pictures: list[tuple[int, Look]], whole: list[int], *, nearest: int) -> list[Look]:
    """Pictures of a shot that stand for it: whole ones, and the nearest that is half there.

    Also the nearest of all, where light has come at once: another shot with more detail may follow soon.
    """
    places = {whole[0], whole[len(whole) // 2], whole[-1], _whole(pictures, _HALF)[nearest]}
    looks = [pictures[place][1] for place in places]
    steps = [pictures[place][1].detail for place in ((-1, -2) if nearest else (0, 1)) if len(pictures) > 1]
    return [*looks, pictures[nearest][1]] if steps and steps[1] <= _STEADY * steps[0] else looks


def _covered(shown: Look, plain: Look) -> float:
    """The share of a picture that differs from a plain one, beside the farthest of it."""
    away = np.abs(shown.picture - plain.picture).max(axis=2)
    return float((away > 0.1 * away.max()).mean())
