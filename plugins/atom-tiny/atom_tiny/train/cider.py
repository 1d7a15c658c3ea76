"""CIDEr-D (Vedantam et al., CVPR 2015), on words in lower case without punctuation; at most 10."""

from __future__ import annotations

import math
import re
from collections import Counter

SIGMA = 6.0

Grams = list[Counter[tuple[str, ...]]]


def words(text: str) -> list[str]:
    """Lower-case words."""
    return re.findall(r"[a-z0-9]+", text.lower())


def _grams(text: str) -> Grams:
    tokens = words(text)
    return [Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)) for n in range(1, 5)]


def _weighted(grams: Grams, rarity: dict[tuple[str, ...], float], most: float) -> list[dict[tuple[str, ...], float]]:
    return [{g: count * rarity.get(g, most) for g, count in table.items()} for table in grams]


def _similar(hyp: dict[tuple[str, ...], float], ref: dict[tuple[str, ...], float]) -> float:
    norm = math.sqrt(sum(v * v for v in hyp.values())) * math.sqrt(sum(v * v for v in ref.values()))
    return sum(min(v, ref.get(g, 0.0)) * ref.get(g, 0.0) for g, v in hyp.items()) / norm if norm else 0.0


def cider_d(candidates: list[str], references: list[list[str]]) -> float:
    """Mean score of one candidate per item against its references; document frequencies from these references."""
    refs = [[_grams(r) for r in group] for group in references]
    seen: Counter[tuple[str, ...]] = Counter()
    for group in refs:
        seen.update({g for ref in group for table in ref for g in table})
    most = math.log(len(refs))
    rarity = {g: most - math.log(n) for g, n in seen.items()}
    total = 0.0
    for text, group, raw in zip(candidates, refs, references, strict=True):
        hyp, size = _weighted(_grams(text), rarity, most), len(words(text))
        score = 0.0
        for ref, ref_text in zip(group, raw, strict=True):
            table = _weighted(ref, rarity, most)
            penalty = math.exp(-((size - len(words(ref_text))) ** 2) / (2 * SIGMA**2))
            score += penalty * sum(_similar(h, r) for h, r in zip(hyp, table, strict=True)) / 4
        total += 10.0 * score / len(group)
    return total / len(candidates)
