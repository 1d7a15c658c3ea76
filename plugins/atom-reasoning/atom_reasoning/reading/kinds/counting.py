"""Questions for numbers: how many things, shots, times, videos or kinds."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import KINDS_OF_WORDS
from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.phrases import WITH
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT
from atom_reasoning.reading.wordings.lexicon import EMPTY, class_of

_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will)"
_MANY = r"(?:how many|(?:what is |give (?:me )?|tell me )?the (?:total |overall |exact )?(?:number|amount|count|quantity) of|what number of|what (?:total )?number of|count(?: up)?(?: (?:all|how many|the number of))?(?: of)?(?: the)?|number of)"
_FILLER = frozenset(
    [
        "are",
        "is",
        "was",
        "were",
        "be",
        "been",
        "there",
        "in",
        "this",
        "the",
        "it",
        "its",
        "we",
        "you",
        "one",
        "i",
        "they",
        "get",
        "to",
        "see",
        "seen",
        "have",
        "has",
        "had",
        "does",
        "do",
        "did",
        "for",
        "me",
        "us",
        "consists",
        "detect",
        "detected",
        "notice",
        "counted",
        "discover",
        "consist",
        "of",
        "made",
        "make",
        "up",
        "cut",
        "into",
        "contain",
        "contains",
        "video",
        "film",
        "movie",
        "clip",
        "recording",
        "footage",
        "file",
        "here",
        "total",
        "altogether",
        "present",
        "shown",
        "show",
        "shows",
        "exist",
        "all",
        "overall",
        "count",
        "please",
        "comprise",
        "comprises",
        "composed",
        "built",
        "out",
        "can",
        "could",
        "find",
        "got",
        "and",
        "divided",
        "split",
        "broken",
        "down",
        "that",
        "which",
        "a",
        "whole",
        "entire",
        "complete",
        "used",
        "going",
        "on",
        "happen",
    ]
)
"""Words that ask for no more than the number of shots."""


def _asks_no_more(text: str) -> bool:
    words = text.replace(",", " ").split()
    if words and re.fullmatch(r"\w{2,}(?:ed|shot|cut|made)", words[-1]):
        words = words[:-1]  # "were filmed", "can be counted"
    return all(word in _FILLER or word in EMPTY or class_of(word) in ("SEE", "HAVE", "MAKE", "VIDEO") for word in words)


_TOTAL = re.compile(r",? ?\b(?:in total|altogether|in all|all in all|overall|all together|combined|total)\b")


def read_count(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for a number."""
    reading = Reading(text=asked, kind=Kind.COUNT, scope=scope, clip_question=text)
    often = re.match(
        rf"(?:how (?:often|frequently|many times)|(?:what is )?(?:the )?number of times|count (?:how often|how many times|the times)|(?:on|at|in|during) how many (?:occasions|times|moments)) (?:that |in which )?(?:{_AUX} (?:not )?)?(?:there )?(?P<c>.+)$",
        text,
    )
    if often:
        return evolve(
            reading,
            counted="times",
            conditions=(
                condition(often["c"], copula=bool(re.search(r"(?:times|often|frequently) (?:is|are|was|were) ", text))),
            ),
        )
    found = re.match(
        rf"(?:in |on |during |across |throughout |of )?(?:into )?{_MANY} (?P<r>.+)$", re.sub(r"^into ", "", text)
    )
    if not found:
        return None
    if re.match(rf"the {SHOT}\b", found["r"]):
        return None  # "the number of the shot with a star" asks which one
    rest = _TOTAL.sub("", found["r"]).strip()
    rest = re.sub(r"^(?:of the |the |of these )", "", rest)
    return (
        _of_shots(rest, reading) or _of_videos(rest, reading) or _of_kinds(rest, reading) or _of_things(rest, reading)
    )


