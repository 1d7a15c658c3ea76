"""Asking the decoder whether clips show something: "yes" against "no", as VQAScore does (arXiv 2404.01291)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import atom_core as atom
from atom_assembly.evidence.words import clauses, stems

if TYPE_CHECKING:
    from atom_assembly.sources import Candidate

CAPTION_PROMPT = "Describe this clip in one sentence."
"""What captions are asked for with."""
ANSWERS = ("yes", "no", "not shown")
"""What the decoder may say; the last is what a model says that was taught to tell what is not there."""
_TRIED = 6
"""Captions that the threshold is set by, and as many that are false."""
_NEVER = 2.0


class Judge:
    """The decoder as the judge of what clips show. Its threshold is set by what it says of captions, true and false."""

    def __init__(self, encoder: atom.Encoder, decoder: atom.Decoder, candidates: Sequence[Candidate]) -> None:
        """
        :param candidates: clips with captions that the threshold may be set by
        """
        self._encoder, self._decoder, self._candidates = encoder, decoder, candidates
        self._threshold: float | None = None

    @property
    def threshold(self) -> float:
        """The probability of yes from which on a clip counts as showing it; above 1 where the decoder cannot tell."""
        if self._threshold is None:
            self._threshold = self._set()
        return self._threshold

    def probabilities(self, asked: Sequence[tuple[Candidate, str]]) -> list[float]:
        """How likely each clip shows what the statement beside it says, 0 to 1."""

        def pairs() -> Iterator[tuple[Sequence[atom.Features | str], str]]:
            for candidate, statement in asked:
                parts: list[atom.Features | str] = [self._encoder.encode(candidate.clip), question(statement)]
                for answer in ANSWERS:
                    yield parts, answer

        scores = self._decoder.score_many(pairs())
        found = []
        for place in range(0, len(scores), len(ANSWERS)):
            weights = [math.exp(score) for score in scores[place : place + len(ANSWERS)]]
            found.append(weights[0] / sum(weights) if sum(weights) > 0 else 0.0)
        return found

    def likelihoods(self, asked: Sequence[tuple[Candidate, str]]) -> list[float]:
        """How likely the statement beside each clip is in its caption, against what the decoder wrote there, 0 to 1."""

        def pairs() -> Iterator[tuple[Sequence[atom.Features | str], str]]:
            for candidate, statement in asked:
                parts: list[atom.Features | str] = [self._encoder.encode(candidate.clip), CAPTION_PROMPT]
                yield parts, edited(candidate.moment.caption, statement)
                yield parts, candidate.moment.caption

        scores = self._decoder.score_many(pairs())
        return [math.exp(min(0.0, said - own)) for said, own in zip(scores[::2], scores[1::2], strict=True)]

    def _set(self) -> float:
        """Half way, in log-odds, between what it says of true captions and of false ones; out of reach if these mix."""
        plain = [
            one
            for one in self._candidates
            if len(clauses(one.moment.caption)) == 1 and len(stems(one.moment.caption)) > 1
        ]
        plain = plain[:: max(1, len(plain) // _TRIED)][:_TRIED]
        false = [
            (one, other.moment.caption)
            for one, other in zip(plain, [*plain[1:], *plain[:1]], strict=True)
            if not stems(other.moment.caption) & stems(one.moment.caption)
        ]
        if len(false) < 2:
            return 0.5
        said = self.probabilities([(one, one.moment.caption) for one in plain] + false)
        yes, no = sorted(map(_odds, said[: len(plain)])), sorted(map(_odds, said[len(plain) :]))
        if yes[len(yes) // 4] <= no[-1 - len(no) // 4]:
            return _NEVER
        middle = (yes[len(yes) // 2] + no[len(no) // 2]) / 2
        return min(max(1 / (1 + math.exp(-middle)), 0.5), 0.9)


def edited(caption: str, statement: str) -> str:
    """`caption` with `statement` in the place of the clause that is nearest to it."""
    parts = clauses(caption)
    nearest = max(parts, key=lambda part: len(stems(part) & stems(statement)), default=caption)
    return caption.replace(nearest, statement, 1) if nearest else statement


def question(statement: str) -> str:
    """What the decoder is asked of a clip."""
    if statement.startswith("there is "):
        return f"Is {statement.removeprefix('there is ').join(('there ', '?'))}"
    statement = re.sub(r"^an?\s+", "the ", statement.strip().rstrip("."), flags=re.IGNORECASE)
    return f"Is it true that {statement}?"


def _odds(probability: float) -> float:
    kept = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(kept / (1 - kept))
