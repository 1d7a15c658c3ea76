"""What questions for spoken and written words have in common: the part of which videos they ask about, and what of it
is cited.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Literal

from attrs import evolve, field, frozen

import atom_core as atom
from atom_reasoning.answers.wording import shots as shot_numbers
from atom_reasoning.evidence.footage import Footage
from atom_reasoning.reading.record import Scope
from atom_reasoning.reading.scope import SHOT, VIDEO, take_pick, take_scope

log = logging.getLogger("atom")

Kind = Literal["what", "when", "often", "whether", "video", "videos", "every", "shot", "page"]
"""What an answer is: the words, their times, how often, yes or no; which videos, how many, whether all of them; which
shots, which slides."""
_THESE = r"(?:my|the|these|those)"
_ANY_VIDEO = re.compile(
    r"(?<!which)(?<!what)(?<!which )(?<!what ),? ?\b(?:in|of|from|across|throughout|by|within) "
    rf"(?:(?:any|some|one|either|every|each|all|both)(?: (?:one )?of)?(?: {_THESE})?(?: two| three)? {VIDEO}s?"
    rf"|{_THESE}(?: two| three)? (?:{VIDEO}s|library))\b",
    re.IGNORECASE,
)
"""Words that only say "in all there are"."""
_EVERY_VIDEO = re.compile(
    rf"\b(?:every|each|all|both)(?: (?:one )?of)?(?: the| these| those| my)?(?: two| three)? {VIDEO}s?\b", re.IGNORECASE
)
UNIT = (
    rf"(?:in |on |of |from )?(?:which|what) (?:of (?:the|these|those|my) )?(?:(?:two|three) )?"
    rf"(?:(?P<video>{VIDEO}|one)|(?P<shot>{SHOT}))s?(?: (?:that|which))?"
)
"""How a question begins that asks for a video or a shot."""
_QUOTED = re.compile(r"(?<=[\"“„«])[^\"“”»]+(?=[\"”“»])|(?<=[\s][‘'])[^'’]+(?=['’](?!\w))")
_CLOCK = re.compile(r"(?<![\d:])\d{1,2}:\d{2}(?::\d{2})?\b")
_IN_VIDEO = re.compile(
    r"(?:\b(?:at|by|to|and|from|after|before|until|till|around|since|near|between|past)(?: about| the)?|[-–])\s*$",
    re.IGNORECASE,
)
"""What stands before a time of the video, other than one of the day that is talked about."""
_LEAST_SHARE, _LEAST_S, _MOMENT_S = 0.25, 0.4, 1.0
"""What is said belongs to a part of a video that has a quarter of it, or half of the part, or 0.4 s; "at 0:12" is a
second."""


@frozen(kw_only=True)
class Asked:
    """A question about what is said or written."""

    kind: Kind
    """What the answer is."""
    topic: str = ""
    """What it is about, in the question's words; empty is anything."""
    exact: bool = False
    """Whether these very words must be there, since they stand in quotation marks."""
    place: str = ""
    """``first`` or ``last``, where only that is asked for."""
    scope: Scope = field(factory=Scope)
    """The part of the videos."""
    page: int = 0
    """Which slide, title or sign, from 1, negative from the end; 0 is any."""


@frozen(kw_only=True)
class Cited:
    """Words that were found."""

    video: atom.Video
    span: atom.Span
    text: str
    confidence: float | None
    score: float = 1.0
    """How well they fit, 0 to 1."""
    page: int = field(default=0)
    """The number of their slide in their video, from 1."""

    @property
    def order(self) -> tuple[str, float]:
        """Sorts by video and time."""
        return str(self.video.path), self.span.start_s


def take_part(text: str) -> tuple[str, Scope]:
    """What is left of a question without the part of the video that it names, and that part; quotations stay whole."""
    text = " ".join(_ANY_VIDEO.sub(" ", text).split())
    hidden: dict[str, str] = {}
    names = (f"qq{''.join(chr(97 + int(digit)) for digit in str(number))}q" for number in count())

    def hide(found: re.Match[str]) -> str:
        name = next(names)
        hidden[name] = found[0]
        return name

    plain = _QUOTED.sub(hide, text)
    plain = _CLOCK.sub(lambda found: found[0] if _is_of_video(found) else hide(found), plain)
    plain = re.sub(r"\bin the middle$", "in the middle of the video", plain, flags=re.IGNORECASE)
    rest, scope = take_scope(plain.casefold())
    rest, pick = take_pick(rest)
    spelled = {word.casefold(): word for word in plain.split()}
    rest = " ".join(spelled.get(word, word) for word in rest.split())
    for name, said in hidden.items():
        rest = rest.replace(name, said)
    return rest, evolve(scope, pick=pick, every=False)


def _is_of_video(clock: re.Match[str]) -> bool:
    before, after = clock.string[: clock.start()], clock.string[clock.end() :]
    return bool(_IN_VIDEO.search(before) or re.match(r" ?(?:-|–|to|until|till)\b", after))