def _of_shots(rest: str, reading: Reading) -> Reading | None:
    found = re.match(
        rf"(?:different |individual |separate |distinct |camera )?(?P<n>{SHOT}s?|cuts?|scene changes|transitions|camera shots?)\b(?P<r>.*)$",
        rest,
    )
    if not found:
        return None
    counted = "cuts" if found["n"].startswith(("cut", "scene change", "transition")) else "shots"
    more = found["r"].strip(" ,")
    if _asks_no_more(more):
        return evolve(reading, counted=counted)
    more = re.sub(
        r"^(?:are there|there are|do we have|are|is there|have we)(?= (?:with|that|where|in which|which|showing|containing|featuring|of|when)\b)",
        "",
        more,
    ).strip()
    copula = re.match(r"(?:is|are|was|were) ", more) is not None
    more = re.sub(r"^(?:in which|during which|where|when) ", "", more)
    negated = re.search(r"\b(?:no|without|not(?! mov)|lack|lacks|lacking|never)\b", more) is not None
    more = re.sub(r"\b(?:without|no|not(?! mov)|never|lack|lacks|lacking)\b ?(?:have |show |contain |any )?", "", more)
    more = re.sub(rf"^(?:{WITH} )+", "", f"{more} ").strip()
    more = re.sub(r"^there (?:is|are) |^(?:you|we|i|one) (?:can )?see ", "", more)
    if more.endswith(" in"):
        more = more[:-3]
    return evolve(reading, counted=counted, conditions=(condition(more, copula=copula),), negated=negated)


def _of_videos(rest: str, reading: Reading) -> Reading | None:
    found = re.match(r"(?:of the )?(?:videos|films|movies|files|recordings)\b(?P<r>.*)$", rest)
    if not found:
        return None
    more = found["r"].strip(" ,")
    if _asks_no_more(more):
        return evolve(reading, counted="videos")
    more = re.sub(rf"^(?:are there )?(?:{WITH} )+", "", f"{more} ").strip()
    return evolve(reading, counted="videos", conditions=(condition(more),))


def _of_kinds(rest: str, reading: Reading) -> Reading | None:
    """ "How many (different) colours are there?", "... colours do the stars have?", "kinds of shapes" """
    found = re.match(
        rf"(?P<d>different |distinct |unique |separate |kinds of |types of |sorts of |different kinds of |different types of )?(?P<k>{'|'.join(KINDS_OF_WORDS)})s?\b(?P<r>.*)$",
        rest,
    )
    if not found or (found["k"] in ("shape", "size", "direction") and not found["d"]):
        return None
    more = re.sub(
        rf"^(?:{_AUX}|there|have|can be)\b ?|\b(?:have|be|there|used|shown|seen|visible|appear|occur)$",
        "",
        found["r"].strip(" ,"),
    )
    more = re.sub(rf"^(?:{_AUX}|there|be|shown|seen|visible|used|appear|occur)\b ?", "", more).strip()
    wanted = condition(more) if more and not _asks_no_more(more) else Condition()
    return evolve(reading, counted=found["k"], distinct=True, conditions=(wanted,))


def _of_things(rest: str, reading: Reading) -> Reading:
    found = re.match(
        r"(?P<d>(?:different|distinct|unique|separate|individual) (?:kinds? of |types? of )?|(?:kinds|types|sorts) of )",
        rest,
    )
    distinct = found is not None
    if found:
        rest = rest[found.end() :]
    copula = re.search(r" (?:is|are|was|were) (?!there)", rest) is not None
    rest = re.sub(
        r" (?:is|are|was|were|do|does|did|can|could|has|have) (?:there |you |we |i |it |one |the \w+ )?(?=\S)",
        " @ ",
        rest,
        count=1,
    )
    rest = re.sub(r" (?:are|is) there$", "", rest)
    noun, _, more = rest.partition(" @ ")
    noun = re.sub(r" (?:is|are|was|were)$", "", noun)
    more = re.sub(
        r"^(?:be |to )?(?:there|counted|identified|detected|see|seen|shown|show|visible|present|contain|contained|have|include|included|find|found|count|feature|featured|displayed|pictured|spotted|appear|spot|in)\b ?",
        "",
        more.strip(),
    )
    return evolve(
        reading,
        counted="things",
        distinct=distinct,
        conditions=(condition(f"{noun} {more}".strip() if not more or not copula else f"{noun} be {more}"),),
    )
