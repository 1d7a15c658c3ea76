"""Questions into readings, by patterns of English."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from attrs import evolve

from atom_reasoning.english.asides import without_asides
from atom_reasoning.english.clauses import split_subject
from atom_reasoning.english.normal import normal
from atom_reasoning.reading.counts import read_count, read_how_long, read_when, read_which_shot
from atom_reasoning.reading.course import read_choice, read_order, read_relative, read_summary
from atom_reasoning.reading.languages.words import in_english, is_english
from atom_reasoning.reading.loose import read_loosely
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.scope import take_pick, take_scope
from atom_reasoning.reading.videos import read_videos
from atom_reasoning.reading.what import read_attribute, read_happens, read_list, read_what
from atom_reasoning.reading.wordings.agree import kind_of
from atom_reasoning.reading.wordings.frames import slots_of
from atom_reasoning.reading.wordings.lexicon import tokens
from atom_reasoning.reading.wordings.weighing import AS_IT_IS, weighed
from atom_reasoning.reading.yes_no import is_yes_no, read_length, read_yes_no

_NEXT_QUESTION = re.compile(
    r"(?:\?+|[,;.]|,? and| &)\s+(?:and |also |then |if so,? |in that case,? )*(?=(?:what|when|where|which|who|how|is|are|does|do|did|has|can|was|were|in which|at what)\b)",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"(?:what|when|where|which|who|how|is|are|does|do|did|has|have|can|was|were|in which|at what|in what|list|name|describe|count)\b"
)
_PRONOUN = re.compile(r"\b(?:it|they|them|he|she|this one|that one|him|her)\b")
_THAT = re.compile(r"\b(after|before) (?:that|this|it)\b(?=\W*$)", re.IGNORECASE)
_READERS: tuple[Callable[[str, Scope, str], Reading | None], ...] = (
    read_summary,
    read_how_long,
    read_count,
    read_which_shot,
    read_when,
    read_choice,
    read_relative,
    read_order,
    read_attribute,
    read_happens,
    read_list,
)


@lru_cache(512)
def read(question: str) -> Reading:
    """What one question asks for: what a pattern makes of it, unless its wording is more like another kind's."""
    translated = in_english(question)
    if translated is None and not is_english(question):
        return Reading(text=question, kind=Kind.WHAT, clip_question=normal(question), sure=False, trust=AS_IT_IS)
    text = normal(translated.text if translated else question)
    found = weighed(read_by_patterns(text, question), text)
    if translated is None:
        return found
    if found.kind is Kind.WHAT and translated.known < 1:
        found = evolve(found, clip_question=question)  # clips are asked in whole sentences
    return evolve(found, trust=found.trust * translated.known)


def read_by_patterns(text: str, question: str) -> Reading:
    """What the patterns make of a plain question."""
    if (length := read_length(text, question)) is not None:
        return length
    rest, scope = take_scope(text)
    rest = _turned(_without_lead(rest))
    body, pick = take_pick(rest)
    if pick and scope.is_whole and is_yes_no(body) and not _is_choice(rest):
        rest, scope = body, evolve(scope, shots=(1 if pick == "first" else -1,))
    rest = _asked(rest)
    if not scope.is_whole and _PICTURE.fullmatch(rest):
        return Reading(text=question, kind=Kind.HAPPENS, scope=scope, clip_question="what happens")
    if (several := read_videos(rest, scope, question)) is not None:
        return several
    if is_yes_no(rest) and not _is_choice(rest):
        found = read_yes_no(rest, scope, question)
        if found is not None:
            return found
    for pick_taken in (False, True):
        body, pick = take_pick(rest) if pick_taken else (rest, "")
        if pick_taken and not pick:
            break
        for reader in _READERS:
            if (found := reader(body, evolve(scope, pick=pick), question)) is not None:
                if not pick_taken and take_pick(rest)[1] and found.kind is not Kind.CHOICE:
                    break
                return found
    body, pick = take_pick(rest)
    if pick and not body:
        return Reading(text=question, kind=Kind.HAPPENS, scope=evolve(scope, pick=pick), clip_question="what happens")
    if not rest and not scope.is_whole:
        return Reading(text=question, kind=Kind.HAPPENS, scope=scope, clip_question="what happens")
    scope = evolve(scope, pick=pick)
    found = read_what(body, scope, question)
    if not found.sure and (loose := read_loosely(body, scope, question)) is not None:
        return loose
    return found


