"""A decoder that works on what several tasks ask at the same time, whatever engine reads the prompts."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from atom_core.call_context import Caller, caller
from atom_core.errors import Cancelled, ModelError
from atom_core.ledger import Ledger
from atom_core.protocols import Parts
from atom_core.records import Generated
from atom_core.settings import Settings

if TYPE_CHECKING:
    import numpy as np

_LOOK_S = 0.2
"""How soon a task that was cancelled stops waiting."""


@frozen(kw_only=True)
class Sampling:
    """How text is decoded; prompts of equal sampling are decoded together."""

    max_new_tokens: int = 64
    """Most tokens of an answer."""
    temperature: float = 0.0
    """0 takes the likeliest token at each step."""
    stop: tuple[str, ...] = ()
    """Texts before which an answer ends."""


@frozen(kw_only=True, eq=False)
class _Asked:
    """A prompt, or a prompt and an answer, that waits for the engine."""

    what: Any
    group: Sampling | str
    caller: Caller
    answer: Future[Any] = field(factory=Future)


class BatchingDecoder(ABC):
    """Follows the `Decoder` protocol. Derive from it and write what the engine does with several prompts: `answers`,
    `vectors` and `log_probabilities`, which are called in one thread.

    What tasks ask at the same time is handed on together, at most `Settings.batch` at once: first what somebody waits
    for, then task by task in turn. What was cancelled is dropped. The ledger is told.
    """

    def __init__(self, name: str, *, settings: Settings, ledger: Ledger) -> None:
        """
        :param name: the model's name and precision, as stored with results
        :param settings: those that `atom_load_modules` is handed
        :param ledger: likewise
        """
        self.name = name
        self._most, self._ledger = settings.batch, ledger
        self._wake = threading.Condition()
        self._waiting: list[_Asked] = []
        self._served: Counter[str] = Counter()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="decoder", daemon=True)
        self._thread.start()

    @abstractmethod
    def answers(self, prompts: Sequence[Parts], sampling: Sampling) -> Sequence[Generated]:
        """The text that answers each prompt."""

    @abstractmethod
    def vectors(self, prompts: Sequence[Parts]) -> np.ndarray:
        """A vector for each prompt, [N, E], of any length; text and video share the space."""

    @abstractmethod
    def log_probabilities(self, pairs: Sequence[tuple[Parts, str]]) -> Sequence[float]:
        """The natural log-probability of each text as the whole answer to its prompt."""

    def num_tokens(self, text: str) -> int:
        """How many tokens `text` has as an answer, end token included; about so many where not overridden."""
        return len(text.split()) + 1

    def generate(
        self,
        parts: Parts,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> Generated:
        """Text that answers `parts`; one of `choices`, the likeliest, when given."""
        options = {"max_new_tokens": max_new_tokens, "temperature": temperature, "stop": stop}
        return self.generate_many([parts], choices=choices, **options)[0]  # type: ignore[arg-type]

    def generate_many(
        self,
        prompts: Iterable[Parts],
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> list[Generated]:
        """What `generate` says to each prompt, in their order."""
        if choices is not None:
            return [self._chosen(parts, choices) for parts in prompts]
        if max_new_tokens < 1:
            raise ModelError(f"max_new_tokens must be at least 1, got {max_new_tokens}")
        sampling = Sampling(max_new_tokens=max_new_tokens, temperature=temperature, stop=tuple(stop))
        return [_ended(text, sampling.stop) for text in self._asked(list(prompts), sampling)]

    def stream(
        self, parts: Parts, *, max_new_tokens: int = 64, temperature: float = 0.0, stop: Sequence[str] = ()
    ) -> Iterator[str]:
        """The same text as `generate`, in one piece."""
        yield str(self.generate(parts, max_new_tokens=max_new_tokens, temperature=temperature, stop=stop))

    def embed(self, parts: Parts) -> np.ndarray:
        """One vector [E], float32, unit length."""
        vector: np.ndarray = self.embed_many([parts])[0]
        return vector

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """The vectors of several prompts, in their order, [N, E]; [0, 0] of none."""
        import numpy as np

        rows = [np.asarray(row, np.float32) for row in self._asked(list(prompts), "vectors")]
        return np.stack([row / np.linalg.norm(row) for row in rows]) if rows else np.zeros((0, 0), np.float32)

    def score(self, parts: Parts, continuation: str) -> float:
        """Natural log-probability of `continuation` as the whole answer to `parts`."""
        return self.score_many([(parts, continuation)])[0]

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """What `score` says of each prompt and continuation, in their order."""
        return [float(score) for score in self._asked(list(pairs), "log_probabilities")]

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """What `score` says of each of `choices` as the answer to one prompt."""
        return self.score_many([(parts, choice) for choice in choices])

    def close(self) -> None:
        """End the thread after the batch in work; what is not done is cancelled."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        for asked in self._waiting:
            asked.answer.set_exception(Cancelled("the host was closed before the decoder was done"))
        self._waiting.clear()

    def _chosen(self, parts: Parts, choices: Sequence[str]) -> Generated:
        if not choices:
            raise ModelError("choices is empty; give at least one, or None for free text")
        best, text = max(zip(self.scores(parts, choices), choices, strict=True), key=lambda pair: pair[0])
        return Generated(text, logprob=best, num_tokens=self.num_tokens(text))

    def _asked(self, whats: Sequence[object], group: Sampling | str) -> list[Any]:
        """The engine's answers, waited for as long as they are wanted."""
        current = caller.get()
        current.check()
        asked = [_Asked(what=what, group=group, caller=current) for what in whats]
        with self._wake:
            if self._closed:
                raise ModelError("the decoder is closed; open a new host")
            self._waiting += asked
            self._wake.notify()
        return [_waited_for(each) for each in asked]

    def _work(self) -> None:
        while batch := self._next():
            try:
                results = self._results(batch)
            except BaseException as error:  # told to each that asked
                for asked in batch:
                    asked.answer.set_exception(error)
            else:
                for asked, result in zip(batch, results, strict=True):
                    asked.answer.set_result(result)

    def _next(self) -> list[_Asked]:
        """What to work on together now; nothing once the decoder is closed."""
        with self._wake:
            while True:
                for asked in [asked for asked in self._waiting if asked.caller.cancelled.is_set()]:
                    self._waiting.remove(asked)
                    asked.answer.set_exception(Cancelled(f"task {asked.caller.task!r} was cancelled"))
                if self._closed:
                    return []
                if self._waiting:
                    break
                self._wake.wait()
            queue = sorted(self._waiting, key=lambda one: (not one.caller.interactive, self._served[one.caller.task]))
            batch = [asked for asked in queue if asked.group == queue[0].group][: self._most]
            for asked in batch:
                self._waiting.remove(asked)
                self._served[asked.caller.task] += 1
            return batch

    def _results(self, batch: Sequence[_Asked]) -> list[Any]:
        whats, group = [asked.what for asked in batch], batch[0].group
        self._ledger.batch("decode", len(batch))
        with self._ledger.lane("decode", group if isinstance(group, str) else "answers", prompts=len(batch)):
            results: Sequence[Any]
            if isinstance(group, Sampling):
                results = self.answers(whats, group)
                num_tokens = sum(text.num_tokens for text in results)
                self._ledger.count("decode_tokens", requested=num_tokens, computed=num_tokens)
            elif group == "vectors":
                results = list(self.vectors(whats))
            else:
                results = self.log_probabilities(whats)
        if len(results) != len(batch):
            raise ModelError(f"the decoder gave {len(results)} results for {len(batch)} prompts; repair its plugin")
        return list(results)


def check_cancelled() -> None:
    """
    :raises Cancelled: if the result of the calling task is not wanted any more
    """
    caller.get().check()


def _waited_for(asked: _Asked) -> Any:
    while True:
        try:
            return asked.answer.result(_LOOK_S)
        except TimeoutError:
            if asked.answer.done():
                return asked.answer.result()
            asked.caller.check()


def _ended(text: Generated, stop: Sequence[str]) -> Generated:
    """`text` up to the first of the stop texts."""
    places = [text.index(end) for end in stop if end in text]
    if not places:
        return text
    return Generated(
        text[: min(places)].strip(), logprob=text.logprob, num_tokens=text.num_tokens, finish_reason="stop"
    )
