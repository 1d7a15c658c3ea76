"""The words of a request, as the networks see them."""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import frozen

_TOKEN = re.compile(
    r"\d+(?::\d+)+|\d+(?:st|nd|rd|th)\b|\d+(?:[.,]\d+)?|'s\b|[^\W\d_]+(?='s\b)|[^\W\d_]+(?:'[^\W\d_]+)*|\n|[^\w\s]",
    re.IGNORECASE,
)
"""Clocks, ordinals and numbers; words; "'s", which may follow the name of a thing, by itself; line ends and marks."""
_GRAMS = (3, 4)
"""Lengths of the stretches of letters by which words that nobody has seen are told."""


@frozen
class Word:
    """A word, a number or a mark."""

    text: str
    """As it is written."""
    start: int
    """Where it begins in the request, characters."""
    end: int
    """Where it ends."""


def words(text: str) -> tuple[Word, ...]:
    """The words, numbers, line ends and marks of a text."""
    return tuple(Word(found[0], *found.span()) for found in _TOKEN.finditer(text.replace("’", "'")))


@lru_cache(8192)
def grams(word: str, buckets: int) -> tuple[int, ...]:
    """The numbers of the buckets that a word and its stretches of letters fall into; digits are alike."""
    spelled = f"<{re.sub(r'[0-9]', '0', word)}>"
    pieces = [spelled, *(spelled[at : at + n] for n in _GRAMS for at in range(len(spelled) - n + 1))]
    return tuple(_hashed(piece) % buckets for piece in pieces)


def _hashed(piece: str) -> int:
    """FNV-1a of 32 bits, which is the same in every process."""
    value = 2166136261
    for byte in piece.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value
