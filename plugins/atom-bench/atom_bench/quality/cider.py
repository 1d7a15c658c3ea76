"""CIDEr-D, one score for each caption.

Source: Vedantam, Zitnick and Parikh, "CIDEr: Consensus-based Image Description Evaluation" (CVPR 2015), in the form of
pycocoevalcap's `Cider`, whose numbers this gives: counts of the candidate are clipped to the reference's, lengths are
compared by a Gaussian of width 6, and the mean over 1- to 4-grams is multiplied by 10. Lengths are counted in 2-grams,
as there. It is our own because pycocoevalcap starts Java for its tokeniser; `words` below stands in for that.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

TOKENIZER = "lower-case runs of letters and digits (regular expression [^\\W_]+)"
SIGMA = 6.0
LONGEST = 4
MOST = 10.0

Grams = dict[tuple[str, ...], float]


def words(text: str) -> list[str]:
    """The tokens of `text`."""
    return re.findall(r"[^\W_]+", text.lower())


def cider_d(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """The score of each candidate against its references, 0 to 10; how rare words are follows from all references.

    :raises ValueError: if the numbers differ, or a candidate has no reference
    """
    if len(candidates) != len(references) or not all(references):
        raise ValueError("every candidate needs at least one reference")
    counted = [[_counts(text) for text in texts] for texts in references]
    frequency: Counter[tuple[str, ...]] = Counter()
    for group in counted:
        frequency.update({gram for counts in group for gram in counts})
    log_items = math.log(len(references))
    scores = []
    for candidate, group in zip(candidates, counted, strict=True):
        ours = _vectors(_counts(candidate), frequency, log_items)
        found = [_similarity(ours, _vectors(counts, frequency, log_items)) for counts in group]
        scores.append(MOST * sum(found) / len(found))
    return scores


def _counts(text: str) -> Counter[tuple[str, ...]]:
    tokens = words(text)
    return Counter(
        tuple(tokens[start : start + length])
        for length in range(1, LONGEST + 1)
        for start in range(len(tokens) - length + 1)
    )


def _vectors(
    counts: Counter[tuple[str, ...]], frequency: Counter[tuple[str, ...]], log_items: float
) -> tuple[list[Grams], int]:
    """Weighted n-grams for each n, and the length in 2-grams."""
    vectors: list[Grams] = [{} for _ in range(LONGEST)]
    for gram, count in counts.items():
        vectors[len(gram) - 1][gram] = count * (log_items - math.log(max(1, frequency[gram])))
    return vectors, sum(count for gram, count in counts.items() if len(gram) == 2)


def _similarity(ours: tuple[list[Grams], int], theirs: tuple[list[Grams], int]) -> float:
    penalty = math.exp(-((ours[1] - theirs[1]) ** 2) / (2 * SIGMA**2))
    total = 0.0
    for one, other in zip(ours[0], theirs[0], strict=True):
        norm = math.sqrt(sum(v * v for v in one.values())) * math.sqrt(sum(v * v for v in other.values()))
        if norm:
            total += sum(min(v, other.get(g, 0.0)) * other.get(g, 0.0) for g, v in one.items()) / norm
    return penalty * total / LONGEST
