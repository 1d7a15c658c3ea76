"""A vision tower on an engine that a plugin brings.

Shape letters: N pictures, S side, T tokens of a picture, D width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class Tower(Protocol):
    """A vision tower with what follows it, up to the decoder's embeddings; called in one thread.

    It may also have `prepare(side)`, which is called before the first pictures of that side come, in the same thread,
    while they are read and scaled.
    """

    fingerprint: str
    """Everything of the engine that decides its features, beside weights and precision."""

    def __call__(self, pixels_N3SS: np.ndarray) -> np.ndarray:
        """Features [N, T, D], float32, of pictures as the family prepares them; the caller's own."""

    def close(self) -> None:
        """Let go of memory and threads."""


@frozen(kw_only=True)
class TowerWeights:
    """What a tower of SigLIP's kind is made of."""

    model: str
    """The model as the user called it, for messages."""
    content: str
    """Hash of the checkpoint."""
    precision: str
    """Of the encoder, in the recipe that was chosen: ``none``, ``bf16`` or ``int8``."""
    threads: int | None
    """`Settings.threads`."""
    cache: Path
    """`Settings.cache`."""
    width: int
    """Of the tower."""
    layers: int
    """Of the tower."""
    heads: int
    """Of each layer's attention."""
    patch: int
    """Side of a patch, pixels."""
    image_side: int
    """Side of the pictures that the table of positions was made for, pixels."""
    eps: float
    """Added to the variance in norms."""
    scale: int
    """So many patches a side become one token."""
    read: Callable[[str], np.ndarray] = field(repr=False)
    """A weight by its name in the files, float32; raises `ModelError` where there is none."""
