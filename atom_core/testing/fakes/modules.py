"""An encoder that is told what clips show, and a decoder by script."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atom_core.protocols import Decoder
from atom_core.records import Clip, Features, Generated
from atom_core.testing.fakes.records import bag_of_words, fake_features, words

if TYPE_CHECKING:
    import numpy as np

    from atom_core.protocols import Parts

CAPTION_PROMPT = "Describe this clip in one sentence."


class FakeEncoder:
    """An `Encoder` that sees what it is told each clip shows; `encoded` lists its work."""

    fingerprint = "fake-encoder"

    def __init__(self, shows: Callable[[Clip], str] | None = None) -> None:
        self._shows = shows or (lambda clip: f"{clip.video.path.stem} {clip.index}")
        self.encoded: list[Clip] = []

    def encode(self, clip: Clip) -> Features:
        """Features of one clip."""
        self.encoded.append(clip)
        return fake_features(clip, self._shows(clip))

    def encode_batch(self, clips: Sequence[Clip], *, in_one_prompt: bool = False) -> list[Features]:
        """Features of several clips, in their order; any number fits into one prompt."""
        del in_one_prompt
        return [self.encode(clip) for clip in clips]


class FakeDecoder:
    """A `Decoder` by script. `prompts` lists the text it was asked to continue.

    :param answers: from prompt text to answer, or a function of the prompt text and of what the features show that
        returns None for "not mine"
    :param default: the answer to other prompts; the caption prompt is answered with what the features show
    :param confidence: the mean token probability of every answer
    """

    name = "fake (none)"

    def __init__(
        self,
        answers: Mapping[str, str] | Callable[[str, str], str | Generated | None] | None = None,
        *,
        default: str = "not shown",
        confidence: float = 0.9,
    ) -> None:
        self._answers, self._default, self._confidence = answers or {}, default, confidence
        self.prompts: list[str] = []

    def generate(
        self,
        parts: Parts,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> Generated:
        """The scripted answer; of `choices`, the one most like it. `max_new_tokens` counts words."""
        del temperature
        text, shown = _read(parts)
        self.prompts.append(text)
        answer = self._answers(text, shown) if callable(self._answers) else self._answers.get(text)
        if answer is None:
            answer = shown if text == CAPTION_PROMPT else self._default
        if isinstance(answer, Generated):
            return answer
        if choices is not None:
            wanted = bag_of_words(answer)
            answer = max(choices, key=lambda choice: float(bag_of_words(choice) @ wanted))
        for end in stop:
            answer = answer.split(end)[0]
        num_tokens, reason = len(answer.split()) + 1, "stop"
        if num_tokens > max_new_tokens:
            answer, num_tokens, reason = " ".join(answer.split()[:max_new_tokens]), max_new_tokens, "length"
        logprob = num_tokens * math.log(self._confidence)
        return Generated(answer, logprob=logprob, num_tokens=num_tokens, finish_reason=reason)

    def stream(
        self, parts: Parts, *, max_new_tokens: int = 64, temperature: float = 0.0, stop: Sequence[str] = ()
    ) -> Iterator[str]:
        """The scripted answer, word by word."""
        text = self.generate(parts, max_new_tokens=max_new_tokens, temperature=temperature, stop=stop)
        yield from re.findall(r"\S+\s*", text)

    def embed(self, parts: Parts) -> np.ndarray:
        """The bag of words of the text and of what the features show."""
        return bag_of_words(" ".join(_read(parts)))

    def score(self, parts: Parts, continuation: str) -> float:
        """The sum over the words of `continuation`: ln 0.9 for one that the parts have, ln 0.1 for any other."""
        known = set(words(" ".join(_read(parts))))
        return sum(math.log(0.9 if word in known else 0.1) for word in words(continuation))

    def generate_many(
        self,
        prompts: Iterable[Parts],
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> list[Generated]:
        """What `generate` says to each prompt, one after the other."""
        options: dict[str, Any] = {"max_new_tokens": max_new_tokens, "temperature": temperature, "stop": stop}
        return Decoder.generate_many(self, prompts, choices=choices, **options)

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """What `embed` says of each prompt."""
        return Decoder.embed_many(self, prompts)

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """What `score` says of each pair."""
        return Decoder.score_many(self, pairs)

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """What `score` says of each choice."""
        return Decoder.scores(self, parts, choices)


def _read(parts: Parts) -> tuple[str, str]:
    text = "\n".join(part for part in parts if isinstance(part, str))
    shown = " ".join(str(part.layout.get("shows", "")) for part in parts if isinstance(part, Features))
    return text, shown
