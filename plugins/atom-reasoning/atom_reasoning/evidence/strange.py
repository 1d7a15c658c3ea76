"""Words of a question that neither the patterns nor the captions know, and how far a yes to them means anything."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve

from atom_reasoning.english.clauses import VERBS
from atom_reasoning.english.words import ABSTRACT, DIRECTIONS, KINDS_OF_WORDS, base, is_generic, meaning
from atom_reasoning.reading.record import Condition
from atom_reasoning.reading.wordings.lexicon import ASKING

QUALITIES = frozenset(base(word) for kind in ("colour", "size") for word in KINDS_OF_WORDS[kind].split())
SHAPES = frozenset(map(base, KINDS_OF_WORDS["shape"].split()))
_KNOWN = frozenset(base(word) for words in KINDS_OF_WORDS.values() for word in words.split())
_WORDS = _KNOWN | VERBS | frozenset(map(base, ASKING | DIRECTIONS))
TELLING = frozenset(map(base, ABSTRACT))
INVENTED = "wug"
"""A word that no footage shows (J. Berko, The child's learning of English morphology, 1958): who says yes to it does
so to whatever he does not know."""


def words_of(captions: Iterable[str]) -> frozenset[str]:
    """The stems of the words that captions have."""
    return frozenset(word for caption in captions for word in meaning(caption))


def strange_words(thing: Condition, told: frozenset[str]) -> list[str]:
    """The stems of what is looked for that are no words of asking, of no known kind and in no caption."""
    return [
        word
        for word in meaning(f"{thing.subject} {thing.predicate}")
        if (word in TELLING or word not in _WORDS) and not word.isdigit() and not is_generic(word) and word not in told
    ]


def control(thing: Condition) -> Condition:
    """The same of something that does not exist."""
    return evolve(thing, predicate=INVENTED, copula=False) if not thing.subject else Condition(subject=INVENTED)
