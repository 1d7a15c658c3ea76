"""Ways (g) and (h): what somebody who knows transformers writes in thirty lines. The model stays loaded, and what was
computed of a clip is kept: its frames are encoded once, and `past_key_values` hold everything up to its last frame."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

import torch
from transformers import DynamicCache

import atom_core as atom
from atom_bench.reuse.plain import Whole, logprob
from atom_core.text.embedding import EMBED_INSTRUCTION


class Expert(Whole):
    """The unsplit model, with the keys and values of each clip kept."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._kept: dict[atom.Clip, tuple[atom.Features, DynamicCache, int]] = {}

    @torch.inference_mode()
    def generate(self, shown: Sequence[tuple[atom.Clip, Any]], text: str, max_new_tokens: int) -> atom.Generated:
        """Greedy text, and whether it ended by itself."""
        if not shown:
            return super().generate(shown, text, max_new_tokens)
        ids, cache, start = self._continued(shown, text)
        # `generate` itself skips the tokens that the cache holds; its argument's name changed in transformers 5
        name = (
            "cache" if "cache" in signature(self.model.prepare_inputs_for_generation).parameters else "past_key_values"
        )
        found = self._generated({"input_ids": ids, "attention_mask": torch.ones_like(ids), name: cache}, max_new_tokens)
        _cut(cache, start)
        return found

    @torch.inference_mode()
    def embed(self, shown: Sequence[tuple[atom.Clip, Any]], text: str) -> list[float]:
        """The last hidden state after the instruction, unit length."""
        if not shown:
            return super().embed(shown, text)
        ids, cache, start = self._continued(shown, f"{text}\n{EMBED_INSTRUCTION}" if text else EMBED_INSTRUCTION)
        hidden = self.model.model(input_ids=ids[:, start:], past_key_values=cache).last_hidden_state[0, -1].float()
        _cut(cache, start)
        return [float(value) for value in hidden / hidden.norm()]

    @torch.inference_mode()
    def score(self, shown: Sequence[tuple[atom.Clip, Any]], text: str, continuation: str) -> float:
        """Log-probability of `continuation` as the whole answer."""
        answer = self.family.answer_ids([*self._stubs(shown), text], continuation)
        ids, cache, start = self._continued(shown, text, answer)
        output = self.model(input_ids=ids[:, start:], past_key_values=cache, logits_to_keep=len(answer) + 1)
        _cut(cache, start)
        return logprob(output.logits, answer)

    def _continued(
        self, shown: Sequence[tuple[atom.Clip, Any]], text: str, answer: Sequence[int] = ()
    ) -> tuple[torch.Tensor, DynamicCache, int]:
        """The prompt's token ids, what is kept of its beginning, and how many tokens that is."""
        ((clip, layout),) = shown
        if clip not in self._kept:
            known, pixels = self._seen(clip, layout)
            ids = self._ids([known, text], ())
            # all requests about a clip begin alike, up to its last visual token
            start = int((ids[0] == self.family.image_token_id).nonzero().max()) + 1
            cache = DynamicCache()
            self.model.model(input_ids=ids[:, :start], **pixels, past_key_values=cache, use_cache=True)
            self._kept[clip] = known, cache, start
        known, cache, start = self._kept[clip]
        return self._ids([known, text], answer), cache, start


def _cut(cache: DynamicCache, length: int) -> None:
    """Leave the first `length` tokens; cutting copies nothing."""
    cache.crop(length - cache.get_seq_length())
