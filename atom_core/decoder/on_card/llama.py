"""A forward pass for Llama language halves on a card: the arithmetic of transformers' `LlamaModel` in a third of its
kernels, since launching one costs more than what it computes for a few tokens.

Shape letters: R rows, Q new tokens, N = R * Q, L keys, D width, E all heads' width, H query heads, or those of one key
head, G key heads, W head width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.functional import rms_norm, scaled_dot_product_attention, silu

from atom_core.decoder.llama import is_plain
from atom_core.text.embedding import SKIPPED_LAYERS

if TYPE_CHECKING:
    from atom_core.decoder.kv_cache import BatchKVCache


def can_run(language: Any) -> bool:
    """Whether `CardLlama` computes what `language` does."""
    device = getattr(language, "device", None)
    return device is not None and device.type == "cuda" and is_plain(language)


class CardLlama:
    """The layers of a `LlamaModel`, whose linear layers it takes over; the model itself can still be called."""

    def __init__(self, language: Any) -> None:
        config = language.config
        self._heads = int(config.num_attention_heads)
        self._key_heads = int(config.num_key_value_heads or config.num_attention_heads)
        self._width = int(getattr(config, "head_dim", None) or config.hidden_size // self._heads)
        self._rotary = language.rotary_emb
        self._norm = _norm(language.norm)
        self._layers = [_Layer(layer) for layer in language.layers]
        self._tapped = len(self._layers) - SKIPPED_LAYERS - 1
        self.tap: Callable[[torch.Tensor], None] | None = None
        """Told the states [R, Q, D] after all layers but the last `SKIPPED_LAYERS`."""

    def __call__(
        self, embeds_RQD: torch.Tensor, mask_R1QL: torch.Tensor, positions_RQ: torch.Tensor, kv_cache: BatchKVCache
    ) -> torch.Tensor:
        """Final hidden states [R, Q, D].

        :param mask_R1QL: which keys each new token may see
        """
        hidden_ND = embeds_RQD.flatten(0, 1).clone()  # layers add to it in place
        cos, sin = self._rotary(embeds_RQD, positions_RQ)
        # first half and second half of a head are rotated by the same angles
        half = sin.shape[-1] // 2
        cos, sin = cos[:, :, None], torch.cat((-sin[..., :half], sin[..., half:]), dim=-1)[:, :, None]
        scores = None if kv_cache.window.causal else self._scores(mask_R1QL, embeds_RQD.dtype)
        for index, layer in enumerate(self._layers):
            qkv_RQHW = layer.qkv_proj(layer.first_norm(hidden_ND)).view(*embeds_RQD.shape[:2], -1, self._width)
            attended_ND = self._attend(qkv_RQHW, cos, sin, scores, kv_cache, index)
            hidden_ND = layer.o_proj(attended_ND, hidden_ND)
            gate_NE, up_NE = layer.gate_up_proj(layer.second_norm(hidden_ND)).chunk(2, dim=-1)
            hidden_ND = layer.down_proj(silu(gate_NE).mul_(up_NE), hidden_ND)
            if self.tap is not None and index == self._tapped:
                self.tap(hidden_ND.view_as(embeds_RQD).clone())
        return self._norm(hidden_ND).view_as(embeds_RQD)

    def _attend(
        self,
        qkv_RQHW: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        scores: torch.Tensor | None,
        kv_cache: BatchKVCache,
        index: int,
    ) -> torch.Tensor:
        """What the new tokens make of the tokens they see, [N, E]."""
        rows, new = qkv_RQHW.shape[:2]
        groups, width, scaling = self._key_heads, self._width, self._layers[index].scaling
        turning, value = qkv_RQHW.split((self._heads + groups, groups), 2)
        turned = torch.addcmul(turning * cos, turning.roll(width // 2, -1), sin).transpose(1, 2)
        query_RHQW, key_RGQW = turned.split((self._heads, groups), 1)
        keys_RGLW, values_RGLW = kv_cache.kv_layers[index].update(key_RGQW, value.transpose(1, 2))
        about: dict[str, Any] = {"attn_mask": scores, "is_causal": scores is None, "scale": scaling}
        if scores is None or new == 1:
            attended = scaled_dot_product_attention(
                query_RHQW, keys_RGLW, values_RGLW, enable_gqa=groups != self._heads, **about
            )
        else:
            # cuDNN's alone takes a mask and heads that share keys; as further queries of one head no key is copied
            query_RGQW = query_RHQW.reshape(rows, groups, -1, width)
            attended = scaled_dot_product_attention(query_RGQW, keys_RGLW, values_RGLW, **about)
            attended = attended.reshape(rows, self._heads, new, width)
        return attended.transpose(1, 2).reshape(rows * new, -1)

    def _scores(self, mask_R1QL: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """What is added to the scores, made once for all layers."""
        if mask_R1QL.shape[2] > 1:
            mask_R1QL = mask_R1QL.repeat(1, 1, self._heads // self._key_heads, 1)
        return torch.zeros(mask_R1QL.shape, dtype=dtype, device=mask_R1QL.device).masked_fill_(
            ~mask_R1QL, float("-inf")
        )


class _Layer:
    """The parts of one decoder layer, ready to be called in turn."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.scaling = float(attention.scaling)
        self.first_norm, self.second_norm = _norm(layer.input_layernorm), _norm(layer.post_attention_layernorm)
        self.qkv_proj = _joined(attention, ("q_proj", "k_proj", "v_proj"))
        self.gate_up_proj = _joined(mlp, ("gate_proj", "up_proj"))
        self.o_proj, self.down_proj = _added(attention.o_proj), _added(mlp.down_proj)


def _norm(norm: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    weight, eps = norm.weight, float(norm.variance_epsilon)
    return lambda hidden: rms_norm(hidden, weight.shape, weight, eps)


def _is_plain(linear: nn.Module) -> bool:
    """Whether it multiplies by a plain matrix: no bias, not quantised."""
    return type(linear) is nn.Linear and linear.bias is None and type(linear.weight) in (nn.Parameter, torch.Tensor)


def _joined(module: nn.Module, names: tuple[str, ...]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Several linear layers of one input as one; plain ones are joined in memory, others are called in turn."""
    parts = [getattr(module, name) for name in names]
    if not all(map(_is_plain, parts)):
        return lambda inputs: torch.cat([part(inputs) for part in parts], dim=-1)
    weight = torch.cat([part.weight.detach() for part in parts])
    # the model's own layers go on living in the joined one's memory
    for part, own in zip(parts, weight.split([part.out_features for part in parts]), strict=True):
        part.weight = nn.Parameter(own, requires_grad=False)
    return lambda inputs: inputs @ weight.t()


def _added(linear: nn.Module) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """A linear layer whose outputs are added to what came before, in place and in one kernel where it is plain."""
    if not _is_plain(linear):
        return lambda inputs, before: before + linear(inputs)
    weight = linear.get_parameter("weight")
    return lambda inputs, before: before.addmm_(inputs, weight.t())
