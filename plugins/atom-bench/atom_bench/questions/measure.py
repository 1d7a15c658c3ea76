"""Answers held against the truth: right or wrong, evidence, confidence, refusals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

import atom_core as atom
from atom_bench.quality.answers import overlap
from atom_bench.questions.truth import Asked

LEAST_OVERLAP = 0.7
"""Intersection over union from which evidence is counted as found."""
BINS = 10
"""Of the calibration error: groups of answers by confidence."""


@frozen(kw_only=True)
class Answered:
    """A question and its answer."""

    asked: Asked
    """The question."""
    text: str
    """The answer; empty where it failed."""
    confidence: float
    """Its confidence, 0 to 1."""
    overlap: float | None
    """Intersection over union of its evidence with the true times; None where that is not judged."""

    @property
    def is_right(self) -> bool:
        """Whether it is the true answer."""
        return bool(self.text) and self.asked.right(self.text)


def ask(
    host: atom.Host, folder: Path, questions: Sequence[Asked], step: Callable[[], None], **settings: Any
) -> list[Answered]:
    """The answers of the task ``answer``."""
    answered = []
    for asked in questions:
        video = host.video(folder / asked.film.name)
        others = tuple(host.video(folder / film.name) for film in asked.also)
        question = atom.Question(video=video, text=asked.text, others=others)
        answer = host.run("answer", question, **settings)
        spans = [(span.start_s, span.end_s) for span in answer.evidence]
        shared = overlap(list(asked.spans), spans) if asked.spans else None
        answered.append(Answered(asked=asked, text=answer.text, confidence=answer.confidence or 0.0, overlap=shared))
        step()
    return answered


def figures(answered: Sequence[Answered]) -> dict[str, Any]:
    """Shares of right answers, evidence and calibration, and what is said of things that are not there."""
    kinds: dict[str, list[bool]] = {}
    for one in answered:
        kinds.setdefault(one.asked.kind, []).append(one.is_right)
    there = [one for one in answered if not one.asked.absent]
    absent = [one for one in answered if one.asked.absent]
    judged = [one.overlap for one in there if one.overlap is not None and one.is_right]
    refused = [one for one in there if _refuses(one)]
    return {
        "questions": len(answered),
        "right": _mean([one.is_right for one in answered]),
        "kinds": {kind: {"questions": len(rights), "right": _mean(rights)} for kind, rights in kinds.items()},
        "evidence_found": _mean([share >= LEAST_OVERLAP for share in judged]),
        "calibration_error": calibration_error([(one.confidence, one.is_right) for one in answered]),
        "absent": len(absent),
        "absent_told": _mean([one.is_right for one in absent]),
        "refused_wrongly": _mean([one in refused for one in there]),
    }


def _refuses(one: Answered) -> bool:
    return one.text.casefold() in ("not shown", "nothing", "none", "") and not one.is_right


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error: the mean distance of confidence and share of right answers, over equal bins.

    Source: Naeini et al. 2015, with ten bins of equal width.
    """
    total = 0.0
    for number in range(BINS):
        group = [
            pair
            for pair in pairs
            if number / BINS <= pair[0] < (number + 1) / BINS or (number == BINS - 1 and pair[0] == 1)
        ]
        if group:
            gap = abs(_mean([sure for sure, _ in group]) - _mean([right for _, right in group]))
            total += gap * len(group) / len(pairs)
    return total


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
