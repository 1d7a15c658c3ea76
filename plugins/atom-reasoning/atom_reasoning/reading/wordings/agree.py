"""Which kind of question a reading is of, so that what a pattern read can be held against what the wording is like."""

from __future__ import annotations

import re

from atom_reasoning.english.words import ABSTRACT
from atom_reasoning.reading.conditions import aside
from atom_reasoning.reading.record import Condition, Kind, Reading
from atom_reasoning.reading.wordings.lexicon import PLAIN, tokens
from atom_reasoning.reading.wordings.slots import ALONE, DETERMINERS

_COUNTED = {
    "cuts": "number of cuts",
    "things": "number of things",
    "times": "number of times",
    "videos": "number of videos",
}
_OF_KIND = {
    Kind.SUMMARY: "summary",
    Kind.WHEN: "when",
    Kind.WHICH_SHOT: "which shot",
    Kind.CHOICE: "which is first or last",
}


def kind_of(reading: Reading) -> str:
    """The kind of question, by the name that it has among the examples; empty where they have none like it."""
    named = [one for one in reading.conditions if not one.is_anything]
    if reading.kind is Kind.COUNT:
        if reading.counted == "shots":
            return "number of shots with" if reading.conditions else "number of shots"
        return _COUNTED.get(reading.counted, "number of colours")
    if reading.kind is Kind.YES_NO:
        return _whether(reading, named)
    if reading.kind is Kind.HAPPENS:
        return _happens(reading)
    if reading.kind is Kind.ORDER:
        return "order of things" if reading.conditions else "in order"
    if reading.kind is Kind.LIST:
        return "" if reading.videos else "list of colours" if reading.counted else "list of things"
    if reading.kind is Kind.WHAT:
        return "colour of a thing" if reading.counted else "what a thing does"
    if reading.kind is Kind.WHICH_VIDEO:
        return "video with more" if reading.compare else "which video"
    if reading.kind is Kind.HOW_LONG:
        return "how long a thing is seen" if reading.conditions else "length of the video"
    return _OF_KIND[reading.kind]


def _whether(reading: Reading, named: list[Condition]) -> str:
    if reading.videos:
        return ""
    if reading.counted == "videos":
        return "in both videos"
    if reading.compare == "all":
        return "all things"
    if reading.scope.event is not None:
        return "before or after: whether"
    if reading.scope.every or (reading.counted == "shots" and reading.negated):
        return "in every shot"
    if len(named) > 1 or reading.together:
        return "both"
    return "never" if reading.negated else "is it there"


def _happens(reading: Reading) -> str:
    if reading.scope.event is not None:
        return "before or after: what"
    return "what happens first or last" if reading.scope.pick else "what happens in a part"


_ASKS = """
what which who how when whose where there it if so you we i us me and or would this these those
"""
_QUESTION_WORDS = frozenset(_ASKS.split())
_IN_NAMES = frozenset(
    [
        "THING",
        "THINGS",
        "OBJECT",
        "OBJECTS",
        "ACT",
        "N",
        "of",
        "in",
        "on",
        "with",
        "at",
        "to",
        "up",
        "down",
        "by",
        "from",
    ]
)
"""Classes of words that names of things are made of."""
_NAMED = frozenset(["THING", "THINGS", "OBJECT", "OBJECTS", "ACT", "N"])
_OF_ASKING = re.compile(r"(?:ones? (?:with|of|that|where|in)|such|s)\b")
_SEEING = re.compile(r"(?:see|spot|show|find) \w")
_IN_DEEDS = _IN_NAMES | {"BE", "TOGETHER", "SEE", "AFTER", "BEGIN", "END", "HAVE", "MAKE", "NO", "MORE"}


def leftovers(reading: Reading) -> list[str]:
    """The words of asking that a reading took for what is asked about: a sign that it is misread."""
    found: list[str] = []
    for thing in (*reading.conditions, *([reading.scope.event] if reading.scope.event else [])):
        for text, allowed in ((thing.subject, _IN_NAMES), (thing.predicate, _IN_DEEDS)):
            found += [
                token.word or token.name
                for token in tokens(text)
                if token.word in _QUESTION_WORDS
                or token.word in ABSTRACT
                or (token.name and token.name not in allowed and token.word not in PLAIN)
            ]
        if thing.predicate.split(" ")[0] in DETERMINERS or thing.predicate in ALONE:
            found.append(thing.predicate)
        if thing.subject.split(" ")[0] in PLAIN or _OF_ASKING.match(thing.subject) or _SEEING.match(thing.predicate):
            found.append(thing.subject or thing.predicate)
        found += [word for word in [aside(thing.subject)] if word]
        if thing.subject and not {token.name for token in tokens(thing.subject)} & _NAMED:
            found.append(thing.subject)
    return found
