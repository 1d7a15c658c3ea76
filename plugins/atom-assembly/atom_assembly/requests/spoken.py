"""Requests for what is said: "everything she says about the price", "all moments where bread is mentioned"."""

from __future__ import annotations

import re
from collections.abc import Collection

import atom_core as atom
from atom_assembly.requests.lengths import MARK, take_lengths
from atom_assembly.requests.read import Reading, read_request
from atom_assembly.requests.whole import film_constraints, take_whole, tidy

_WHO = (
    r"(?:he|she|they|it|we|i|you|anyone|anybody|someone|somebody|people|everyone|(?:the|a|an|this|that|my|our) [\w'-]+)"
)
_SAYS = r"(?:says?|said|mentions?|mentioned|talks?|talked|speaks?|spoke|tells?|told|discuss(?:es)?|discussed|explains?)"
_SAID = r"(?:said|mentioned|talked|spoken|told|discussed|explained)"
_ABOUT = r"(?: (?:about|of|on|regarding|to))?"
_ALL = r"(?:everything|all|anything|whatever|every word|each word)"
_PART = (
    r"(?:(?:all|the|every|each|any|some|a|one) )*(?:of )?(?:the )?"
    r"(?P<part>moments?|parts?|passages?|clips?|shots?|scenes?|times?|bits?|sentences?|statements?|places?)"
)
_WHERE = r"(?:in which|where|when|at which|that|which|with)"
_FORMS = tuple(
    re.compile(
        rf"(?:show(?: me)?|find|give me|cut together|a film (?:of|with|from)|(?:please )?)\s*{form}", re.IGNORECASE
    )
    for form in (
        rf"{_ALL}(?: (?:that|which))?(?: (?:is|was|gets|has been|be))? {_SAID}{_ABOUT}(?: (?P<topic>.+))?",
        rf"(?:{_ALL}|what)(?: (?:that|which))? {_WHO} (?:has |have )?{_SAYS}{_ABOUT}(?: (?P<topic>.+))?",
        rf"what (?:is|was|gets) {_SAID}{_ABOUT}(?: (?P<topic>.+))?",
        rf"{_PART} {_WHERE} {_WHO} {_SAYS}{_ABOUT} (?P<topic>.+)",
        rf"{_PART} {_WHERE} (?P<topic>.+?) (?:is|are|was|were|gets?) {_SAID}{_ABOUT}",
        r"(?:all |the |every )?(?:quotes?|quotations?|remarks?|statements?|speech|sentences?|words)"
        r"(?: (?:about|on|of|regarding)) (?P<topic>.+)",
        rf"{_WHO} {_SAYS}{_ABOUT} (?P<topic>.+)",
    )
)
_WRITING = re.compile(r"\b(?:sign|title|text|caption|label|poster|banner|board|screen|slide|subtitle|letter)s?\b", re.I)
_DEMAND = re.compile(
    r"\b(?:must|should|ought|has|have|needs?)\b (?:to )?(?:be|come|go|stand|start|end|open|close)\b", re.I
)
"""What somebody says of the film that is asked for, and not in it: "my boss says that the logo must come last"."""
_ONE = re.compile(r"\b(?:the|a|one) (?:moment|part|passage|clip|shot|scene|time|bit|sentence|statement|place)\b", re.I)
_NEXT = re.compile(r"\s*(?:[;\n]|(?<=[\w\"”])[.!]\s|,?\s+(?:and )?(?:then|after that|finally|followed by))\s*", re.I)

_FIRST = re.compile(r"^(?:(?:and|then|after that|finally|first|next)\b,?\s+)+", re.IGNORECASE)


def said_in(line: str) -> str | None:
    """What is to be said in the shots of a line: a topic, maybe empty; None where it is about what is to be seen."""
    text = line.replace(MARK, "").strip(" .!,")
    for pattern in _FORMS:
        if (match := pattern.fullmatch(text)) is not None:
            topic = (match["topic"] or "").strip()
            if _DEMAND.search(topic) and '"' not in topic:
                return None
            return None if _WRITING.search(text.replace(topic, "")) else topic
    return None


_COMMA = re.compile(r",\s+(?:and\s+)?(?=[^\"“”]*(?:[\"“][^\"“”]*[\"”][^\"“”]*)*$)", re.IGNORECASE)
_THING = re.compile(r"(?:an?|the|some|one|two|three|all|every|each|another)\b", re.IGNORECASE)


def _listed(part: str) -> list[str]:
    """The shots of a list with commas of which some are to be spoken; a topic may have commas of its own: what follows
    one is a shot if it is to be spoken, too, or begins as a thing that is seen does."""
    pieces = _COMMA.split(part)
    if not any(said_in(piece) is not None for piece in pieces):
        return [part]
    made = pieces[:1]
    for piece in pieces[1:]:
        if said_in(piece) is not None or said_in(made[-1]) is None or _is_seen(piece, made[-1]):
            made.append(piece)
        else:
            made[-1] += f", {piece}"
    return made


def _is_seen(piece: str, before: str) -> bool:
    """Whether a piece behind something spoken names what is to be seen: it has an article, and another than the topic
    before, or says what the thing does.
    """
    topic = said_in(before) or ""
    first, other = _THING.match(piece), _THING.match(topic)
    if first is None:
        return False
    alike = other is not None and first[0].casefold()[:1] == other[0].casefold()[:1]
    return not alike or len(piece.split()) > len(topic.split())


def read_spoken(text: str, names: Collection[str]) -> Reading | None:
    """The reading of a request of which some line asks for what is said; None if none does.

    :param names: of the videos that there are
    """
    lengths, rest = take_lengths(text)
    whole, rest = take_whole(rest, names)
    parts = [_FIRST.sub("", part or "") for part in _NEXT.split(tidy(rest))]
    parts = [part for part in parts if re.search(r"\w", part.replace(MARK, ""))]
    parts = [piece for part in parts for piece in _listed(part)]
    said = [said_in(part) for part in parts]
    if not any(topic is not None for topic in said):
        return None
    lines: list[str] = []
    wanted: list[atom.Wanted] = []
    for part, topic in zip(parts, said, strict=True):
        if topic is None:
            seen = read_request(part.replace(MARK, ""))
            lines += seen.lines
            wanted += seen.constraints.wanted
        else:
            lines.append(part.replace(MARK, "").strip(" .!,"))
            wanted.append(atom.Wanted(said=topic, num_shots=1 if _ONE.search(part) else None))
    constraints = film_constraints(whole, lengths, wanted=tuple(wanted))
    return Reading(
        lines=tuple(lines), constraints=constraints, ordered=True, chosen=True, absent_source=whole.absent_source
    )
