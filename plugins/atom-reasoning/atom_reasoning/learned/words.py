"""The words of a question, as the network sees them."""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import frozen

from atom_reasoning.english.clauses import NOUNS_AND_VERBS, VERBS
from atom_reasoning.english.words import KINDS_OF_WORDS, base

_TOKEN = re.compile(
    r"\d+(?::\d+)+(?:[.,]\d+)?|\d+(?:st|nd|rd|th)\b|\d+(?:[.,]\d+)?"
    r"|'s\b|[^\W\d_]+(?='s\b)|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]",
    re.IGNORECASE,
)
"""Clocks, ordinals and numbers; words; "'s", which may follow the name of a thing, by itself; marks."""


@frozen
class Word:
    """A word, a number or a mark."""

    text: str
    """As it is written."""
    start: int
    """Where it begins in the question, characters."""
    end: int
    """Where it ends."""


def words(text: str) -> list[Word]:
    """The words, numbers and marks of a text."""
    return [Word(found[0], *found.span()) for found in _TOKEN.finditer(text.replace("’", "'"))]


LOOKS = ("", "colour", "shape", "size", "either", "verb", "number", "mark")
"""What a word looks like by itself."""
_OF_KIND = {base(word): kind for kind in ("colour", "shape", "size") for word in KINDS_OF_WORDS[kind].split()}


@lru_cache(4096)
def look(word: str) -> int:
    """What a word in small letters looks like, as its place in `LOOKS`."""
    stem = base(word)
    if stem in NOUNS_AND_VERBS:
        name = "either"
    elif word[:1].isdigit():
        name = "number"
    elif not word[:1].isalnum():
        name = "mark"
    else:
        name = _OF_KIND.get(stem, "verb" if stem in VERBS else "")
    return LOOKS.index(name)
