"""How the shots of a film are sorted, as people word it: "oldest first", "from short to long", "by falling length"."""

from __future__ import annotations

import re
from typing import Literal

from attrs import frozen

from atom_assembly.requests.english import SHOT
from atom_assembly.requests.lengths import MARK

Order = Literal["", "recorded", "reversed", "shortest", "longest"]

_OPPOSITE: dict[Order, Order] = {
    "": "",
    "recorded": "reversed",
    "reversed": "recorded",
    "shortest": "longest",
    "longest": "shortest",
}
_SUPERLATIVES: dict[str, Order] = {
    "shortest": "shortest",
    "briefest": "shortest",
    "longest": "longest",
    "oldest": "recorded",
    "earliest": "recorded",
    "newest": "reversed",
    "latest": "reversed",
    "most recent": "reversed",
    "youngest": "reversed",
}
_PLAIN: dict[str, Order] = {
    "shorter": "shortest",
    "short": "shortest",
    "brief": "shortest",
    "longer": "longest",
    "long": "longest",
    "older": "recorded",
    "old": "recorded",
    "early": "recorded",
    "earlier": "recorded",
    "newer": "reversed",
    "new": "reversed",
    "recent": "reversed",
    "late": "reversed",
    "later": "reversed",
}
_PLACES: dict[str, Order] = {
    "first": "recorded",
    "beginning": "recorded",
    "start": "recorded",
    "last": "reversed",
    "end": "reversed",
}
_FIRST_THEN: dict[str, Order] = _SUPERLATIVES | _PLAIN | _PLACES
"""By what is shown first: what order that is."""


def _any_of(*names: dict[str, Order]) -> str:
    return "|".join(sorted((word.replace(" ", r"\s+") for one in names for word in one), key=len, reverse=True))


