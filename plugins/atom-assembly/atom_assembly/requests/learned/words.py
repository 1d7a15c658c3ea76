"""The words of a request, as the networks see them."""

from __future__ import annotations

import re

from attrs import frozen

_TOKEN = re.compile(
    r"\d+(?::\d+)+|\d+(?:st|nd|rd|th)\b|\d+(?:[.,]\d+)?|'s\b|[^\W\d_]+(?='s\b)|[^\W\d_]+(?:'[^\W\d_]+)*|\n|[^\w\s]",
    re.IGNORECASE,
)
"""Clocks, ordinals and numbers; words; "'s", which may follow the name of a thing, by itself; line ends and marks."""


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
