"""Readings made of a kind of question and what the question names, whatever the order of its words."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve, frozen

from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import take_pick, take_scope
from atom_reasoning.reading.wordings.lexicon import classes
from atom_reasoning.reading.wordings.slots import conditions


@frozen(kw_only=True)
class Slots:
    """What a question names."""

    text: str
    """The question in plain form."""
    scope: Scope
    """The part of the video that it is about."""
    things: tuple[Condition, ...]
    """What has to be shown, in the order in which it is named."""
    cues: frozenset[str]
    """The classes of its words."""
    own_cues: frozenset[str]
    """Those of the words that do not name the part of the video."""
    pick: str
    """``first`` or ``last``, where it has such a word."""

    @property
    def negated(self) -> bool:
        """Whether it has a word such as "no" or "never"."""
        return bool(self.cues & {"NO", "NEVER"})


def slots_of(text: str) -> Slots:
    """What a plain question names."""
    rest, scope = take_scope(text)
    cues = frozenset(classes(text))
    own_cues = frozenset(classes(rest))
    rest = re.sub(r"\b(?:first|last)\b", " ", take_pick(rest)[0])
    ranks = cues if scope.at is None else own_cues  # "4 seconds after it begins" is no beginning
    last = bool(ranks & {"last", "LATER", "END"})
    first = bool(ranks & {"first", "EARLIER", "BEGIN"})
    pick = "last" if last and not first else "first" if first else ""
    return Slots(text=text, scope=scope, things=conditions(rest), cues=cues, own_cues=own_cues, pick=pick)


def framed(kind: str, text: str, asked: str) -> Reading | None:
    """A reading of a plain question as one of a kind; None where it does not name what such a question has to.

    :param text: the question in plain form
    :param asked: the question as it was asked
    """
    slots = slots_of(text)
    make = _FRAMES.get(kind)
    if make is None or (slots.own_cues & _WEIGHTY) - _TAKEN.get(kind, frozenset()):
        return None
    return make(slots, Reading(text=asked, kind=Kind.WHAT, scope=slots.scope, clip_question=text))


_RANKS = frozenset(["first", "last", "EARLIER", "LATER"])
_RELATIONS = frozenset(["AFTER", "BEFORE", "EARLIER", "LATER", "than"])
_NO = frozenset(["NO", "NEVER"])
_WEIGHTY = _RANKS | _RELATIONS | _NO | {"MORE", "only", "either", "BOTH", "TOGETHER", "EVERY", "ORDER", "VIDEOS"}
"""Words that change what is asked: a reading has to make something of each."""
_IN_ORDER = _RANKS | {"ORDER", "EVERY", "AFTER"}
_TAKEN: dict[str, frozenset[str]] = {
    "number of shots with": _NO,
    "number of things": frozenset(["TOGETHER"]),
    "number of videos": frozenset(["VIDEOS"]),
    "what happens in a part": frozenset(["AFTER"]),
    "what happens first or last": _RANKS,
    "before or after: what": _RELATIONS,
    "before or after: whether": _RELATIONS,
    "which is first or last": _RANKS | {"than"},
    "in order": _IN_ORDER,
    "order of things": _IN_ORDER,
    "when": _RANKS | {"BEFORE"},
    "which shot": _RANKS | _NO,
    "list of things": _NO | {"EVERY"},
    "list of colours": frozenset(["EVERY"]),
    "both": frozenset(["BOTH", "TOGETHER"]),
    "in every shot": _NO | {"EVERY"},
    "all things": frozenset(["EVERY"]),
    "never": _NO,
    "which video": _NO | {"VIDEOS"},
    "video with more": frozenset(["MORE", "VIDEOS", "than"]),
    "in both videos": frozenset(["VIDEOS", "BOTH", "EVERY"]),
    "length of the video": frozenset(["last"]),
    "how long a thing is seen": frozenset(["last"]),
    "summary": frozenset(["EVERY"]),
}
"""Which of those a reading of each kind makes something of."""


Frame = Callable[[Slots, Reading], Reading | None]


def _count(counted: str, *, needs: bool, distinct: bool = False) -> Frame:
    def make(slots: Slots, reading: Reading) -> Reading | None:
        if needs and not slots.things:
            return None
        wanted = slots.things[:1] if needs or counted == "colour" else ()
        if counted == "colour" and not wanted:
            wanted = (Condition(),)
        several = distinct or re.search(r"\b(?:different|distinct|unique)\b", slots.text) is not None
        return evolve(
            reading,
            kind=Kind.COUNT,
            counted=counted,
            conditions=wanted,
            distinct=several and counted not in ("shots", "cuts", "times"),
            negated=counted == "shots" and bool(wanted) and slots.negated,
        )

    return make


def _count_videos(slots: Slots, reading: Reading) -> Reading | None:
    return evolve(reading, kind=Kind.COUNT, counted="videos", conditions=slots.things[:1])


def _one(kind: Kind, counted: str = "") -> Frame:
    """Of the kinds that ask where, when or how long one thing is shown."""

    def make(slots: Slots, reading: Reading) -> Reading | None:
        if not slots.things:
            return None
        scope = evolve(slots.scope, pick=slots.pick)
        negated = slots.negated and kind in (Kind.WHICH_SHOT, Kind.WHICH_VIDEO)
        return evolve(reading, kind=kind, counted=counted, conditions=slots.things[:1], scope=scope, negated=negated)

    return make


def _happens(slots: Slots, reading: Reading) -> Reading | None:
    if slots.scope.is_whole or slots.scope.every:
        return None
    return evolve(reading, kind=Kind.HAPPENS, clip_question="what happens")


def _ends(slots: Slots, reading: Reading) -> Reading | None:
    if not slots.pick or slots.things:
        return None
    return evolve(reading, kind=Kind.HAPPENS, scope=evolve(slots.scope, pick=slots.pick), clip_question="what happens")


def _relation(slots: Slots) -> str:
    after, before = "AFTER" in slots.cues, bool(slots.cues & {"BEFORE", "EARLIER"})
    return "" if after == before else "after" if after else "before"


def _beside(slots: Slots, reading: Reading) -> Reading | None:
    relation = _relation(slots)
    if not relation or len(slots.things) != 1:
        return None
    scope = evolve(slots.scope, relation=relation, event=slots.things[0])
    return evolve(reading, kind=Kind.HAPPENS, scope=scope, clip_question="what happens")


def _related(slots: Slots, reading: Reading) -> Reading | None:
    relation = _relation(slots) or ("after" if "LATER" in slots.cues else "")
    if not relation or len(slots.things) != 2:
        return None
    scope = evolve(slots.scope, relation=relation, event=slots.things[1])
    return evolve(reading, kind=Kind.YES_NO, conditions=slots.things[:1], scope=scope)


def _choice(slots: Slots, reading: Reading) -> Reading | None:
    if len(slots.things) < 2 or not slots.pick:
        return None
    return evolve(reading, kind=Kind.CHOICE, conditions=slots.things, scope=evolve(slots.scope, pick=slots.pick))


def _order(_: Slots, reading: Reading) -> Reading | None:
    return evolve(reading, kind=Kind.ORDER)


def _order_of(slots: Slots, reading: Reading) -> Reading | None:
    return evolve(reading, kind=Kind.ORDER, conditions=slots.things) if len(slots.things) > 1 else None


def _list(slots: Slots, reading: Reading) -> Reading | None:
    wanted = slots.things[:1] or (Condition(),)
    return evolve(reading, kind=Kind.LIST, conditions=wanted, negated=slots.negated)


def _colours(slots: Slots, reading: Reading) -> Reading | None:
    return evolve(reading, kind=Kind.LIST, counted="colour", conditions=slots.things[:1] or (Condition(),))


def _colour(slots: Slots, reading: Reading) -> Reading | None:
    if len(slots.things) != 1:
        return None
    question = f"what colour is the {slots.things[0].subject or 'thing'}"
    return evolve(reading, kind=Kind.WHAT, counted="colour", conditions=slots.things, clip_question=question)


def _what(slots: Slots, reading: Reading) -> Reading | None:
    if not slots.things:
        return None
    rest = take_scope(slots.text)[0]
    return evolve(reading, kind=Kind.WHAT, conditions=slots.things[:1], clip_question=rest)


def _spread(things: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """What the last of several does is done by all: "the dog and the cat run"."""
    last = things[-1]
    return tuple(evolve(one, predicate=one.predicate or last.predicate, copula=last.copula) for one in things)


def _both(slots: Slots, reading: Reading) -> Reading | None:
    if len(slots.things) < 2:
        return None
    together = "TOGETHER" in slots.cues
    return evolve(reading, kind=Kind.YES_NO, conditions=_spread(slots.things), together=together)


def _every(slots: Slots, reading: Reading) -> Reading | None:
    if not slots.things:
        return None
    made = evolve(reading, kind=Kind.YES_NO, conditions=slots.things[:1])
    if slots.negated:  # "are there shots without a dog?"
        return evolve(made, scope=Scope(), counted="shots", compare="least", number=1, negated=True)
    return evolve(made, scope=evolve(slots.scope, every=True))


def _all(slots: Slots, reading: Reading) -> Reading | None:
    if not slots.things or not slots.things[0].predicate:
        return None
    scope = evolve(slots.scope, every=False)
    return evolve(reading, kind=Kind.YES_NO, conditions=slots.things[:1], compare="all", scope=scope)


def _whether(*, negated: bool) -> Frame:
    def make(slots: Slots, reading: Reading) -> Reading | None:
        if not slots.things:
            return None
        return evolve(reading, kind=Kind.YES_NO, conditions=slots.things[:1], negated=negated)

    return make


def _more(slots: Slots, reading: Reading) -> Reading | None:
    least = re.search(r"\b(?:fewer|fewest|less|least|smaller|smallest|shorter|shortest|lowest)\b", slots.text)
    made = evolve(reading, kind=Kind.WHICH_VIDEO, compare="least" if least else "most")
    if re.search(r"\b(?:long|short)(?:er|est)\b", slots.text):
        return evolve(made, counted="seconds")
    if slots.things:
        return evolve(made, counted="things", conditions=slots.things[:1])
    return evolve(made, counted="shots") if slots.cues & {"SHOTS", "SHOT"} else None


def _videos(slots: Slots, reading: Reading) -> Reading | None:
    if not slots.things:
        return None
    scope = evolve(slots.scope, every=False)
    return evolve(reading, kind=Kind.YES_NO, counted="videos", conditions=slots.things[:1], scope=scope)


def _length(_: Slots, reading: Reading) -> Reading | None:
    return evolve(reading, kind=Kind.HOW_LONG)


def _summary(slots: Slots, reading: Reading) -> Reading | None:
    return evolve(reading, kind=Kind.SUMMARY) if slots.scope.is_whole else None


_FRAMES: dict[str, Frame] = {
    "number of shots": _count("shots", needs=False),
    "number of cuts": _count("cuts", needs=False),
    "number of shots with": _count("shots", needs=True),
    "number of things": _count("things", needs=True),
    "number of times": _count("times", needs=True),
    "number of videos": _count_videos,
    "number of colours": _count("colour", needs=False, distinct=True),
    "what happens in a part": _happens,
    "what happens first or last": _ends,
    "before or after: what": _beside,
    "before or after: whether": _related,
    "which is first or last": _choice,
    "in order": _order,
    "order of things": _order_of,
    "when": _one(Kind.WHEN),
    "which shot": _one(Kind.WHICH_SHOT),
    "list of things": _list,
    "list of colours": _colours,
    "colour of a thing": _colour,
    "what a thing does": _what,
    "both": _both,
    "in every shot": _every,
    "all things": _all,
    "never": _whether(negated=True),
    "is it there": _whether(negated=False),
    "which video": _one(Kind.WHICH_VIDEO),
    "video with more": _more,
    "in both videos": _videos,
    "length of the video": _length,
    "how long a thing is seen": _one(Kind.HOW_LONG),
    "summary": _summary,
}
"""How a question of each kind is read."""
