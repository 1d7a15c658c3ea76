"""Atom's own halves, without queues and caches: what the other engines are compared with.

Shape letters: T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from atom_bench.peers.engine import Work
from atom_core.checkpoint.checkpoint import open_checkpoint
from atom_core.checkpoint.recipes import recipe_of
from atom_core.families import family_of
from atom_core.families.prompt import PrefillChunk, Prompt
from atom_core.split_model import SplitModel

_RECIPES = {"fp32": "none", "bf16": "bf16", "int8": "int8"}


class AtomEngine:
    """Follows the `Engine` protocol."""

    def __init__(self, work: Work) -> None:
        """
        :raises ModelError: if this processor does not compute the precision
        """
        checkpoint = open_checkpoint(str(work.model), revision=None, offline=True)
        recipe = recipe_of(_RECIPES[work.precision], "cpu")
        self._family = family_of(checkpoint, {})
        self._split = SplitModel.load(checkpoint, self._family, recipe=recipe)
        self._runner = self._split.runner()
        self._threads = work.threads
        self._length = 0

    def start(self, prompts: Sequence[Sequence[int]]) -> list[int]:
        """As `Engine.start`."""
        self._runner.kv_cache.clear()
        self._length, found = len(prompts[0]), []
        with torch.inference_mode(), _threads(self._threads):
            for row, ids in enumerate(prompts):
                chunk = PrefillChunk(Prompt(ids=tuple(ids)), 0, len(ids))
                (hidden,) = self._runner.prefill(row, [chunk])
                found.append(int(self._runner.logits(hidden[-1:]).argmax()))
        return found

    def step(self, tokens: Sequence[int]) -> list[int]:
        """As `Engine.step`."""
        lengths = [self._length] * len(tokens)
        with torch.inference_mode(), _threads(self._threads):
            _, likeliest_2R = self._runner.decode(list(tokens), lengths, lengths)
            found = likeliest_2R[0].tolist()
        self._length += 1
        return [int(token) for token in found]

    def frame(self, pixels: np.ndarray) -> np.ndarray:
        """As `Engine.frame`."""
        pixel_values = torch.from_numpy(pixels)[None, None]
        mask = torch.ones(1, 1, *pixels.shape[1:], dtype=torch.bool)
        with torch.inference_mode(), _threads(self._threads):
            inputs = {"pixel_values": pixel_values, "pixel_attention_mask": mask}
            encoded = self._family.encode(self._split.visual(), inputs)
            features: np.ndarray = encoded.values.float().numpy()
        return features

    def close(self) -> None:
        """As `Engine.close`."""
        self._runner.kv_cache.clear()


class _threads:
    """So many threads inside, as many as before outside."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __enter__(self) -> None:
        self._before = torch.get_num_threads()
        if self._before != self._count:
            torch.set_num_threads(self._count)

    def __exit__(self, *_: object) -> None:
        if self._before != self._count:
            torch.set_num_threads(self._before)
