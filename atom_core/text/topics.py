"""Which of several texts are about a topic, by their words: what people say is found by what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SMALL = frozenset(
    """a an the this that these those and or but if of to in on at by for from with about as is are was were be been am
    do does did has have had will would can could may might must should shall not no it its he him his she her they them
    their we us our you your i me my mine who what which when where why how there here then than so too very just also
    anything something everything nothing any some all one ever video film clip footage word words sentence name
    """.split()  # noqa: SIM905
)
_ENDINGS = ("ies", "ing", "ed", "es", "s", "d", "ly", "er")
_LEAST, _OF_BEST = 0.5, 0.75
"""Least share of a topic's words that a text about it has, and of the share that the best one has."""


def topic_of(text: str) -> tuple[str, bool]:
    """What is talked about, and whether these very words must be there: those that stand in quotation marks."""
    quote = re.search(r"[\"“„«‘](.+?)[\"”“»’]", text)
    return (quote[1], True) if quote else (text, False)


def shares_of(topic: str, texts: Sequence[str], *, exact: bool = False) -> list[float]:
    """For each text how much of a topic's words it has, endings aside; 0 where it is too little to be about it.

    A topic without words that say anything is any text's.

    :param exact: whether a text must have these very words, in their order
    """
    if exact:
        wanted = f" {' '.join(_words(topic))} "
        return [float(wanted in f" {' '.join(_words(text))} ") for text in texts]
    stems = _stems(topic)
    if not stems:
        return [1.0] * len(texts)
    shares = [len(stems & _stems(text)) / len(stems) for text in texts]
    least = max(_LEAST, _OF_BEST * max(shares, default=0.0))
    return [share if share >= least else 0.0 for share in shares]


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def _stems(text: str) -> frozenset[str]:
    """The words of a text that say something, without their endings."""
    return frozenset(_stem(word) for word in _words(text) if word not in _SMALL)


def _stem(word: str) -> str:
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending).rstrip("e") if ending != "ies" else word.removesuffix(ending) + "y"
    return word.rstrip("e") if len(word) > 3 else word
