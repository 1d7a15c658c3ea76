"""Questions about what is said: answered by what a plugin has written down of it, never by the pictures.

What is said is cited: the answer is the utterances themselves, in quotation marks, with their times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import evolve

import atom_core as atom
from atom_core.text.quoted import quoted
from atom_core.text.topics import shares_of, topic_of
from atom_reasoning.quoting import (
    UNIT,
    Asked,
    Cited,
    Kind,
    counted,
    evidence_of,
    kind_of_unit,
    take_part,
    told_of,
    videos_of,
    within,
)
from atom_reasoning.reading.record import Scope

_WHO = (
    r"(?P<who>he|she|they|it|you|we|i|anyone|anybody|someone|somebody|people|everyone"
    r"|(?:the |a |an |this |that )?[\w' -]+?)"
)
_SAY = r"(?:say|mention|talk|speak|tell|discuss|explain|announce|state|claim|report|promise|suggest|remark)"
_SAYS = r"(?:says|mentions|talks|speaks|tells|discusses|explains|announces|states|claims|reports|promises|suggests)"
_SAID = r"(?:said|mentioned|talked|spoken|told|discussed|explained|announced|stated|claimed|reported|promised)"
_ABOUT = r"(?: (?:about|of|on|regarding|concerning|to))? ?"
_WRITING = re.compile(
    r"\b(?:sign|title|text|caption|label|poster|banner|board|screen|slide|subtitle|letter|note|page|book|newspaper|plate|"
    r"shirt|clock|box|door|wall)s?\b",
    re.IGNORECASE,
)
"""What says something without a voice."""
_ON_IT = re.compile(rf"\bwritten\b|\b(?:on|in) (?:the|a|an) (?:\w+ )?{_WRITING.pattern}", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:(?P<first>(?:right )?at the (?:very )?(?:start|beginning)|first(?: of all)?|in the beginning)"
    r"|(?P<last>at the (?:very )?end|last(?: of all)?|finally|in the end))$",
    re.IGNORECASE,
)
_THING = r"(?:words?|sentences?|things?|phrases?|remarks?)"
_IS = r"(?:is|are|was|were|gets?|has been|have been)"
_DOES = r"(?:do|does|did)"
_FORMS: tuple[tuple[Kind, str], ...] = (
    (
        "what",
        rf"what (?:is|are|was|were) the (?P<nth>first|last) {_THING} (?:that )?"
        rf"(?:(?:{_IS} )?{_SAID}|{_WHO} (?:{_SAYS}|{_SAY}|{_SAID}))\b{_ABOUT}(?P<topic>.*)",
    ),
    (
        "what",
        rf"what (?:else )?(?:do|does|did|is|are|was|were|has|have) (?:{_WHO} )?(?:{_SAY}|saying|talking|said|told)\b"
        rf"{_ABOUT}(?P<topic>.*)",
    ),
    ("what", rf"what (?:is|was|gets|are|were|has been) (?:being )?{_SAID}{_ABOUT}(?P<topic>.*)"),
    ("what", rf"(?:what|which) {_THING} {_IS} (?:being )?{_SAID}{_ABOUT}(?P<topic>.*)"),
    ("what", rf"(?:what|which) {_THING} {_DOES} {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("videos", rf"how many videos {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("videos", rf"in how many videos {_IS} (?P<topic>.*?) {_SAID}{_ABOUT}"),
    ("videos", rf"in how many videos {_DOES} {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("video", rf"{UNIT} (?:{_SAYS}|{_SAY}|{_SAID})\b{_ABOUT}(?P<topic>.*)"),
    ("video", rf"{UNIT} {_DOES} {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("video", rf"{UNIT} {_IS} (?P<topic>.*?) (?:being )?{_SAID}{_ABOUT}"),
    ("video", rf"{UNIT} {_IS} there (?:any )?(?:talk|mention|word)s?{_ABOUT}(?P<topic>.*)"),
    ("often", rf"how (?:often|many times) {_DOES} {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("often", rf"how (?:often|many times) (?:is|are|was|were|does) {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("often", rf"how (?:often|many times) (?:is|are|was|were) (?P<topic>.*?) {_SAID}{_ABOUT}"),
    ("when", rf"(?:when|at what time|where) (?:do|does|did) {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("when", rf"(?:when|at what time|where) (?:is|are|was|were) (?P<topic>.*?) {_SAID}{_ABOUT}"),
    (
        "what",
        rf"who (?:{_SAYS}|{_SAID}|{_DOES} (?:{_WHO} )?{_SAY}|is (?:saying|talking|speaking)){_ABOUT}(?P<topic>.*)",
    ),
    (
        "whether",
        rf"(?:do|does|did) (?:{_WHO} )?(?:ever )?{_SAY}\b(?: anything| something)?{_ABOUT}(?P<topic>.*)",
    ),
    (
        "whether",
        rf"(?:is|are|was|were) there (?:an?|any|some)(?:one|body|thing)? ?(?P<what>\w+ )?(?:that |who |which )?"
        rf"(?:{_SAYS}|{_SAID}|mention|talk|saying|talking|speaking|mentioning){_ABOUT}(?P<topic>.*)",
    ),
    ("whether", rf"(?:is|are|was|were) (?:anything|something) (?:ever )?(?:being )?{_SAID}{_ABOUT}(?P<topic>.*)"),
    ("whether", rf"(?:is|are|was|were) (?P<topic>.*?) (?:ever )?{_SAID}{_ABOUT}"),
)
_READ = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _FORMS)
MOST_CITED = 3
"""Utterances that an answer cites."""
_CERTAIN = 0.8
"""How sure it is that nothing is said where nothing was heard."""


def asked_of_speech(question: str) -> Asked | None:
    """What a question asks of speech; None if it is about something else."""
    text = " ".join(question.split()).rstrip("?!. ")
    rest, scope = take_part(text)
    for kind, pattern in _READ:
        if (match := pattern.fullmatch(rest)) is None:
            continue
        words = match.groupdict()
        topic = match["topic"].strip(" ,")
        if _WRITING.search(words.get("who") or words.get("what") or "") or _ON_IT.search(text):
            return None
        place = scope.pick or words.get("nth") or ""
        if (where := _PLACE.search(topic)) is not None:
            place, topic = "first" if where["first"] else "last", topic[: where.start()].strip()
        topic, exact = topic_of(topic)
        kind = kind_of_unit(kind, match, text)
        return Asked(kind=kind, topic=topic, exact=exact, place=place.casefold(), scope=evolve(scope, pick=""))
    return None


def answer_of_speech(question: atom.Question, host: atom.Host, *, text: str = "") -> atom.Answer | None:
    """The answer to a question about what is said in one video or in several together; None where it is about something
    else, or no plugin hears.

    :param text: the question, where videos are spoken of by number and not by name
    :raises AtomError: if none of the videos can be heard
    """
    asked = asked_of_speech(text or question.text)
    if asked is None or "transcribe" not in host.tasks:
        return None
    found = _fitting(asked, list(_said(asked, question, host)))
    text, cited = _answered(asked, question, found, host)
    sure = [one.confidence for one in cited if one.confidence is not None]
    return atom.Answer(
        clip=atom.Clip.whole(question.video),
        question=question.text,
        text=text,
        evidence=evidence_of(question, cited),
        confidence=round(min(sure, default=_CERTAIN) * min((one.score for one in cited), default=1.0), 4),
        provenance=atom.Provenance(model=_model(host), prompt=question.text, told=("speech",)),
    )


def _model(host: atom.Host) -> str:
    """What heard it."""
    return str(host.module("transcriber").name) if "transcriber" in host.modules else "transcribe"


def _said(asked: Asked, question: atom.Question, host: atom.Host) -> Iterator[Cited]:
    """All that is said in the part of the videos that is asked about, in order."""
    videos = [video for video in videos_of(question, asked.scope) if video.has_audio]
    for video, said in zip(videos, told_of(host, "transcribe", videos), strict=True):
        meant = [True] * len(said) if asked.scope == Scope() else within(asked.scope, video, host, said)
        for one, is_meant in zip(said, meant, strict=True):
            if is_meant:
                yield Cited(video=video, span=one, text=one.text, confidence=one.confidence)


def _answered(
    asked: Asked, question: atom.Question, found: Sequence[Cited], host: atom.Host
) -> tuple[str, list[Cited]]:
    """The words of an answer, and what it cites, in order of time."""
    best = sorted(sorted(found, key=lambda one: -one.score)[:MOST_CITED], key=lambda one: one.order)
    everything = sorted(found, key=lambda one: one.order)
    if asked.place and everything:
        best = everything = [everything[0 if asked.place == "first" else -1]]
    cited = best if asked.kind in ("when", "whether") or (asked.kind == "what" and asked.topic) else everything
    if (text := counted(asked, question, cited, host)) is not None:
        return text, cited
    if not found:
        where = "" if asked.scope == Scope() else " in that part"
        return f"nothing is said{f' about {asked.topic}' if asked.topic else ''}{where}", []
    cited = cited[:MOST_CITED]
    return " ... ".join(quoted(one.text) for one in cited), cited


def _fitting(asked: Asked, said: Sequence[Cited]) -> list[Cited]:
    """What is about a topic, each with the share of its words that it has."""
    shares = shares_of(asked.topic, [one.text for one in said], exact=asked.exact)
    return [evolve(one, score=share) for one, share in zip(said, shares, strict=True) if share > 0]
