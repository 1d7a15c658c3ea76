"""Questions for a word of a known kind, such as a colour, or for what one clip can tell of a thing."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import KINDS_OF_WORDS, is_generic
from atom_reasoning.reading.conditions import condition, noun
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope

_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will)"


def read_attribute(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "What colour is the star?", "Which shape is it that blinks?": a word of a known kind."""
    kinds = "|".join(KINDS_OF_WORDS)
    text = re.sub(
        rf"^(?:name|give(?: me)?|state|tell me|say|identify|what is|what was) (?:the )?(?P<k>{kinds}) (?:of|for) (?P<r>.+)$",
        r"what \g<k> is \g<r>",
        text,
    )
    text = re.sub(
        rf"^(?:in |of )(?P<w>which|what) (?P<k>{kinds}) (?P<r>(?:is|are|was|were|does|do)\b.*)$",
        r"\g<w> \g<k> \g<r>",
        text,
    )
    found = re.match(
        rf"(?:which|what)(?: kind of| type of)? (?P<k>{kinds})(?P<pl>s)? (?P<aux>is|are|was|were|has|have|does|do|did) (?P<r>.+)$",
        text,
    )
    if not found or found["k"] in ("direction",):
        return None
    rest = re.sub(
        r" (?:have|has|got|be|being|in|painted|coloured|shown in|wear|wearing|sporting|dressed in|carry|carrying|showing|show)$",
        "",
        found["r"],
    )
    if re.match(r"^(?:there|shown|seen|visible|used|present|displayed|in it|it|they|you|we|not)\b", rest):
        return None
    pick = scope.pick
    if picked := re.match(
        r"(?:the )?(?P<p>first|last|final|initial|opening|closing)(?: thing| object)? (?P<rest>.+)$", rest
    ):
        pick = "first" if picked["p"] in ("first", "initial", "opening") else "last"
        rest = f"the {picked['rest']}"
    wanted = condition(rest)
    if not wanted.subject and not wanted.predicate and not pick:
        if found["k"] == "shape" or is_generic(rest.split()[-1]):
            return Reading(
                text=asked,
                kind=Kind.WHAT,
                scope=scope,
                counted=found["k"],
                conditions=(Condition(),),
                clip_question=text,
            )
        return None
    if found["k"] != "shape" and found["pl"]:
        return Reading(
            text=asked,
            kind=Kind.LIST,
            scope=evolve(scope, pick=pick),
            counted=found["k"],
            conditions=(wanted,),
            clip_question=text,
        )
    if found["k"] == "shape" and not re.match(r"(?:the|a|an|that)\b", rest) and found["aux"] in ("is", "are"):
        if rest.split()[0].endswith("ing"):
            return None
        wanted = Condition(subject=rest)
    return Reading(
        text=asked,
        kind=Kind.WHAT,
        scope=evolve(scope, pick=pick),
        counted=found["k"],
        conditions=(wanted,),
        clip_question=text,
    )


def read_what(text: str, scope: Scope, asked: str) -> Reading:
    """A reading of a question that only a clip which shows its topic can answer, with that topic where it is plain."""
    reading = Reading(text=asked, kind=Kind.WHAT, scope=scope, clip_question=text, sure=False)
    patterns = (
        rf"(?:what|how|why|where|which way|(?:in )?(?:what|which) (?:direction|way)|what else|to where|how fast|what kind of [\w ]+?)(?: exactly)? (?:{_AUX}) (?:there )?(?P<n>(?:the|a|an|that|this|his|her|their)\b.+?)(?: (?:do|doing|done|look like|looks like|move|moving|behave|like|go|going|have|headed|heading|located|positioned|act|change|changing|end up|react|about|made of|called|moved))?$",
        r"what (?:happens|is happening|happened|becomes|is done|is going on|is up|does happen)(?: to| with| of) (?P<n>.+)$",
        rf"(?:which way|what direction|which direction|(?:in|to) (?:which|what) (?:direction|way)|how|what|where) (?:{_AUX}) (?P<n>[\w ]+?) (?:move|moving|go|going|do|doing|look|travel|head|behave|act)(?: to| like| in)?$",
        r"describe (?:the )?(?:motion|movement|behaviou?r|action|path|colour|appearance)s? of (?P<n>.+)$",
        rf"how (?:big|large|small|tall|long|old|wide|heavy|fast) (?:{_AUX}) (?P<n>(?:the|a|an|that|this)\b.+)$",
        r"(?:what|which) (?:is|are|was) the (?:motion|movement|behaviou?r|action|direction|size|position|location|path|background)s? (?:of|for|behind|done by) (?P<n>.+)$",
        rf"(?:what|which) (?:motion|movement|action|size)s? (?:{_AUX}) (?P<n>.+?)(?: (?:make|do|perform|doing|have|making|show|execute|carry out))?$",
        r"(?:what|who) (?:is|are|was|were) (?P<n>the .+)$",
        rf"who (?:{_AUX}) (?P<n>(?:the|a)\b.+)$",
    )
    for pattern in patterns:
        if found := re.match(pattern, text):
            wanted = condition(found["n"])
            if wanted.predicate and not re.match(r".*\b(?:that|which|who|when)\b", found["n"]) and not wanted.copula:
                wanted = Condition(subject=wanted.subject) if wanted.subject else wanted
            if re.match(r"(?:it|they|he|she|this|that|background|video|\w+ground)\b", wanted.subject):
                wanted = Condition()
            if re.match(r"(?:first|last)\b", wanted.subject):
                pick, _, rest = wanted.subject.partition(" ")
                return evolve(
                    reading, conditions=(evolve(wanted, subject=noun(rest)),), scope=evolve(scope, pick=pick), sure=True
                )
            return evolve(reading, conditions=(wanted,), sure=True)
    return reading
