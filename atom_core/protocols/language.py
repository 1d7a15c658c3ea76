"""A language half on an engine that a plugin brings.

Shape letters: R rows, Q new tokens, N = R * Q, P tokens before them, G key heads, W head width, D width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import field, frozen

if TYPE_CHECKING:
    import numpy as np


@frozen(kw_only=True, eq=False)
class Rows:
    """The sequences that a pass goes on with."""

    sequences: tuple[int, ...]
    """Which sequence each row holds: a number that no other one ever has."""
    starts: tuple[int, ...]
    """How many tokens each row holds before the new ones."""
    states: Callable[[], Sequence[np.ndarray]] = field(repr=False)
    """Keys and values of the tokens before, layer by layer in turn, float32 [R, G, P, W] each, where P is the largest
    of `starts`; made at each call, the caller's own. What a shorter row has beyond its tokens means nothing."""
    inner: bool = True
    """Whether the inner states are wanted; `Passed.inner_ND` is not looked at otherwise."""


@frozen(kw_only=True, eq=False)
class Passed:
    """What a pass gives; borrowed until the next one."""

    hidden_ND: np.ndarray
    """Final hidden states, float32."""
    inner_ND: np.ndarray
    """Hidden states after the layer that `LanguageWeights.tapped` names, float32."""
    states: Sequence[np.ndarray]
    """Keys and values of the new tokens, layer by layer in turn, float32 [R, G, Q, W] each; none of those of a
    `HoldingLanguage`."""


class Language(Protocol):
    """The layers of a language half and its head; called in one thread."""

    fingerprint: str
    """Everything of the engine that decides its states, beside weights and precision."""
    halves: bool
    """Whether keys and values are no finer than bfloat16, so that they can be kept so."""

    def __call__(self, embeds_RQD: np.ndarray, cos_RQW: np.ndarray, sin_RQW: np.ndarray, rows: Rows) -> Passed:
        """Compute the new tokens of each row, which see what the row holds, themselves and the new ones before them.

        Rows of fewer new tokens are padded on the right: what is computed there means nothing.

        :param cos_RQW: of the angles by which queries and keys are turned, first half and second half of a head alike
        """

    def logits(self, hidden_ND: np.ndarray) -> np.ndarray:
        """Logits [N, V], float32, of final hidden states; borrowed until the next call."""

    def close(self) -> None:
        """Let go of memory and threads."""


@runtime_checkable
class HoldingLanguage(Language, Protocol):
    """A language half that holds all sequences' keys and values itself, until each is dropped: passes hand none over.

    `Rows.states` then tells of sequences that the engine has not met what their rows were filled with from kept
    prefixes; of others, nothing.
    """

    def read(self, sequence: int, start: int, end: int) -> Sequence[np.ndarray]:
        """Keys and values of tokens `start` to `end` of a sequence, layer by layer in turn, float32
        [G, end - start, W] each; the caller's own."""

    def drop(self, sequence: int) -> None:
        """Forget a sequence, which may be one that it never met."""


@frozen(kw_only=True, eq=False)
class Matrix:
    """The weights of a linear layer."""

    values_OK: np.ndarray
    """float32; int8; or uint16, which are the bits of bfloat16."""
    scale_O: np.ndarray | None = None
    """float32, what an output's weights are multiplied by, where they are int8."""


@frozen(kw_only=True, eq=False)
class LanguageWeights:
    """What a language half of Llama's kind is made of."""

    model: str
    """The model as the user called it, for messages."""
    precision: str
    """Of the decoder, in the recipe that was chosen: ``none``, ``bf16``, ``int8`` or ``int4``."""
    threads: int | None
    """`Settings.threads`."""
    width: int
    """Of the hidden states."""
    layers: int
    """How many there are."""
    heads: int
    """Of queries, in each layer."""
    key_heads: int
    """Of keys and values."""
    head_width: int
    """Of a head."""
    scaling: float
    """What queries' products with keys are multiplied by."""
    eps: float
    """Added to the mean square in norms."""
    frequencies: np.ndarray = field(repr=False)
    """What positions are multiplied by to give the angles of each pair of a head, float32 [W / 2]."""
    tapped: int
    """The last layer whose hidden states are the inner ones; -1 where these are the final ones."""
    linear: Callable[[str], Matrix] = field(repr=False)
    """A linear layer by its place: ``0.self_attn.q_proj``, ..., ``head``; the caller's own. Those in int4 are given in
    float32, on its grid."""
    norm: Callable[[str], np.ndarray] = field(repr=False)
    """The weight [D] of a norm, float32, by its place: ``0.input_layernorm``, ``0.post_attention_layernorm``, ...,
    ``norm``."""
    head: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    """Atom's own head, for engines that compute the layers only: logits [N, V] of final hidden states [N, D]."""
    let_go: Callable[[], None] = field(repr=False)
    """To be called once the engine has all weights: Atom's own are dropped."""
