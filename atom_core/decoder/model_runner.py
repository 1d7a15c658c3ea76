"""Forward passes of the language half over many sequences at once.

Shape letters: R rows, Q new tokens, L keys, D width, V vocabulary, A position axes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from atom_core.decoder.by_engine.llama import EngineLlama
from atom_core.decoder.kv_cache import BatchKVCache, layer_kinds
from atom_core.decoder.llama import FusedLlama, can_fuse
from atom_core.decoder.on_card.attention import unplanned_attention
from atom_core.decoder.on_card.llama import CardLlama, can_run
from atom_core.decoder.on_card.steps import GraphedSteps
from atom_core.decoder.prefix_cache import KV
from atom_core.families.logits_processor import likeliest
from atom_core.families.prompt import PrefillChunk
from atom_core.kernels.weights import pack
from atom_core.text.embedding import SKIPPED_LAYERS

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from atom_core.checkpoint.direct.model import DirectModel
    from atom_core.families import Family
    from atom_core.protocols import Language


class ModelRunner:
    """The language half and the batch's KV cache. Used by one thread only."""

    def __init__(self, model: PreTrainedModel | DirectModel, family: Family, *, engine: Language | None = None) -> None:
        """
        :param engine: computes the layers and the head in the place of `model`
        :raises ModelError: if the language half has layers that cannot be served faithfully
        """
        self.config = model.config.get_text_config()
        kinds = layer_kinds(self.config)
        self.has_states = "state" in kinds
        """Whether some layers keep states that cannot be cut or padded: rows are prefilled one by one."""
        self._family = family
        self._sliding_window: int | None = getattr(self.config, "sliding_window", None)
        self._softcap: float | None = getattr(self.config, "final_logit_softcapping", None)
        # two conventions: Cohere multiplies by `logit_scale`, Granite divides by `logits_scaling`
        self._scale = float(getattr(self.config, "logit_scale", 1.0)) / float(
            getattr(self.config, "logits_scaling", 1.0)
        )
        self._layer_types: list[str] = sorted(set(getattr(self.config, "layer_types", None) or ()))
        self._language = language = model.get_decoder()
        self._fused: FusedLlama | CardLlama | EngineLlama | None = None
        if engine is not None:
            self._fused = EngineLlama(engine, language.rotary_emb)
        elif can_fuse(language):
            self._fused = FusedLlama(language)
        elif can_run(language):
            self._fused = CardLlama(language)
        if isinstance(self._fused, EngineLlama):
            self.kv_cache = self._fused.kv_cache(kinds)
        else:
            self.kv_cache = _kv_cache(kinds, for_transformers=self._fused is None)
        self.can_share = isinstance(self._fused, FusedLlama) and self._sliding_window is None
        """Whether rows can share kept states: only the fused forward pass has cascade attention."""
        # transformers 5.24 gave it another name, and warns of the old one
        self._cache_name = "cache" if "cache" in signature(language.forward).parameters else "past_key_values"
        self._tap = _Tap(language, self._fused)
        self._embed = model.get_input_embeddings()
        self._lm_head: Callable[[torch.Tensor], torch.Tensor] = model.get_output_embeddings()
        self._device = model.device
        self._unpacked = [language, model.get_output_embeddings()]
        if isinstance(self._fused, EngineLlama):
            self._lm_head, self._unpacked = self._fused.logits, []
        self._steps: GraphedSteps | None = None
        if engine is None and self._device.type == "cuda" and not self.has_states:
            self._steps = GraphedSteps(self._step, self.kv_cache, self._device)

    def prefill(self, first: int, chunks: Sequence[PrefillChunk]) -> list[torch.Tensor]:
        """Compute parts of prompts into rows `first` onwards, padded on the right to the longest.

        :return: for each part the final hidden states of its tokens, [Q, D]
        """
        return self._prefill(first, chunks)[0]

    def prefill_inner(
        self, first: int, chunks: Sequence[PrefillChunk]
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """What `prefill` gives, and the same of the states before the last `SKIPPED_LAYERS`."""
        with self._tap:
            return self._prefill(first, chunks)

    def _prefill(self, first: int, chunks: Sequence[PrefillChunk]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        if self._unpacked:  # not before the first use: who only encodes does not pay for it
            pack(self._unpacked)
            self._unpacked.clear()
        lengths = [chunk.num_tokens for chunk in chunks]
        longest = max(lengths)
        embeds = [self._embeds(chunk) for chunk in chunks]
        embeds_RQD = torch.stack([torch.nn.functional.pad(e, (0, 0, 0, longest - e.shape[0])) for e in embeds])
        positions = _stack_positions([self._positions(chunk, longest) for chunk in chunks])
        mask = self.kv_cache.begin_forward(first, [chunk.start for chunk in chunks], longest)
        for row, chunk in enumerate(chunks):
            # some families let the tokens of a picture look at each other both ways (PaliGemma, Gemma 3)
            for start, end in chunk.prompt.blocks:
                if chunk.start <= start and end <= chunk.end:
                    mask[row, :, start - chunk.start : end - chunk.start, start:end] = True
                    self.kv_cache.window.causal = False
        more = self._family.language_inputs(self._language, [_ids(chunk, longest) for chunk in chunks], chunks)
        with unplanned_attention():
            hidden_RQD = self._forward(embeds_RQD, mask, positions, more)
        inner_RQD = hidden_RQD if self._tap.states_RQD is None else self._tap.states_RQD
        final, inner = (
            [states[:length] for states, length in zip(both_RQD, lengths, strict=True)]
            for both_RQD in (hidden_RQD, inner_RQD)
        )
        return final, inner

    def decode(
        self, tokens: Sequence[int], lengths: Sequence[int], positions: Sequence[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Compute one more token in each of the first rows.

        :param tokens: a token id for each row
        :param lengths: how many tokens each row holds already
        :param positions: the new tokens' positions
        :return: logits for what comes next, [R, V], float32, valid until the next step; `likeliest` of them
        """
        more = self._family.language_inputs(self._language, [[token] for token in tokens], ())
        if self._steps is not None and not more:
            replayed = self._steps(tokens, lengths, positions)
            if replayed is not None:
                return replayed
        ids_R1 = torch.tensor(tokens, device=self._device)[:, None]
        positions_R1 = torch.tensor(positions, device=self._device)[:, None]
        mask = self.kv_cache.begin_forward(0, lengths, 1)
        with unplanned_attention():
            logits_RV = self._step(ids_R1, positions_R1, mask, more)
        return logits_RV, likeliest(logits_RV)

    def _step(
        self,
        ids_R1: torch.Tensor,
        positions_R1: torch.Tensor,
        mask: torch.Tensor,
        more: Mapping[str, object] = MappingProxyType({}),
    ) -> torch.Tensor:
        """Logits [R, V] of what comes after one token of each row of the window."""
        return self.logits(self._forward(self._embed(ids_R1), mask, positions_R1, more)[:, -1])

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Logits [..., V], float32, of final hidden states [..., D]."""
        # what transformers does after the head in each model's own class, beyond the language half that is called here
        logits = self._lm_head(hidden)
        if self._scale != 1.0:
            logits = logits * self._scale
        if self._softcap is not None:
            logits = torch.tanh(logits / self._softcap) * self._softcap
        return logits.float()

    def on_device(self, kv: KV) -> KV:
        """Kept states on the model's device."""
        return KV(tuple((k.to(self._device), v.to(self._device)) for k, v in kv.layers), kv.num_tokens)

    def _embeds(self, chunk: PrefillChunk) -> torch.Tensor:
        """[Q, D]: the tokens' embeddings; features where clips stand."""
        ids = torch.tensor(chunk.prompt.ids[chunk.start : chunk.end], device=self._device)
        embeds_QD: torch.Tensor = self._embed(ids)
        for visual in chunk.prompt.visuals:
            # a chunk may begin inside of a clip, where what is kept ends there
            skip = max(0, chunk.start - visual.start)
            if skip >= visual.num_tokens or visual.start >= chunk.end:
                continue
            rows = visual.features.values[visual.row + skip : visual.row + visual.num_tokens]
            at = visual.start + skip - chunk.start
            embeds_QD[at : at + rows.shape[0]] = rows.to(embeds_QD)
        return embeds_QD

    def _positions(self, chunk: PrefillChunk, length: int) -> torch.Tensor:
        known = chunk.prompt.position_ids
        if known is None:
            return torch.arange(chunk.start, chunk.start + length, device=self._device)
        known = torch.nn.functional.pad(known[:, chunk.start : chunk.end], (0, length - chunk.num_tokens))
        return (known[0] if known.shape[0] == 1 else known).to(self._device)

    def _forward(
        self, embeds_RQD: torch.Tensor, mask: torch.Tensor, positions: torch.Tensor, more: Mapping[str, object]
    ) -> torch.Tensor:
        """Final hidden states [R, Q, D]."""
        masks = self._masks(mask)
        if self._fused is not None:
            assert isinstance(masks, torch.Tensor)
            return self._fused(embeds_RQD, masks, positions, self.kv_cache)
        output = self._language(
            inputs_embeds=embeds_RQD,
            attention_mask=masks,
            position_ids=positions,
            use_cache=True,
            **{self._cache_name: self.kv_cache},
            **more,
        )
        return output.last_hidden_state  # type: ignore[no-any-return]

    def _masks(self, mask: torch.Tensor) -> torch.Tensor | dict[str, torch.Tensor | None]:
        """The mask, or one for each kind of layer where kinds differ: what transformers would make of it itself."""
        kinds: dict[str, torch.Tensor | None] = dict.fromkeys(self._layer_types)
        if not self._layer_types or "sliding_attention" in kinds:
            sliding = self._slide(mask)
            if not self._layer_types:
                return sliding
            kinds["sliding_attention"] = sliding
        elif self._layer_types == ["full_attention"]:
            return mask.to(self._device)
        kinds["full_attention"] = mask.to(self._device)
        return kinds

    def _slide(self, mask: torch.Tensor) -> torch.Tensor:
        """The mask of a layer that looks back no further than its window."""
        if self._sliding_window is None:
            return mask.to(self._device)
        window = self.kv_cache.window
        window.causal = False
        columns = window.columns[:, :, None]
        near = torch.arange(window.length, device=columns.device) > columns - self._sliding_window
        return (mask & near[:, None]).to(self._device)


def _kv_cache(kinds: Sequence[str], *, for_transformers: bool) -> BatchKVCache:
    if not for_transformers:
        return BatchKVCache(kinds)
    from atom_core.decoder.by_transformers.cache import TransformersKVCache

    return TransformersKVCache(kinds)


class _Tap:
    """Keeps the states before the last `SKIPPED_LAYERS`, while it is open."""

    def __init__(self, language: object, fused: FusedLlama | CardLlama | EngineLlama | None) -> None:
        self.states_RQD: torch.Tensor | None = None
        """Those of the last forward pass; None where the layers cannot be told."""
        self._language, self._fused = language, fused
        self._hook: Any = None

    def __enter__(self) -> None:
        self.states_RQD = None
        layers = getattr(self._language, "layers", None)
        if self._fused is not None:
            self._fused.tap = self._keep
        elif layers is not None and len(layers) > SKIPPED_LAYERS:
            layer = layers[len(layers) - SKIPPED_LAYERS - 1]
            self._hook = layer.register_forward_hook(lambda _, __, out: self._keep(out))

    def __exit__(self, *_: object) -> None:
        if self._fused is not None:
            self._fused.tap = None
        elif self._hook is not None:
            self._hook.remove()
            self._hook = None
        self.states_RQD = None

    def _keep(self, out: Any) -> None:
        self.states_RQD = out[0] if isinstance(out, tuple) else out


def _ids(chunk: PrefillChunk, length: int) -> list[int]:
    """The chunk's token ids, padded on the right with 0."""
    return [*chunk.prompt.ids[chunk.start : chunk.end], *[0] * (length - chunk.num_tokens)]


def _stack_positions(positions: Sequence[torch.Tensor]) -> torch.Tensor:
    """[R, Q] of plain positions, [A, R, Q] of positions with several axes."""
    return torch.stack(list(positions), dim=0 if positions[0].ndim == 1 else 1)
