"""The part of a video that a question is about: shots by number, first and last, before and after, every shot."""

from __future__ import annotations

import re

from attrs import evolve

from atom_reasoning.english.words import NUMBER, ORDINAL, number_of, place_of
from atom_reasoning.reading.record import Scope
from atom_reasoning.reading.times import take_time

SHOT = r"(?:shot|clip|scene|segment|section)"
"""What people call a shot."""
VIDEO = r"(?:video|film|movie|recording|footage|file|clip)"
_THE = r"(?:the |this |that |its )?(?:very |absolute )?"
_OF_VIDEO = rf"(?:,? (?:in|of|from|throughout|during|within|across) (?:the|this|that|your|our|my)(?: \w+)? (?:{VIDEO}|clip|sequence|reel)s?\b)?"
_PREP = r"(?:,? ?\b(?:in|of|during|from|within|at|on|for|into|about|throughout)\b )?"
_WHOLE = (
    rf",? ?\b(?:(?:anywhere|somewhere|at any (?:point|time|moment)|at some (?:point|time|moment)|in its entirety|in any of the {SHOT}s|overall) ?)?(?:in|of|during|from|throughout|within|across|over|over the course of|for|on|inside)"
    rf" (?:all (?:of )?)?(?:the|this|that|your|our|my|these)(?: (?:whole|entire|full|complete|same|short))?(?: video)? ?(?:{VIDEO}|screen|sequence|reel|picture)\b(?: as a whole)?",
    r",? ?\b(?:on[- ]screen|on camera|in view|anywhere|somewhere|at any (?:point|time|moment)(?: at all)?|at some (?:point|time|moment)|here|in it|in them|in there|all in all|overall)\b",
    r"\bin (?:video|film|movie|footage)\b(?! \d| (?:one|two|[ab])\b)",
    rf",? ?\bin (?:any|some|one|at least one|a)(?: single)?(?: of the)? {SHOT}s?\b",
)
"""Words that only say "in the whole video"."""
_EVERY = (
    rf",? ?\b(?:in|during|throughout|across|on)? ?(?:every|each|all)(?: single)?(?: (?:one )?of (?:the|these|them)| the| these)? (?:\w+ )?{SHOT}s?\b",
    rf",? ?\b(?:in|during|throughout|across) both (?:of the )?{SHOT}s\b",
    r",? ?\b(?:at all times|all the time|the (?:whole|entire) time|all the way through|from start to (?:finish|end)|from beginning to end|from (?:the )?first to (?:the )?last shot|always|constantly|continuously|without exception|throughout(?: (?:all (?:of )?)?(?:the|this) (?:whole |entire |full )?(?:video|film|movie|clip|footage|recording))?)\b",
)
_FIRST = r",? ?\b(?:(?:right |just |shortly )?after the (?:start|beginning)|at (?:the )?(?:very )?(?:start|beginning|outset|opening|first)|(?:in|to) (?:the )?(?:beginning|begin with|start with|start off)|first of all|first off|first up|initially|at first|for the first time|the first time|the earliest|earliest|(?:in|during|within|at) the (?:very )?(?:first|opening|initial|starting|earliest) (?:moments?|instants?|seconds|bit|part|frames?|image|stage))\b"
_LAST = r",? ?\b(?:(?:right |just |shortly )?before the (?:end|finish)|at (?:the )?(?:very )?(?:end|close|finish|conclusion)|(?:in|by) the end|finally|lastly|at last|for the last time|the last time|last of all|in conclusion|latest|(?:in|during|within|at) the (?:very )?(?:last|final|closing|concluding|ending) (?:moments?|instants?|seconds|bit|part|frames?|image|stage))\b"


def take_scope(text: str) -> tuple[str, Scope]:
    """What is left of a plain question without the words that bound it, and what they say."""
    scope = Scope()
    if found := take_time(text):
        text, scope = found[0], found[1]
    for take in (_take_video, _take_every, _take_shots, _take_whole):
        text, scope = take(text, scope)
    return _tidy(text), scope


def take_pick(text: str) -> tuple[str, str]:
    """What is left without "at the beginning", "finally", ..., and ``first`` or ``last``; empty where neither."""
    for pick, pattern in (("first", _FIRST), ("last", _LAST)):
        if found := re.search(pattern + _OF_VIDEO, text):
            return _tidy(f"{text[: found.start()]} {text[found.end() :]}"), pick
    return text, ""


def _tidy(text: str) -> str:
    text = " ".join(text.replace(" ,", ",").split()).strip(" ,.;:-")
    return re.sub(r"(?: (?:in|during|at|of|(?<!going )(?<!goes )(?<!go )on|from|and|,))+$", "", text)


