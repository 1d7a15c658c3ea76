"""Questions for times: when something is shown, and for how long."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.scope import SHOT, VIDEO

_AUX = r"(?:is|are|was|were|does|do|did|has|have|can|could|will)"
_WHEN = (
    r"(?:(?:at|around|by|from|since|until|during|in|on) )?(?:(?:what|which) (?:exact |precise )?(?:times?|points?|moments?|seconds?|minutes?|timestamps?|time ?codes?|times? ?stamps?|position|mark|stage)(?: of time| in time)?|when(?: exactly)?"
    r"|how far (?:in(?:to)?|along|through)(?: (?:it|the video|the film|the clip|the footage|the recording))?|how (?:early|late|soon|many seconds in(?:to)?(?: it)?|many seconds into)|where|(?:what|which) part|how much time (?:passes|goes by) (?:before|until)|how long (?:before|until|does it take (?:until|before|for|till)|is it (?:until|before)|till))"
)


def read_when(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for a time."""
    text = re.sub(
        r"^(?:what is|give (?:me )?|tell me|find|list|name|show(?: me)?)?(?: ?(?:the|all|all the|every)) (?:times?(?: ?stamps?)?|moments?|points?|exact time|seconds?|times?|time ?code)(?: in time)? (?:of|when|where|at which|that|for|in which) ",
        "when is ",
        text,
    )
    text = re.sub(r"^what (?:time ?stamp|time) (?:does|is)", "when is", text)
    text = re.sub(r"^from (?:when|what time) (?:to|until|till) (?:when|what time)\b", "when", text)
    text = re.sub(r"^(?:find|locate|show me|give me) (?:when|where) ", "when ", text)
    found = re.match(rf"{_WHEN} (?P<aux>{_AUX} )?(?:not )?(?:there )?(?P<r>.+)$", text)
    if not found:
        return None
    rest = found["r"]
    if found[0].startswith("where") or " part" in found[0][:12]:
        if not re.search(r"\b(?:appear|happen|occur|show|see|shown|begin|start|first|blink|move)", rest) or (
            found["aux"] or ""
        ).strip() in ("is", "are", "was", "were"):
            return None
    pick = ""
    for word, place in (
        ("first", "first"),
        ("last", "last"),
        ("for the first time", "first"),
        ("final", "last"),
        ("initially", "first"),
        ("finally", "last"),
    ):
        if re.search(rf"\b{word}\b", rest) and not re.search(rf"\b{word} (?:{SHOT}|\w+ (?:that|which))\b", rest):
            rest, pick = (
                " ".join(re.sub(rf"\b(?:for )?(?:the )?(?:{word})(?: time)?(?: (?:that|when))?\b", " ", rest).split()),
                place,
            )
    rest = re.sub(
        r"^(?:(?:is|are|was|do|does|did|can) )?(?:you|we|i|one) (?:can |could )?(?:get to )?(?:see|spot|find|watch|notice) |^the (?:start|beginning|moment|part|bit|point|scene) (?:of|when|where|in which|that) |^there (?:is|are) ",
        "",
        rest,
    )
    end = re.search(r"\b(?:stop|end|finish)(?:s|es)? (?:to )?(?P<v>\w+ing\b.*)?$", rest)
    if re.match(rf"(?:the |this )?(?:{VIDEO}|it) (?:end|finish|stop|is over)", rest):
        return Reading(text=asked, kind=Kind.HOW_LONG, scope=scope)
    start = re.search(r"\b(?:start|begin)s? (?:to )?(?P<v>\w+.*)$", rest)
    if start and not end:
        rest = f"{rest[: start.start()]}{start['v']}"
    if end:
        rest = f"{rest[: end.start()]}{end['v'] or ''}"
    copula = (found["aux"] or "").strip() in ("is", "are", "was", "were")
    if found["aux"] and found["aux"].strip() in ("can", "could", "do", "does", "did"):
        rest = re.sub(r"^(?:you|we|i|one) (?:ever )?(?:see|spot|find|watch|notice|get to see) ", "", rest)
    return Reading(
        text=asked,
        kind=Kind.WHEN,
        scope=evolve(scope, pick=pick or scope.pick),
        conditions=(condition(rest, copula=copula),),
        clip_question=text,
    )


def read_how_long(text: str, scope: Scope, asked: str) -> Reading | None:
    """A reading of a question for a length of time."""
    whole = rf"(?:what is |tell me |give me )?(?:the )?(?:total |full |overall )?(?:length|duration|running time|runtime|run time|playing time)(?: (?:of|in seconds))?(?: (?:the |this |it)?(?:{VIDEO})?)?$|how (?:long|many (?:seconds|minutes)(?: long)?) (?:is|does|do|lasts?|runs?|are)? ?(?:(?:the|this|it|that)(?: (?:whole|entire))?(?: {VIDEO})? ?)?(?:long|last|run|go on(?: for)?|take|play|in total|altogether|in length|be|there)?$"
    if found := re.search(rf"\bhow long is the (?P<w>longest|shortest) {SHOT}$", text):
        return Reading(
            text=asked,
            kind=Kind.HOW_LONG,
            scope=scope,
            counted="seconds",
            compare="most" if found["w"] == "longest" else "least",
        )
    if re.match(whole, text):
        return Reading(text=asked, kind=Kind.HOW_LONG, scope=scope)
    found = re.match(
        r"(?:(?:for )?how (?:long|many seconds|many minutes|much time)|for what length of time) (?P<aux>is|are|does|do|did|was|were|can)? ?(?P<r>.+)$",
        text,
    )
    if not found:
        return None
    rest = re.sub(
        r"\b(?:last|lasts|spend|remain|stay|on screen|on|go on|for)$|\b(?:be )?(?:visible|shown|seen)(?: for)?$",
        "",
        found["r"],
    ).strip()
    rest = re.sub(r"^(?:you|we|i) (?:see|watch) ", "", rest)
    return Reading(
        text=asked, kind=Kind.HOW_LONG, scope=scope, conditions=(condition(rest, copula=found["aux"] in ("is", "are")),)
    )
