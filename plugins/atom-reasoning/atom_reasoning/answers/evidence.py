"""What shots show of a condition, put together from their clips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from atom_reasoning.english.clauses import Clause
from atom_reasoning.evidence.footage import Shot
from atom_reasoning.evidence.witness import Sighting, Witness
from atom_reasoning.reading.record import Condition, Reading


@frozen(kw_only=True)
class Shown:
    """Whether one shot shows something."""

    shot: Shot
    """The shot."""
    p: float
    """The probability that it does."""
    number: int = 0
    """How many things fit."""
    clauses: tuple[Clause, ...] = ()
    """What captions say of them."""
    place: int = 0
    """The clip of the shot that shows it best."""
    first: int = 0
    """Of a shot in which one thing comes after another, which of them it is, from 0."""

    @property
    def holds(self) -> bool:
        """Whether it more likely does than not."""
        return self.p >= 0.5


@frozen(kw_only=True)
class Found:
    """An answer that was worked out."""

    text: str
    """Its words."""
    shots: tuple[Shot, ...] = ()
    """The shots that support it, best first."""
    certainty: float = 1.0
    """How sure the weakest part of the evidence is, 0 to 1."""
    truncated: bool = False
    """Whether it is a reply that the decoder was stopped in."""


def by_shot(sightings: Iterable[Sighting], shots: Sequence[Shot]) -> list[Shown]:
    """What each shot shows: what any of its clips shows."""
    of_place = {sighting.place: sighting for sighting in sightings}
    shown = []
    for shot in shots:
        own = [of_place[place] for place in shot.places if place in of_place]
        if own:
            best = max(own, key=lambda one: one.p)
            number = max(one.number for one in own)
            shown.append(
                Shown(shot=shot, p=best.p, number=number, clauses=best.clauses, place=best.place, first=best.first)
            )
    return shown


def holding(shown: Iterable[Shown]) -> list[Shown]:
    """The shots that show it."""
    return [one for one in shown if one.holds]


def certainty(shown: Iterable[Shown]) -> float:
    """How sure the least sure of some shots is, that it shows something or does not."""
    return min((max(one.p, 1 - one.p) for one in shown), default=1.0)


def presence(shown: Sequence[Shown]) -> float:
    """The probability that any of the shots shows it: that of the surest."""
    return max((one.p for one in shown), default=0.0)


def seen(condition: Condition, witness: Witness, shots: Sequence[Shot]) -> list[Shown]:
    """Whether each of some shots shows something."""
    places = [place for shot in shots for place in shot.places]
    return by_shot(witness.sight(condition, places), shots)


def all_seen(reading: Reading, witness: Witness, shots: Sequence[Shot]) -> list[list[Shown]]:
    """The same of each condition of a reading."""
    return [seen(condition, witness, shots) for condition in reading.conditions]
