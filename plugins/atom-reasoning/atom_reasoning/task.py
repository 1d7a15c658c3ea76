"""The task ``answer``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from attrs.validators import ge, gt

import atom_core as atom
from atom_reasoning.wording import (
    NOT_SHOWN,
    Kind,
    choice,
    is_absence,
    is_beside,
    is_offered,
    is_presence,
    is_refusal,
    key_of,
    kind_of,
    names,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

YES_OR_NO = ("no", "yes")
READ_PROMPT = "These are the shots of a video, in order:"
_TOGETHER = 8
"""Clips that are encoded at once."""


@frozen(kw_only=True)
class Reply:
    """What one clip says."""

    clip: atom.Clip
    """The clip asked."""
    text: str
    """Its answer."""
    confidence: float
    """Geometric mean token probability, 0 to 1."""
    provenance: atom.Provenance
    """What made it."""
    truncated: bool = False
    """Whether the decoder was stopped before its end."""
    similarity: float = 0.0
    """Cosine similarity of clip and question."""
    weight: float = 1.0
    """How much it counts, 0 to 1."""


class AnswerQuestion:
    """Answer a question about a video.

    A video of one clip is asked directly. Otherwise every clip is asked the same question, and of the clips that show
    what is asked for, the answer with the greatest sum of weights wins. Questions about the course of the video are
    answered by position, or from the captions; see `Kind`.
    """

    consumes = atom.Question
    produces = atom.Answer

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``answer``."""

        max_new_tokens: int = field(default=32, validator=ge(1))
        """Longest answer, tokens."""
        focus: float = field(default=0.1, validator=gt(0.0))
        """A clip that is less similar to the question than the best one by this much counts 1/e as much."""

    def run(
        self,
        question: atom.Question,
        *,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        host: atom.Host,
        settings: AnswerQuestion.Settings,
    ) -> atom.Answer:
        """The answer to `question`, or ``not shown`` without evidence."""
        clips = host.clips(question.video)
        kind = kind_of(question.text) if len(clips) > 1 else Kind.CLIP
        if kind is Kind.SHOTS:
            return _answer(question, str(len(clips)), clips)
        if kind in (Kind.SUMMARY, Kind.ORDER, Kind.READ):
            answer = _from_captions(question, kind, host.collect("caption", clips), host, decoder, settings)
            if answer.text != NOT_SHOWN:
                return answer
        if kind in (Kind.FIRST, Kind.LAST) and (chosen := _chosen(question, clips, host, last=kind is Kind.LAST)):
            return chosen
        replies = ask_clips(question.text, clips, encoder, decoder, settings)
        replies = [reply for reply in replies if is_offered(question.text, reply.text)] or replies
        if kind in (Kind.FIRST, Kind.LAST):
            return _by_place(question, replies, last=kind is Kind.LAST)
        return choose(question, weigh(question.text, replies, encoder, decoder, settings))


def ask_clips(
    question: str,
    clips: Sequence[atom.Clip],
    encoder: atom.Encoder,
    decoder: atom.Decoder,
    settings: AnswerQuestion.Settings,
) -> list[Reply]:
    """The replies of the clips that do not refuse, in the order of the clips.

    Whether something is there is told by which of yes and no is likelier: free text wanders off.
    """
    prompt = getattr(decoder, "wordings", {}).get("answer", "{question}").replace("{question}", question)
    choices = YES_OR_NO if is_presence(question) else None

    provenances = []

    def prompts() -> Iterator[atom.Parts]:
        for features in _encoded(encoder, clips):
            provenances.append(atom.Provenance.of(decoder, prompt, features))
            yield [features, prompt]

    texts = decoder.generate_many(prompts(), max_new_tokens=settings.max_new_tokens, choices=choices)
    replies = [
        Reply(
            clip=clip,
            text=text.whole.strip(),
            confidence=text.confidence,
            provenance=provenance,
            truncated=text.cut,
        )
        for clip, text, provenance in zip(clips, texts, provenances, strict=True)
    ]
    return [reply for reply in replies if not is_refusal(reply.text)]


def weigh(
    question: str,
    replies: list[Reply],
    encoder: atom.Encoder,
    decoder: atom.Decoder,
    settings: AnswerQuestion.Settings,
) -> list[Reply]:
    """The replies with their weights: confidence times exp((similarity - best similarity) / focus)."""
    if len(replies) < 2:
        return replies
    wanted_E = decoder.embed([question])
    shown = _encoded(encoder, [reply.clip for reply in replies])
    similarities = (decoder.embed_many([features] for features in shown) @ wanted_E).tolist()
    best = max(similarities)
    return [
        evolve(reply, similarity=near, weight=reply.confidence * math.exp((near - best) / settings.focus))
        for reply, near in zip(replies, similarities, strict=True)
    ]


