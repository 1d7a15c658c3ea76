"""Times in questions: "at 0:12", "between 3 and 5 seconds", "in the first half", "half a minute in"."""

from __future__ import annotations

import re

from atom_reasoning.english.words import NUMBER, number_of
from atom_reasoning.reading.record import Mark, Scope

_UNIT = r"(?:hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\b"
_AMOUNT = rf"(?:half an?|an?|{NUMBER})"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?!\d)"
_PART = rf"(?:{_AMOUNT}(?: and a half)?[ -]?{_UNIT}(?: and a half)?)"
_LENGTH = rf"(?:{_PART}(?:,? (?:and )?{_PART})*)"
_NAMED = rf"(?:(?:the )?(?:time ?stamp|mark|second|minute|time) {NUMBER}(?!:)(?: {_UNIT})?|t ?= ?{NUMBER} ?s?)"
TIME = rf"(?:(?:about |around |roughly |exactly |approximately )?(?:the )?(?:(?:minute |time |timestamp |second )?{_CLOCK}(?: ?(?:min(?:utes?)?|mark|s)\b)?|{_NAMED}|{_LENGTH})(?:[ -](?:mark|point|time ?stamp))?)"
"""A moment or a length of time."""
_BARE = rf"(?:{TIME}|{NUMBER})"
_INTO = r"(?: (?:in(?:to)?|from the (?:start|beginning)|after the (?:start|beginning)|after (?:it|(?:the|this) (?:video|film|clip|footage|recording)) (?:starts|started|begins|began|opens))\b(?: (?:the|this) (?:video|film|clip|footage|recording))?)"
_ORDINAL_SECOND = r"(?P<nth>\d+)(?:st|nd|rd|th) second"
_SHARES = {"half": 2, "third": 3, "quarter": 4}


def seconds_of(text: str) -> float:
    """The seconds that a text which `TIME` matches stands for; a bare number is seconds.

    :raises ValueError: if it holds no time
    """
    if found := re.search(_CLOCK, text):
        parts = [float(part.replace(",", ".")) for part in found[0].split(":")]
        return sum(part * 60.0**power for power, part in enumerate(reversed(parts)))
    total, seen = 0.0, False
    for found in re.finditer(rf"({_AMOUNT})( and a half)?[ -]?({_UNIT})( and a half)?", text):
        amount = 0.5 if found[1].startswith("half") else number_of(found[1])
        amount += 0.5 if found[2] or found[4] else 0.0
        total += amount * {"h": 3600, "m": 60, "s": 1}[found[3][0]]
        seen = True
    if seen:
        return total
    if found := re.search(rf"\b(minute )?({NUMBER})", text):
        return number_of(found[2]) * (60 if found[1] else 1)
    raise ValueError(f"{text!r} is no time")


def _two(first: str, second: str) -> tuple[Mark, Mark]:
    """Two times; the first takes the unit of the second where it has none: "1 and 2 minutes"."""
    start, end = seconds_of(first), seconds_of(second)
    if re.fullmatch(rf"{NUMBER}", first.strip()) and re.search(r"\d? ?(min|minutes?)\b", second):
        start *= 60
    return Mark(value=min(start, end)), Mark(value=max(start, end))


def take_time(text: str) -> tuple[str, Scope] | None:
    """What is left of a plain question without its words about times, and the scope they name; None without such."""
    for pattern, make in _PATTERNS:
        if found := re.search(pattern, text):
            try:
                scope = make(found)
            except ValueError:
                continue
            if scope is not None:
                return f"{text[: found.start()]} {text[found.end() :]}", scope
    return None


def _between(found: re.Match[str]) -> Scope | None:
    if not re.search(rf"{_CLOCK}|{_UNIT}|second|minute|mark", found[0]):
        return None
    start, end = _two(found["a"], found["b"])
    return Scope(start=start, end=end)


def _first(found: re.Match[str]) -> Scope:
    return Scope(
        start=Mark(value=0.0), end=Mark(value=seconds_of(found["a"] or "1") if found["a"] else _one(found["u"]))
    )


def _last(found: re.Match[str]) -> Scope:
    value = seconds_of(found["a"]) if found["a"] else _one(found["u"])
    return Scope(start=Mark(value=value, from_end=True), end=Mark(value=0.0, from_end=True))


def _one(unit: str) -> float:
    return {"h": 3600.0, "m": 60.0, "s": 1.0}[unit[0]]


def _share(found: re.Match[str]) -> Scope:
    parts = _SHARES[found["part"]]
    number = {"first": 0, "1st": 0, "opening": 0, "second": 1, "2nd": 1, "third": 2, "middle": parts // 2}.get(
        found["which"], parts - 1
    )
    return Scope(start=Mark(value=number / parts, is_share=True), end=Mark(value=(number + 1) / parts, is_share=True))


