"""How much of what a text names a reading of it accounts for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from attrs import evolve

from atom_reasoning.english.normal import normal
from atom_reasoning.english.words import KINDS_OF_WORDS, ORDINAL, meaning, place_of
from atom_reasoning.reading.record import Condition, Kind, Mark, Reading, Scope
from atom_reasoning.reading.scope import take_scope
from atom_reasoning.reading.times import TIME, seconds_of
from atom_reasoning.reading.wordings.agree import leftovers
from atom_reasoning.reading.wordings.lexicon import classes, tokens
from atom_reasoning.talk.segments import segments

_LOOKS = frozenset(meaning(word)[0] for kind in ("colour", "shape") for word in KINDS_OF_WORDS[kind].split())
MISSED, JUNK = 0.3, 0.5
"""What is left of the worth of a reading for each thing or part named that it says nothing of, and where it looks for words
of asking."""


def worth(found: Sequence[Reading], text: str) -> float:
    """How likely readings are what a text asks, 0 to 1: their trust, less what they leave out and what they add."""
    told = normal(text)
    trust = min(one.trust for one in found)
    words = {word for one in found for word in _words(one)}
    missed = float(len(_looks(told) - words))
    asked = " ".join(normal(one.text) for one in segments(text) if one.asks)
    missed += 0.5 * sum(token.name == "ACT" and not set(meaning(token.word)) & words for token in tokens(asked))
    missed += sum(_is_left_out(name, found) for name in set(classes(told)))
    added = any(map(leftovers, found)) or _is_across(found, text)
    return float(trust * MISSED**missed * (JUNK if added else 1.0))


def _looks(text: str) -> set[str]:
    return {word for word in meaning(text) if word in _LOOKS}


def _things(reading: Reading) -> list[Condition]:
    return [*reading.conditions, *([reading.scope.event] if reading.scope.event else [])]


def _words(reading: Reading) -> tuple[str, ...]:
    return tuple(word for one in _things(reading) for word in meaning(f"{one.subject} {one.predicate}"))


def _is_across(found: Sequence[Reading], text: str) -> bool:
    """Whether what is looked for is put together of words of several segments, of which none has them all."""
    apart = [set(meaning(normal(one.text))) for one in segments(text)]
    wanted = [set(meaning(one.subject)) for reading in found for one in _things(reading)]
    return any(len(one) > 1 and not any(one <= words for words in apart) for one in wanted)


_TAKES: dict[str, Callable[[Reading], bool]] = {
    "NTHSHOT": lambda one: not one.scope.is_whole or bool(one.scope.shots) or one.number is not None,
    "SPAN": lambda one: not one.scope.is_whole,
    "TIME": lambda one: not one.scope.is_whole or one.number is not None,
    "ORDER": lambda one: one.kind in (Kind.ORDER, Kind.CHOICE),
    "BEGIN": lambda one: one.scope != Scope() or one.kind not in (Kind.SUMMARY, Kind.HAPPENS),
    "AFTER": lambda one: one.scope != Scope() or one.kind not in (Kind.SUMMARY, Kind.HAPPENS),
    "WHEN": lambda one: one.kind is Kind.WHEN or one.scope != Scope(),
    "HOWMANY": lambda one: one.kind in (Kind.COUNT, Kind.HOW_LONG, Kind.WHEN, Kind.WHICH_SHOT) or bool(one.compare),
    "COLOUR": lambda one: one.counted == "colour",
    "COLOURS": lambda one: one.counted == "colour",
    "LONG": lambda one: one.kind in (Kind.HOW_LONG, Kind.WHEN) or one.counted == "seconds",
    "OFTEN": lambda one: one.kind is Kind.COUNT,
    "NO": lambda one: one.negated or one.kind is not Kind.YES_NO,
    "NEVER": lambda one: one.negated or one.kind is not Kind.YES_NO,
    "TOGETHER": lambda one: one.together or one.kind is not Kind.YES_NO,
}
_TAKES |= {"END": _TAKES["BEGIN"], "BEFORE": _TAKES["AFTER"]}
"""Whether a reading makes something of a class of words of asking."""


def _is_left_out(name: str, found: Sequence[Reading]) -> bool:
    """Whether readings say nothing of a part of the video, an order or a kind of answer that the text names."""
    return name in _TAKES and not any(map(_TAKES[name], found))


_PICKS = (
    ("first", re.compile(r"\b(?:beginning|start|starts|opening|outset|intro|first|curtain up|kick-?off|top)\b")),
    ("last", re.compile(r"\b(?:end|ending|ends|close|closing|finish|finale|conclusion|last|wraps?)\b")),
)
_ONE = re.compile(rf"\b(?:shot|scene|clip)s?\b.*\bthe (?P<nth>{ORDINAL}) one\b")


def said_of(text: str) -> Scope:
    """The part of the video that talk around a question names; all of it where it names none."""
    told = normal(text)
    scope = evolve(take_scope(told)[1], every=False)
    if scope.shots or (scope != Scope() and re.search(r"\d|\b(?:second|half|third|quarter|minutes)", told)):
        return scope
    if (found := _ONE.search(told)) and (place := place_of(found["nth"])):
        return Scope(shots=(place,))
    if found := re.search(TIME, told):
        if re.search(r"\d", found[0]):
            return Scope(at=Mark(value=seconds_of(found[0])))
    for pick, words in _PICKS:
        if words.search(told):
            return Scope(pick=pick)
    return Scope()


def in_words(scope: Scope) -> str:
    """A part of a video, as a question may begin with it."""
    parts = [f"in the {_nth(number)} shot" for number in scope.shots[:1]]
    if scope.pick:
        parts.append("at the beginning" if scope.pick == "first" else "at the end")
    if scope.at is not None:
        parts.append(f"at {_mark(scope.at)}")
    if scope.start is not None and scope.end is not None:
        parts.append(f"between {_mark(scope.start)} and {_mark(scope.end)}")
    elif scope.start is not None:
        parts.append(f"after {_mark(scope.start)}")
    elif scope.end is not None:
        parts.append(f"before {_mark(scope.end)}")
    return " ".join(parts)


def _nth(number: int) -> str:
    return "last" if number == -1 else f"{number}th"


def _mark(mark: Mark) -> str:
    return f"{mark.value:g} seconds"