_SUBORDINATES = (
    re.compile(
        r"(?P<sub>(?:right |directly |immediately |just |shortly |soon )?(?:once|after|before|when|while|as soon as|during|following|prior to|until)\b[^,]+), (?P<main>(?:what|which|who|where|how|is|are|does|do|did|can)\b.+)$"
    ),
    re.compile(
        r"(?P<sub>(?:right |directly |immediately |just |shortly |soon )?(?:once|after|before|while|as soon as|following)\b.+?) (?P<main>(?:what|which|who)\b.+)$"
    ),
)


def _turned(text: str) -> str:
    """ "After the star blinks, what happens?" as "what happens after the star blinks"."""
    found = next((found for pattern in _SUBORDINATES if (found := pattern.match(text))), None)
    if not found or re.match(r"(?:when|before|after)? ?(?:does|do|is|are|did|was)\b", found["sub"][5:].strip()):
        return text
    return f"{found['main'].rstrip(' ,')} {found['sub']}"


_LEAD = re.compile(
    r"(?P<lead>[^,:;]+?) ?[,:;] (?P<main>(?:what|which|who|when|where|how|is|are|does|do|did|was|were|has|have|can)\b.+)$"
)
_LIGHT = frozenset(
    ["SEE", "BE", "DO", "HAVE", "MAKE", "SHOT", "SHOTS", "VIDEO", "VIDEOS", "TOTAL", "EVERY", "TOGETHER", "HAPPEN", ""]
)


def _without_lead(text: str) -> str:
    """ "Of these two, which is first?" without what leads to the question and says nothing of its own."""
    found = _LEAD.match(text)
    if found and all(
        one.name in _LIGHT or one.word in ("of", "in", "if", "for", "as") for one in tokens(found["lead"])
    ):
        return found["main"]
    return text


_PICTURE = re.compile(
    r"(?:what|which|describe)(?: (?:is|was|are))?(?: the)? (?:scene|shot|clip|picture|frame|view|image|situation)(?: (?:is |are |do (?:you|we|i) )?(?:playing|showing|shown|running|on|up|see|visible))*"
)
_JUMP = re.compile(
    r"^(?:if|when|once|while)(?: (?:the|this) (?:video|film|clip|movie|player) (?:is|gets|comes|arrives|stands|stops) (?:at|to)| (?:i|you|we|one) (?:jump|skip|go|get|come|seek|pause|stop|look|scroll|fast[- ]forward)s?(?: it| ahead| forward)* (?:to|at|till)) ([^,]+), ",
    re.IGNORECASE,
)
_STATES = re.compile(r"(?:the|an?|every|all|both|no|some|nothing|everything|something|there)\b")
_ASKS = re.compile(r"\b(?:what|which|who|whose|when|where|how|why|or)\b")


def _asked(text: str) -> str:
    """A statement, "the star never blinks", or a mere thing, "a star", as a question for yes or no."""
    if not _STATES.match(text) or _ASKS.search(text) or re.match(r"(?:all|every) (?:the |of )?\w+$|there\b", text):
        return text
    return (
        f"is it true that {text}"
        if split_subject(text)[1] or re.search(r" (?:is|are|was|were|has|have|never) ", text)
        else text
    )


def _is_choice(text: str) -> bool:
    return read_choice(text, Scope(), text) is not None


_COURSE = re.compile(r"what \w+(?: \w+)? first,? (?:and )?(?:then )?what\b", re.IGNORECASE)
"""How a question for all that happens begins."""


