"""What one run of a task is lent, so that nothing it does harms the others.

Features are handed out as copies, which cost a memory copy and make keeping or changing them harmless to others. A
changed copy is still refused: by the decoder, whose prefixes are kept under the features' key, and after the run.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from atom_core.call_context import caller, on_behalf_of
from atom_core.errors import TaskError
from atom_core.kernels.threads import one_thread
from atom_core.protocols import Decoder, Encoder, ModelBackend, Parts
from atom_core.records import Clip, Features, Generated
from atom_core.specs import TaskSpec

if TYPE_CHECKING:
    import numpy as np


T = TypeVar("T")


class Borrower:
    """Whom modules are lent to: one run of a task."""

    task: str | None = None
    """The task, for errors; None where it is none."""
    plugin: str | None = None
    """Its plugin."""

    def __init__(self, borrower: str) -> None:
        """
        :param borrower: how messages call the task
        """
        self.borrower = borrower
        self._caller = caller.get()

    @classmethod
    def of(cls, spec: TaskSpec) -> Borrower:
        """A run of the task that `spec` declares, which begins now."""
        borrower = cls(f"task {spec.name!r} of plugin {spec.plugin!r}")
        borrower.task, borrower.plugin = spec.name, spec.plugin
        return borrower

    def error(self, message: str) -> TaskError:
        """The error that says what the task did, to be raised."""
        return TaskError(message, task=self.task, plugin=self.plugin)

    def acting(self) -> AbstractContextManager[None]:
        """Calls inside are made for the task that was lent the modules, also in threads that it started itself.

        :raises Cancelled: if its result is no longer wanted
        """
        return on_behalf_of(self._caller)


class Loans(Borrower):
    """The model as one run of a task sees it."""

    def __init__(self, borrower: str, modules: ModelBackend, stamp: int) -> None:
        """
        :param borrower: how messages call the task
        :param stamp: what `weights_stamp` said when the modules were loaded
        """
        super().__init__(borrower)
        self.modules = modules
        self.encoder: Encoder = TaskEncoder(modules.encoder, self)
        self.decoder: Decoder = TaskDecoder(modules.decoder, self)
        self._stamp = stamp
        self._lock = threading.Lock()
        self._lent: list[tuple[weakref.ref[Any], int]] = []

    def lend(self, features: Features) -> Features:
        """A copy of `features` that is watched while it lives."""
        copies = {name: self._watched(tensor) for name, tensor in features.extra.items()}
        return evolve(features, values=self._watched(features.values), extra=copies)

    def check(self, features: Features | None = None) -> None:
        """
        :param features: only these; all that still live if not given
        :raises TaskError: if lent features were changed
        """
        with self._lock:
            self._lent = [(reference, stamp) for reference, stamp in self._lent if reference() is not None]
            known = list(self._lent)
        wanted = None if features is None else {id(tensor) for tensor in (features.values, *features.extra.values())}
        for reference, stamp in known:
            tensor = reference()
            if tensor is not None and (wanted is None or id(tensor) in wanted) and version_of(tensor) != stamp:
                raise TaskError(
                    f"{self.borrower} changed features in place that it was lent;"
                    " let it change a copy: features.array()"
                )

    @property
    def num_kept(self) -> int:
        """How many lent tensors somebody still holds."""
        with self._lock:
            return sum(reference() is not None for reference, _ in self._lent)

    @property
    def weights_changed(self) -> bool:
        """Whether a weight is not what it was when it was loaded."""
        return weights_stamp(self.modules) != self._stamp

    def _watched(self, tensor: Any) -> Any:
        if hasattr(tensor, "clone"):
            with one_thread():
                copied = tensor.clone()
        else:
            copied = tensor.copy()
            copied.flags.writeable = False  # an array says so itself when it is changed
        with self._lock:
            self._lent.append((weakref.ref(copied), version_of(copied)))
        return copied


class TaskEncoder:
    """An encoder whose features are lent. It has what the protocol has, and nothing else of the encoder behind it."""

    def __init__(self, encoder: Encoder, loans: Loans) -> None:
        self._encoder, self._loans = encoder, loans
        self.fingerprint = encoder.fingerprint

    def encode(self, clip: Clip) -> Features:
        """Features of `clip`, lent."""
        with self._loans.acting():
            return self._loans.lend(self._encoder.encode(clip))

    def encode_batch(self, clips: Sequence[Clip], **options: Any) -> list[Features]:
        """Features of several clips, lent."""
        with self._loans.acting():
            return [self._loans.lend(features) for features in self._encoder.encode_batch(clips, **options)]


class TaskDecoder:
    """A decoder that reads lent features only as they were lent. It has what the protocol has, and nothing else of the
    decoder behind it: that is everybody's.
    """

    def __init__(self, decoder: Decoder, loans: Loans) -> None:
        self._decoder, self._loans = decoder, loans
        self.name = decoder.name
        self.wordings: Mapping[str, str] = getattr(decoder, "wordings", {})
        if hasattr(decoder, "embedding"):
            self.embedding: str = decoder.embedding

    def generate(self, parts: Parts, **options: Any) -> Generated:
        """The decoder's text."""
        with self._loans.acting():
            return self._decoder.generate(self._checked(parts), **options)

    def generate_many(self, prompts: Iterable[Parts], **options: object) -> list[Generated]:
        """The decoder's texts."""
        with self._loans.acting():
            texts: list[Generated] = self._several("generate_many")(map(self._checked, prompts), **options)
            return texts

    def stream(self, parts: Parts, **options: Any) -> Iterator[str]:
        """The decoder's text, piece by piece."""
        context = copy_context()  # a generator is run piece by piece, each as if in the context of whoever asks
        with self._loans.acting():
            context.run(caller.set, caller.get())
            pieces = context.run(self._decoder.stream, self._checked(parts), **options)
        return within(context, pieces)

    def embed(self, parts: Parts) -> np.ndarray:
        """The decoder's vector."""
        with self._loans.acting():
            return self._decoder.embed(self._checked(parts))

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """The decoder's vectors."""
        with self._loans.acting():
            vectors: np.ndarray = self._several("embed_many")(map(self._checked, prompts))
            return vectors

    def score(self, parts: Parts, continuation: str) -> float:
        """The decoder's log-probability."""
        with self._loans.acting():
            return self._decoder.score(self._checked(parts), continuation)

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """The decoder's log-probabilities."""
        with self._loans.acting():
            checked = ((self._checked(parts), continuation) for parts, continuation in pairs)
            scores: list[float] = self._several("score_many")(checked)
            return scores

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """The decoder's log-probabilities of each choice."""
        with self._loans.acting():
            scores: list[float] = self._several("scores")(self._checked(parts), choices)
            return scores

    def _several(self, name: str) -> Callable[..., Any]:
        """One of the calls for several prompts: the decoder's own, or else the protocol's, which asks it in turn."""
        own: Callable[..., Any] | None = getattr(self._decoder, name, None)
        return own or partial(getattr(Decoder, name), self._decoder)

    def _checked(self, parts: Parts) -> Parts:
        for part in parts:
            if isinstance(part, Features):
                self._loans.check(part)
        return parts


def within(context: Context, pieces: Iterator[T]) -> Iterator[T]:
    """`pieces`, each made inside `context`."""
    while True:
        try:
            piece = context.run(next, pieces)
        except StopIteration:
            return
        yield piece


def weights_stamp(modules: ModelBackend) -> int:
    """A number that changes when a weight of the model is changed in place."""
    return stamp_of(modules.weights())


def stamp_of(weights: Iterable[object]) -> int:
    """A number that changes when one of `weights` is changed in place."""
    return sum(version_of(weight) for weight in weights)


def version_of(tensor: object) -> int:
    """How often `tensor` was changed in place; 0 where torch or NumPy refuse such changes themselves."""
    if getattr(tensor, "is_inference", bool)() or not hasattr(tensor, "_version"):
        return 0
    return int(tensor._version)
