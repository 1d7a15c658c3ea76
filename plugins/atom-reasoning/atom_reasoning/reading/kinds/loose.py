"""Questions that no pattern fits as a whole: by the words that tell a kind, and what is left without them."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import KINDS_OF_WORDS, base
from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO

_SIGNS: tuple[tuple[str, Kind, str], ...] = (
    (rf"\b(?:how many|number of|count|amount of)\b.*\b{SHOT}s?\b", Kind.COUNT, "shots"),
    (rf"\b(?:which|what) (?:\w+ ){{0,3}}{SHOT}s?\b|\b{SHOT}s? (?:number|no)\b", Kind.WHICH_SHOT, ""),
    (rf"\b(?:which|what) (?:\w+ ){{0,3}}{VIDEO}s?\b", Kind.WHICH_VIDEO, ""),
    (r"\bhow (?:often|frequently|many times)\b|\bnumber of times\b", Kind.COUNT, "times"),
    (r"\bhow many\b|\bnumber of\b|\bcount\b|\bhow much\b", Kind.COUNT, "things"),
    (r"\bhow long\b|\bduration\b|\bhow many (?:seconds|minutes)\b", Kind.HOW_LONG, ""),
    (r"\bwhen\b|\btime ?(?:stamp|code)?s?\b|\bmoments?\b|\bpoints?\b", Kind.WHEN, ""),
    (r"\b(?:colour|hue)s\b", Kind.LIST, "colour"),
)
_STOP = frozenset(
    [
        "what",
        "which",
        "who",
        "whom",
        "whose",
        "when",
        "where",
        "why",
        "how",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "can",
        "could",
        "will",
        "would",
        "should",
        "shall",
        "may",
        "might",
        "must",
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "it",
        "its",
        "we",
        "you",
        "i",
        "they",
        "he",
        "she",
        "me",
        "us",
        "one",
        "ones",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "as",
        "about",
        "into",
        "out",
        "and",
        "or",
        "but",
        "if",
        "so",
        "then",
        "than",
        "not",
        "no",
        "any",
        "some",
        "all",
        "every",
        "many",
        "much",
        "number",
        "count",
        "amount",
        "total",
        "often",
        "times",
        "time",
        "times",
        "moment",
        "point",
        "second",
        "minute",
        "timestamp",
        "see",
        "seen",
        "show",
        "shows",
        "shown",
        "showing",
        "find",
        "found",
        "look",
        "looks",
        "like",
        "tell",
        "give",
        "list",
        "name",
        "get",
        "gets",
        "got",
        "appear",
        "appears",
        "visible",
        "present",
        "included",
        "contain",
        "contains",
        "containing",
        "feature",
        "features",
        "featured",
        "happen",
        "happens",
        "happening",
        "going",
        "video",
        "film",
        "movie",
        "clip",
        "clips",
        "shot",
        "shots",
        "scene",
        "scenes",
        "footage",
        "recording",
        "screen",
        "please",
        "ever",
        "also",
        "even",
        "just",
        "long",
        "duration",
        "length",
        "colour",
        "colours",
        "color",
        "kind",
        "sort",
        "type",
        "exactly",
        "something",
        "anything",
    ]
)


def read_loosely(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading by single words; None where they tell nothing, so that clips are asked the question as it is."""
    for sign, kind, counted in _SIGNS:
        if re.search(sign, text):
            wanted = condition(_content(text))
            if wanted.is_anything and kind not in (Kind.COUNT, Kind.HOW_LONG, Kind.LIST):
                return None
            conditions = () if wanted.is_anything and kind is not Kind.LIST and counted != "things" else (wanted,)
            reading = Reading(
                text=asked, kind=kind, scope=scope, conditions=conditions, clip_question=text, counted=counted
            )
            return evolve(reading, sure=False)
    return None


def topic(text: str) -> str:
    """What a question that no pattern fits is about: its last noun phrase with an article, if it has one."""
    found = re.findall(
        r"\b(?:the|a|an) ((?:[\w-]+ ){0,3}?[\w-]+)(?= (?:is|are|was|were|do|does|has|have|can|that|which|in|on|at|of|with|and|or|while|when)\b|$)",
        text,
    )
    names = [name for name in found if base(name.split()[-1]) not in {base(word) for word in _STOP}]
    return names[0] if names else ""


def _content(text: str) -> str:
    """The words between the first and the last that are no part of the asking."""
    words = re.sub(r"[,;:]", " ", text).split()
    known = {word for kind in KINDS_OF_WORDS.values() for word in kind.split()}
    kept = [place for place, word in enumerate(words) if word in known or word not in _STOP]
    if not kept:
        return ""
    return " ".join(words[kept[0] : kept[-1] + 1])
