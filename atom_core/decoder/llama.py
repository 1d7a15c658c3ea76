"""A lean forward pass for Llama language halves on processors: the arithmetic of transformers' `LlamaModel` in fewer,
larger operations.

A decode step of a small model is made of thousands of short operations, whose overhead costs as much as the arithmetic.
Here q, k and v come from one linear layer (so do gate and up), the rotary embedding is applied to q and k at once, and
Python does little between two kernels.

Shape letters: R rows, Q new tokens, L keys, D width, H query heads, G key heads, W head width.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention, silu
from transformers.models.llama.modeling_llama import LlamaModel

from atom_core.decoder.cascade_attention import cascade
from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.float32 import Float32Linear
from atom_core.kernels.int8 import RowInt8Linear

if TYPE_CHECKING:
    from atom_core.decoder.kv_cache import Slots


def is_lean(language: nn.Module) -> bool:
    """Whether `Lean` does the same as `language`."""
    config = getattr(language, "config", None)
    return (
        type(language) is LlamaModel
        and config is not None
        and config.hidden_act == "silu"
        and language.dtype == torch.float32
        and language.device.type == "cpu"
    )


class Lean:
    """Called like the language half that it stands for, with prepared masks and a slot cache."""

    def __init__(self, language: LlamaModel) -> None:
        config = language.config
        self._heads = int(config.num_attention_heads)
        self._key_heads = int(config.num_key_value_heads or config.num_attention_heads)
        self._width = int(getattr(config, "head_dim", None) or config.hidden_size // self._heads)
        self._rotary = language.rotary_emb
        self._norm = language.norm
        self._layers = [_Layer(layer) for layer in language.layers]

    def __call__(
        self,
        *,
        inputs_embeds: torch.Tensor,
        attention_mask: torch.Tensor,
        position_ids: torch.Tensor,
        past_key_values: Slots,
        use_cache: bool = True,  # noqa: ARG002
    ) -> SimpleNamespace:
        """Final hidden states [R, Q, D] as `last_hidden_state`."""
        hidden = inputs_embeds
        cos, sin = self._rotary(hidden, position_ids)
        half = cos.shape[-1] // 2
        cos, sin = cos[:, :, None, :half], sin[:, :, None, :half]
        mask = None if past_key_values.window.causal else self._scores(attention_mask, hidden.dtype)
        for index, layer in enumerate(self._layers):
            hidden = hidden + self._attend(layer, layer.first_norm(hidden), cos, sin, mask, past_key_values, index)
            hidden = hidden + layer.feed_forward(layer.second_norm(hidden))
        return SimpleNamespace(last_hidden_state=self._norm(hidden))

    def _attend(
        self,
        layer: _Layer,
        inputs_RQD: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        mask: torch.Tensor | None,
        slots: Slots,
        index: int,
    ) -> torch.Tensor:
        rows, new = inputs_RQD.shape[:2]
        both = self._heads + self._key_heads
        qkv = layer.project(inputs_RQD).view(rows, new, both + self._key_heads, self._width)
        turned = _rotate(qkv[:, :, :both], cos, sin)
        query = turned[:, :, : self._heads].transpose(1, 2)
        keys, values = slots.update(
            turned[:, :, self._heads :].transpose(1, 2), qkv[:, :, both:].transpose(1, 2), index
        )
        if mask is None:
            mixed = scaled_dot_product_attention(
                query, keys, values, is_causal=True, scale=layer.scaling, enable_gqa=True
            )
        else:
            # heads that share keys become further queries of one head: no key is copied
            query = query.reshape(rows, self._key_heads, -1, self._width)
            if (sharing := slots.window.sharing) is not None:
                mixed = cascade(query, keys, values, mask, sharing, index, layer.scaling)
            else:
                mixed = scaled_dot_product_attention(query, keys, values, attn_mask=mask, scale=layer.scaling)
        mixed = mixed.reshape(rows, self._heads, new, self._width).transpose(1, 2)
        return layer.out(mixed.reshape(rows, new, -1))  # type: ignore[no-any-return]

    def _scores(self, mask_R1QL: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """What is added to the scores: once for all layers, for each of the heads that share keys."""
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
        self.project = _joined(attention, ("q_proj", "k_proj", "v_proj"))
        self.out = attention.o_proj
        self._gate_up = _joined(mlp, ("gate_proj", "up_proj"))
        self._down = mlp.down_proj

    def feed_forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """silu(gate) * up, projected down."""
        gate, up = self._gate_up(inputs).chunk(2, dim=-1)
        return self._down(silu(gate) * up)  # type: ignore[no-any-return]


class _Norm:
    """Root mean square normalisation in one call."""

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