_ONES = rf"(?:ones?|recordings?|videos?|{SHOT})"
_END_WORD = rf"(?:the\s+)?(?P<end>{_any_of(_SUPERLATIVES, _PLAIN, _PLACES)})(?:\s+{_ONES})?"
_OTHER_END = rf"(?:the\s+)?(?P<other>{_any_of(_SUPERLATIVES, _PLAIN, _PLACES)})(?:\s+{_ONES})?"
_EXTREME = (
    rf"(?:the\s+)?(?:(?P<end>{_any_of(_SUPERLATIVES)})(?:\s+{_ONES})?|(?P<plain>{_any_of(_PLAIN)})\s+{_ONES}"
    rf"|(?<=the\s)(?P<bare>{_any_of(_PLAIN)}))"
)
_BARE_EXTREME = rf"(?:the\s+)?(?P<end>{_any_of(_SUPERLATIVES)}|last)(?:\s+{_ONES})?"
_COMES = r"(?:(?:should|must|shall|to|comes?|goes?|going|coming|be|being|is|are|at|in|on|up|as|the|very)\s+)*"
_STOPS = rf"(?=\s*(?:[.,;:!?)\n]|$|{MARK}|\b(?:and|then|down|up)\b))"
_SORT = (
    r"(?:sort(?:ed)?|order(?:ed)?|arranged?|rank(?:ed)?|put|shown?|play(?:ed)?|lined?\s+up"
    r"|going|in\s+(?:the\s+)?(?:order|sequence))"
)
_SORTED = rf"(?:(?:and\s+|all\s+)*{_SORT}\s+(?:(?:them|it|these|all|everything)\s+)*)?"
_RISING, _FALLING = r"(?:increasing|growing|ascending|rising)", r"(?:decreasing|falling|descending|shrinking)"
_LENGTHS = (
    r"(?:lengths?|durations?|running\s+times?|how\s+long\s+(?:they|each|it|these)\s+(?:are|is|lasts?|takes?|runs?))"
)
_MADE = r"(?:recorded|filmed|shot|taken|made|happen(?:ed)?|occur(?:red)?|appear(?:ed)?|come|came|captured)"
_TIMES = (
    rf"(?:times?|dates?|age|day|recording(?:\s+(?:date|time))?|appearance|filming"
    rf"|when\s+(?:they|it|these)\s+(?:(?:were|was|got)\s+)?{_MADE})"
    r"(?:\s+in\s+the\s+(?:footage|videos?|recordings?|files?))?(?:\s+of\s+(?:recording|filming))?"
)
_TIME_ORDER = (
    rf"(?:(?:in\s+)?(?:a\s+|the\s+|their\s+|its\s+)?(?:strict(?:ly)?\s+)?(?:chronological(?:ly)?|temporal|time|date"
    rf"|original|recording|natural|recorded|filming|shooting)\s+(?:order|sequence)|chronological(?:ly)?"
    rf"|(?:in\s+(?:the\s+)?)?(?:order|sequence)\s+(?:in\s+which\s+|that\s+|as\s+)?(?:they|it|things|these|the\s+shots)"
    rf"\s+(?:(?:(?:were|was|are|have\s+been|had\s+been)\s+)?{_MADE}(?:\s+in\s+the\s+(?:video|footage)s?)?"
    r"|(?:have|had|are|were|stand|stood)\s+in\s+the\s+(?:footage|videos?|recordings?|files?|originals?)"
    r"|(?:have|had)(?=\s*(?:[.,;!?\n]|$)))"
    rf"|(?:in\s+)?(?:the\s+)?same\s+(?:order|sequence)\s+(?:as|of|from)\s+(?:(?:it|they)\s+(?:is|are|were|{_MADE})\s+)?"
    r"(?:(?:in|on|of)\s+)?(?:the\s+|my\s+|our\s+)?(?:original\s+)?(?:footage|videos?|recordings?|files?|material|source)"
    r"|in\s+(?:footage|video|tape|source)\s+order"
    rf"|as\s+(?:they\s+were\s+)?(?:recorded|filmed))"
)
_BACKWARDS = (
    r"(?:in\s+)?(?:the\s+)?(?:revers(?:e|ed|ing)|opposite|backwards?|inverse|inverted|descending|anti-?chronological)"
    r"(?:\s+(?:chronological(?:ly)?|time|temporal|recording))?(?:\s+(?:order|sequence)|\s+chronologically)"
    r"|(?:in\s+)?revers(?:e|ed)\b|backwards\b|the\s+other\s+way\s+(?:a)?round"
)
_FORMS: tuple[tuple[str, str], ...] = (
    (
        "end",
        rf"{_SORTED}(?:going\s+)?(?:from\s+)?{_END_WORD}\s+(?:up\s+|down\s+)?(?:to|until|till|->|→)\s+{_OTHER_END}",
    ),
    ("end", rf"{_SORTED}{_EXTREME}\s+{_COMES}(?:first(?!\s+to\b)|front|beginning|start|top){_STOPS}"),
    ("end", rf"{_SORTED}last(?:\s+{_ONES})?\s+first{_STOPS}".replace("last", "(?P<end>last)")),
    ("opposite", rf"{_SORTED}{_EXTREME}\s+{_COMES}(?:last|end|back|bottom){_STOPS}"),
    ("end", rf"(?:at\s+)?first(?:ly)?\s+{_EXTREME}{_STOPS}"),
    ("opposite", rf"last(?:ly)?\s+{_EXTREME}{_STOPS}"),
    (
        "end",
        r"(?:beginning|starting|begin|start|starts|begins)\s+(?:it\s+)?(?:with"
        rf"|from|by|at|on)\s+{_BARE_EXTREME}{_STOPS}",
    ),
    ("opposite", rf"(?:ending|finishing|end|finish|ends)\s+(?:it\s+)?(?:with|by|at|on)\s+{_BARE_EXTREME}{_STOPS}"),
    (
        "shortest",
        rf"(?:(?:{_SORT}\s+)(?:\S+\s+){{0,3}}?(?:by|after|of|to|along|according\s+to)\s+"
        r"|by\s+|in\s+order\s+of\s+|according\s+to\s+)"
        rf"(?:their\s+|the\s+|its\s+)?(?:{_RISING}\s+)?{_LENGTHS}",
    ),
    ("shortest", rf"(?:with|in\s+(?:order\s+of\s+)?)\s*{_RISING}\s+{_LENGTHS}"),
    ("longest", rf"{_SORTED}(?:(?:by|with|in\s+order\s+of|in|of|after)\s+)?(?:the\s+)?{_FALLING}\s+{_LENGTHS}"),
    (
        "recorded",
        rf"(?:(?:{_SORT}\s+)(?:\S+\s+){{0,3}}?(?:by|after|of|to|along|according\s+to)\s+"
        r"|by\s+|in\s+order\s+of\s+|according\s+to\s+)"
        rf"(?:their\s+|the\s+|its\s+)?{_TIMES}",
    ),
    ("shortest", r"(?:sort|order)(?:ed|ing)?\s*[:=]\s*(?:by\s+)?(?:length|duration)"),
    ("recorded", r"(?:sort|order)(?:ed|ing)?\s*[:=]\s*(?:by\s+)?(?:date|time|age)|follow(?:ing)?\s+(?:the\s+)?time"),
    ("shortest", r"(?:(?:getting|becoming|growing|always|ever|each)\s+)*longer\s+(?:and\s+longer|each\s+time)"),
    ("longest", r"(?:(?:getting|becoming|growing|always|ever|each)\s+)*shorter\s+(?:and\s+shorter|each\s+time)"),
    (
        "recorded",
        rf"{_SORT}\s+(?:(?:just|exactly)\s+)?as\s+(?:they|these)\s+(?:(?:were|are)\s+)?{_MADE}"
        r"(?:\s+in\s+the\s+(?:footage|videos?|recordings?|files?))?",
    ),
    (
        "recorded",
        r"(?:(?:(?:do\s+not|don['’]t|never|without)\s+chang(?:e|ing)|keep(?:ing)?|preserv(?:e|ing)|leav(?:e|ing)|in)\s+the\s+"
        r"(?:order|sequence)\s+(?:of|in)|order(?:ed)?\s*[:=]?\s*as\s+in)\s+the\s+(?:footage|videos?|recordings?|files?)\b",
    ),
    (
        "recorded",
        rf"(?:{_SORT}|sequenced|go(?:es|ing)?|runs?|running|lists?)\s+(?:\S+\s+){{0,3}}?(?:as|like|how|by|according\s+to|following)\s+"
        r"(?:(?:the|their|its)\s+)?(?:(?:order|sequence|positions?|places?)\s+)?(?:(?:that\s+)?(?:they|it)\s+)?"
        rf"(?:(?:are|were|is|have|{_MADE})\s+)?(?:in|on|of)\s+the\s+(?:(?:source|original|raw|actual)\s+)?"
        r"(?:footage|videos?|recordings?|tapes?|files?|material)\b",
    ),
    ("backwards", rf"{_SORTED}(?:{_BACKWARDS})"),
    ("recorded", rf"{_SORTED}{_TIME_ORDER}"),
)
"""What the match of each pattern says comes first: a fixed order, or that of the word it found."""
_COMPILED = tuple((first, re.compile(rf"\b{pattern}", re.IGNORECASE)) for first, pattern in _FORMS)
_FALLS = re.compile(r"\(?\b(?:descending|decreasing|falling|desc)(?:\s+order)?\b\)?", re.IGNORECASE)

