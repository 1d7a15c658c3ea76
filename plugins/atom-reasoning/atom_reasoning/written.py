"""Questions about what is written in the pictures: answered by what a plugin has read of it, letter by letter.

The answer is the lines themselves, in quotation marks, with the times at which they stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from attrs import evolve

import atom_core as atom
from atom_core.text.quoted import quoted
from atom_core.text.topics import shares_of
from atom_reasoning.english.words import NUMBER, ORDINAL, number_of, place_of
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

_PAGE = r"(?:slide|title|card|page|sign|caption|headline|subtitle|poster|banner|label)"
"""What has words of its own, one after the other."""
_THING = (
    r"(?:sign|title|text|caption|label|poster|banner|board|screen|slide|page|card|subtitle|headline|plate|writing"
    r"|lettering|words?)"
)
_A = r"(?:the|a|an|this|that|any|some|which|what)"
_A_THING = rf"{_A} (?:\w+ )?{_THING}s?"
_QUOTE = r"[\"“„«'‘](?P<quote>.+?)[\"”“»'’]"
_WORDS = rf"(?:{_QUOTE}|(?P<topic>\w.*))"
_TELLS = r"(?:says?|reads?|shows?|mentions?|displays?|is about|talks? about|tells? (?:of|about)|contains?|has|names?)"
_WITH = r"(?:(?:that |which )?(?:says?|reads?|mentions?|shows?)|saying|reading|mentioning|about|with)"
_BE_READ = r"(?:written|printed|mentioned|named|shown|read|displayed|to be (?:seen|read)|visible)"
_WRITTEN = r"(?:written|printed)"
_WHICH_PAGE = rf"(?:on |in )?(?:which|what) (?:of the )?(?P<page>{_PAGE})s?"
_FORMS: tuple[tuple[Kind, str], ...] = (
    ("what", rf"what (?:does|do|did) {_A_THING} (?:say|read|show)"),
    ("whether", rf"(?:does|do|did) {_A_THING} (?:ever )?(?:say|read|mention) {_WORDS}"),
    ("what", rf"what (?:is|was|stands|has been|can be seen) {_WRITTEN} about (?P<topic>.+)"),
    ("what", rf"what (?:is|was|stands|has been|can be seen) {_WRITTEN}(?: (?:in|on|at|there|down)\b.*)?"),
    ("what", rf"what (?:is|was|stands|appears|does it say) (?:on|in) the (?:\w+ )?{_PAGE}s?"),
    ("what", r"(?:what|which) (?:text|writing|lettering|titles?|words?) (?:is|are|was|were|can|stands?|appears?)\b.*"),
    ("what", rf"(?:what is|what was|read) {_A} (?:on-?screen |written )?{_PAGE}(?: text)?"),
    ("what", rf"(?:what is|what was|read) {_A} (?:on-?screen |written )?(?:text|writing)"),
    ("when", rf"(?:when|where) (?:is|was|does|did|can) {_QUOTE} (?:be )?(?:{_BE_READ}|appear|stand)\b.*"),
    ("when", rf"(?:when|where) (?:is|was) (?P<topic>\w.*) {_WRITTEN}(?: (?:on|in) .*)?"),
    ("when", rf"(?:when|where) (?:does|do|did) {_A_THING} (?:say|read|mention) {_WORDS}"),
    ("often", rf"how (?:often|many times) (?:is|was|does) {_QUOTE} (?:{_BE_READ}|appear|stand)\b.*"),
    ("page", rf"{_WHICH_PAGE} (?:that )?{_TELLS} {_WORDS}"),
    ("page", rf"{_WHICH_PAGE} (?:is|was|are|were) {_WORDS} {_BE_READ}"),
    ("page", rf"{_WHICH_PAGE} (?:does it|do they|do we) (?:say|read|mention|see) {_WORDS}"),
    ("video", rf"{UNIT} (?:is|was) {_QUOTE} {_BE_READ}\b.*"),
    ("video", rf"{UNIT} (?:is|was) (?P<topic>\w.*) {_WRITTEN}(?: (?:on|in) .*)?"),
    ("video", rf"{UNIT} (?:does|do|did) {_A_THING} (?:say|read|mention) {_WORDS}"),
    ("video", rf"{UNIT} (?:shows?|has|have|contains?|displays?) {_A_THING} {_WITH} {_WORDS}"),
    ("video", rf"{UNIT} (?:shows?|has|have|contains?|displays?|reads?) (?:{_A_THING} )?{_QUOTE}"),
    ("whether", rf"(?:is|was|does|did) {_QUOTE} (?:be )?(?:{_WRITTEN}|appear|stand)\b.*"),
    ("whether", rf"(?:is|was|are|were) there {_A_THING} {_WITH} {_QUOTE}"),
    ("whether", rf"(?:is|was|are|were) there {_A_THING} {_WITH[:-6]}) (?P<topic>\w.*)"),
    ("whether", rf"(?:is|was) (?:anything|something) {_WRITTEN}(?: (?:on|in|there|anywhere)\b.*)?"),
    ("whether", rf"(?:is|was) (?P<topic>\w.*) (?:{_WRITTEN}|mentioned|named)(?: (?:on|in) {_A_THING}| anywhere)?"),
)
_READ = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _FORMS)
_NTH = re.compile(
    rf"\b(?:(?P<nth>{ORDINAL}) (?P<page>{_PAGE})|(?P<noun>{_PAGE}) (?:number |no\.? |nr\.? )?(?P<number>{NUMBER}))\b",
    re.IGNORECASE,
)
MOST_CITED = 8
"""Lines that an answer cites."""
_TOGETHER_S = 0.5
"""Lines that come within this time of each other are one slide."""
_NOTHING = "nothing that could be read"
_CERTAIN = 0.8
"""How sure it is that nothing is written where nothing was read."""


def asked_of_writing(question: str) -> Asked | None:
    """What a question asks of written words; None if it is about something else."""
    text = " ".join(question.split()).rstrip("?!. ")
    plain, page = _take_page(text)
    rest, scope = take_part(plain)
    for kind, pattern in _READ:
        if match := pattern.fullmatch(rest):
            words = match.groupdict()
            quote = words.get("quote") or ""
            return Asked(
                kind=kind_of_unit(kind, match, text),
                topic=quote or (words.get("topic") or "").strip(),
                exact=bool(quote),
                place=scope.pick,
                scope=evolve(scope, pick=""),
                page=page,
            )
    return None


def _take_page(text: str) -> tuple[str, int]:
    """ "What does the second sign say?" as "what does the sign say", and which one it is."""
    if (found := _NTH.search(text)) is None or re.search(r"[\"“„«]", text[: found.start()]):
        return text, 0
    page = place_of(found["nth"].casefold()) if found["nth"] else int(number_of(found["number"].casefold()))
    noun = found["page"] or found["noun"]
    article = "" if found["nth"] or re.search(r"\bthe $", text[: found.start()], re.IGNORECASE) else "the "
    return f"{text[: found.start()]}{article}{noun}{text[found.end() :]}", page


def answer_of_writing(question: atom.Question, host: atom.Host, *, text: str = "") -> atom.Answer | None:
    """The answer to a question about what is written in one video or in several together; None where it is about
    something else, or no plugin reads.

    :param text: the question, where videos are spoken of by number and not by name
    :raises AtomError: if none of the videos can be read
    """
    asked = asked_of_writing(text or question.text)
    if asked is None or "read" not in host.tasks:
        return None
    found = _fitting(asked, list(_lines(asked, question, host)))
    if asked.kind == "page" and not found and not asked.exact:
        return None  # it may show what it does not say
    cited = _placed(asked, sorted(found, key=lambda one: one.order))[:MOST_CITED]
    return atom.Answer(
        clip=atom.Clip.whole(question.video),
        question=question.text,
        text=_answered(asked, question, cited, host),
        evidence=evidence_of(question, cited),
        confidence=min((line.confidence for line in cited if line.confidence is not None), default=_CERTAIN),
        provenance=atom.Provenance(model="read", prompt=question.text, told=("text",)),
    )


def _lines(asked: Asked, question: atom.Question, host: atom.Host) -> Iterator[Cited]:
    """The lines in the part of the videos that is asked about, as they are read, with the numbers of their slides."""
    videos = videos_of(question, asked.scope)
    for video, told in zip(videos, told_of(host, "read", [atom.Clip.whole(one) for one in videos]), strict=True):
        lines: list[atom.WrittenText] = sorted(told, key=lambda line: (line.start_s, line.box[1], line.box[0]))
        meant = [True] * len(lines) if asked.scope == Scope() else within(asked.scope, video, host, lines)
        number, since_s, own = 0, -1.0, list[Cited]()
        for line, is_meant in zip(lines, meant, strict=True):
            if not number or line.start_s > since_s + _TOGETHER_S:
                number, since_s = number + 1, line.start_s
            if is_meant:
                own.append(Cited(video=video, span=line, text=line.text, confidence=line.confidence, page=number))
        page = asked.page if asked.page >= 0 else number + 1 + asked.page
        yield from (one for one in own if page in (0, one.page))


def _fitting(asked: Asked, lines: Sequence[Cited]) -> list[Cited]:
    """The lines that say what is asked for, or those of the slides of which several lines together say it."""
    if asked.exact:
        wanted = _plain(asked.topic)
        whole = {key: _plain(" ".join(one.text for one in own)) for key, own in _pages(lines).items()}
        alone = [one for one in lines if wanted in _plain(one.text)]
        return alone or [one for one in lines if wanted in whole[one.video.path, one.page]]
    shares = shares_of(asked.topic, [one.text for one in lines])
    return [evolve(one, score=share) for one, share in zip(lines, shares, strict=True) if share > 0]


def _pages(lines: Sequence[Cited]) -> dict[tuple[object, int], list[Cited]]:
    pages: dict[tuple[object, int], list[Cited]] = {}
    for one in lines:
        pages.setdefault((one.video.path, one.page), []).append(one)
    return pages


def _placed(asked: Asked, lines: list[Cited]) -> list[Cited]:
    """The lines of the first or the last slide, where only those are asked for."""
    if not asked.place or not lines:
        return lines
    if asked.place == "last":
        last = max(lines, key=lambda one: one.span.end_s)
        return [one for one in lines if (one.video, one.page) == (last.video, last.page)]
    return [one for one in lines if (one.video, one.page) == (lines[0].video, lines[0].page)]


def _answered(asked: Asked, question: atom.Question, cited: Sequence[Cited], host: atom.Host) -> str:
    if (text := counted(asked, question, cited, host)) is not None:
        return text
    if not cited:
        return _NOTHING
    if asked.kind == "page":
        return "; ".join(
            f"slide {page}: {', '.join(quoted(one.text) for one in own)}" for (_, page), own in _pages(cited).items()
        )
    return ", ".join(dict.fromkeys(quoted(line.text) for line in cited))


def _plain(text: str) -> str:
    """The words of a text, small and without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    words = re.findall(r"\w+", "".join(one for one in letters if not unicodedata.combining(one)))
    return " ".join(words)
