"""A fused forward pass for Llama language halves on processors: the arithmetic of transformers' `LlamaModel` in fewer,
larger operations.

A decode step of a small model is made of thousands of short operations, whose overhead costs as much as the arithmetic.
Here q, k and v come from one linear layer (so do gate and up), the rotary embedding is applied to q and k at once, and
Python does little between two kernels.

Shape letters: R rows, Q new tokens, L keys, D width, H query heads, G key heads, W head width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention, silu
from transformers.models.llama.modeling_llama import LlamaModel

from atom_core.decoder.cascade_attention import cascade
from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.float32 import Float32Linear
from atom_core.kernels.int8 import RowInt8Linear
from atom_core.text.embedding import SKIPPED_LAYERS

if TYPE_CHECKING:
    from atom_core.decoder.kv_cache import BatchKVCache


def can_fuse(language: nn.Module) -> bool:
    """Whether `FusedLlama` computes what `language` does."""
    config = getattr(language, "config", None)
    return (
        type(language) is LlamaModel  # a subclass may do something else
        and config is not None
        and config.hidden_act == "silu"
        and language.dtype == torch.float32
        and language.device.type == "cpu"
    )


class FusedLlama:
    """The layers of a `LlamaModel`, whose linear layers it takes over: the model itself cannot be called any more."""

    def __init__(self, language: LlamaModel) -> None:
        config = language.config
        self._heads = int(config.num_attention_heads)
        self._key_heads = int(config.num_key_value_heads or config.num_attention_heads)
        self._width = int(getattr(config, "head_dim", None) or config.hidden_size // self._heads)
        self._rotary = language.rotary_emb
        self._norm = language.norm
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
        hidden_RQD = embeds_RQD
        cos, sin = self._rotary(hidden_RQD, positions_RQ)
        # both halves are equal, since first half and second half of a head are rotated by the same angles
        half = cos.shape[-1] // 2
        cos, sin = cos[:, :, None, :half], sin[:, :, None, :half]
        # without a mask the kernel skips the keys that a token cannot see
        mask = None if kv_cache.window.causal else self._scores(mask_R1QL, hidden_RQD.dtype)
        for index, layer in enumerate(self._layers):
            attn_out = self._attend(layer, layer.first_norm(hidden_RQD), cos, sin, mask, kv_cache, index)
            hidden_RQD = hidden_RQD + attn_out
            hidden_RQD = hidden_RQD + layer.feed_forward(layer.second_norm(hidden_RQD))
            if self.tap is not None and index == self._tapped:
                self.tap(hidden_RQD)
        return self._norm(hidden_RQD)  # type: ignore[no-any-return]

    def _attend(
        self,
        layer: _Layer,
        inputs_RQD: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        mask: torch.Tensor | None,
        kv_cache: BatchKVCache,
        index: int,
    ) -> torch.Tensor:
        rows, new = inputs_RQD.shape[:2]
        num_rotated = self._heads + self._key_heads
        qkv = layer.qkv_proj(inputs_RQD).view(rows, new, num_rotated + self._key_heads, self._width)
        rotated = _rotate(qkv[:, :, :num_rotated], cos, sin)
        query_RHQW = rotated[:, :, : self._heads].transpose(1, 2)
        keys_RGLW, values_RGLW = kv_cache.update(
            rotated[:, :, self._heads :].transpose(1, 2), qkv[:, :, num_rotated:].transpose(1, 2), index
        )
        if mask is None:
            attn_out = scaled_dot_product_attention(
                query_RHQW, keys_RGLW, values_RGLW, is_causal=True, scale=layer.scaling, enable_gqa=True
            )
        else:
            # heads that share keys become further queries of one head: no key is copied
            query_RGQW = query_RHQW.reshape(rows, self._key_heads, -1, self._width)
            if (shared := kv_cache.window.sharing) is not None:
                attn_out = cascade(query_RGQW, keys_RGLW, values_RGLW, mask, shared, index, layer.scaling)
            else:
                attn_out = scaled_dot_product_attention(
                    query_RGQW, keys_RGLW, values_RGLW, attn_mask=mask, scale=layer.scaling
                )
        attn_out = attn_out.reshape(rows, self._heads, new, self._width).transpose(1, 2)
        return layer.o_proj(attn_out.reshape(rows, new, -1))  # type: ignore[no-any-return]

    def _scores(self, mask_R1QL: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """What is added to the scores, made once for all layers; for one new token it is the same for all heads."""
        groups = self._heads // self._key_heads
        if groups > 1 and mask_R1QL.shape[2] > 1:
            mask_R1QL = mask_R1QL.repeat(1, 1, groups, 1)
        return torch.zeros(mask_R1QL.shape, dtype=dtype).masked_fill_(~mask_R1QL, float("-inf"))


class _Layer:
    """The parts of one decoder layer, ready to be called in turn."""

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.scaling = float(attention.scaling)
        self.first_norm, self.second_norm = _Norm(layer.input_layernorm), _Norm(layer.post_attention_layernorm)
        self.qkv_proj = _joined(attention, ("q_proj", "k_proj", "v_proj"))
        self.o_proj = attention.o_proj
        self._gate_up_proj = _joined(mlp, ("gate_proj", "up_proj"))
        self._down_proj = mlp.down_proj

    def feed_forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The SwiGLU block: silu(gate) * up, projected down."""
        gate, up = self._gate_up_proj(inputs).chunk(2, dim=-1)
        return self._down_proj(silu(gate) * up)  # type: ignore[no-any-return]


class _Norm:
    """Root mean square normalisation in one call; transformers' own takes six."""

    def __init__(self, norm: Any) -> None:
        self._weight, self._epsilon = norm.weight, float(norm.variance_epsilon)
        self._shape = tuple(norm.weight.shape)

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        return torch.rms_norm(hidden, self._shape, self._weight, self._epsilon)


def _rotate(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding of [R, Q, heads, W], first half paired with second. Source: RoFormer (2104.09864)."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def _joined(module: nn.Module, names: tuple[str, ...]) -> Any:
    """Several linear layers of one input as one; those that can are joined in memory, others are called in turn."""
    parts = [getattr(module, name) for name in names]
    kind = type(parts[0])
    if kind not in (Float32Linear, Bf16Linear, RowInt8Linear) or any(type(part) is not kind for part in parts):
        return lambda inputs: torch.cat([part(inputs) for part in parts], dim=-1)
    joined = kind.join(parts)
    for name in names:
        delattr(module, name)
    module.add_module("_".join(names), joined)
    return joined
