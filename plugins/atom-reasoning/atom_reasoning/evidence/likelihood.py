"""Yes or no by which is likelier, for many clips in one call where the decoder takes several."""

from __future__ import annotations

import math
from collections.abc import Sequence

import atom_core as atom

Parts = Sequence[str | atom.Features]
"""A prompt: texts and clips."""

NO, YES = "no", "yes"


def yes_odds(decoder: atom.Decoder, prompts: Sequence[Parts]) -> list[float]:
    """ln P(yes) - ln P(no) as the whole answer to each prompt."""
    pairs = [(parts, answer) for parts in prompts for answer in (NO, YES)]
    scores = scores_of(decoder, pairs)
    return [scores[2 * at + 1] - scores[2 * at] for at in range(len(prompts))]


def scores_of(decoder: atom.Decoder, pairs: Sequence[tuple[Parts, str]]) -> list[float]:
    """The log-probability of each answer to its prompt."""
    many = getattr(decoder, "score_many", None)
    if many is not None:
        return [float(score) for score in many(pairs)]
    return [float(decoder.score(parts, answer)) for parts, answer in pairs]


def probability(odds: float) -> float:
    """The probability of natural-log odds."""
    return 1 / (1 + math.exp(-min(max(odds, -40.0), 40.0)))