def kind_of_unit(kind: Kind, found: re.Match[str], text: str) -> Kind:
    """The kind of a question that a pattern with `UNIT` fits, or that says "in every video"."""
    units = found.groupdict()
    if kind == "video" and units.get("shot"):
        return "shot"
    return "every" if kind == "whether" and _EVERY_VIDEO.search(text) else kind


def videos_of(question: atom.Question, scope: Scope) -> tuple[atom.Video, ...]:
    """The videos that are asked about."""
    videos = (question.video, *question.others)
    if not scope.video:
        return videos
    number = scope.video - 1 if scope.video > 0 else len(videos) + scope.video
    return videos[number : number + 1] if number >= 0 else ()


def told_of(host: atom.Host, task: str, items: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a task makes of each item; where it fails for some, that is told and those have nothing.

    :raises AtomError: if it fails for all
    """
    outcomes = list(host.map(task, items))
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if failed and len(failed) == len(outcomes):
        raise failed[0].error or AssertionError
    for outcome in failed:
        log.warning("%s", outcome.error)
    return [() if outcome.error is not None else tuple(outcome.value) for outcome in outcomes]


def within(scope: Scope, video: atom.Video, host: atom.Host, spans: Sequence[atom.Span]) -> list[bool]:
    """Which spans of a video belong to the part that a question asks about."""
    parts = list(_parts(evolve(scope, video=0), video, host))
    return [any(_shares(span, *part) for part in parts) for span in spans]


def _parts(scope: Scope, video: atom.Video, host: atom.Host) -> Iterator[tuple[float, float]]:
    length_s = video.duration_s
    if scope.shots:
        footage = Footage.of(host, [video])
        spans = map(footage.span, footage.shots_within(Scope(shots=scope.shots)))
        yield from ((span.start_s, span.end_s) for span in spans)
    elif scope.at is not None:
        at_s = min(scope.at.at_s(length_s), max(length_s - _MOMENT_S, 0.0))
        yield at_s, at_s + _MOMENT_S
    else:
        start_s = 0.0 if scope.start is None else scope.start.at_s(length_s)
        yield start_s, float("inf") if scope.end is None else scope.end.at_s(length_s)


def _shares(span: atom.Span, start_s: float, end_s: float) -> bool:
    shared_s = min(span.end_s, end_s) - max(span.start_s, start_s)
    least_s = min(_LEAST_SHARE * span.duration_s, 0.5 * (end_s - start_s), _LEAST_S)
    return shared_s >= max(least_s, 1e-6) or (span.duration_s == 0 and start_s <= span.start_s <= end_s)


def evidence_of(question: atom.Question, cited: Sequence[Cited]) -> tuple[atom.Span, ...]:
    """The times of what is cited, of several videos each with its own."""
    if not question.others:
        return tuple(atom.Span(start_s=one.span.start_s, end_s=one.span.end_s) for one in cited)
    return tuple(
        atom.Clip(video=one.video, start_s=one.span.start_s, end_s=one.span.end_s, index=place)
        for place, one in enumerate(cited)
    )


def counted(asked: Asked, question: atom.Question, found: Sequence[Cited], host: atom.Host) -> str | None:
    """The answer to which and how many videos, shots or slides, and whether, if words were found; else None."""
    videos = list(dict.fromkeys(one.video.path for one in found))
    names = {one.video.path: one.video.path.name for one in found}
    if asked.kind == "often":
        return str(len(found))
    if asked.kind == "videos":
        return str(len(videos))
    if asked.kind == "whether":
        return "yes" if found else "no"
    if asked.kind == "every":
        return "yes" if len(videos) == len({one.path for one in (question.video, *question.others)}) else "no"
    if not found:
        return None
    if asked.kind == "video":
        return _listed([names[path] for path in videos])
    if asked.kind == "when":
        return ", ".join(f"{f'{one.video.path.name} ' if question.others else ''}{one.span.times}" for one in found)
    if asked.kind == "shot":
        return _listed([_named(shot_numbers(numbers), video, question) for video, numbers in _shots(found, host)])
    return None


def _shots(found: Sequence[Cited], host: atom.Host) -> Iterator[tuple[atom.Video, list[int]]]:
    """The shots in which words are for the most part, by video."""
    for video in {one.video.path: one.video for one in found}.values():
        footage = Footage.of(host, [video])
        own = [footage.span(shot) for shot in footage.shots]
        spans = [one.span for one in found if one.video.path == video.path]
        numbers = {max(range(len(own)), key=lambda at, span=span: _shared_s(own[at], span)) for span in spans}  # type: ignore[misc]
        yield video, [number + 1 for number in sorted(numbers)]


def _shared_s(one: atom.Span, other: atom.Span) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


def _named(text: str, video: atom.Video, question: atom.Question) -> str:
    return f"{text} of {video.path.name}" if question.others else text


def _listed(texts: Sequence[str]) -> str:
    *firsts, last = texts
    return f"{', '.join(firsts)} and {last}" if firsts else last