def _cut(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def _take_every(text: str, scope: Scope) -> tuple[str, Scope]:
    if re.match(r"(?:how many|what|which|when|list|describe|name|who|where|count)\b", text) and not re.match(
        r"what (?:thing |object )?(?:is|are) (?:there |shown |seen |visible |present )?in (?:every|each|all)", text
    ):
        return text, scope
    for pattern in _EVERY:
        if found := re.search(pattern, text):
            # "does every shot show a star": the shot is the subject
            rest = re.sub(
                r"^(?P<aux>do|does|did|is|are|has|have|can) +(?P<neg>not )?(?:have|show|contain|feature|include|depict|display|got|(?:a|an|the)?)? ?(?=\S)",
                lambda m: m[0],
                " ".join(_cut(text, found).split()),
            )
            return rest, evolve(scope, every=True)
    return text, scope


def _take_video(text: str, scope: Scope) -> tuple[str, Scope]:
    """ "In the second video"; not where two videos are compared."""
    found = list(
        re.finditer(
            rf"{_PREP}{_THE}\b(?P<n>{ORDINAL}) (?:of (?:the|these) (?:two |three )?(?:videos|films|movies|files|recordings)|(?:video|film|movie|file|recording)s?)\b",
            text,
        )
    )
    if (
        len(found) != 1
        or re.search(r"\bor (?:in )?the\b", text)
        or re.search(r"\b(?:than|differ|difference|and the (?:first|second|other|last)$)", text)
    ):
        return text, scope
    return _cut(text, found[0]), evolve(scope, video=place_of(found[0]["n"]))


def _take_shots(text: str, scope: Scope) -> tuple[str, Scope]:
    """Shots by number: "the second shot", "shots 2 and 3", "the last two shots", "right after the second shot"."""
    if found := re.search(
        rf"\b(?:right |immediately |directly |just |straight )?(?P<r>after|before|following|preceding|follows|precedes) (?:the (?P<n>{ORDINAL}) {SHOT}|{SHOT} (?:number )?(?P<m>{NUMBER}))\b{_OF_VIDEO}",
        text,
    ):
        place = place_of(found["n"]) if found["n"] else int(number_of(found["m"]))
        step = 1 if found["r"] in ("after", "following", "follows") else -1
        if place + step != 0:
            put = " happens " if found["r"] in ("follows", "precedes") else " "
            return f"{text[: found.start()]}{put}{text[found.end() :]}", evolve(scope, shots=(place + step,))
    if found := re.search(
        rf"{_PREP}(?:both )?{_THE}\bfirst (?:{SHOT} )?(?:and|&) (?:the )?last {SHOT}s?\b{_OF_VIDEO}", text
    ):
        return _cut(text, found), evolve(scope, shots=(1, -1))
    if found := re.search(
        rf"{_PREP}{_THE}\b(?P<end>first|opening|initial|last|final|closing) (?P<n>{NUMBER}|few|couple of) {SHOT}s\b{_OF_VIDEO}",
        text,
    ):
        number = int(number_of(found["n"])) if found["n"] not in ("few", "couple of") else 2
        first = found["end"] in ("first", "opening", "initial")
        shots = tuple(range(1, number + 1)) if first else tuple(range(-number, 0))
        return _cut(text, found), evolve(scope, shots=shots)
    many = rf"{ORDINAL}(?:(?:,|,? and|,? or| &) (?:the )?{ORDINAL})+"
    if found := re.search(rf"{_PREP}(?:both )?{_THE}\b(?P<n>{many}) {SHOT}s?\b{_OF_VIDEO}", text):
        return _cut(text, found), evolve(scope, shots=tuple(place_of(one) for one in re.findall(ORDINAL, found["n"])))
    if found := re.search(rf"{_PREP}{_THE}\b(?P<n>{ORDINAL}) (?:and|or) {_THE}?(?P<m>{ORDINAL}) ?{SHOT}s?\b", text):
        return _cut(text, found), evolve(scope, shots=(place_of(found["n"]), place_of(found["m"])))
    if found := re.search(
        rf"{_PREP}{_THE}\b(?P<n>{ORDINAL}) {SHOT} (?P<j>and|or|with|than|to) {_THE}(?P<m>{ORDINAL})(?: {SHOT}| one)?\b{_OF_VIDEO}",
        text,
    ):
        return _cut(text, found), evolve(scope, shots=(place_of(found["n"]), place_of(found["m"])))
    if found := re.search(
        rf"{_PREP}\b{SHOT}s? (?:number |no |nr )?(?P<a>{NUMBER}) (?:to|through|-|until) (?:{SHOT} )?(?P<b>{NUMBER})\b{_OF_VIDEO}",
        text,
    ):
        return _cut(text, found), evolve(
            scope, shots=tuple(range(int(number_of(found["a"])), int(number_of(found["b"])) + 1))
        )
    if found := re.search(
        rf"{_PREP}\b{SHOT}s? (?:numbers? )?(?P<n>{NUMBER}(?:(?:,|,? and|,? or| &) (?:{SHOT} )?(?:number )?{NUMBER})+)\b{_OF_VIDEO}",
        text,
    ):
        return _cut(text, found), evolve(
            scope, shots=tuple(int(number_of(one)) for one in re.findall(NUMBER, found["n"]))
        )
    if found := re.search(rf"{_PREP}{_THE}\b{SHOT} (?:number |no |nr |no\. )?(?P<n>{NUMBER})\b{_OF_VIDEO}", text):
        return _cut(text, found), evolve(scope, shots=(int(number_of(found["n"])),))
    if found := re.search(
        rf"{_PREP}{_THE}\b(?P<n>{ORDINAL}) (?:{SHOT}|part|(?:one )?(?:out )?of (?:the|these|all)(?: the)? {SHOT}s)\b{_OF_VIDEO}",
        text,
    ):
        return _cut(text, found), evolve(scope, shots=(place_of(found["n"]),))
    if found := re.search(
        rf"(?<=what )(?P<q>happens|goes on|is going on|is happening|is shown|is|do you see|can be seen) (?:in|during) the (?P<n>{ORDINAL}) one$",
        text,
    ):
        return f"what {found['q']}", evolve(scope, shots=(place_of(found["n"]),))
    if found := re.search(rf"{_PREP}{_THE}\bmiddle (?:{SHOT}|part)\b{_OF_VIDEO}", text):
        return _cut(text, found), evolve(scope, shots=(0,))
    return text, scope


def _take_whole(text: str, scope: Scope) -> tuple[str, Scope]:
    for pattern in _WHOLE:
        text = re.sub(pattern, " ", text)
    return text, scope
