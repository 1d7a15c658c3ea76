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
from torch.nn.functional import scaled_dot_product_attention

from atom_core.checkpoint.direct.model import LlamaWeights
from atom_core.decoder.cascade_attention import cascade
from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.float32 import Float32Linear
from atom_core.kernels.int8 import RowInt8Linear
from atom_core.text.embedding import SKIPPED_LAYERS

if TYPE_CHECKING:
    from atom_core.decoder.kv_cache import BatchKVCache


def can_fuse(language: Any) -> bool:
    """Whether `FusedLlama` computes what `language` does."""
    device, dtype = getattr(language, "device", None), getattr(language, "dtype", None)
    return is_plain(language) and dtype == torch.float32 and device == torch.device("cpu")


def is_plain(language: nn.Module) -> bool:
    """Whether `language` is a `LlamaModel` as `FusedLlama` knows it, wherever its weights are."""
    config = getattr(language, "config", None)
    return _is_llama(language) and config is not None and config.hidden_act == "silu"


def _is_llama(language: object) -> bool:
    """Whether it is transformers' `LlamaModel`, or its weights; a subclass may do something else."""
    kind = type(language)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return kind is LlamaWeights or name == "transformers.models.llama.modeling_llama.LlamaModel"


class FusedLlama:
    """The layers of a `LlamaModel`, whose linear layers it takes over: the model itself cannot be called any more."""

    def __init__(self, language: Any) -> None:
        config = language.config
        self._heads = int(config.num_attention_heads)
        self._key_heads = int(config.num_key_value_heads or config.num_attention_heads)
        self._width = int(getattr(config, "head_dim", None) or config.hidden_size // self._heads)
        self._rotary = language.rotary_emb
        self._norm = _Norm(language.norm)
        self._layers = [_Layer(layer) for layer in language.layers]
        self._fewest_rows = max(layer.fewest_rows for layer in self._layers)
        halves = all(layer.is_bf16 for layer in self._layers)
        self.states_dtype = torch.bfloat16 if halves else torch.float32
        """What queries, keys and values are kept and multiplied in."""
        self._tapped = len(self._layers) - SKIPPED_LAYERS - 1
        self.tap: Callable[[torch.Tensor], None] | None = None
        """Told the states [R, Q, D] after all layers but the last `SKIPPED_LAYERS`."""

    def __call__(
        self, embeds_RQD: torch.Tensor, mask_R1QL: torch.Tensor, positions_RQ: torch.Tensor, kv_cache: BatchKVCache
    ) -> torch.Tensor:
        """Final hidden states [R, Q, D].

        :param mask_R1QL: which keys each new token may see
        """
        hidden_RQD, rows = embeds_RQD, embeds_RQD.shape[0]
        # rows that the kernels want are added once, not in each layer: copies of the real ones, which attend to nothing
        spread_P = _spread(rows, self._fewest_rows) if embeds_RQD.shape[1] == 1 else None
        if spread_P is not None:
            hidden_RQD = hidden_RQD.index_select(0, spread_P)
        cos, sin = self._rotary(embeds_RQD, positions_RQ)
        # first half and second half of a head are rotated by the same angles
        half = sin.shape[-1] // 2
        cos, sin = cos[:, :, None], torch.cat((-sin[..., :half], sin[..., half:]), dim=-1)[:, :, None]
        window = kv_cache.window
        # no mask where the kernel skips by itself what a token cannot see, or where one new token sees all there is
        sees_all = window.sharing is None and window.uniform is not None and embeds_RQD.shape[1] == 1
        mask = None if window.causal or sees_all else self._scores(mask_R1QL, self.states_dtype)
        for index, layer in enumerate(self._layers):
            qkv = layer.qkv_proj(layer.first_norm(hidden_RQD)).to(self.states_dtype)
            attn_out = self._attend(layer, qkv[:rows], cos, sin, mask, kv_cache, index)
            if spread_P is not None:
                attn_out = attn_out.index_select(0, spread_P)
            hidden_RQD = hidden_RQD + layer.o_proj(attn_out)
            hidden_RQD = hidden_RQD + layer.feed_forward(layer.second_norm(hidden_RQD))
            if self.tap is not None and index == self._tapped:
                self.tap(hidden_RQD[:rows])
        return self._norm(hidden_RQD)[:rows]

    def _attend(
        self,
        layer: _Layer,
        qkv: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        mask: torch.Tensor | None,
        kv_cache: BatchKVCache,
        index: int,
    ) -> torch.Tensor:
        """What the new tokens make of the tokens they see, [R, Q, heads * W]."""
        rows, new = qkv.shape[:2]
        num_rotated = self._heads + self._key_heads
        qkv = qkv.view(rows, new, num_rotated + self._key_heads, self._width)
        rotated = _rotate(qkv.narrow(2, 0, num_rotated), cos, sin).to(qkv.dtype)
        query_RHQW = rotated.narrow(2, 0, self._heads).transpose(1, 2)
        keys_RGLW, values_RGLW = kv_cache.kv_layers[index].update(
            rotated.narrow(2, self._heads, self._key_heads).transpose(1, 2),
            qkv.narrow(2, num_rotated, self._key_heads).transpose(1, 2),
        )
        window = kv_cache.window
        if window.causal:
            attn_out = scaled_dot_product_attention(
                query_RHQW, keys_RGLW, values_RGLW, is_causal=True, scale=layer.scaling, enable_gqa=True
            )
        else:
            # heads that share keys become further queries of one head: no key is copied
            query_RGQW = query_RHQW.reshape(rows, self._key_heads, -1, self._width)
            if window.sharing is not None:
                assert mask is not None
                attn_out = cascade(query_RGQW, keys_RGLW, values_RGLW, mask, window.sharing, index, layer.scaling)
            else:
                attn_out = scaled_dot_product_attention(
                    query_RGQW, keys_RGLW, values_RGLW, attn_mask=mask, scale=layer.scaling
                )
        attn_out = attn_out.reshape(rows, self._heads, new, self._width).transpose(1, 2)
        return attn_out.reshape(rows, new, -1)

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
        linears = (
            _joined(attention, ("q_proj", "k_proj", "v_proj")),
            attention.o_proj,
            _joined(mlp, ("gate_proj", "up_proj")),
            mlp.down_proj,
        )
        self.fewest_rows = max(getattr(linear, "fewest_rows", 1) for linear in linears)
        """With fewer rows its kernels are slower than with these."""
        self.is_bf16 = all(isinstance(linear, Bf16Linear) for linear in linears)
        """Whether what it multiplies is bfloat16."""
        # what comes out is rounded to bfloat16 where it is multiplied in bfloat16 next, or added to float32 sums
        calls = [linear.rounded if isinstance(linear, Bf16Linear) else linear for linear in linears]
        self.qkv_proj, self.o_proj, self._gate_up_proj, self._down_proj = calls

    def feed_forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The SwiGLU block: silu(gate) * up, projected down."""
        gate, up = self._gate_up_proj(inputs).chunk(2, dim=-1)
        # torch's own silu takes two to five times as long as these two products and a sigmoid
        return self._down_proj(gate.sigmoid().mul_(gate).mul_(up))


class _Norm:
    """Root mean square normalisation in four operations; transformers' own takes six, torch's as many as eight."""

    def __init__(self, norm: Any) -> None:
        weight_D = norm.weight
        root = weight_D.shape[0] ** 0.5
        # x / sqrt(mean(x^2) + e) = sqrt(D) x / hypot(|x|, sqrt(D e))
        self._weight_D = weight_D.detach() * root
        self._least = torch.tensor([root * float(norm.variance_epsilon) ** 0.5])

    def __call__(self, hidden: torch.Tensor) -> torch.Tensor:
        length = torch.linalg.vector_norm(hidden, 2, -1, True)
        return torch.div(hidden, length.hypot_(self._least)).mul_(self._weight_D)


def _spread(rows: int, fewest: int) -> torch.Tensor | None:
    """Which of `rows` stands in each of `fewest` places; None where there are as many already."""
    return torch.arange(fewest) % rows if rows < fewest else None


def _rotate(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary position embedding of [R, Q, heads, W], first half paired with second. Source: RoFormer (2104.09864).

    :param sin: the first half negated
    """
    turned = heads.roll(heads.shape[-1] // 2, -1)
    return torch.addcmul(heads * cos, turned.to(sin.dtype), sin)


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
