"""Confidence: the chance that an answer is right, from how sure its evidence is."""

from __future__ import annotations

from collections.abc import Sequence

from atom_reasoning.answers.evidence import Found
from atom_reasoning.english.clauses import VERBS
from atom_reasoning.english.words import meaning
from atom_reasoning.evidence.strange import QUALITIES, SHAPES, TELLING, strange_words, words_of
from atom_reasoning.reading.record import Condition, Reading

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
    strange = [one for one in things if strange_words(one, frozenset())]
    if not strange or not captions:
        return reading.trust
    told = words_of(captions)
    return reading.trust * min(_left(one, told) for one in strange)


def _left(thing: Condition, told: frozenset[str]) -> float:
    unknown = strange_words(thing, told)
    if any(word in TELLING for word in unknown):
        return NO_THING
    words = meaning(thing.text)
    known = any(word in told and word not in QUALITIES and (word in SHAPES or word not in VERBS) for word in words)
    return NO_PART if unknown and known else 1.0
