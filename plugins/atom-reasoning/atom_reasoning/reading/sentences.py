"""The questions that a text asks, sentence by sentence, each with what was said before it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve

from atom_reasoning.english.asides import without_asides
from atom_reasoning.english.normal import normal
from atom_reasoning.reading.languages.words import in_english, is_english
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.wordings.agree import kind_of
from atom_reasoning.reading.wordings.frames import slots_of
from atom_reasoning.reading.wordings.slots import conditions
from atom_reasoning.reading.wordings.weighing import may_be
from atom_reasoning.talk.account import in_words, said_of, worth
from atom_reasoning.talk.calls import without_calls
from atom_reasoning.talk.question import Asked, ways_to_ask

SURE = 0.9
"""The probability from which a reading of the network is believed without another look."""
CERTAIN = 0.85
"""The probability of each of its words from which the network is believed of which of them it asks."""
LIKELY = 0.7
"""The least probability of a reading of the network that is weighed against what the patterns read."""
WORTHY = 0.5
"""The worth from which what the patterns say a question is about is believed before doubtful tags of the network."""
DOUBTFUL = 0.2
"""The trust below which one of several questions is taken for talk."""
LEFT_OUT = 0.85
"""What is left of the worth of a reading for each segment that may belong to the question and was taken for talk."""
_HESITATION = re.compile(r"\b(?:uh|um|uhm|erm|hmm?)\b[, ]*", re.IGNORECASE)
_NEXT_QUESTION = re.compile(
    r"(?:\?+|[,;.]|,? and| &)\s+(?:and |also |then |if so,? |in that case,? )*(?=(?:what|when|where|which|who|how|is|are|does|do|did|has|can|was|were|in which|at what)\b)",
    re.IGNORECASE,
)
_STARTS = re.compile(
    r"(?:what|when|where|which|who|how|is|are|does|do|did|has|have|can|was|were|in which|at what|in what|list|name|describe|count)\b"
)
_PRONOUN = re.compile(r"\b(?:it|they|them|he|she|this one|that one|him|her)\b")
_THAT = re.compile(r"\b(after|before) (?:that|this|it)\b(?=\W*$)", re.IGNORECASE)
_JUMP = re.compile(
    r"^(?:if|when|once|while)(?: (?:the|this) (?:video|film|clip|movie|player) (?:is|gets|comes|arrives|stands|stops) (?:at|to)| (?:i|you|we|one) (?:jump|skip|go|get|come|seek|pause|stop|look|scroll|fast[- ]forward)s?(?: it| ahead| forward)* (?:to|at|till)) ([^,]+), ",
    re.IGNORECASE,
)
_IS_RIGHT = re.compile(r"(?:is|was|isn't) (?:that|it|this) (?:right|true|correct|so|the case)\b", re.IGNORECASE)
_COURSE = re.compile(r"what \w+(?: \w+)? first,? (?:and )?(?:then )?what\b", re.IGNORECASE)
"""How a question for all that happens begins."""


def readings_of(text: str) -> tuple[Reading, ...]:
    """The questions that a text asks, without the talk around them."""
    learned, certainty = _learned(text)
    if learned is None or learned.trust < LIKELY or not may_be(learned, normal(text)):
        return _by_patterns(text)
    if learned.trust >= SURE and certainty >= CERTAIN and not _lists_all(learned):
        return (learned,)
    found = _by_patterns(_HESITATION.sub("", text))
    if learned.trust < SURE and learned.trust <= worth(found, text):
        return found
    if not (len(found) == 1 and _asks_alike(found[0], learned)):
        return (learned,)
    if certainty >= CERTAIN:
        deeds = [one for one in found[0].conditions if one.predicate and not one.subject]
        return (evolve(learned, conditions=tuple(deeds[:1]) or learned.conditions),)
    if worth(found, text) >= WORTHY:
        return (evolve(found[0], trust=learned.trust),)  # of which words, the patterns tell better than doubtful tags
    return (learned,)


def _learned(text: str) -> tuple[Reading | None, float]:
    """What the network makes of a text of one question, where it is in English and of a kind that it knows, and how sure
    it is of which words that is about, 0 to 1."""
    from atom_reasoning.learned.guess import networks  # torch, which is loaded with the first question
    from atom_reasoning.learned.readings import reading

    if in_english(text) is not None or not is_english(text):
        return None, 0.0
    guess = networks().guess(text)
    return (None, 0.0) if guess is None else (reading(guess, text), guess.certainty)


def _lists_all(one: Reading) -> bool:
    """Whether a reading is of a list of all things: the deed in "name all that is running" is missed at times."""
    return one.kind is Kind.LIST and not one.counted and all(wanted.is_anything for wanted in one.conditions)


def _asks_alike(one: Reading, other: Reading) -> bool:
    """Whether two readings differ at most in what they are about."""
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("kind", "counted", "negated", "together", "compare", "distinct")
    ) and evolve(one.scope, event=None) == evolve(other.scope, event=None)


def _by_patterns(text: str) -> tuple[Reading, ...]:
    text = without_calls(text)
    if (again := _AGAIN.match(text)) and (
        more := _once_more(again["part"], read_before := readings_of(again["first"]))
    ):
        return (*read_before, more)
    best = _readings(text)
    most = worth(best, text)
    for way in ways_to_ask(text):
        found = _apart(way.asked)
        if (own := worth(found, text) * LEFT_OUT**way.left) > most + 0.01:
            best, most = found, own
    return best


_AGAIN = re.compile(
    r"(?P<first>.+\?)\s+(?:and |or )?(?:what about |how about |(?<=and )|(?<=or ))(?P<part>(?!what|which|who|when|where|how|why|is|are|does|do)[^?.,]+)\?*$",
    re.IGNORECASE,
)


def _once_more(part: str, before: Sequence[Reading]) -> Reading | None:
    """The last question before once more, of another part of the video: "What is shown at 0:04? And at 0:08?"."""
    said = said_of(part)
    if said == Scope() or conditions(part) or not before or before[-1].scope == Scope():
        return None
    return evolve(before[-1], scope=said, text=part)


def _apart(way: Sequence[Asked]) -> tuple[Reading, ...]:
    """The readings of questions that were told from the talk around them, each once."""
    found: list[Reading] = []
    for one in way:
        alone = _readings(one.text)
        said = said_of(one.said) if one.said else Scope()
        if said != Scope() and all(reading.scope == Scope() for reading in alone):
            within = _readings(f"{in_words(said)}, {one.text}")
            alone = within if min(r.trust for r in within) > 0.5 * min(r.trust for r in alone) else alone
        found += alone
    sure = [one for one in found if one.trust >= DOUBTFUL] or found
    return tuple(one for place, one in enumerate(sure) if not any(_is_again(one, other) for other in sure[:place]))


def _readings(text: str) -> tuple[Reading, ...]:
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
    if whole.trust > 0.9 and (
        kind_of(whole) == "both" or any(len(normal(part).split()) < 3 or _IS_RIGHT.match(part) for part in parts)
    ):
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
