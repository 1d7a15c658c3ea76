"""What an embedder's numbers mean: found once for each embedder, by captions and searches whose fit is known.

Cosines of one embedder lie between 0 and 0.7, those of another between 0.7 and 0.95. What tells a fit from the nearest
that there is, is how far the score stands out from what the same search gets of captions that have nothing to do with
it. The unit of all that is how far true pairs stand out here.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from attrs import field, frozen

PAIRS = (
    ("A tram stops at a snowy square.", "public transport in winter"),
    ("Two men shake hands across a desk.", "business agreement"),
    ("A goat stands on the roof of a shed.", "farm animal on a building"),
    ("A woman signs autographs for fans.", "celebrity meeting admirers"),
    ("Waves crash against a stone pier.", "rough sea"),
    ("A boy launches a paper plane from a window.", "child throwing a toy aircraft"),
    ("A hairdresser dyes a customer's hair pink.", "getting hair coloured"),
    ("A chess player moves a knight.", "board game being played"),
    ("A tow truck pulls a car out of a ditch.", "recovering a vehicle after an accident"),
    ("Candles burn on an altar in a dim church.", "lights in a place of worship"),
    ("A football team celebrates with a cup.", "players winning a trophy"),
    ("A toddler splashes in a paddling pool.", "small child playing in water"),
    ("A jogger passes a row of trees at dawn.", "running in the morning"),
    ("A customer pays at the till of a supermarket.", "shopping for groceries"),
    ("A hamster runs in its wheel.", "rodent exercising"),
    ("A conductor leads an orchestra.", "classical concert"),
    ("A glider circles above green hills.", "flying without an engine"),
    ("A scientist looks through a microscope.", "research in a laboratory"),
    ("A campfire glows in front of a tent.", "camping at night"),
    ("A postman puts letters into boxes.", "mail being delivered"),
    ("A butterfly opens its wings on a flower.", "insect on a blossom"),
    ("A bricklayer builds a garden wall.", "construction worker with stones"),
    ("A newsreader speaks in front of a screen.", "television studio"),
    ("An old couple dances in a living room.", "elderly people moving to music"),
    ("A cable car climbs above the clouds.", "gondola lift in the mountains"),
    ("A man irons a shirt.", "household chores"),
    ("Lambs jump around in a meadow.", "young sheep in the grass"),
    ("A drone films a castle ruin.", "old fortress from above"),
    ("Teenagers take a selfie on a bridge.", "young people photographing themselves"),
    ("A spider waits in its web.", "arachnid in a net"),
    ("A bus driver checks a ticket.", "passenger being controlled"),
    ("A volcano smokes behind a village.", "mountain about to erupt"),
)
"""Captions, each with a search that it fits in other words."""
_SHARE = 75
"""Of what unrelated captions get, this percentile is what a search gets by chance."""
_FIT = 0.82
"""From which share of how far true pairs stand out, in the median, a moment is said to fit; measured, see the docs."""
_MAY_FIT = 0.55
"""From which share on it may fit; below it is said that it does not, rather than that this is not sure."""
WORDS_WORTH = 0.1
"""What having all words of a search adds to the score, in the same unit; more spoils paraphrases, measured."""


class Embeds(Protocol):
    """Texts to unit vectors."""

    def __call__(self, texts: list[str], *, kind: str) -> np.ndarray: ...


@frozen(kw_only=True, eq=False)
class Background:
    """What an embedder makes of captions that have nothing to do with a search. B captions, E width."""

    captions_BE: np.ndarray = field(repr=False)
    """Unit vectors."""
    unit: float
    """How far true pairs stand out, in the median."""

    @classmethod
    def of(cls, embed: Embeds) -> Background:
        """That of the embedder behind `embed`."""
        captions_BE = embed([caption for caption, _ in PAIRS], kind="passage")
        searches_BE = embed([search for _, search in PAIRS], kind="query")
        scores_BB = searches_BE @ captions_BE.T
        own_B = scores_BB.diagonal()
        chance_B = [np.percentile(np.delete(row, place), _SHARE) for place, row in enumerate(scores_BB)]
        return cls(captions_BE=captions_BE, unit=max(float(np.median(own_B - chance_B)), 1e-3))

    def chance(self, search_E: np.ndarray) -> float:
        """The score that a search gets of what has nothing to do with it."""
        return float(np.percentile(self.captions_BE @ search_E, _SHARE))

    @property
    def fit(self) -> float:
        """How far above chance a score must be."""
        return _FIT * self.unit

    @property
    def may_fit(self) -> float:
        """How far above chance it must be, so that this is not ruled out."""
        return _MAY_FIT * self.unit