def choose(question: atom.Question, replies: list[Reply]) -> atom.Answer:
    """The answer with the greatest sum of weights; absences count only where no clip shows what is asked for."""
    present = [reply for reply in replies if not is_absence(question.text, reply.text)]
    groups: dict[str, list[Reply]] = {}
    for reply in present or replies:
        groups.setdefault(key_of(question.text, reply.text), []).append(reply)
    if not groups:
        return _answer(question, NOT_SHOWN, ())
    group = sorted(max(groups.values(), key=lambda g: sum(r.weight for r in g)), key=lambda r: -r.weight)
    support = [reply.clip for reply in group] if present else []
    return _answer(question, group[0].text, support, group[0])


def merge(clips: Iterable[atom.Clip], *, gap_s: float = 0.05) -> tuple[atom.Span, ...]:
    """The clips' spans, adjacent ones as one; a merged span stands where its best clip stood."""
    places = {clip: place for place, clip in reversed(list(enumerate(clips)))}
    spans: list[tuple[int, atom.Span]] = []
    for clip in sorted(places, key=lambda clip: clip.start_s):
        if spans and clip.start_s - spans[-1][1].end_s <= gap_s:
            place, span = spans[-1]
            end_s = max(span.end_s, clip.end_s)
            spans[-1] = (min(place, places[clip]), atom.Span(start_s=span.start_s, end_s=end_s))
        else:
            spans.append((places[clip], clip.span))
    return tuple(span for _, span in sorted(spans, key=lambda pair: pair[0]))


def _encoded(encoder: atom.Encoder, clips: Sequence[atom.Clip]) -> Iterator[atom.Features]:
    """The features of `clips`, some at a time: a long video's would not all fit into memory."""
    for start in range(0, len(clips), _TOGETHER):
        yield from encoder.encode_batch(clips[start : start + _TOGETHER])


def _by_place(question: atom.Question, replies: list[Reply], *, last: bool) -> atom.Answer:
    present = [reply for reply in replies if not is_absence(question.text, reply.text)]
    if not present:
        return choose(question, replies)
    reply = present[-1 if last else 0]
    return _answer(question, reply.text, [reply.clip], reply)


def _chosen(question: atom.Question, clips: Sequence[atom.Clip], host: atom.Host, *, last: bool) -> atom.Answer | None:
    """Which of two things comes first, or last, if captions of different clips name them; else None."""
    offered = choice(question.text)
    captions = host.collect("caption", clips) if offered else ()
    shown = [[place for place, caption in enumerate(captions) if names(caption.text, thing)] for thing in offered]
    if not offered or not all(shown):
        return None
    places = [found[-1 if last else 0] for found in shown]
    place = max(places) if last else min(places)
    if places.count(place) > 1:
        return None
    return _answer(question, offered[places.index(place)], [captions[place].clip], captions[place])


def _from_captions(
    question: atom.Question,
    kind: Kind,
    captions: Sequence[atom.Caption],
    host: atom.Host,
    decoder: atom.Decoder,
    settings: AnswerQuestion.Settings,
) -> atom.Answer:
    clips = [caption.clip for caption in captions]
    if kind is Kind.SUMMARY:
        return _answer(question, (summary := host.run("summarize", tuple(captions))).text, clips, summary)
    if kind is Kind.ORDER:
        return _answer(question, ", then ".join(caption.text.rstrip(" .") for caption in captions), clips)
    lines = [f"{number}. {caption.text}" for number, caption in enumerate(captions, 1)]
    prompt = "\n".join([READ_PROMPT, *lines, question.text])
    text = decoder.generate([prompt], max_new_tokens=settings.max_new_tokens)
    if is_refusal(text) or is_beside(question.text, text):
        return _answer(question, NOT_SHOWN, ())
    made = atom.Caption(
        clip=clips[0],
        text=text.whole.strip(),
        confidence=text.confidence,
        provenance=atom.Provenance.of(decoder, prompt),
        truncated=text.cut,
    )
    return _answer(question, made.text, clips, made)


def _answer(
    question: atom.Question, text: str, support: Sequence[atom.Clip], made: Reply | atom.Caption | None = None
) -> atom.Answer:
    more: dict[str, Any] = {}
    if made is not None:
        more = {"confidence": made.confidence, "provenance": made.provenance, "truncated": made.truncated}
    whole = atom.Clip.whole(question.video)
    return atom.Answer(clip=whole, question=question.text, text=text, evidence=merge(support), **more)