def readings_of(text: str) -> tuple[Reading, ...]:
    """The questions that a text asks: "Is there a star, and when does it blink?" asks two.

    "It" in a later part stands for what the one before is about; a sentence before a question says what part of the
    video is meant: "The second shot has a star. What colour is it?".
    """
    text = _JUMP.sub(r"at \1, ", without_asides(text))
    parts = [part.strip() for part in _NEXT_QUESTION.split(text.strip()) if part.strip()]
    starts = [_STARTS.match(normal(part)) is not None for part in parts]
    if (
        len(parts) < 2
        or re.match(
            r"(?:if|of|among|between)\b|(?:name|list|say|state|give|tell me),? in \w*? ?order$", parts[0], re.IGNORECASE
        )
        or not all(starts[1:])
        or not (starts[0] or re.search(r"[.!;]\s", text))
    ):
        return (read(text),)
    whole = read(text)
    if _COURSE.match(text):
        return (whole,)
    if whole.trust > 0.9 and (kind_of(whole) == "both" or any(len(normal(part).split()) < 3 for part in parts)):
        return (whole,)  # "is there a star, and is there a moon too?", "scenes: how many?"
    out: list[Reading] = []
    topic, said, before = "", Scope(), ""
    for part, is_question in zip(parts, starts, strict=True):
        if re.match(r"(?:and )?i mean\b,? ?", part, re.IGNORECASE) and out:
            part = re.sub(r"^(?:and )?i mean\b,? ?", "", part, flags=re.IGNORECASE)
            out.pop()  # what is said anew replaces what was said before
        part = _THAT.sub(rf"\1 the {topic}", part) if topic else part
        part = _with_noun(part, before)
        before = part
        asked = _PRONOUN.sub(f"the {topic}", part, count=1) if topic and _PRONOUN.search(part) else part
        found = read(asked if asked.endswith("?") or not is_question else f"{asked}?")
        if not is_question:
            spoken = slots_of(normal(part))
            said, found = spoken.scope, evolve(found, conditions=spoken.things)
        elif found.kind is Kind.WHAT and not found.sure and not found.conditions:
            return (read(text),)
        elif (
            out
            and found.kind in (Kind.WHICH_SHOT, Kind.WHICH_VIDEO, Kind.WHEN)
            and all(one.is_anything for one in found.conditions)
        ):
            out[-1] = evolve(found, conditions=out[-1].conditions)  # "Where is the moon, which shot?"
        else:
            out.append(_within(found, said))
        if found.conditions and found.conditions[0].subject:
            topic = found.conditions[0].subject
            topic = re.sub(r"^(?:has|have|shows?|contains?) (?:a|an|the) ", "", topic)
            topic = re.sub(
                r"^(?:bit|part|moment|place|spot|point|piece|time|second) (?:with|where|of|that shows|in which|showing) (?:(?:a|an|the) )?",
                "",
                topic,
            )
    return tuple(one for place, one in enumerate(out) if not any(_is_again(one, other) for other in out[:place]))


def _is_again(one: Reading, before: Reading) -> bool:
    """Whether a question asks the same as one before it: "Find the shot with the dog. Which one is it?"."""
    return (one.kind, one.counted, one.conditions, one.scope) == (
        before.kind,
        before.counted,
        before.conditions,
        before.scope,
    )


_HOW_MANY = re.compile(
    r"^(?P<how>how many)(?= (?:of them )?(?:is|are|was|were|do|does|did|have|has|can|could|would|will|show|contain|feature|include|got)\b(?! (?:the|an?) (?!.*\bin\b)(?!.*\bhave\b))| of them\b|$)",
    re.IGNORECASE,
)
_PLURALS = re.compile(
    r"\b(?!(?:lots|does|has|is|was|its|this|us|times|always)\b)(\w{3,}(?<![su])s\b(?: (?:with|that|which|where|in which|showing|containing|of|without) .+$)?)"
)


def _with_noun(part: str, before: str) -> str:
    """ "How many are there?" with the noun of what was said before it: "I saw dogs." """
    nouns = _PLURALS.findall(normal(before)) if _HOW_MANY.match(part) else []
    return _HOW_MANY.sub(rf"\g<how> {nouns[-1]}", part) if nouns else part


def _within(found: Reading, said: Scope) -> Reading:
    """A reading of the part of the video that the sentence before spoke of: "From 0:04 on I slept. What happened?"."""
    if found.scope != Scope() or said == Scope():
        return found
    said = evolve(said, every=False)
    return evolve(found, scope=said, kind=Kind.HAPPENS if found.kind is Kind.SUMMARY else found.kind)
