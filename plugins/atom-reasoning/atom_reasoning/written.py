"""Questions about what is written in the pictures: answered by what a plugin has read of it, letter by letter.

The answer is the lines themselves, in quotation marks, with the times at which they stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from attrs import frozen

import atom_core as atom
from atom_core.text.quoted import quoted

_THING = (
    r"(?:sign|title|text|caption|label|poster|banner|board|screen|slide|subtitle|headline|plate|writing|lettering"
    r"|words?)"
)
_A = r"(?:the|a|an|this|that|any|which|what)"
_QUOTE = r"[\"“„«'‘](?P<quote>.+?)[\"”“»'’]"
_FORMS: tuple[tuple[Literal["what", "when", "whether"], str], ...] = (
    ("what", rf"what (?:does|do|did) {_A} (?:\w+ )?{_THING}s? (?:say|read|show)"),
    ("what", r"what (?:is|was|stands|has been|can be seen) (?:written|printed)(?: (?:in|on|at|there|down)\b.*)?"),
    ("what", r"(?:what|which) (?:text|writing|lettering|titles?|words?) (?:is|are|was|were|can|stands?|appears?)\b.*"),
    ("what", rf"(?:what is|read) {_A} (?:on-?screen |written )?(?:title|text|headline|caption|sign)(?: text)?"),
    ("when", rf"when (?:is|was|does|did|can) {_QUOTE} (?:be )?(?:written|shown|read|appear|to be seen|stand)\b.*"),
    ("whether", rf"(?:is|was|does|did) {_QUOTE} (?:be )?(?:written|printed|appear|stand)\b.*"),
    (
        "whether",
        rf"(?:is|was) there {_A} (?:\w+ )?{_THING}s? (?:that|which)? ?(?:says?|reads?|saying|reading) {_QUOTE}",
    ),
)
_READ = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _FORMS)
MOST_CITED = 8
"""Lines that an answer cites."""
_NOTHING = "nothing that could be read"
_CERTAIN = 0.8
"""How sure it is that nothing is written where nothing was read."""


@frozen(kw_only=True)
class Asked:
    """A question about what is written."""

    kind: Literal["what", "when", "whether"]
    """What the answer is: the lines, their times, or yes or no."""
    quote: str = ""
    """What must be written; empty is anything."""


def asked_of_writing(question: str) -> Asked | None:
    """What a question asks of written words; None if it is about something else."""
    text = " ".join(question.split()).rstrip("?!. ")
    for kind, pattern in _READ:
        if match := pattern.fullmatch(text):
            return Asked(kind=kind, quote=match.groupdict().get("quote") or "")
    return None


def answer_of_writing(question: atom.Question, host: atom.Host) -> atom.Answer | None:
    """The answer to a question about what is written in one video; None where it is about something else, or no plugin
    reads.

    :raises AtomError: if the video cannot be read
    """
    asked = asked_of_writing(question.text)
    if asked is None or question.others or "read" not in host.tasks:
        return None
    whole = atom.Clip.whole(question.video)
    lines: tuple[atom.WrittenText, ...] = host.run("read", whole)
    cited = [line for line in lines if _plain(asked.quote) in _plain(line.text)]
    cited = sorted(cited, key=lambda line: (line.start_s, line.box[1], line.box[0]))[:MOST_CITED]
    return atom.Answer(
        clip=whole,
        question=question.text,
        text=_answered(asked, cited),
        evidence=tuple(atom.Span(start_s=line.start_s, end_s=line.end_s) for line in cited),
        confidence=min((line.confidence for line in cited if line.confidence is not None), default=_CERTAIN),
        provenance=atom.Provenance(model="read", prompt=question.text, told=("text",)),
    )


def _answered(asked: Asked, cited: Sequence[atom.WrittenText]) -> str:
    if asked.kind == "whether":
        return "yes" if cited else "no"
    if not cited:
        return _NOTHING
    if asked.kind == "when":
        return ", ".join(line.times for line in cited)
    return ", ".join(dict.fromkeys(quoted(line.text) for line in cited))


def _plain(text: str) -> str:
    """The words of a text, small and without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"\w+", "".join(one for one in letters if not unicodedata.combining(one)))
    return " ".join(words)
