"""Whether an answer is right. English, by patterns."""

from __future__ import annotations

import re
from itertools import pairwise

from atom_core.text.numbers import CARDINALS

NOT_SHOWN = "not shown"

_REFUSALS = re.compile(
    r"(it |this |that |it is |it's |that is )?(not (shown|visible|present|there|mentioned|clear|in (the|this))|unknown|"
    r"un(answerable|clear|certain)|n/?a\b|cannot|can't)|there (is|are|isn't|aren't) (no|not)\b|"
    r"(the|this) (clip|video|image) (does not|doesn't) (show|contain)"
)
_NUMBERS = {word: str(number) for number, word in enumerate(CARDINALS[:10])}
_ARTICLES = ("a", "an", "the")


def plain(text: str) -> str:
    """`text` in small letters, without punctuation and articles, numbers as digits."""
    words = re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold())
    return " ".join(_NUMBERS.get(word, word) for word in words if word not in _ARTICLES)


def is_right(said: str, truth: str) -> bool:
    """Whether `said` is the true answer, word for word; every refusal is ``not shown``."""
    if truth == NOT_SHOWN:
        return _REFUSALS.match(" ".join(said.casefold().split())) is not None
    return plain(said) == plain(truth)


def contains(said: str, truth: str) -> bool:
    """Whether the words of the true answer stand together in `said`."""
    return is_right(said, truth) or (truth != NOT_SHOWN and f" {plain(truth)} " in f" {plain(said)} ")


def clauses(caption: str) -> list[str]:
    """What a canonical caption says of each object, without articles."""
    return [plain(part) for part in re.split(r",? then | while | and ", caption)]


def overlap(first: list[tuple[float, float]], second: list[tuple[float, float]]) -> float:
    """Intersection over union of two sets of spans."""
    times = sorted({time for span in [*first, *second] for time in span})
    both = either = 0.0
    for start, end in pairwise(times):
        middle = (start + end) / 2
        one, other = (any(a <= middle < b for a, b in spans) for spans in (first, second))
        both += (end - start) * (one and other)
        either += (end - start) * (one or other)
    return both / either if either else 0.0
