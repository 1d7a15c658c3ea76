"""The two halves of a model, resident and shared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np
    import torch

    from atom_core.records import Clip, Features, Generated


Parts: TypeAlias = Sequence["str | Features"]
"""A prompt: text and features, in the order the decoder reads them."""


@runtime_checkable
class Encoder(Protocol):
    """The visual half of the model: pixels to features. Resident, shared, frozen."""

    fingerprint: str
    """Hash of everything about the model that could change features."""

    def encode(self, clip: Clip) -> Features:
        """Features of `clip`, [T, D]; read from disk when known. The tensor is borrowed: never change it in place."""

    def encode_batch(self, clips: Sequence[Clip], *, in_one_prompt: bool = False) -> list[Features]:
        """Features of several clips, in their order; encoded together where that is faster.

        :param in_one_prompt: whether they will be asked about together: where all their frames do not fit into the
            model's context, and no number is set, as many of each clip as do
        """


@runtime_checkable
class Decoder(Protocol):
    """The language half of the model. Resident, shared, frozen; calls from all tasks are decoded together.

    A decoder that a plugin brings may leave out the calls in `SEVERAL`: tasks are lent those below, which ask in turn.
    It may have `wordings`: the prompts that it was trained with, by what is asked for, ``caption``, and ``answer`` with
    ``{question}`` in it. Tasks take them where the user has set no other. It may have `embedding`, which names how
    texts become vectors where it was not trained to make them: vectors of another name are in another space.
    """

    name: str
    """The model's name and precision, as stored with results."""

    def generate(
        self,
        parts: Parts,
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> Generated:
        """Text that answers `parts`; greedy when `temperature` is 0; one of `choices` when given."""

    def stream(
        self, parts: Parts, *, max_new_tokens: int = 64, temperature: float = 0.0, stop: Sequence[str] = ()
    ) -> Iterator[str]:
        """The same text piece by piece, as it is decoded."""

    def embed(self, parts: Parts) -> np.ndarray:
        """One vector [E], float32, unit length; text and video share the space."""

    def score(self, parts: Parts, continuation: str) -> float:
        """Natural log-probability of `continuation` as the whole answer to `parts`."""

    def generate_many(
        self,
        prompts: Iterable[Parts],
        *,
        max_new_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        choices: Sequence[str] | None = None,
    ) -> list[Generated]:
        """What `generate` says to each prompt, in their order; decoded together where that is faster.

        :param prompts: taken as there is room, so they may be made lazily, each while others are decoded
        """
        return [
            self.generate(parts, max_new_tokens=max_new_tokens, temperature=temperature, stop=stop, choices=choices)
            for parts in prompts
        ]

    def embed_many(self, prompts: Iterable[Parts]) -> np.ndarray:
        """The vectors of several prompts, in their order, [N, E]; [0, 0] of none. Prompts may be made lazily."""
        import numpy as np

        vectors = [self.embed(parts) for parts in prompts]
        return np.stack(vectors) if vectors else np.zeros((0, 0), dtype=np.float32)

    def score_many(self, pairs: Iterable[tuple[Parts, str]]) -> list[float]:
        """What `score` says of each prompt and continuation, in their order. Pairs may be made lazily."""
        return [self.score(parts, continuation) for parts, continuation in pairs]

    def scores(self, parts: Parts, choices: Sequence[str]) -> list[float]:
        """What `score` says of each of `choices` as the answer to one prompt."""
        return [self.score(parts, choice) for choice in choices]


SEVERAL = ("generate_many", "embed_many", "score_many", "scores")
"""Calls for several prompts, which a decoder that a plugin brings may leave out."""


class ModelBackend(Protocol):
    """What `atom_load_modules` returns: one loaded model, whose halves are counted and closed together.

    Other modules that tasks share are loaded one by one, see `atom_register_modules`. The halves of a model are not:
    they come from one checkpoint, share its memory, and are of use to each other alone.
    """

    @property
    def encoder(self) -> Encoder:
        """The resident encoder."""

    @property
    def decoder(self) -> Decoder:
        """The resident decoder."""

    @property
    def model(self) -> str:
        """``name@content`` of the model, whatever its precision: vectors of equal content can be compared."""

    def close(self) -> None:
        """Let go of everything. Called once, when the host closes."""

    def reserve(self, num_bytes: int, /) -> bool:
        """Set bytes aside for a task or module that was not counted when the model was loaded; whether there is room.

        Prefixes may be let go for it.
        """

    def weights(self) -> Iterable[torch.Tensor]:
        """The weights, which no task may change: the host looks after each run whether one was changed in place."""


@frozen(kw_only=True)
class Modules:
    """A `ModelBackend` put together from an encoder and a decoder, for plugins that need no class of their own."""

    encoder: Encoder
    """The resident encoder."""
    decoder: Decoder
    """The resident decoder."""
    model: str
    """``name@content`` of the model, as `ModelBackend.model`."""
    close: Callable[[], None] = lambda: None
    """Called once, when the host closes."""
    reserve: Callable[[int], bool] = lambda _: True
    """As `ModelBackend.reserve`; there is always room unless it is given."""
    weights: Callable[[], Iterable[torch.Tensor]] = tuple
    """As `ModelBackend.weights`; none are looked after unless it is given."""
