"""The task ``answer``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve, field, frozen
from attrs.validators import ge

import atom_core as atom
from atom_core.text.numbers import ORDINALS
from atom_reasoning import answering
from atom_reasoning.answers.calibration import confidence_of
from atom_reasoning.answers.evidence import Found
from atom_reasoning.answers.wording import merge
from atom_reasoning.evidence.footage import Footage
from atom_reasoning.evidence.witness import Witness
from atom_reasoning.reading.record import Kind, Reading, Scope
from atom_reasoning.reading.sentences import readings_of
from atom_reasoning.spoken import answer_of_speech
from atom_reasoning.wording import NOT_SHOWN, YES_OR_NO, is_presence
from atom_reasoning.written import answer_of_writing


class AnswerQuestion:
    """Answer a question about a video, or about several together.

    The question is read into a record: the kind of its answer, the part of the video that it is about, and what a clip
    has to show. Clips are asked only that; counts, lists, times and order are worked out from what they show. A video
    of one shot is asked directly what it can tell by itself.
    """

    consumes = atom.Question
    produces = atom.Answer

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``answer``."""

        max_new_tokens: int = field(default=32, validator=ge(1))
        """Longest answer of a clip, tokens."""
        looks: int = field(default=12, validator=ge(1))
        """How many clips are looked at anew for a question; of the others their captions are read."""
        hear: bool = True
        """Whether questions about what is said are answered by it, where a plugin writes that down."""
        read: bool = True
        """Whether questions about what is written are answered by it, where a plugin reads it."""

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
        if settings.hear and (spoken := answer_of_speech(question, host, text=_numbered(question))) is not None:
            return spoken
        if settings.read and (written := answer_of_writing(question, host, text=_numbered(question))) is not None:
            return written
        footage = Footage.of(host, (question.video, *question.others))
        witness = Witness(host, encoder, decoder, footage, looks=settings.looks, tokens=settings.max_new_tokens)
        try:
            parts = [self._one(reading, question, witness, host) for reading in readings_of(_numbered(question))]
        finally:
            witness.close()
        return _joined(question, parts, witness)

    def _one(
        self, reading: Reading, question: atom.Question, witness: Witness, host: atom.Host
    ) -> tuple[Found, Reading]:
        witness.begin()
        if is_direct(reading, witness.footage):
            return _direct(reading, witness), evolve(reading, trust=1.0)  # as it is, whatever it was read as
        if reading.kind is Kind.SUMMARY:
            return _summary(question, witness, host), reading
        return answering.answer(reading, witness), reading


def _numbered(question: atom.Question) -> str:
    """The question, with several videos as "the first video" and so on, whether by name or called clips."""
    text = question.text
    if question.others:
        if not re.search(r"\b(?:video|film|movie|recording|file)s?\b", text, re.IGNORECASE):
            text = re.sub(r"\bclip(s?)\b", r"video\1", text, flags=re.IGNORECASE)  # asked of several, each is one
        for number, video in zip(ORDINALS, (question.video, *question.others), strict=False):
            for name in (video.path.name, video.path.stem):
                if len(name) > 3:
                    text = re.sub(rf"(?<![\w.]){re.escape(name)}(?!\w)", f"the {number} video", text)
    return text


def is_direct(reading: Reading, footage: Footage) -> bool:
    """Whether the one clip of a video answers by itself."""
    if len(footage.clips) > 1 or reading.scope != Scope(pick=reading.scope.pick):
        return False
    if reading.kind is Kind.YES_NO:
        return not (reading.compare or reading.negated or len(reading.conditions) > 1 or reading.together)
    if reading.kind is Kind.HAPPENS:
        return True
    if reading.kind is Kind.COUNT:
        return reading.counted == "things" and not reading.distinct and reading.conditions[0].is_anything
    return reading.kind in (Kind.WHAT, Kind.CHOICE)


def _direct(reading: Reading, witness: Witness) -> Found:
    """What the one clip of a video says to the question as it is asked."""
    choices = YES_OR_NO if is_presence(reading.text) else None
    replies = witness.replies(reading.text, [0], choices=choices)
    if not replies:
        return Found(text=NOT_SHOWN, certainty=0.9)
    shots = () if choices and replies[0].text == "no" else witness.footage.shots
    reply = replies[0]
    return Found(text=reply.text, shots=shots, certainty=reply.confidence, truncated=reply.truncated)


def _summary(question: atom.Question, witness: Witness, host: atom.Host) -> Found:
    """The task ``summarize``, of all captions."""
    captions = tuple(
        atom.Caption(clip=clip, text=text, confidence=confidence)
        for clip, (text, confidence) in zip(witness.footage.clips, witness.captions, strict=True)
        if clip.video.content_hash == question.video.content_hash
    )
    made = host.run("summarize", captions)
    sure = 0.9 if made.confidence is None else made.confidence
    return Found(text=made.text, shots=witness.footage.shots, certainty=sure, truncated=made.truncated)


def _joined(question: atom.Question, parts: Sequence[tuple[Found, Reading]], witness: Witness) -> atom.Answer:
    """The answer record of one or several questions that were asked at once."""
    answers = [
        _answer(question, reading.text[:1].upper() + reading.text[1:], found, reading, witness)
        for found, reading in parts
    ]
    if len(answers) == 1:
        return evolve(answers[0], question=question.text)
    spans: list[atom.Clip] = [witness.footage.span(shot) for found, _ in parts for shot in found.shots]
    return evolve(
        answers[0],
        question=question.text,
        text="; ".join(one.text for one in answers),
        evidence=_evidence(question, spans),
        confidence=min(one.confidence or 0.0 for one in answers),
        truncated=any(one.truncated for one in answers),
        parts=tuple(answers),
    )


def _answer(question: atom.Question, text: str, found: Found, reading: Reading, witness: Witness) -> atom.Answer:
    return atom.Answer(
        clip=atom.Clip.whole(question.video),
        question=text,
        text=found.text,
        evidence=_evidence(question, [witness.footage.span(shot) for shot in found.shots]),
        confidence=confidence_of(reading, found, witness.told),
        provenance=witness.provenance,
        truncated=found.truncated,
    )


def _evidence(question: atom.Question, clips: Sequence[atom.Clip]) -> tuple[atom.Span, ...]:
    """Clips that overlap as one; of a single video their times alone."""
    merged: tuple[atom.Span, ...] = merge(clips)
    return merged if question.others else tuple(clip.span for clip in merge(clips))