_RISES = re.compile(r"\(?\b(?:ascending|asc|increasing)(?:\s+order)?\b\)?", re.IGNORECASE)


@frozen(kw_only=True)
class Sorting:
    """How the shots are sorted."""

    order: Order = ""
    """By what; empty where nothing says it."""
    backwards: bool = False
    """Whether it is only said that the order be turned round, not of what."""


def take_sorting(text: str) -> tuple[Sorting, str]:
    """How `text` sorts the shots, and the text with a `MARK` in place of that.

    What names an end ("newest first") goes before what only names the scale ("in chronological order").
    """
    scale: Order = ""
    ends: list[Order] = []
    backwards = False
    for first, pattern in _COMPILED:
        match = pattern.search(text)
        if match is None or (order := _order_of(first, match)) is None:
            continue
        text = text[: match.start()] + f" {MARK} " + text[match.end() :]
        if first in ("end", "opposite"):
            ends.append(order)
        elif first == "backwards":
            backwards = True
            if "chronolog" in match[0].casefold() or "time" in match[0].casefold():
                scale = scale or "recorded"
        else:
            scale = scale or order
    if scale:
        text = _RISES.sub(f" {MARK} ", text)
    if scale and (falls := _FALLS.search(text)):
        backwards = True
        text = text[: falls.start()] + f" {MARK} " + text[falls.end() :]
    if ends:
        return Sorting(order=ends[0]), text
    if scale:
        return Sorting(order=_OPPOSITE[scale] if backwards else scale), text
    return Sorting(order="reversed" if backwards else "", backwards=backwards), text


def _order_of(first: str, match: re.Match[str]) -> Order | None:
    """The order that a match says; None where its two ends are of different scales."""
    if first == "backwards":
        return "reversed"
    if first not in ("end", "opposite"):
        return next(order for order in _OPPOSITE if order == first)
    groups = match.groupdict()
    order = _FIRST_THEN[_word(next(groups[name] for name in ("end", "plain", "bare") if groups.get(name)))]
    if groups.get("other") and _FIRST_THEN[_word(groups["other"])] != _OPPOSITE[order]:
        return None
    return order if first == "end" else _OPPOSITE[order]


def _word(said: str) -> str:
    return " ".join(said.casefold().split())
