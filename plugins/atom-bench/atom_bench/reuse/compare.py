"""Whether two ways gave the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import frozen

from atom_bench.reuse.job import Said

VECTOR_TOLERANCE = 1e-3
"""Largest difference of two numbers of unit vectors that arithmetic in another order explains."""
SCORE_TOLERANCE = 1e-3
"""The same for log-probabilities, as a share of their size."""


@frozen(kw_only=True)
class Agreement:
    """How two results compare."""

    texts: int
    """Captions, answers and scripts compared."""
    equal_texts: int
    """Those that are equal."""
    first_difference: str | None
    """Where the first unequal texts stand, and what they are."""
    vector_difference: float
    """Largest difference of two numbers of clip vectors; infinite where widths differ."""
    vector_cosine: float
    """Least cosine similarity of two vectors of one clip."""
    score_difference: float
    """Largest difference of two log-probabilities, as a share of their size."""

    @property
    def same(self) -> bool:
        """Whether texts are equal, and vectors and scores as near as arithmetic allows."""
        return (
            self.equal_texts == self.texts
            and self.vector_difference <= VECTOR_TOLERANCE
            and self.score_difference <= SCORE_TOLERANCE
        )

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "same": self.same,
            "texts": self.texts,
            "equal_texts": self.equal_texts,
            "first_difference": self.first_difference,
            "vector_difference": self.vector_difference,
            "vector_cosine": self.vector_cosine,
            "score_difference": self.score_difference,
        }


def compare(said: Said, reference: Said) -> Agreement:
    """How `said` compares with `reference`."""
    pairs = list(zip(_texts(said).items(), _texts(reference).values(), strict=True))
    unequal = [f"{place}: {one!r}, not {other!r}" for (place, one), other in pairs if one != other]
    difference, cosine = _vectors(said, reference)
    ours, theirs = np.asarray(said.scores, dtype=float), np.asarray(reference.scores, dtype=float)
    return Agreement(
        texts=len(pairs),
        equal_texts=len(pairs) - len(unequal),
        first_difference=unequal[0] if unequal else None,
        vector_difference=difference,
        vector_cosine=cosine,
        score_difference=float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)).max(initial=0.0)),
    )


def _texts(said: Said) -> dict[str, str]:
    found = {f"caption of video {number}": text for number, text in enumerate(said.captions, 1)}
    for number, answers in enumerate(said.answers, 1):
        found |= {f"answer {place} about video {number}": text for place, text in enumerate(answers, 1)}
    return {**found, "script": said.script}


def _vectors(said: Said, reference: Said) -> tuple[float, float]:
    """Largest difference and least cosine of clip vectors, and of the vectors of equal captions."""
    pairs = list(zip(said.vectors, reference.vectors, strict=True))
    worded = zip(said.captions, reference.captions, said.caption_vectors, reference.caption_vectors, strict=True)
    pairs += [(one, other) for text, known, one, other in worded if text == known]
    if any(len(one) != len(other) for one, other in pairs):
        return float("inf"), -1.0
    arrays = [(np.asarray(one), np.asarray(other)) for one, other in pairs if len(one)]
    difference = max((float(np.abs(one - other).max()) for one, other in arrays), default=0.0)
    return difference, min((float(one @ other) for one, other in arrays), default=1.0)
