"""How long a film, each of its cuts, or one of them may be, as people write it."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve, frozen

from atom_assembly.requests.english import FILM, SHOT
from atom_core.text.numbers import NUMBERS

MARK = "\x00"
"""Stands where something was taken out of a request."""

_WORDS = "|".join(sorted((word for word in NUMBERS if word != "zero"), key=len, reverse=True))
_VALUE = (
    rf"(?:\d+(?:[.,]\d+)?|half\s+an?|half(?=[\s-]+minute)|an?(?=[\s-]+minute"
    rf"|\s+second\s+(?:and\s+a\s+half|of\s+each|each|long|per|apiece|or\s+less)|\s+second\s*(?:$"
    rf"|[.,;:!]))|(?:{_WORDS})(?:[\s-]+(?:{_WORDS}))?)"
)
_UNIT = r"(?:seconds?|secs?|sec|s|minutes?|mins?|min)"
LENGTH = (
    rf"(?:(?<![\w.])(?!(?:{_WORDS})s\b)(?:{_VALUE})(?:\s+and\s+a\s+half)?[\s-]*{_UNIT}\b(?:\s+and\s+a\s+half)?"
    rf"(?:\s*(?:and\s+)?(?:\d+|{_WORDS})[\s-]*(?:seconds?|secs?|s)\b)?)"
)
"""A pattern for a length of time."""

_MOST = (
    r"(?:(?:(?:no|not|never)\s+(?:be\s+|last\s+|to\s+be\s+)?(?:any\s+)?(?:longer"
    r"|more)\s+than|(?:no|not)\s+(?:over|above)|less\s+than"
    r"|shorter\s+than|under|below|within|at\s+(?:the\s+)?(?:most|max(?:imum)?)"
    r"|up\s+to|(?:a\s+)?max(?:imum|\.)?(?:\s+of)?"
    r"|not\s+exceed(?:ing)?)\s+)"
)
_LEAST = (
    r"(?:(?:at\s+(?:the\s+)?least|(?:no|not)\s+(?:shorter|less)\s+than|(?:a\s+)?min(?:imum"
    r"|\.)?(?:\s+of)?|(?<!no )(?<!not )(?<!be )(?:longer|more)\s+than|(?<!no )(?<!not )over)\s+)"
)
_ABOUT = r"(?:(?:exactly|precisely|about|around|roughly|approximately|circa|some|just|only)\s+)"
_BE = (
    r"(?:(?:should|must|shall|may|can|could|has|have|needs?|to|is|are|be|being"
    r"|last|lasts|lasting|run|runs|running|take|takes|of"
    r"|that|which|for|during|only|just|shown|kept|with\s+a\s+(?:length|duration)\s+of|at|in|not|never)\s+)"
)
_ONE = r"(?:shot|clip|scene|cut|take|one|piece|bit|picture)"
_EACH = rf"(?:each(?:\s+one|\s+{_ONE})?\b|apiece\b|(?:for\s+)?(?:every|per)\s+{_ONE}\b|a\s+(?:shot|clip|piece)\b)"
_LONG = (
    r"(?:\s+(?:in\s+total|total|altogether|overall|in\s+all|all\s+in\s+all"
    r"|long|in\s+length|at\s+(?:the\s+)?most|max(?:imum)?|or\s+less|tops))"
)


@frozen(kw_only=True)
class Lengths:
    """What a request says of lengths, seconds; None where it says nothing."""

    most_s: float | None = None
    """Of the film, at most."""
    least_s: float | None = None
    """Of the film, at least."""
    shot_s: float | None = None
    """Of each cut, at most."""


def seconds(text: str) -> float:
    """The length that a match of `LENGTH` says, seconds."""
    total = 0.0
    for value, unit in re.findall(rf"({_VALUE})[\s-]*({_UNIT})\b", text, re.IGNORECASE):
        total += _value(value) * (60 if unit.casefold().startswith("m") else 1)
    if re.search(r"\band\s+a\s+half", text, re.IGNORECASE):
        total += 30 if re.search(r"min", text, re.IGNORECASE) else 0.5
    if both := re.search(rf"({_VALUE})\s+and\s+a\s+half[\s-]*{_UNIT}", text, re.IGNORECASE):
        total = (_value(both[1]) + 0.5) * (60 if re.search(r"min", text, re.IGNORECASE) else 1)
    return total


def _value(text: str) -> float:
    text = text.casefold().strip()
    if text[:1].isdigit():
        return float(text.replace(",", "."))
    if text.startswith("half"):
        return 0.5
    if text in ("a", "an"):
        return 1.0
    return float(sum(NUMBERS[word] for word in re.split(r"[\s-]+", text)))


def _bounded(bound: str = "") -> str:
    return rf"{bound}(?P<length>{LENGTH})"


_SHOTS = (
    rf"(?:\b(?:and\s+)?(?:cut|limit|keep|trim|shorten|make|let|have|restrict)\s+)?"
    rf"\b(?:each|every|all|the|no|any)\s+(?:of\s+)?(?:the\s+)?(?:single\s+)?{SHOT}\s+(?:down\s+)?{_BE}{{0,6"
    rf"}}(?:{_MOST}"
    rf"|(?:longer|more)\s+than\s+|over\s+)?{_ABOUT}?"
    rf"{_bounded()}{_LONG}?",
    rf"(?:{_MOST}|{_ABOUT}|for\s+)?{_bounded()}(?:\s+(?:long|at\s+(?:the\s+)?most|max))?,?\s+{_EACH}",
    rf"\b(?:each|every\s+one|all|them)\s+(?:of\s+(?:them|these|those)\s+)?(?:down\s+)?(?:to|at)\s+(?:{_MOST}|{_ABOUT})?"
    rf"{_bounded()}",
    rf"(?:{_MOST}|{_ABOUT})?{_bounded()}\s+(?:of|from|out\s+of)\s+(?=(?:each|every)\s+{SHOT}\b)",
    rf"(?:{_MOST}|{_ABOUT})?{_bounded()}\s+of\s+(?:each|every\s+one|both)\b(?!\s+\w)",
    rf"\b(?:neither|none)(?:\s+of\s+them)?\s+{_BE}{{0,4}}(?:(?:longer|more)\s+than|over)\s+{_bounded()}{_LONG}?",
    rf"\b(?:each(?:\s+one)?|every\s+one|everyone)\s+(?:{_BE}|{_MOST}|{_ABOUT}){{0,6}}{_bounded()}{_LONG}?",
    rf"(?:\b(?:with|in|of|using|as|from|by)\s+)?(?:only\s+|short\s+)?{_bounded()}[\s-]+(?:long\s+)?"
    rf"(?:shots|clips|scenes|cuts|takes|pieces|snippets)\b",
    rf"\b(?:shots|clips|scenes|cuts|takes|pieces|snippets)\s+{_BE}{{0,6}}(?:{_MOST}|{_ABOUT})?{_bounded()}{_LONG}?",
)
_MOSTS = (
    rf"{_ABOUT}?{_bounded()}[\s-]+(?:long\s+)?(?:\w+\s+)?{FILM}\b",
    rf"\b{FILM}\s*,?\s*{_BE}{{1,6}}(?:{_MOST}|{_ABOUT})?{_bounded()}{_LONG}?",
    rf"\b{FILM}\s*,?\s*(?:{_MOST}){_bounded()}{_LONG}?",
    rf"\b{_BE}{{0,6}}{_MOST}{_ABOUT}?{_bounded()}{_LONG}?",
    rf"\b{_BE}{{0,6}}{_ABOUT}?{_bounded()}{_LONG}",
    rf"\b(?:total|overall|whole|complete|running|screen)?\s*(?:length|duration"
    rf"|running\s+time|run\s?time|time)\s*(?::|=|of|is|should\s+be|must\s+be)?\s*"
    rf"(?:{_MOST}|{_ABOUT})?{_bounded()}",
    rf"\b(?:total|overall)\s*(?:of|:)?\s*{_bounded()}",
    rf"^\s*(?:in|for|give\s+me|i\s+want|make)?\s*{_ABOUT}?{_bounded()}\s*(?::|,|\bof\b)",
    rf"\b(?:that|which)\s+(?:should\s+|must\s+)?(?:lasts?|runs?|takes?|is|be)\s+(?:for\s+)?(?:{_MOST}"
    rf"|{_ABOUT})?{_bounded()}{_LONG}?",
    rf"\b(?:in|into|to)\s+{_ABOUT}?{_bounded()}(?=\s*(?:[.!,;]|$))",
    rf"\b(?:it|this|everything)\s+{_BE}{{1,6}}{_ABOUT}?{_bounded()}",
    rf"(?:^|(?<=[.;!\n]))\s*{_ABOUT}?{_bounded()}\s*(?=[.;!\n]|$)",
)
_NEVER_OVER = (
    r"(?:\b(?:the\s+)?(?:whole|entire|total|full)\s+(?:thing|lot|length|time|duration)\s+)?"
    r"\b(?:\w+n['’]t|cannot|(?:must|shall|should|may|can|will|to|do|does)?\s*(?:not|never))\s+(?:\w+\s+){0,3}?"
    rf"(?:over|longer\s+than|more\s+than|beyond|past|above|exceed(?:ing)?)\s+{_ABOUT}?{_bounded()}{_LONG}?",
)
_LEASTS = (rf"(?:\b{FILM}\s+)?{_BE}{{0,6}}{_LEAST}{_ABOUT}?{_bounded()}{_LONG}?",)


def take_lengths(text: str) -> tuple[Lengths, str]:
    """What `text` says of the lengths of the film and of all its cuts, and the text with a `MARK` in its place."""
    text = _with_its_length(text)
    shot_s, text = _take(text, _SHOTS)
    most_s, text = _take(text, _NEVER_OVER)
    least_s, text = _take(text, _LEASTS)
    if most_s is None:
        most_s, text = _take(
            text, _MOSTS, keep=lambda found: f" {MARK} {FILM_WORD} " if _names_film(found) else f" {MARK} "
        )
    lengths = Lengths(most_s=most_s, least_s=least_s, shot_s=shot_s)
    return _from_clause(lengths, text) if lengths == Lengths() else (lengths, text)


_AFTER_COMMA = re.compile(
    rf"(?<=\w),\s*({LENGTH})(?:\s+long)?(?=\s*(?:[,;.]|$|\b(?:and|then|followed)\b))", re.IGNORECASE
)
_LENGTH_OF = re.compile(rf"(?<!\w)({LENGTH})\s+of\s+((?:(?!\s+(?:and|then|followed)\s)[^,;.\n])+)", re.IGNORECASE)
_QUARTER = re.compile(r"\b(?:an?\s+)?quarter\s+(?:of\s+)?(?:an?\s+)?minute\b", re.IGNORECASE)


def _with_its_length(text: str) -> str:
    """Each thing of a list with its length behind it, "a dog (2 seconds)", where several have one of their own."""
    text = _QUARTER.sub("15 seconds", text)
    if len(_AFTER_COMMA.findall(text)) > 1:
        text = _AFTER_COMMA.sub(r" (\1)", text)
    if len(_LENGTH_OF.findall(text)) > 1:
        text = _LENGTH_OF.sub(r"\2 (\1)", text)
    return text


_OF_LENGTHS_WORDS = """
a an the it its this that film video movie clip whole total max maximum maximal maximally min minimum minimal minimally
most least long length duration time runtime only just about exactly around roughly approximately not no more less
longer shorter than over under below above up to at in of for with is are be should must shall may can will has have
takes take taking lasts last lasting runs run running goes go on each every per all apiece shot shots scene scenes clips
cut cuts piece pieces part parts one single picture please keep make limit limited tops or so everything together
overall altogether and then but short quick within exceed exceeding never ever want need i them they show shown stay
stays see visible give me
"""
_OF_LENGTHS = frozenset(_OF_LENGTHS_WORDS.split())
"""What a clause that speaks of lengths alone is made of."""


def take_any_length(text: str) -> tuple[Lengths, str]:
    """What `take_lengths` finds, or else the one length that there is, whatever stands around it."""
    lengths, rest = take_lengths(text)
    return _from_clause(lengths, rest, alone=False) if lengths == Lengths() else (lengths, rest)


def _from_clause(lengths: Lengths, text: str, *, alone: bool = True) -> tuple[Lengths, str]:
    """The one length that a clause of its own says, whatever its grammar: "every scene takes maximal 1,5 seconds".

    :param alone: whether the clause must speak of nothing else
    """
    found = list(re.finditer(LENGTH, text, re.IGNORECASE))
    if len(found) != 1:
        return lengths, text
    (match,) = found
    before = re.split(r"[.,;:!?\n](?!\d)", text[: match.start()])[-1]
    after = re.split(r"[.,;:!?\n](?!\d)", text[match.end() :])[0]
    words = {word.casefold() for word in re.findall(r"[^\W\d_]+", before + " " + after)}
    value = seconds(match[0])
    if before.rstrip().endswith(("(", "[")) or not value or (alone and not words <= _OF_LENGTHS):
        return lengths, text
    if (
        {"each", "every", "per", "apiece"} & words
        or "one shot" in before.casefold()
        or ("all" in words and re.search(rf"\b{SHOT}\b", before))
    ):
        lengths = evolve(lengths, shot_s=value)
    elif {"least", "min", "minimum", "minimal", "minimally"} & words:
        lengths = evolve(lengths, least_s=value)
    else:
        lengths = evolve(lengths, most_s=value)
    around = (len(before), len(after)) if alone else (0, 0)
    return lengths, text[: match.start() - around[0]] + f" {MARK} " + text[match.end() + around[1] :]


FILM_WORD = "film"


def _names_film(found: str) -> bool:
    return re.search(rf"{LENGTH}[\s-]+(?:long\s+)?(?:\w+\s+)?{FILM}\b", found, re.IGNORECASE) is not None


def take_length(text: str) -> tuple[float | None, str]:
    """What a line says of its own cut, seconds, and the line without that: "a dog for 2 seconds"."""
    patterns = (
        rf"\b(?:an?\s+)?{_bounded()}[\s-]+(?:long\s+)?(?:shot|clip|scene|cut|take)\s+(?:of|with|showing)\b",
        rf"^\s*{_bounded()}\s+of\b",
        rf"[(\[]\s*{_bounded()}\s*[)\]]",
        rf",?\s*\b(?:for|lasting|during)\s+(?:{_MOST}|{_ABOUT})?{_bounded()}",
        rf"\s+{_bounded()}(?:\s+long)?\s*$",
    )
    found, text = _take(text, patterns, keep=lambda _: " ")
    return found, " ".join(text.split())


def _take(
    text: str, patterns: tuple[str, ...], keep: Callable[[str], str] = lambda _: f" {MARK} "
) -> tuple[float | None, str]:
    for pattern in patterns:
        for match in re.finditer(pattern, text, re.IGNORECASE):
            value = seconds(match["length"])
            if value > 0:
                return value, text[: match.start()] + keep(match[0]) + text[match.end() :]
    return None, text
