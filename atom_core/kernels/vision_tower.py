"""Faster layers for vision towers of SigLIP's kind on processors: the arithmetic of transformers' attention and
feed-forward blocks in fewer, larger operations.

Queries, keys and values come from one linear layer, GELU is computed as a product leaves its kernel, and where the
processor multiplies bfloat16, attention of quantised towers does: torch's own attention is no faster in it, so the two
products of each head are oneDNN's.

Shape letters: B pictures, N patches, D width, H heads, W head width.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.float32 import SMALL, Float32Linear
from atom_core.kernels.int8 import RowInt8Linear
from atom_core.kernels.processor import has_bf16

_LAYERS = {"SmolVLMEncoderLayer", "Idefics3EncoderLayer", "SiglipEncoderLayer", "EncoderLayer"}
"""Classes of layers that are built alike, transformers' and the last one the core's own ..."""
_ROOMS = ("transformers.models.", "atom_core.checkpoint.direct.")
"""... and where they are."""
_KINDS = (Float32Linear, Bf16Linear, RowInt8Linear)
_MANY_PATCHES = 256
"""With fewer, calling a kernel for each head takes longer than it spares."""
_BLOCK = 256
"""Queries whose scores are computed at once: they stay in the cache."""


def fuse_tower(model: nn.Module) -> None:
    """Put faster blocks into the layers of a model's vision tower, in place; others are left alone."""
    layer: Any
    for layer in list(model.modules()):
        known = type(layer).__name__ in _LAYERS and type(layer).__module__.startswith(_ROOMS)
        if known and layer.mlp.config.hidden_act == "gelu_pytorch_tanh" and _is_large(layer):
            layer.self_attn = FusedAttention(layer.self_attn)
            layer.mlp = FusedFeedForward(layer.mlp)


def _is_large(layer: Any) -> bool:
    """Whether all linear layers are of one kind that has a kernel, and worth a call of it."""
    attention, mlp = layer.self_attn, layer.mlp
    linears = (attention.q_proj, attention.k_proj, attention.v_proj, attention.out_proj, mlp.fc1, mlp.fc2)
    kind = type(linears[0])
    same = kind in _KINDS and all(type(linear) is kind for linear in linears)
    return same and linears[0].in_features * linears[0].out_features >= SMALL


class FusedAttention(nn.Module):
    """Attention of all patches to all patches."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self._heads, self._scale = int(attention.num_heads), float(attention.scale)
        parts = [attention.q_proj, attention.k_proj, attention.v_proj]
        kind: Any = type(parts[0])
        self.qkv_proj, self.out_proj = kind.join(parts), attention.out_proj
        self._is_bf16 = kind is not Float32Linear and has_bf16()
        if kind is RowInt8Linear:
            self.qkv_proj.for_many_rows()
            self.out_proj.for_many_rows()

    def forward(
        self, hidden_states: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: object
    ) -> tuple[torch.Tensor, None]:
        """[B, N, D] to [B, N, D]."""
        pictures, patches, width = hidden_states.shape
        in_bf16 = self._is_bf16 and attention_mask is None and patches >= _MANY_PATCHES
        project = self.qkv_proj.rounded if in_bf16 else self.qkv_proj
        qkv = project(hidden_states).view(pictures, patches, 3, self._heads, -1)
        if in_bf16:
            out = torch.empty_like(qkv[:, :, 0])
            for picture in range(pictures):
                _attend_bf16(qkv[picture], self._scale, out[picture])
        else:
            query, key, value = qkv.permute(2, 0, 3, 1, 4)
            out = scaled_dot_product_attention(query, key, value, attn_mask=attention_mask, scale=self._scale)
            out = out.transpose(1, 2)
        return self.out_proj(out.reshape(pictures, patches, width)), None


def _attend_bf16(qkv_N3HW: torch.Tensor, scale: float, out_NHW: torch.Tensor) -> None:
    """Attention into `out_NHW`; bfloat16, as scores and weights are, while sums are float32 within the kernels."""
    product = torch.ops.mkldnn._linear_pointwise
    query_HNW, key_HNW, value_HNW = qkv_N3HW.permute(1, 2, 0, 3)
    query_HNW = query_HNW * scale
    for head in range(len(query_HNW)):
        key_NW, value_WN = key_HNW[head].contiguous(), value_HNW[head].t().contiguous()
        for at in range(0, query_HNW.shape[1], _BLOCK):
            scores = product(query_HNW[head, at : at + _BLOCK].contiguous(), key_NW, None, "none", [], "")
            out_NHW[at : at + _BLOCK, head] = product(scores.softmax(-1), value_WN, None, "none", [], "")


class FusedFeedForward(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, mlp: Any) -> None:
        super().__init__()
        self.fc1, self.fc2 = mlp.fc1, mlp.fc2
        if isinstance(self.fc1, RowInt8Linear):
            self.fc1.for_many_rows()
            self.fc2.for_many_rows()

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """[B, N, D] to [B, N, D]."""
        if isinstance(self.fc1, RowInt8Linear):
            return self.fc1.feed_forward(hidden_states, self.fc2)
        return self.fc2(self.fc1.gelu(hidden_states))  # type: ignore[no-any-return]
