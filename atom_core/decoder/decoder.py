"""The resident decoder: what tasks call, in front of the engine."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from atom_core.call_context import caller
from atom_core.decoder.engine import Engine
from atom_core.decoder.request import Job
from atom_core.errors import ModelError
from atom_core.families import Family
from atom_core.families.frame_budget import FrameBudget
from atom_core.families.prompt import Prompt
from atom_core.hookspecs import Parts
from atom_core.records import Features, Generated

EMBED_INSTRUCTION = "Summarize the above in one word:"
"""Asked after what is embedded; the last hidden state is the vector. Source: E5-V (arXiv 2407.12580), PromptEOL."""


class ResidentDecoder:
    """The language half of the model, shared by every task. Follows the `Decoder` protocol."""

    def __init__(self, engine: Engine, family: Family, *, frames: FrameBudget, name: str) -> None:
        """
        :param frames: knows what fits into the model's context
        :param name: model and precision, as stored with results
        """
        self.name = name
        self.wordings: Mapping[str, str] = family.wordings
        """Wordings that the model is trained with, by what is asked for; see `Family.wordings`."""
        self._engine = engine
        self._family = family
        self._frames = frames
        self._tokenizer = family.tokenizer

    def generate(
        self,
        parts: Parts,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> Generated:
        """Text that answers `parts`; greedy when `temperature` is 0; one of `choices`, the likeliest, when given.

        :raises ModelError: if the prompt does not fit into the model's context
        :raises Cancelled: if the calling task was cancelled
        """
        if choices is not None:
            return self._choose(parts, choices)
        job = self._job(parts, max_new_tokens, temperature, self._until(stop) if stop else None)
        return self._text(self._engine.submit(job).result(), stop)

    def stream(
        self, parts: Parts, *, max_new_tokens: int = 64, temperature: float = 0.0, stop: Sequence[str] = ()
    ) -> Iterator[str]:
        """The same text as `generate`, piece by piece."""
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        sent, abandoned = "", threading.Event()

        def listen(tokens: list[int]) -> bool:
            nonlocal sent
            text = _before(self._decode(tokens), stop)
            if not text.endswith("\ufffd") and len(text) > len(sent):
                pieces.put(text[len(sent) :])
                sent = text
            return abandoned.is_set() or _holds(self._decode(tokens), stop)

        future = self._engine.submit(self._job(parts, max_new_tokens, temperature, listen))
        future.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := pieces.get()) is not None:
                yield piece
        finally:
            abandoned.set()
        rest = str(self._text(future.result(), stop))
        if rest.startswith(sent.lstrip()) and len(rest) > len(sent.lstrip()):
            yield rest[len(sent.lstrip()) :]

    def embed(self, parts: Parts) -> np.ndarray:
        """One vector [D], float32, unit length: the last hidden state after the parts and `EMBED_INSTRUCTION`."""
        last = parts[-1] if parts else ""
        asked = [*parts[:-1], f"{last}\n{EMBED_INSTRUCTION}"] if isinstance(last, str) else [*parts, EMBED_INSTRUCTION]
        prompt = self._family.prompt(asked)
        self._frames.check(asked, len(prompt), 0)
        vector = self._engine.submit(Job(prompt=prompt, embed=True, caller=caller.get())).result()
        array = vector.cpu().numpy()
        return np.asarray(array / np.linalg.norm(array), dtype=np.float32)

    def score(self, parts: Parts, continuation: str) -> float:
        """Natural log-probability of `continuation`, end token included, as the whole answer to `parts`."""
        return self.score_all(parts, [continuation])[0]

    def score_all(self, parts: Parts, continuations: Sequence[str]) -> list[float]:
        """`score` for several continuations, read together."""
        prompt = self._family.prompt(parts)
        futures = []
        for continuation in continuations:
            answer = self._family.answer_ids(parts, continuation)
            self._frames.check(parts, len(prompt), len(answer))
            job = Job(prompt=prompt.with_answer(answer), answer_from=len(prompt), caller=caller.get())
            futures.append(self._engine.submit(job))
        return [float(future.result()) for future in futures]

    def close(self) -> None:
        """End the engine."""
        self._engine.close()

    def _choose(self, parts: Parts, choices: Sequence[str]) -> Generated:
        if not choices:
            raise ModelError("choices is empty; give at least one, or None for free text")
        scores = self.score_all(parts, choices)
        best = int(np.argmax(scores))
        num_tokens = len(self._family.answer_ids(parts, choices[best]))
        return Generated(choices[best], logprob=scores[best], num_tokens=num_tokens)

    def _job(
        self, parts: Parts, max_new_tokens: int, temperature: float, listen: Callable[[list[int]], bool] | None
    ) -> Job:
        if max_new_tokens < 1:
            raise ModelError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
        for part in parts:
            if not isinstance(part, (str, Features)):
                raise ModelError(f"a prompt is text and Features, got {type(part).__name__}; encode clips first")
        prompt: Prompt = self._family.prompt(parts)
        self._frames.check(parts, len(prompt), max_new_tokens)
        return Job(
            prompt=prompt,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            caller=caller.get(),
            on_token=listen,
        )

    def _until(self, stop: Sequence[str]) -> Callable[[list[int]], bool]:
        return lambda tokens: _holds(self._decode(tokens), stop)

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def _text(self, job: Any, stop: Sequence[str]) -> Generated:
        text = _before(self._decode(job.tokens), stop).strip()
        return Generated(text, logprob=job.logprob, num_tokens=len(job.tokens), finish_reason=job.finish)


def _holds(text: str, stop: Sequence[str]) -> bool:
    return any(word in text for word in stop)


def _before(text: str, stop: Sequence[str]) -> str:
    """`text` up to the first of the stop texts."""
    places = [text.index(word) for word in stop if word in text]
    return text[: min(places)] if places else text
