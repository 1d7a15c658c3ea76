"""A run of small pictures, and how each differs from the one before: what transitions between shots are found in.

S is the side of a small picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from atom_core.media.cuts.similarity import Look, halved, look, recoloured, replaced

SIDE = 64
"""Pictures are shrunk to 64 x 64 pixels, RGB; they are compared at half of that where all of them is."""
_LEAST_HALVED = 20
"""Smallest side of a part of pictures that is halved too, pixels."""
AROUND_S = 0.35
"""How far around a cut changes are looked at, to either side, seconds."""


class Transition(NamedTuple):
    """Where one shot becomes the next."""

    at: int
    """First picture of the new shot; of a gradual change, the one at which the new shot is half there."""
    first: int
    """First picture that is not wholly the old shot's."""
    last: int
    """First picture that is wholly the new shot's."""
    strength: float
    """How wholly what is seen is replaced, 0 to 1."""


class Box(NamedTuple):
    """A part of a picture, of 64 pixels."""

    top: int
    bottom: int
    left: int
    right: int


class Run:
    """Consecutive small pictures, and the changes between each and the one before."""

    def __init__(self, fps: float, box: Box | None = None) -> None:
        """
        :param fps: pictures a second
        :param box: the part of the pictures to look at
        """
        self.fps, self._box = fps, box
        self.pictures: list[np.ndarray] = []
        """[S, S, 3] each, uint8, RGB."""
        self.looks: list[Look] = []
        self.changes: list[float] = []
        """How wholly each replaces the one before, 0 to 1."""
        self.hues: list[float] = []
        """What share of each has another hue than the one before."""
        self.levels: list[float] = []
        """How each differs from the one before, mean levels of 255."""

    @classmethod
    def part(cls, pictures: Iterable[np.ndarray], fps: float, box: Box) -> Run:
        """A part of some pictures as a run of its own."""
        run = cls(fps, box)
        for picture in pictures:
            run.add(picture)
        return run

    def add(self, picture: np.ndarray) -> None:
        """The next picture, [S, S, 3], uint8, RGB."""
        if self._box is None:
            new = look(halved(picture))
        else:
            top, bottom, left, right = self._box
            part = picture[top:bottom, left:right]
            # a part that is small already would have no edges left if it were halved
            new = look(halved(part) if min(part.shape[:2]) >= _LEAST_HALVED else part.astype(np.float32))
        old = self.looks[-1] if self.looks else new
        self.pictures.append(picture)
        self.looks.append(new)
        self.changes.append(replaced(old, new))
        self.hues.append(recoloured(old, new))
        self.levels.append(float(np.abs(old.picture - new.picture).mean()))

    def forget(self, count: int) -> None:
        """Let go of the first pictures."""
        for kept in (self.pictures, self.looks, self.changes, self.hues, self.levels):
            del kept[:count]

    def __len__(self) -> int:
        return len(self.pictures)

    def frames(self, seconds: float, least: int = 1) -> int:
        """The number of pictures that last `seconds`, at least `least`."""
        return max(round(seconds * self.fps), least)

    def usual(self, changes: Sequence[float], index: int) -> tuple[float, float]:
        """The changes around a picture, on the calmer side and on the other; one other event on each is left out."""
        reach = self.frames(AROUND_S, 3)
        sides = (changes[max(index - reach, 1) : index], changes[index + 1 : index + 1 + reach])
        # the second largest of each side: beside a cut there may be another, which says nothing about what is usual
        calm, wild = sorted(sorted(side)[-2] if len(side) > 1 else 0.0 for side in sides)
        return calm, wild
