"""How wide a text is on a terminal."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """The cells that a terminal shows `text` in, which has no line breaks: most letters take one, those of Chinese,
    Japanese and Korean two, marks above others none."""
    return sum(map(_cells, text)) if not text.isascii() else len(text)


def cut(text: str, most: int) -> str:
    """`text` in no more than `most` cells; of one that is longer the beginning and the end."""
    if width(text) <= most:
        return text
    if most < 5:
        return _start(text, most)
    half = (most - 3) // 2
    return f"{_start(text, most - 3 - half)}...{_start(text[::-1], half)[::-1]}"


def _start(text: str, most: int) -> str:
    """As many first letters as fit into `most` cells."""
    used = 0
    for place, letter in enumerate(text):
        used += _cells(letter)
        if used > most:
            return text[:place]
    return text


def _cells(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
