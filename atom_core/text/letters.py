"""Words by their stretches of letters, so that those that nobody has seen are told by what they are like."""

from __future__ import annotations

import re
from functools import lru_cache

_LENGTHS = (3, 4)
"""Of the stretches, letters."""


@lru_cache(8192)
def grams(word: str, buckets: int) -> tuple[int, ...]:
    """The numbers of the buckets that a word and its stretches of letters fall into (Bojanowski et al. 2017).

    Digits are alike.
    """
    spelled = f"<{re.sub(r'[0-9]', '0', word)}>"
    pieces = [spelled, *(spelled[at : at + n] for n in _LENGTHS for at in range(len(spelled) - n + 1))]
    return tuple(_hashed(piece) % buckets for piece in pieces)


def _hashed(piece: str) -> int:
    """FNV-1a of 32 bits, which is the same in every process."""
    value = 2166136261
    for byte in piece.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value
