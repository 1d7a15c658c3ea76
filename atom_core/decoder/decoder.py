"""The resident decoder: what tasks call, in front of the engine."""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import numpy as np

from atom_core.call_context import caller
from atom_core.decoder.request import DecodeRequest
from atom_core.errors import ModelError
from atom_core.families import Family
from atom_core.families.frames.budget import FrameBudget
from atom_core.families.prompt import Prompt
from atom_core.protocols import Parts
from atom_core.records import Features, Generated
from atom_core.stores.json_store import KeptValues
from atom_core.text.embedding import EMBED_INSTRUCTION, EMBEDDING, FORM, TEXTS

_CENTRE = hashlib.sha256(json.dumps([EMBEDDING, FORM, TEXTS]).encode()).hexdigest()
"""What the states of texts have in common is kept under this name."""


class DecodeEngine(Protocol):
    """What serves requests: Atom's own `Engine`, or one that a plugin brings."""

    @property
    def most_waiting(self) -> int:
        """How many requests of one caller are worth having under way."""

    def submit(self, request: DecodeRequest) -> Future[Any]:
        """Queue a request; the future is the request's own.

        :raises ModelError: if the engine is closed
        """

    def close(self) -> None:
        """End it; requests that are not done are cancelled."""


class ResidentDecoder:
    """The language half of the model, shared by every task. Follows the `Decoder` protocol."""

    def __init__(
        self,
        engine: DecodeEngine,
        family: Family,
        *,
        frames: FrameBudget,
        name: str,
        kept: KeptValues | None = None,
    ) -> None:
        """
        :param frames: knows what fits into the model's context
        :param name: model and precision, as stored with results
        :param kept: where what is found of the weights is kept between runs; None finds it in each
        """
        self.name = name
        self.wordings: Mapping[str, str] = family.wordings
        """Wordings that the model is trained with, by what is asked for; see `Family.wordings`."""
        self._engine = engine
        self._family = family
        self._frames = frames
        self._tokenizer = family.tokenizer
        self.embedding = EMBEDDING
        """Names how texts become vectors; empty where the model was trained to make them, as its owner knows."""
        self._kept = kept
        self._centring = threading.Lock()
        self._centre_D: np.ndarray | None = None

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
        (text,) = self.generate_many(
            [parts], max_new_tokens=max_new_tokens, temperature=temperature, stop=stop, choices=choices
        )
        return text

    def generate_many(
        self,
        prompts: Iterable[Parts],
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> list[Generated]:
        """What `generate` says to each prompt, in their order; they are decoded together.

        :param prompts: taken as there is room, so they may be made lazily, each while others are decoded
        :raises ModelError: if a prompt does not fit into the model's context; the others are given up
        :raises Cancelled: if the calling task was cancelled
        """
        if choices is not None:
            return self._choose(prompts, choices)
        until = self._until(stop) if stop else None
        requests = (self._request(parts, max_new_tokens, temperature, until) for parts in prompts)
        return [self._text(request, stop) for request, _ in self._results(requests)]

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

        future = self._engine.submit(self._request(parts, max_new_tokens, temperature, listen))
        future.add_done_callback(lambda _: pieces.put(None))
        try:
            while (piece := pieces.get()) is not None:
                yield piece
        finally:
            abandoned.set()
        rest = str(self._text(future.result(), stop))
        if rest.startswith(sent.lstrip()) and len(rest) > len(sent.lstrip()):
            yield rest[len(sent.lstrip()) :]

    @property
    def context_tokens(self) -> int:
        """How many tokens a prompt and its answer may have together."""
        return self._frames.context_tokens

    def num_tokens(self, parts: Parts) -> int:
        """How many tokens are read of `parts`, visual ones and those of the model's template included."""
        return len(self._family.prompt(parts))

    def embed(self, parts: Parts) -> np.ndarray:
        """One vector [D], float32, unit length: the last hidden state after the parts and `EMBED_INSTRUCTION`; of text
        alone by a model that was not trained to embed, as `atom_core.text.embedding` says.
        """
        return np.asarray(self.embed_many([parts])[0])

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """The vectors of several prompts, in their order, [N, D]; [0, 0] of none. Prompts may be made lazily."""
        vectors = []
        for request, state in self._results(map(self._embed_request, prompts)):
            vector = state.cpu().numpy()
            vectors.append(vector - self._centre(len(vector)) if request.inner else vector)
        if not vectors:
            return np.zeros((0, 0), dtype=np.float32)
        return np.stack([np.asarray(vector / np.linalg.norm(vector), dtype=np.float32) for vector in vectors])

    def score(self, parts: Parts, continuation: str) -> float:
        """Natural log-probability of `continuation`, end token included, as the whole answer to `parts`."""
        return self.score_many([(parts, continuation)])[0]

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """What `score` says of each of `choices` as the answer to one prompt; they are read together."""
        return self.score_many([(parts, choice) for choice in choices])

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """What `score` says of each prompt and continuation, in their order. Pairs may be made lazily."""
        return [score for score, _ in self._scored(pairs)]

    def close(self) -> None:
        """End the engine."""
        self._engine.close()

    def _results(self, requests: Iterable[DecodeRequest]) -> Iterator[tuple[DecodeRequest, Any]]:
        """Each of `requests` with its result, in order.

        So many are under way that no row waits for one, and no more, since each holds its clip's features. Where one
        fails, or nobody asks on, what is not done is given up.
        """
        waiting: deque[DecodeRequest] = deque()
        try:
            for request in requests:
                self._engine.submit(request)
                waiting.append(request)
                if len(waiting) > self._engine.most_waiting:
                    first = waiting.popleft()
                    yield first, first.future.result()
            while waiting:
                first = waiting.popleft()
                yield first, first.future.result()
        finally:
            for request in waiting:
                request.future.cancel()

    def _scored(self, pairs: Iterable[tuple[Parts, str]]) -> list[tuple[float, int]]:
        """The log-probability of each continuation, and how many tokens it has."""
        return [
            (float(score), request.num_answer_tokens) for request, score in self._results(self._score_requests(pairs))
        ]

    def _choose(self, prompts: Iterable[Parts], choices: Sequence[str]) -> list[Generated]:
        """The likeliest of `choices` for each prompt."""
        if not choices:
            raise ModelError("choices is empty; give at least one, or None for free text")
        scored = self._scored((parts, choice) for parts in prompts for choice in choices)
        chosen = []
        for start in range(0, len(scored), len(choices)):
            best = max(range(start, start + len(choices)), key=lambda place: scored[place][0])
            logprob, num_tokens = scored[best]
            chosen.append(Generated(choices[best - start], logprob=logprob, num_tokens=num_tokens))
        return chosen

    def _centre(self, width: int) -> np.ndarray:
        """What the states of texts have in common, [D]; found once for a model."""
        with self._centring:
            if self._centre_D is None and self._kept is not None:
                self._centre_D = _numbers(self._kept.get(_CENTRE), width)
            if self._centre_D is None:
                requests = (self._embed_request([text]) for text in TEXTS)
                found_D = np.mean([state.cpu().numpy() for _, state in self._results(requests)], axis=0)
                self._centre_D = np.asarray(found_D, np.float32)
                if self._kept is not None:
                    self._kept.put(_CENTRE, self._centre_D.tolist())
            return self._centre_D

    def _embed_request(self, parts: Parts) -> DecodeRequest:
        if self.embedding and parts and all(isinstance(part, str) for part in parts):
            prompt = self._family.tokenize(FORM.format(text="\n".join(map(str, parts)).strip()), [])
            self._frames.check(parts, len(prompt), 0)
            return DecodeRequest(prompt=prompt, embed=True, inner=True, caller=caller.get())
        last = parts[-1] if parts else ""
        asked = [*parts[:-1], f"{last}\n{EMBED_INSTRUCTION}"] if isinstance(last, str) else [*parts, EMBED_INSTRUCTION]
        return DecodeRequest(prompt=self._prompt(asked, 0), embed=True, caller=caller.get())

    def _score_requests(self, pairs: Iterable[tuple[Parts, str]]) -> Iterator[DecodeRequest]:
        asked, prompt = None, None
        for parts, continuation in pairs:
            if prompt is None or parts is not asked:  # what several are scored for is written once
                asked, prompt = parts, self._prompt(parts, 0)
            answer = self._family.answer_ids(parts, continuation)
            self._frames.check(parts, len(prompt), len(answer))
            yield DecodeRequest(prompt=prompt.with_answer(answer), answer_from=len(prompt), caller=caller.get())

    def _prompt(self, parts: Parts, max_new_tokens: int) -> Prompt:
        for part in parts:
            if not isinstance(part, (str, Features)):
                raise ModelError(f"a prompt is text and Features, got {type(part).__name__}; encode clips first")
        prompt = self._family.prompt(parts)
        self._frames.check(parts, len(prompt), max_new_tokens)
        return prompt

    def _request(
        self, parts: Parts, max_new_tokens: int, temperature: float, listen: Callable[[list[int]], bool] | None
    ) -> DecodeRequest:
        if max_new_tokens < 1:
            raise ModelError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
        return DecodeRequest(
            prompt=self._prompt(parts, max_new_tokens),
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            caller=caller.get(),
            on_token=listen,
        )

    def _until(self, stop: Sequence[str]) -> Callable[[list[int]], bool]:
        return lambda tokens: _holds(self._decode(tokens), stop)

    def _decode(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode(list(tokens), skip_special_tokens=True))

    def _text(self, request: DecodeRequest, stop: Sequence[str]) -> Generated:
        text = _before(self._decode(request.tokens), stop).strip()
        return Generated(
            text, logprob=request.logprob, num_tokens=len(request.tokens), finish_reason=request.finish_reason
        )


def _numbers(kept: object, width: int) -> np.ndarray | None:
    """A kept value as finite numbers [D], float32; None if it is something else."""
    if not isinstance(kept, list) or len(kept) != width or any(type(number) is not float for number in kept):
        return None
    numbers_D = np.array(kept, np.float32)
    return numbers_D if np.isfinite(numbers_D).all() else None


def _holds(text: str, stop: Sequence[str]) -> bool:
    return any(word in text for word in stop)


def _before(text: str, stop: Sequence[str]) -> str:
    """`text` up to the first of the stop texts."""
    places = [text.index(word) for word in stop if word in text]
    return text[: min(places)] if places else text
