"""What the talk around a question tells of what it asks about: the thing that "it" is, the sentence that may be true."""

from __future__ import annotations

import re
from collections.abc import Sequence

from atom_reasoning.english.words import ABSTRACT, KINDS_OF_WORDS, ORDINAL, base
from atom_reasoning.reading.wordings.lexicon import ASKING
from atom_reasoning.talk.segments import PERSON, Segment

_DETERMINER = r"(?:the|an?|that|this|those|these|some|any|no|one|another)"
_STOP = r"(?:is|are|was|were|be|been|has|have|had|do|does|did|and|or|nor|but|in|on|at|of|to|for|from|with|by|as|that|which|who|where|when|if|so|than|then|there|here|can|could|will|would|not|never|we|you|i|it|they|he|she|the|an?|into|out|up|down|off|about|after|before|while|until|comes?|came|appears?|shows?|turns?|gets?|goes|everyone|everybody|people|both|just|only|really|bless|please|\w+'(?:s|ve|re|d|ll|m)|we've|it's)"
_THING = re.compile(
    rf"\b(?P<det>{_DETERMINER}) (?P<noun>(?:(?!{_STOP}\b)[^\W\d_]+(?:-\w+)?(?: |$)){{1,4}})", re.IGNORECASE
)
_LOOKS = frozenset(word for kind in ("colour", "shape") for word in KINDS_OF_WORDS[kind].split())
_SHAPES = frozenset(KINDS_OF_WORDS["shape"].split())
_TALKED = """
moment minute second question thing way bit lot time times day night morning evening show programme phone line listener listeners producer favour bet point studio world nation
people kind sort number numbers word words answer name mind heart fact shame pity pleasure problem matter case idea chance hand look eye eyes edge seat call caller news weather
record report reason rest end start beginning opening close middle order screen video film clip shot scene camera picture clock kettle song coffee guest guests audience
"""
_TALK = frozenset(_TALKED.split()) | ABSTRACT | ASKING
_PRONOUN = re.compile(
    r"\b(?:it|this one|that one|he|she|him|her|this|that)\b(?!'s (?:true|right))(?! (?:video|film|clip|shot|scene|movie|is (?:true|right|correct)|(?:circle|\w+ shot)))",
    re.IGNORECASE,
)
_BOTH = re.compile(r"\b(?:both|two|pair)(?: of)?(?: (?:them|these|those|they))?\b|\bthey\b|\bthem\b", re.IGNORECASE)
_RANKED = re.compile(r"\b(?:first|last|earlier|later|sooner|earliest|latest)\b", re.IGNORECASE)
_WHICH_ONE = re.compile(
    r"^(?:which|who|what)(?: one)?(?: (?:of|from|out of) (?:the two|them|these(?: two)?|those(?: two)?|the pair|both))?(?: (?:is it|was it|one|then))?$",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\b(?:next|afterwards?|thereafter|follows?|followed|after (?:that|it|this)|then)\b", re.IGNORECASE)
_PREVIOUS = re.compile(r"\b(?:beforehand|before (?:that|it|this)|before|leads up)\b", re.IGNORECASE)
_OF_VIDEO = re.compile(
    r"\bhow many (?:shots|scenes|clips|segments)\b.*\b(?:has|have|is) it\b|\bhow many (?:shots|scenes|clips|segments) (?:does|do|has) (?:it|this)\b",
    re.IGNORECASE,
)
"""Where "it" is the video."""


_BARE = re.compile(r"(?:(?:in|at|on) )?(?:which|what|the)? ?(?P<what>shot|scene|clip|number|one|when|time|second|timestamp|vid|video)(?: (?:number|is it|was it|was that|is that|exactly))?$", re.IGNORECASE)  # fmt: skip
_SHOT = re.compile(r"(?:(?:in|at|to) )?(?:which|what) (?P<what>shot|scene|clip|time|second)\b", re.IGNORECASE)


def things_in(text: str) -> list[str]:
    """The things that a text names with an article, in order; those that are no words of talking."""
    found = []
    for one in _THING.finditer(re.sub(r"'(?:s|ve|re)\b", " is", text)):
        words = one["noun"].split()
        shape = next((at for at, word in enumerate(words) if word.casefold() in _SHAPES), len(words))
        words = words[: shape + 1]
        last = words[-1].casefold()
        if last not in _LOOKS and (last in _TALK or base(last) in _TALK or re.fullmatch(ORDINAL, last)):
            continue
        found.append(f"{one['det']} {' '.join(words)}")
    looks = [one for one in found if any(word.casefold() in _LOOKS for word in one.split())]
    return looks or found


def completed(question: str, before: Sequence[str], after: Sequence[str]) -> str:
    """A question with what "it", "they" or "both" stands for, where the text around it says so."""
    own = things_in(question)
    around = [thing for one in (*before, *after) for thing in things_in(one)]
    said = list(dict.fromkeys(around))
    if not said or own:
        return question
    body = question.rstrip("?. ")
    if _WHICH_ONE.match(body) and len(said) > 1 and (rank := _RANKED.search(" ".join([*before, *after]))):
        return f"which comes {_first(rank[0])}, {said[-2]} or {said[-1]}?"
    if len(said) > 1 and re.search(r"\b(?:two|them|pair|both|these|those|they)\b", body, re.IGNORECASE):
        if rank := _RANKED.search(body):
            return f"which comes {_first(rank[0])}, {said[-2]} or {said[-1]}?"
        if re.search(r"\border\b", body):
            return f"in which order do {said[-2]} and {said[-1]} come?"
        if re.match(r"(?:is|are|do|does|did|was|were|can|have|has)\b", body, re.IGNORECASE):
            rest = re.sub(
                r"\b(?:both of (?:them|these)|they both|them both|both|they|(?:the )?pair of them|the two(?: of them)?|them)\b",
                "@",
                body,
                count=1,
            )
            rest = re.sub(r" (?:they|them|both)\b", "", rest)
            return f"{rest.replace('@', f'{said[-2]} and {said[-1]}')}?"
    return _with_topic(body, said[-1])


def _first(rank: str) -> str:
    return "last" if rank.casefold() in ("last", "later", "latest") else "first"


def _with_topic(body: str, topic: str) -> str:
    if _PRONOUN.search(body) and not _OF_VIDEO.search(body):
        return f"{_PRONOUN.sub(topic, body, count=1)}?"
    if re.match(r"(?:what|who|which)\b", body, re.IGNORECASE) and len(body.split()) < 7:
        if _NEXT.search(body):
            return f"what comes after {topic}?"
        if _PREVIOUS.search(body):
            return f"what comes before {topic}?"
    if found := _BARE.match(body) or (_SHOT.match(body) if PERSON.search(body) else None):
        what = found["what"].casefold()
        if what.startswith(("time", "second", "when", "minute", "timestamp")):
            return f"when is {topic} shown?"
        return f"which {'video' if what.startswith('v') else 'shot'} shows {topic}?"
    return f"{body}?"


def statement(found: Sequence[Segment]) -> str:
    """The last sentence of which one may ask whether it is true, so asked; empty where there is none."""
    for one in reversed(found):
        if told := re.search(
            r"\b(?:that|say|says|claims?|think|thinks|believe) (?:that )?(?P<said>(?:there|the|an?|every|each|all|no|both|some|in)\b.+ .+)$",
            one.text,
            re.IGNORECASE,
        ):
            return f"is it true that {told['said']}?"
        if (
            re.match(
                r"(?:so )?(?:there(?:'s|'re|s)?|the|an?|every|each|all|no|both|some|not|nothing|everything|it)\b.* .+",
                one.text,
                re.IGNORECASE,
            )
            and not PERSON.search(one.text)
            and not one.asks
        ):
            return f"is it true that {re.sub('^so ', '', one.text, flags=re.IGNORECASE)}?"
    return ""
