"""Questions about what is said: answered by what a plugin has written down of it, never by the pictures.

What is said is cited: the answer is the utterances themselves, in quotation marks, with their times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from attrs import frozen

import atom_core as atom
from atom_core.text.quoted import quoted
from atom_core.text.topics import shares_of

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
_FORMS: tuple[tuple[str, str], ...] = (
    (
        "what",
        rf"what (?:else )?(?:do|does|did|is|are|was|were|has|have) {_WHO} (?:{_SAY}|saying|talking|said|told)\b"
        rf"{_ABOUT}(?P<topic>.*)",
    ),
    ("what", rf"what (?:is|was|gets|are|were|has been) (?:being )?{_SAID}{_ABOUT}(?P<topic>.*)"),
    ("often", rf"how (?:often|many times) (?:do|does|did|is|are|was|were) {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("often", rf"how (?:often|many times) (?:is|are|was|were) (?P<topic>.*?) {_SAID}{_ABOUT}"),
    ("when", rf"(?:when|at what time|where) (?:do|does|did) {_WHO} {_SAY}\b{_ABOUT}(?P<topic>.*)"),
    ("when", rf"(?:when|at what time|where) (?:is|are|was|were) (?P<topic>.*?) {_SAID}{_ABOUT}"),
    ("what", rf"who (?:{_SAYS}|{_SAID}){_ABOUT}(?P<topic>.*)"),
    ("whether", rf"(?:do|does|did) {_WHO} (?:ever )?{_SAY}\b(?: anything| something)?{_ABOUT}(?P<topic>.*)"),
    ("whether", rf"(?:is|are|was|were) (?P<topic>.*?) (?:ever )?{_SAID}{_ABOUT}"),
)
_READ = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _FORMS)
MOST_CITED = 3
"""Utterances that an answer cites."""
_NOTHING = "nothing"


@frozen(kw_only=True)
class Asked:
    """A question about what is said."""

    kind: Literal["what", "when", "often", "whether"]
    """What the answer is: the words, their times, how often, or yes or no."""
    topic: str
    """What is talked about, in the question's words; empty is anything."""
    exact: bool = False
    """Whether these very words must be said, since they stand in quotation marks."""
    place: Literal["", "first", "last"] = ""
    """Which of what is said, where only that is asked for."""


class Cited(NamedTuple):
    """An utterance that was found, and how well it fits."""

    said: atom.Utterance
    score: float


def asked_of_speech(question: str) -> Asked | None:
    """What a question asks of speech; None if it is about something else."""
    text = " ".join(question.split()).rstrip("?!. ")
    for kind, pattern in _READ:
        if (match := pattern.fullmatch(text)) is None:
            continue
        topic, who = match["topic"].strip(), match.groupdict().get("who") or ""
        if _WRITING.search(who) or _ON_IT.search(text):
            return None
        place: Literal["", "first", "last"] = ""
        if (where := _PLACE.search(topic)) is not None:
            place, topic = "first" if where["first"] else "last", topic[: where.start()].strip()
        quote = re.search(r"[\"“„«‘](.+?)[\"“”»’]", topic)
        return Asked(kind=kind, topic=quote[1] if quote else topic, exact=quote is not None, place=place)  # type: ignore[arg-type]
    return None


def answer_of_speech(question: atom.Question, host: atom.Host) -> atom.Answer | None:
    """The answer to a question about what is said in one video; None where it is about something else, or no plugin
    hears.

    :raises AtomError: if the video cannot be heard
    """
    asked = asked_of_speech(question.text)
    if asked is None or question.others or "transcribe" not in host.tasks:
        return None
    video = question.video
    said: tuple[atom.Utterance, ...] = host.run("transcribe", video) if video.has_audio else ()
    found = list(_fitting(asked, said))
    text, cited = _answered(asked, found)
    sure = [one.said.confidence for one in cited if one.said.confidence is not None]
    return atom.Answer(
        clip=atom.Clip.whole(video),
        question=question.text,
        text=text,
        evidence=tuple(atom.Span(start_s=one.said.start_s, end_s=one.said.end_s) for one in cited),
        confidence=round(min(sure, default=0.8) * min((one.score for one in cited), default=1.0), 4),
        provenance=atom.Provenance(model=_model(host), prompt=question.text, told=("speech",)),
    )


def _model(host: atom.Host) -> str:
    """What heard it."""
    return str(host.module("transcriber").name) if "transcriber" in host.modules else "transcribe"


def _answered(asked: Asked, found: Sequence[Cited]) -> tuple[str, list[Cited]]:
    """The words of an answer, and what it cites, in order of time."""
    best = sorted(sorted(found, key=lambda one: -one.score)[:MOST_CITED], key=lambda one: one.said.start_s)
    everything = sorted(found, key=lambda one: one.said.start_s)
    if asked.place and everything:
        best = everything = [everything[0 if asked.place == "first" else -1]]
    if asked.kind == "often":
        return str(len(found)), everything
    if asked.kind == "whether":
        return ("yes" if found else "no"), best
    if not found:
        return _NOTHING + (f" is said about {asked.topic}" if asked.topic else " is said"), []
    if asked.kind == "when":
        return ", ".join(one.said.times for one in best), best
    cited = best if asked.topic else everything[:MOST_CITED]
    return " ... ".join(quoted(one.said.text) for one in cited), cited


def _fitting(asked: Asked, said: Sequence[atom.Utterance]) -> Iterator[Cited]:
    """The utterances that are about a topic, each with the share of its words that they have."""
    shares = shares_of(asked.topic, [one.text for one in said], exact=asked.exact)
    return (Cited(one, share) for one, share in zip(said, shares, strict=True) if share > 0)