def _nth_minute(found: re.Match[str]) -> Scope:
    size = _one(found["u"])
    number = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}.get(found["n"]) or int(
        re.sub(r"\D", "", found["n"])
    )
    return Scope(start=Mark(value=(number - 1) * size), end=Mark(value=number * size))


_OF_VIDEO = r"(?: of (?:the|this) (?:video|film|clip|footage|recording|movie))?"
_IN = r"(?:\b(?:in|during|within|over|for|throughout|of|from) )?(?:the )?(?:very )?"
_PATTERNS = (
    (rf"(?:\b(?:in|during|over|within) the (?:interval|span|window|period|time|stretch|range|part) )?\b(?:between|from|in between)(?: the)?(?: seconds?| minutes?)? (?:the )?(?P<a>{_BARE}) (?:and|(?:right |all the way |through |up |on )?(?:to|until|till)|through|-) (?:the )?(?P<b>{_BARE})s?", _between),
    (rf"\b(?:(?:starting|beginning|begin|start) (?:at|from|with)|from|after|since) (?:second )?(?P<a>{_BARE})(?: on(?:wards?)?)?,? (?:and )?(?:(?:going |all the way |right )?(?:up )?(?:to|until|till|through)|before|ending (?:at|with)|stopping at) (?:second )?(?P<b>{_BARE})", _between),
    (rf"(?:\b(?:in|during|at|over|within) )?(?:the )?\bseconds? (?P<a>{NUMBER}) ?(?:-|–|to|through|until|and) ?(?:second )?(?P<b>{NUMBER})\b", _between),
    (rf"(?P<a>{_CLOCK}) ?(?:-|–|to|until|till|through) ?(?P<b>{_CLOCK})", _between),
    (rf"\b(?:at|around|from|in)? ?(?:seconds )?(?P<a>{NUMBER}(?: ?{_UNIT})?) ?(?:-|–|to) ?(?P<b>{NUMBER} ?{_UNIT})", _between),
    (rf"{_IN}\b(?:first|opening|initial) (?:(?P<a>{NUMBER}[ -]?{_UNIT})|(?P<u>minute|hour|second)\b){_OF_VIDEO}", _first),
    (rf"{_IN}\b(?:last|final|closing) (?:(?P<a>{NUMBER}[ -]?{_UNIT})|(?P<u>minute|hour|second)\b){_OF_VIDEO}", _last),
    (rf"{_IN}\b(?P<which>first|1st|second|2nd|third|last|final|opening|middle|latter) (?P<part>half|third|quarter)\b{_OF_VIDEO}", _share),
    (rf"{_IN}\b(?P<n>second|third|fourth|fifth|\d+(?:st|nd|rd|th)) (?P<u>minute|hour)\b{_OF_VIDEO}", _nth_minute),
    (rf"{_IN}\b{_ORDINAL_SECOND}\b{_OF_VIDEO}", lambda f: Scope(at=Mark(value=float(f["nth"])))),
    (rf"\b(?:when|once|after|as soon as) (?P<a>{TIME}) (?:have|has|are|is) (?:passed|elapsed|gone by|over|gone)", lambda f: Scope(at=Mark(value=seconds_of(f["a"])))),
    (rf"(?:\b(?:when|once|after|as soon as|with|at|by) )?(?:(?:only|just|about) )?\b(?P<a>{TIME}) (?:of (?:play|it|film|video|footage|the (?:video|film|clip|footage|recording)) )?(?:(?:have|has|are|is) )?(?:already |now |just )?(?:been )?(?:gone(?: by)?|played|passed|elapsed|behind us|on the clock|expired)\b", lambda f: Scope(at=Mark(value=seconds_of(f["a"])))),
    (rf"(?:\bafter )?\b(?P<a>{TIME}){_INTO}", lambda f: Scope(at=Mark(value=seconds_of(f["a"])))),
    (r"\b(?:halfway|half[- ]way|midway)(?: (?:through|in(?:to)?|along))?(?: (?:the|this) (?:video|film|clip|footage))?|\bin the middle of (?:the|this) (?:video|film|footage|recording)", lambda _: Scope(at=Mark(value=0.5, is_share=True))),
    (rf"\b(?:after|from|since|starting at|beyond|past) (?P<a>{TIME})(?: on(?:wards?)?)?", lambda f: Scope(start=Mark(value=seconds_of(f["a"])))),
    (rf"\b(?:before|until|till|up to|by|prior to) (?P<a>{TIME})", lambda f: Scope(end=Mark(value=seconds_of(f["a"])))),
    (rf"\b(?:at|around|on|by|@) (?:the )?(?P<a>{TIME})", lambda f: Scope(at=Mark(value=seconds_of(f["a"])))),
    (rf"(?P<a>{_CLOCK})", lambda f: Scope(at=Mark(value=seconds_of(f["a"])))),
)  # fmt: skip
"""In the order they are tried."""
