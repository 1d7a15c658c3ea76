"""Yes or no by which is likelier, for many clips in one call where the decoder takes several."""

from __future__ import annotations

import math
from collections.abc import Sequence

import atom_core as atom

Parts = Sequence[str | atom.Features]
"""A prompt: texts and clips."""

NO, YES = "no", "yes"


def scores_of(decoder: atom.Decoder, pairs: Sequence[tuple[Parts, str]]) -> list[float]:
    """The log-probability of each answer to its prompt."""
    return [float(score) for score in decoder.score_many(pairs)]


def probability(odds: float) -> float:
    """The probability of natural-log odds."""
    return 1 / (1 + math.exp(-min(max(odds, -40.0), 40.0)))
