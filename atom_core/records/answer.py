"""What the decoder says, and what it was asked."""

from __future__ import annotations

import math
from typing import Any, Protocol

from attrs import field, frozen
from attrs.validators import min_len

from atom_core.records.span import Span
from atom_core.records.video import Clip, Features, Video


class Generated(str):
    """Text from the decoder; a plain `str` that also knows how sure the decoder was."""

    logprob: float
    """Sum of the tokens' natural log-probabilities."""
    num_tokens: int
    """How many tokens were decoded, end token included."""
    finish_reason: str
    """``stop`` (end token or stop text), ``length`` (`max_new_tokens` reached) or ``loop`` (it said the same over and
    over, and was stopped)."""

    def __new__(cls, text: str, *, logprob: float = 0.0, num_tokens: int = 0, finish_reason: str = "stop") -> Generated:
        self = super().__new__(cls, text)
        self.logprob, self.num_tokens, self.finish_reason = logprob, num_tokens, finish_reason
        return self

    @property
    def confidence(self) -> float:
        """Geometric mean of the tokens' probabilities, 0 to 1."""
        return math.exp(self.logprob / self.num_tokens) if self.num_tokens else 0.0

    @property
    def cut(self) -> bool:
        """Whether the decoder was stopped before it ended by itself, maybe inside a word."""
        return self.finish_reason in ("length", "loop")

    @property
    def whole(self) -> str:
        """The text; where it was cut, up to its last whole sentence, clause or word, and without what it repeats."""
        from atom_core.text.sentences import cut_back, without_loop  # its patterns take a start of `atom` milliseconds

        return cut_back(without_loop(self)) if self.cut else str(self)


class _Named(Protocol):
    """What a `Decoder` is to a record."""

    @property
    def name(self) -> str:
        """The model's name and precision."""


@frozen(kw_only=True)
class Provenance:
    """What made a result."""

    model: str
    """Model name and precision."""
    prompt: str
    """The text the decoder was asked with."""
    timestamps_s: tuple[float, ...] = ()
    """The frames it saw, seconds."""
    rule: str = ""
    """The sampling rule that chose them."""
    size: tuple[int, int] | None = None
    """Height and width of those frames as sampled, pixels; the model may make them smaller."""
    num_encoded: int | None = None
    """How many of those frames were encoded, while the others repeat one of them; None where that is not known."""
    told: tuple[str, ...] = ()
    """What the prompt quotes of the video beside what was asked: ``speech``, ``text``."""

    @classmethod
    def of(
        cls, decoder: _Named, prompt: str, features: Features | None = None, *, told: tuple[str, ...] = ()
    ) -> Provenance:
        """What `decoder` made of `prompt` after the frames of `features`.

        :param features: what it was shown; None if it read text alone
        :param told: what the prompt quotes of the video
        """
        if features is None:
            return cls(model=decoder.name, prompt=prompt, told=told)
        return cls(
            model=decoder.name,
            prompt=prompt,
            timestamps_s=features.timestamps_s,
            rule=features.rule,
            size=features.size,
            num_encoded=features.num_encoded,
            told=told,
        )

    @property
    def frames(self) -> dict[str, Any] | None:
        """The frames it saw as JSON values: number, timestamps, size, rule, and how many of them were encoded if that
        is fewer; None if it saw none."""
        if not self.timestamps_s:
            return None
        times_s = [round(time_s, 3) for time_s in self.timestamps_s]
        found = {"number": len(times_s), "timestamps_s": times_s, "size": self.size, "rule": self.rule}
        fewer = self.num_encoded is not None and self.num_encoded < len(times_s)
        return {**found, "encoded": self.num_encoded} if fewer else found


@frozen(kw_only=True)
class Caption:
    """What a clip shows, in words."""

    clip: Clip
    """The clip described."""
    text: str
    """One sentence; empty where the model said nothing."""
    confidence: float | None = None
    """Geometric mean token probability, 0 to 1."""
    provenance: Provenance | None = None
    """What made it."""
    truncated: bool = False
    """Whether the model was stopped before its end; the text ends with its last whole sentence or clause."""


@frozen(kw_only=True)
class Question:
    """Something asked about a video."""

    video: Video
    """What it is asked of."""
    text: str = field(validator=min_len(1))
    """The question."""
    others: tuple[Video, ...] = ()
    """Further videos that it is asked of: one answer for all of them, as for "Which video shows a dog?"."""


@frozen(kw_only=True)
class Answer:
    """What the decoder says to a question."""

    clip: Clip
    """The stretch the question was asked of."""
    question: str
    """The question."""
    text: str
    """The answer."""
    evidence: tuple[Span, ...] = ()
    """The times that support it, best first."""
    confidence: float | None = None
    """Geometric mean token probability, 0 to 1."""
    provenance: Provenance | None = None
    """What made it."""
    truncated: bool = False
    """Whether the model was stopped before its end; the text ends with its last whole sentence or clause."""
    parts: tuple[Answer, ...] = ()
    """The answer to each question, where several were asked at once, with its own evidence and confidence."""
