"""Forward passes on an engine that a plugin brings, in the place of `FusedLlama`: states stay in the batch's KV cache,
or can be read from the engine, so prefixes are kept and stored as they are with Atom's own passes.

Shape letters: R rows, Q new tokens, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from atom_core.decoder.by_engine.kv_cache import HeldKVCache
from atom_core.decoder.kv_cache import BatchKVCache
from atom_core.protocols import HoldingLanguage, Language, Rows

if TYPE_CHECKING:
    import numpy as np


class EngineLlama:
    """Called as `FusedLlama` is."""

    def __init__(self, language: Language, rotary: Callable[..., Any]) -> None:
        """
        :param rotary: gives cosines and sines of positions, as the module of transformers' `LlamaModel` does
        """
        self._language, self._rotary = language, rotary
        self._dtype = torch.bfloat16 if language.halves else torch.float32
        self.tap: Callable[[torch.Tensor], None] | None = None
        """Told the inner states [R, Q, D]."""

    def kv_cache(self, kinds: Sequence[str]) -> BatchKVCache:
        """What passes are given, for layers of these kinds."""
        language = self._language
        return HeldKVCache(kinds, language) if isinstance(language, HoldingLanguage) else BatchKVCache(kinds)

    def __call__(
        self,
        embeds_RQD: torch.Tensor,
        mask_R1QL: torch.Tensor,  # noqa: ARG002
        positions_RQ: torch.Tensor,
        kv_cache: BatchKVCache,
    ) -> torch.Tensor:
        """Final hidden states [R, Q, D]."""
        num_rows, new = embeds_RQD.shape[:2]
        cos, sin = (turn.expand(num_rows, new, -1).contiguous() for turn in self._rotary(embeds_RQD, positions_RQ))
        window = kv_cache.window
        held = kv_cache if isinstance(kv_cache, HeldKVCache) else None
        rows = Rows(
            sequences=kv_cache.sequences,
            starts=window.starts,
            states=lambda: self._states(kv_cache) if held is None else held.filled(),
            inner=self.tap is not None,
        )
        passed = self._language(embeds_RQD.contiguous().numpy(), cos.numpy(), sin.numpy(), rows)
        if held is not None:
            held.let_go()
        states = iter(passed.states)
        for layer in kv_cache.kv_layers if held is None else ():
            layer.update(*(torch.from_numpy(next(states)).to(self._dtype) for _ in range(2)))
        if self.tap is not None:
            self.tap(torch.from_numpy(passed.inner_ND).view(embeds_RQD.shape))
        return torch.from_numpy(passed.hidden_ND).view(embeds_RQD.shape)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits [..., V] of final hidden states [..., D]."""
        rows_ND = hidden.reshape(-1, hidden.shape[-1]).float()
        logits_NV = torch.from_numpy(self._language.logits(rows_ND.contiguous().numpy()))
        return logits_NV.view(*hidden.shape[:-1], -1)

    def _states(self, kv_cache: BatchKVCache) -> Sequence[np.ndarray]:
        window = kv_cache.window
        held = slice(window.first, window.end), slice(None), slice(max(window.starts))
        buffers = (buffer for layer in kv_cache.kv_layers for buffer in (layer.keys, layer.values))
        return [buffer[held].float().contiguous().numpy() for buffer in buffers if buffer is not None]
