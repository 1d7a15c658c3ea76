"""Confidence: the chance that an answer is right, from how sure its evidence is."""

from __future__ import annotations

from collections.abc import Sequence

from atom_reasoning.answers.evidence import Found
from atom_reasoning.english.clauses import VERBS
from atom_reasoning.english.words import ABSTRACT, DIRECTIONS, KINDS_OF_WORDS, base, is_generic, meaning
from atom_reasoning.reading.record import Condition, Reading
from atom_reasoning.reading.wordings.lexicon import ASKING

_QUALITIES = frozenset(base(word) for kind in ("colour", "size") for word in KINDS_OF_WORDS[kind].split())
_SHAPES = frozenset(map(base, KINDS_OF_WORDS["shape"].split()))
_KNOWN = frozenset(base(word) for words in KINDS_OF_WORDS.values() for word in words.split())
_WORDS = _KNOWN | VERBS | frozenset(map(base, ASKING | DIRECTIONS))
_TELLING = frozenset(map(base, ABSTRACT))
NO_THING, NO_PART = 0.3, 0.5
"""What is left of the trust in a reading that looks for a word of telling; for a word that belongs to no name."""


def confidence_of(reading: Reading, found: Found, captions: Sequence[str] = ()) -> float:
    """How often answers to questions read as surely as this, with evidence as sure as this, are right, 0 to 1.

    :param captions: those of the footage, where the question needed any
    """
    return round(trust_in(reading, captions) * min(max(found.certainty, 0.0), 1.0), 4)


def trust_in(reading: Reading, captions: Sequence[str]) -> float:
    """How far a reading is trusted, now that captions tell what there is to be asked about.

    Where captions know one part of what it looks for, and no word of another part ("red circle foremost"), that is
    likely no part of a name; words of telling ("the onset") that no caption has are no things at all.
    """
    things = [*reading.conditions, *([reading.scope.event] if reading.scope.event else [])]
    strange = [one for one in things if any(_is_strange(word) for word in _words(one))]
    if not strange or not captions:
        return reading.trust
    told = {word for caption in captions for word in meaning(caption)}
    return reading.trust * min(_left(_words(one), told) for one in strange)


def _words(thing: Condition) -> tuple[str, ...]:
    return meaning(f"{thing.subject} {thing.predicate}")


def _is_strange(word: str) -> bool:
    return (word in _TELLING or word not in _WORDS) and not word.isdigit() and not is_generic(word)


def _left(words: tuple[str, ...], told: set[str]) -> float:
    unknown = [word for word in words if _is_strange(word) and word not in told]
    if any(word in _TELLING for word in unknown):
        return NO_THING
    known = any(word in told and word not in _QUALITIES and (word in _SHAPES or word not in VERBS) for word in words)
    return NO_PART if unknown and known else 1.0
