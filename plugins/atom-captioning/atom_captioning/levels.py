"""A summary of many captions in levels: a few at a time, then what came of those, until it is short."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from atom_core.text.numbers import CARDINALS

MOST_PARTS = 4
"""So many summaries of parts stand one after the other in the end; more are summed up again."""
LEAST_PAIRS = 0.8
"""Share of its pairs of neighbouring words that they must have, where summaries are summed up."""
_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset(
    ["a", "an", "the", "and", "then", "first", "finally", "while", "is", "are", "of", "in", "on", "to", "with", "it"]
)
_NUMBERS = frozenset(CARDINALS[1:11])
_OPENING = re.compile(r"^(?:first|finally|then),? ", re.IGNORECASE)

Ask = Callable[[Sequence[Sequence[str]]], list[str]]
"""Sums up each of several groups of texts; empty of one that is longer than the model reads."""


def in_levels(captions: Sequence[str], at_once: int, ask: Ask) -> str:
    """One text about all captions, in their order.

    What the model makes of a group counts where it is made of the group's words; otherwise its texts stand as they
    are, and on higher levels the first and the last of them.

    :param at_once: how many texts the model reads at once
    """
    parts = list(captions)
    level = 0
    while len(parts) > (MOST_PARTS if level else 1):
        size = max(at_once, 2)
        groups = [parts[at : at + size] for at in range(0, len(parts), size)]
        made = ask(groups)
        fewer = [_part(text, group, level) for text, group in zip(made, groups, strict=True)]
        if len(fewer) == 1:
            return fewer[0]
        parts = fewer
        level += 1
    return "; then ".join([parts[0], *(_without_opening(part) for part in parts[1:])])


def _part(text: str, group: Sequence[str], level: int) -> str:
    if len(group) == 1:
        return group[0]
    if is_made_of(text, group, pairs=level > 0):
        return text
    told = list(dict.fromkeys(one.rstrip(" .") for one in group))
    if level:
        first, last = told[0].split("; then ")[0], told[-1].split("; then ")[-1]
        told = [_clause(first, 0), _clause(last, -1)]
    return ", then ".join(dict.fromkeys([told[0], *(_without_opening(one) for one in told[1:])]))


def _clause(text: str, place: int) -> str:
    """The first or last thing that a summary tells."""
    return re.split(r",? (?:and finally|then|finally) ", _OPENING.sub("", text))[place].strip(" ,")


def _without_opening(text: str) -> str:
    return _OPENING.sub("", text)


def is_made_of(text: str, captions: Sequence[str], *, pairs: bool = False) -> bool:
    """Whether a summary is words, no row of numbers; with `pairs`, also whether its words stand together in captions.

    Small models answer long lists of shots with numbers, and summaries of summaries with what none of them shows.
    """
    words = _words(text)
    source = [_words(caption) for caption in captions]
    known = {word for caption in source for word in caption}
    numbers = sum((word.isdigit() or word in _NUMBERS) and word not in known for word in words)
    if not words or numbers == len(words) or (numbers > 1 and numbers > len(words) / 3):
        return False
    if not pairs:
        return True
    neighbours = {pair for caption in source for pair in pairwise(caption)}
    own = list(pairwise(words))
    if not own:
        return False
    return sum(pair in neighbours for pair in own) >= LEAST_PAIRS * len(own)


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in _SMALL]
