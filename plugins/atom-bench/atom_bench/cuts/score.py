"""Comparing what a detector found with what is true."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from atom_bench.cuts.footage import Transition

CUT_REACH, GRADUAL_REACH = 1, 3
"""How far from a cut, and from the ends of a gradual transition, a boundary may lie to be right, pictures."""


@frozen(kw_only=True)
class Score:
    """How many transitions there were, were found, and were found where there are none."""

    true: int = 0
    """Transitions that have to be found."""
    hits: int = 0
    """Of those, found."""
    false: int = 0
    """Boundaries where there is no transition, or a second one at the same."""

    def __add__(self, other: Score) -> Score:
        return Score(true=self.true + other.true, hits=self.hits + other.hits, false=self.false + other.false)

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was."""
        found = self.hits + self.false
        return self.hits / found if found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is there that was found; 1 where there is nothing."""
        return self.hits / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def score(transitions: Sequence[Transition], found: Sequence[int]) -> Score:
    """Boundaries, as numbers of pictures, against the true transitions; each stands for one at most."""
    left, hits = list(found), 0
    for transition in transitions:
        reach = GRADUAL_REACH if transition.gradual else CUT_REACH
        near = [at for at in left if transition.first - reach <= at <= transition.last + reach]
        if near:
            middle = (transition.first + transition.last) / 2
            left.remove(min(near, key=lambda at: abs(at - middle)))
            hits += transition.counts
    return Score(true=sum(one.counts for one in transitions), hits=hits, false=len(left))
