"""Confidence: the chance that an answer is right, from how sure its evidence is."""

from __future__ import annotations

from atom_reasoning.answers.evidence import Found
from atom_reasoning.reading.record import Reading


def confidence_of(reading: Reading, found: Found) -> float:
    """How often answers to questions read as surely as this, with evidence as sure as this, are right, 0 to 1."""
    return round(reading.trust * min(max(found.certainty, 0.0), 1.0), 4)
