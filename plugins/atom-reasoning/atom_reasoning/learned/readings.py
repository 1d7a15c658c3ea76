"""What the network says of a question, as a reading."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve

from atom_reasoning.english.words import NUMBER, ORDINAL, number_of, place_of
from atom_reasoning.learned.guess import Guess
from atom_reasoning.reading.conditions import bare, condition, noun
from atom_reasoning.reading.conditions import named as named_alone
from atom_reasoning.reading.record import Condition, Kind, Mark, Reading, Scope
from atom_reasoning.reading.times import seconds_of
from atom_reasoning.reading.wordings.slots import ALONE


class Lacking(Exception):
    """What is asked names less than it has to."""


class Named:
    """What a guess names, as conditions, numbers and times."""

    def __init__(self, guess: Guess) -> None:
        """
        :param guess: of the network
        """
        self._guess = guess

    @property
    def thing(self) -> Condition:
        """The thing, what it does, or both.

        :raises Lacking: if nothing is named
        """
        looks, name, does = (self._guess.named.get(tag, "") for tag in ("Q", "A", "AV"))
        name = _ONLY_THERE.sub("", name)
        subject = noun(" ".join(word for word in (looks if looks not in name.split() else "", name) if word))
        if not subject and not does:
            raise Lacking
        return _condition(subject, does)

    @property
    def other(self) -> Condition:
        """The second thing.

        :raises Lacking: if none is named
        """
        said = self._guess.named
        subject = noun(_ONLY_THERE.sub("", said.get("B", "")))
        if not subject:
            raise Lacking
        return _condition(subject, said.get("BV", ""))

    @property
    def scope(self) -> Scope:
        """The part of the video that a number or a time names."""
        said = self._guess.named
        if "N" in said:
            return Scope(shots=(self._number(said["N"]),))
        if "T" in said and "U" in said:
            return Scope(start=self._time("T"), end=self._time("U"))
        return Scope(at=self._time("T")) if "T" in said else Scope()

    def part(self) -> Scope:
        """The same, of a question that has to name one.

        :raises Lacking: if it names none
        """
        if (found := self.scope) == Scope():
            raise Lacking
        return found

    @staticmethod
    def _number(text: str) -> int:
        if found := re.search(rf"\b{ORDINAL}\b", text):
            return place_of(found[0])
        if found := re.search(rf"\b{NUMBER}\b", text):
            return int(number_of(found[0]))
        raise Lacking

    def _time(self, tag: str) -> Mark:
        text, unit = self._guess.named[tag], self._guess.after[tag]
        if tag == "T" and self._guess.after.get("U", "").startswith("min"):
            unit = unit if unit.startswith("s") else "min"
        try:
            value = seconds_of(text)
        except ValueError:
            raise Lacking from None
        return Mark(value=value * 60 if unit.startswith("min") and ":" not in text else value)


_ONLY_THERE = re.compile(r" (?:linger|occur|exist|remain)(?:s|ed|ing)?$")
"""What was taken for the end of a name, and says no more than that the thing is there."""


def _condition(subject: str, does: str) -> Condition:
    """A thing and its deed; a deed such as "turns up" says of a thing no more than that it is there."""
    if not does:
        return named_alone(Condition(subject=subject))
    does = re.sub(r"^(?:that|which|who) ", "", does)
    whole = named_alone(condition(f"{subject or 'something'} {does}"))
    if whole.subject == subject and (not whole.predicate or not subject):
        return whole
    if subject and whole.predicate in ALONE:
        return Condition(subject=subject)
    return Condition(subject=subject, predicate=bare(does), copula=does.split(" ")[0].endswith("ing"))


def reading(guess: Guess, text: str) -> Reading | None:
    """The reading of a question as it was guessed; none where that names too little, or is none of the kinds.

    :param text: the question as it was asked
    """
    make = READINGS.get(guess.kind)
    if make is None:
        return None
    named = Named(guess)
    try:
        found = make(named, Reading(text=text, kind=Kind.WHAT, scope=named.scope, clip_question=text))
    except Lacking:
        return None
    return evolve(found, trust=guess.probability)


Make = Callable[[Named, Reading], Reading]


def _count(counted: str, *, named: bool) -> Make:
    def make(found: Named, base: Reading) -> Reading:
        conditions = (found.thing,) if named else ()
        return evolve(base, kind=Kind.COUNT, counted=counted, conditions=conditions)

    return make


def _of_thing(kind: Kind, *, negated: bool = False) -> Make:
    return lambda found, base: evolve(base, kind=kind, conditions=(found.thing,), negated=negated)


def _happens(found: Named, base: Reading) -> Reading:
    return evolve(base, kind=Kind.HAPPENS, scope=found.part(), clip_question="what happens")


def _end(pick: str) -> Make:
    return lambda _, base: evolve(
        base, kind=Kind.HAPPENS, scope=evolve(base.scope, pick=pick), clip_question="what happens"
    )


def _choice(pick: str) -> Make:
    return lambda found, base: evolve(
        base, kind=Kind.CHOICE, conditions=(found.thing, found.other), scope=evolve(base.scope, pick=pick)
    )


def _beside(relation: str) -> Make:
    def make(found: Named, base: Reading) -> Reading:
        scope = Scope(relation=relation, event=found.thing)
        return evolve(base, kind=Kind.HAPPENS, scope=scope, clip_question="what happens")

    return make


def _related(relation: str) -> Make:
    def make(found: Named, base: Reading) -> Reading:
        scope = Scope(relation=relation, event=found.other)
        return evolve(base, kind=Kind.YES_NO, conditions=(found.thing,), scope=scope)

    return make


def _list(found: Named, base: Reading) -> Reading:
    try:
        wanted = found.thing
    except Lacking:
        wanted = Condition()
    return evolve(base, kind=Kind.LIST, conditions=(wanted,))


def _colour(found: Named, base: Reading) -> Reading:
    asked = f"what colour is the {found.thing.subject or 'thing'}"
    return evolve(base, kind=Kind.WHAT, counted="colour", conditions=(found.thing,), clip_question=asked)


def _doing(found: Named, base: Reading) -> Reading:
    asked = f"what does the {found.thing.subject or 'thing'} do"
    return evolve(base, kind=Kind.WHAT, conditions=(found.thing,), clip_question=asked)


def _both(*, together: bool) -> Make:
    return lambda found, base: evolve(base, kind=Kind.YES_NO, conditions=(found.thing, found.other), together=together)


def _all(found: Named, base: Reading) -> Reading:
    if not found.thing.predicate:
        raise Lacking
    return evolve(base, kind=Kind.YES_NO, conditions=(found.thing,), compare="all")


def _more(counted: str, *, named: bool) -> Make:
    def make(found: Named, base: Reading) -> Reading:
        conditions = (found.thing,) if named else ()
        return evolve(base, kind=Kind.WHICH_VIDEO, compare="most", counted=counted, conditions=conditions)

    return make


READINGS: dict[str, Make] = {
    "shots": _count("shots", named=True),
    "all shots": _count("shots", named=False),
    "cuts": _count("cuts", named=False),
    "count": _count("things", named=True),
    "times": _count("times", named=True),
    "colours": lambda _, base: evolve(
        base, kind=Kind.COUNT, counted="colour", distinct=True, conditions=(Condition(),)
    ),
    "part": _happens,
    "first": _end("first"),
    "last": _end("last"),
    "which first a b": _choice("first"),
    "which last a b": _choice("last"),
    "after a": _beside("after"),
    "before a": _beside("before"),
    "a before b": _related("before"),
    "a after b": _related("after"),
    "order": lambda _, base: evolve(base, kind=Kind.ORDER),
    "order a b": lambda found, base: evolve(base, kind=Kind.ORDER, conditions=(found.thing, found.other)),
    "when": _of_thing(Kind.WHEN),
    "which shot": _of_thing(Kind.WHICH_SHOT),
    "list": _list,
    "list colours": lambda _, base: evolve(base, kind=Kind.LIST, counted="colour", conditions=(Condition(),)),
    "colour s": _colour,
    "doing a": _doing,
    "both a b": _both(together=False),
    "same shot a b": _both(together=True),
    "every": lambda found, base: evolve(
        base, kind=Kind.YES_NO, conditions=(found.thing,), scope=evolve(base.scope, every=True)
    ),
    "all s v": _all,
    "never": _of_thing(Kind.YES_NO, negated=True),
    "any": _of_thing(Kind.YES_NO),
    "length": lambda _, base: evolve(base, kind=Kind.HOW_LONG),
    "long a": _of_thing(Kind.HOW_LONG),
    "which video": _of_thing(Kind.WHICH_VIDEO),
    "both videos s": lambda found, base: evolve(base, kind=Kind.YES_NO, counted="videos", conditions=(found.thing,)),
    "more shots": _more("shots", named=False),
    "more s": _more("things", named=True),
    "summary": lambda _, base: evolve(base, kind=Kind.SUMMARY),
}
"""How a question of each kind is read."""
