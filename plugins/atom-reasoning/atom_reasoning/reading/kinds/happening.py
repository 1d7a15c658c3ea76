"""Questions for what happens, in the part of the video that is named."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import ORDINAL, place_of
from atom_reasoning.reading.phrases import A_VIDEO, HAPPENS
from atom_reasoning.reading.record import Condition, Kind, Reading, Scope


def read_happens(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of "What happens ...?", of the part that the scope names."""
    reading = Reading(text=asked, kind=Kind.HAPPENS, scope=scope, clip_question=text)
    if found := re.match(
        rf"(?:how (?:does|do|did) (?:{A_VIDEO}|everything|things|it all) |(?:what|which \w+) (?:does|do|did) {A_VIDEO} |how is {A_VIDEO} )?(?P<v>start|begin|open|opened|end|finish|close|conclude|ended|started)(?:s|ing|es)?(?: off| out| up)?(?: with)?$",
        text,
    ):
        return evolve(reading, scope=evolve(scope, pick="first" if found["v"][0] in "sbo" else "last"))
    if found := re.match(
        rf"what (?P<v>starts|begins|opens|ends|closes|concludes|finishes|started|opened|ended|concluded)(?: off| out)?(?: {A_VIDEO})?$",
        text,
    ):
        return evolve(reading, scope=evolve(scope, pick="first" if found["v"][0] in "sbo" else "last"))
    if re.match(rf"with what (?:does|do|did) {A_VIDEO} (?:start|begin|open|end|close|finish|conclude)", text):
        return evolve(
            reading, scope=evolve(scope, pick="first" if re.search(r"(?:start|begin|open)$", text) else "last")
        )
    if re.match(
        r"what (?:changes|differs|is (?:the )?(?:difference|different|changed))\b|(?:compare|contrast)\b|how (?:do|does|is|are) .*\b(?:differ|different|change)",
        text,
    ) and (len(scope.shots) > 1 or scope.is_whole):
        return reading if len(scope.shots) > 1 else None
    if found := re.match(
        rf"(?:what is|which is|describe|name|what was) the (?P<n>{ORDINAL}) (?:thing|event|action|object|shape|item|one|figure)(?: (?:that|to|which|you|we)?\b.*)?$",
        text,
    ):
        if abs(place_of(found["n"])) > 1 and not re.search(
            r"\b(?:that|which) (?!happens|is shown|appears|is seen|occurs|comes|we see|you see|takes place)", text
        ):
            return evolve(reading, scope=evolve(scope, shots=(place_of(found["n"]),)))
    if found := re.match(
        r"what (?:is|was|does|did) the (?P<v>start|beginning|opening|end|ending|finish|conclusion)(?: of it)?(?: (?:be )?(?:like|look like|show|shown))?$",
        text,
    ):
        return evolve(reading, scope=evolve(scope, pick="first" if found["v"][0] in "sbo" else "last"))
    pick = ""
    if found := re.search(r"\b(?P<p>first|last)(?: of all)?$", text):
        text, pick = text[: found.start()].strip(), found["p"]
    if re.match(r"what (?:can|could|do|would) (?:you|we|i) (?:tell|say|report|know)(?: me| us)?(?: about| of)?$", text):
        return reading
    if scope == Scope() and re.match(r"(?:what|which ones?) appears?$", text):
        return evolve(reading, kind=Kind.LIST, conditions=(Condition(predicate="appear"),))
    ends = re.match(
        rf"(?:what|which(?: one| thing| object| event| action)?|who|what (?:thing|else|exactly|all|event|action|object)) {HAPPENS}(?: (?:in|there|on|of|with|during|about))?$|(?:what|describe|show(?: me)?|tell me(?: about)?|tell us(?: about)?|explain|give(?: me)? a description of|caption|what about|how about|talk about|and|narrate|depict|give me details (?:on|about))?(?: what)?(?: {HAPPENS})?(?: (?:in|on|of|about))?$|what (?:is|are|was)(?: in)?$|what (?:does|do|did) (?:it|the \w+)? ?(?:show|depict|contain|look like|have|hold|portray)$|what (?:do|can|could|did) (?:you|we|i) (?:see|watch|get)$|what (?:is|are|does) (?:show|shown|there to see)$|(?:what|which) (?:is|are) the (?:content|contents|caption|event|action|description|subject|topic|theme|focus)s?(?: of)?$|which (?:event|action|thing)s? (?:happens?|occurs?|takes? place|is shown|are shown)$",
        text,
    )
    if not ends:
        return None
    return evolve(reading, scope=evolve(scope, pick=pick or scope.pick))
