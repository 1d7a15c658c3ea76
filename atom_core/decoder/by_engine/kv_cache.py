"""The batch's KV cache where an engine holds keys and values itself: which sequence is in which row, and no buffers.

Shape letters: R rows, G key heads, P tokens before the new ones, W head width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from atom_core.decoder.kv_cache import BatchKVCache
from atom_core.decoder.prefix_cache import KV

if TYPE_CHECKING:
    from atom_core.protocols import HoldingLanguage


class HeldKVCache(BatchKVCache):
    """Asks the engine for states that are to be kept, and has at hand those that rows are to begin with."""

    def __init__(self, kinds: Sequence[str], language: HoldingLanguage) -> None:
        super().__init__(kinds)
        self._language = language
        self._dtype = torch.bfloat16 if language.halves else torch.float32
        self._filled: dict[int, tuple[KV, ...]] = {}
        """What a row was filled with, until the engine has it."""

    def restore(self, row: int, chain: Sequence[KV], *, share: bool = False) -> None:  # noqa: ARG002
        """As `BatchKVCache.restore`; nothing is copied before the engine asks for it."""
        self._sequences.pop(row, None)
        self._filled[row] = tuple(chain)
        self._num_own[row] = sum(kv.num_tokens for kv in chain)

    def advance(self, first: int, starts: Sequence[int], num_new: int) -> list[int]:
        """As `BatchKVCache.advance`; what a row that begins anew held is dropped."""
        for row, start in enumerate(starts, first):
            if not start and row in self._sequences:
                self._language.drop(self._sequences[row])
        return super().advance(first, starts, num_new)

    def filled(self) -> Sequence[np.ndarray]:
        """What the window's rows were filled with, layer by layer in turn, float32 [R, G, P, W] each."""
        window = self.window
        longest = max(window.starts)
        chains = [self._filled.get(row, ()) for row in range(window.first, window.end)]
        found = []
        for layer, part in np.ndindex(len(self.kv_layers), 2):
            rows = [[kv.layers[layer][part].float().numpy() for kv in chain] for chain in chains]
            like = next(runs[0] for runs in rows if runs)
            values = np.zeros((len(rows), like.shape[0], longest, like.shape[2]), np.float32)
            for place, runs in enumerate(rows):
                whole = np.concatenate(runs, 1) if runs else values[place, :, :0]
                values[place, :, : whole.shape[1]] = whole
            found.append(values)
        return found

    def let_go(self) -> None:
        """The engine has what the window's rows were filled with."""
        for row in range(self.window.first, self.window.end):
            self._filled.pop(row, None)

    def view(self, row: int, start: int, end: int) -> KV:
        """As `BatchKVCache.view`; read from the engine, so valid for longer."""
        states = self._language.read(self._sequences[row], start, end)
        tensors = [torch.from_numpy(each).to(self._dtype) for each in states]
        return KV(tuple(zip(tensors[::2], tensors[1::2], strict=True)), end - start)

    def free_row(self, row: int, last: int, length: int) -> None:  # noqa: ARG002
        """As `BatchKVCache.free_row`; no state is moved."""
        if row in self._sequences:
            self._language.drop(self._sequences[row])
        self._forget(row, last)
        self._filled.pop(row, None)
        if last in self._filled:
            self._filled[row] = self._filled.pop(last)

    def clear(self) -> None:
        """As `BatchKVCache.clear`."""
        for sequence in self._sequences.values():
            self._language.drop(sequence)
        self._filled.clear()
        super().clear()
