"""Questions into readings, by patterns of English."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from attrs import evolve

from atom_reasoning.english.clauses import split_subject
from atom_reasoning.english.normal import normal
from atom_reasoning.reading.kinds.attributes import read_attribute, read_what
from atom_reasoning.reading.kinds.counting import read_count
from atom_reasoning.reading.kinds.course import read_choice, read_order, read_relative, read_summary
from atom_reasoning.reading.kinds.happening import read_happens
from atom_reasoning.reading.kinds.lists import read_list
from atom_reasoning.reading.kinds.loose import read_loosely
from atom_reasoning.reading.kinds.videos import read_videos
from atom_reasoning.reading.kinds.when import read_how_long, read_when
from atom_reasoning.reading.kinds.which import read_which_shot
from atom_reasoning.reading.kinds.yes_no import is_yes_no, read_length, read_yes_no
from atom_reasoning.reading.languages.words import in_english, is_english
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.scope import take_pick, take_scope
from atom_reasoning.reading.wordings.lexicon import tokens
from atom_reasoning.reading.wordings.weighing import AS_IT_IS, weighed

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
