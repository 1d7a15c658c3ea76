"""Questions that hold videos against each other, and whether a question is about several at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from attrs import evolve

from atom_reasoning.english.normal import normal
from atom_reasoning.english.words import ORDINAL, place_of
from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT

_VIDEO = r"(?:video|film|movie|file|recording)"
_NTH = rf"(?:in |of |does |do )?(?:the )?(?P<{{name}}>{ORDINAL}|other)(?: one| {_VIDEO})?"


def is_about_several(text: str, names: Iterable[str]) -> bool:
    """Whether a question is asked of several videos together, not of each.

    :param names: the videos' file names
    """
    plain = normal(text)
    named = sum(name.casefold() in plain for name in names)
    signs = rf"\b(?:{_VIDEO}s\b|(?:which|what) (?:one|{_VIDEO}|of (?:the|these|them)\b)|(?:first|second|third|last|other|same|either|each|every|another|any) {_VIDEO}\b|how many {_VIDEO}s)"
    return named > 0 or re.search(signs, plain) is not None


def read_videos(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "Are there more stars in the first video than in the second?", "What do both videos share?" """
    reading = Reading(text=asked, kind=Kind.YES_NO, scope=scope, clip_question=text)
    one, two = _NTH.format(name="a"), _NTH.format(name="b")
    number = r"(?P<how>more|fewer|less|as many|the same number of) (?P<c>.+?)"
    patterns = (
        rf"(?:are|is|were|was) there {number} {one} (?:than|as) {two}(?: does| has)?$",
        rf"(?:does|do|did|has) {one} (?:have|show|contain|feature|include|has|got)? ?{number} (?:than|as) {two}(?: does| has)?$",
        rf"(?:is|was|does) {one} (?:be |run |last )?(?P<how>longer|shorter) than {two}$",
    )
    for pattern in patterns:
        if (found := re.match(pattern, text)) and re.search(_VIDEO, text):
            how = found["how"]
            compare = (
                "more" if how in ("more", "longer") else "fewer" if how in ("fewer", "less", "shorter") else "equal"
            )
            pair = (_place(found["a"], 0), _place(found["b"], _place(found["a"], 0)))
            if how in ("longer", "shorter"):
                return evolve(reading, compare=compare, counted="seconds", videos=pair)
            if re.match(rf"{SHOT}s$", found["c"]):
                return evolve(reading, compare=compare, counted="shots", videos=pair)
            return evolve(reading, compare=compare, counted="things", videos=pair, conditions=(condition(found["c"]),))
    if not re.search(rf"\b{_VIDEO}s\b", text):
        return None
    if re.search(
        r"\bin common\b|\bshare(?:d)?\b|\bsimilar|\bin both\b|\b(?:that|what|which).* both (?:the |of the )?"
        + _VIDEO
        + r"s (?:show|have|contain|share)",
        text,
    ) and re.match(r"(?:what|which|list|name|describe|how)", text):
        return evolve(reading, kind=Kind.LIST, compare="common", videos=(1, 2))
    if re.search(r"\bdiffer|\bdifference|\bcompare\b|\bcontrast\b", text):
        return evolve(reading, kind=Kind.LIST, compare="different", videos=(1, 2))
    return None


def _place(word: str, other: int) -> int:
    """The number of a video; of "the other" the one that is not the first named."""
    return (2 if other == 1 else 1) if word == "other" else place_of(word)
