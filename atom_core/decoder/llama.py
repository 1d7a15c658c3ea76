"""A fused forward pass for Llama language halves on processors: the arithmetic of transformers' `LlamaModel` in fewer,
larger operations.

A decode step of a small model is made of thousands of short operations, whose overhead costs as much as the arithmetic.
Here q, k and v come from one linear layer (so do gate and up), the rotary embedding is applied to q and k at once, and
Python does little between two kernels.

Shape letters: R rows, Q new tokens, N = R * Q and rows that only kernels want, L keys, D width, E all heads' width,
H query heads, or those of one key head, G key heads, W head width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import nn
from torch.nn.functional import pad, scaled_dot_product_attention

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
        num_tokens = embeds_RQD.shape[0] * embeds_RQD.shape[1]
        hidden_ND = embeds_RQD.reshape(num_tokens, -1)
        if num_tokens < self._fewest_rows:
            # rows of zeros that the kernels want are added once, not in each layer
            hidden_ND = pad(hidden_ND, (0, 0, 0, self._fewest_rows - num_tokens))
        shared = self._shared_by_layers(embeds_RQD, mask_R1QL, positions_RQ, kv_cache, len(hidden_ND))
        for index, layer in enumerate(self._layers):
            qkv_NE = layer.qkv_proj(layer.first_norm(hidden_ND))
            self._attend(qkv_NE, shared, index)
            hidden_ND = hidden_ND + layer.o_proj(shared.attended_NE)
            hidden_ND = hidden_ND + layer.feed_forward(layer.second_norm(hidden_ND))
            if self.tap is not None and index == self._tapped:
                self.tap(hidden_ND[:num_tokens].view_as(embeds_RQD))
        return self._norm(hidden_ND)[:num_tokens].view_as(embeds_RQD)

    def _shared_by_layers(
        self,
        embeds_RQD: torch.Tensor,
        mask_R1QL: torch.Tensor,
        positions_RQ: torch.Tensor,
        kv_cache: BatchKVCache,
        num_rows: int,
    ) -> _Shared:
        """
        :param num_rows: of what linear layers are given
        """
        (rows, new), window = embeds_RQD.shape[:2], kv_cache.window
        cos, sin = self._rotary(embeds_RQD, positions_RQ)
        # first half and second half of a head are rotated by the same angles
        half = sin.shape[-1] // 2
        cos, sin = cos[:, None], torch.cat((-sin[..., :half], sin[..., half:]), dim=-1)[:, None]
        # no mask where the kernel skips by itself what a token cannot see, or where one new token sees all there is
        sees_all = window.sharing is None and window.written is not None and new == 1
        mask = None if window.causal or sees_all else self._scores(mask_R1QL, self.states_dtype)
        attended_NE = embeds_RQD.new_zeros(num_rows, self._heads * self._width, dtype=self.states_dtype)
        placed = attended_NE[: rows * new].view(rows, new, self._key_heads, -1, self._width).permute(0, 2, 3, 1, 4)
        return _Shared(kv_cache, cos, sin, mask, attended_NE, placed)

    def _attend(self, qkv_NE: torch.Tensor, shared: _Shared, index: int) -> None:
        """Put into `shared` what the new tokens make of the tokens they see; `qkv_NE` is overwritten."""
        rows, groups, _, new, width = shared.placed_RGHQW.shape
        if qkv_NE.dtype != self.states_dtype:
            qkv_NE = qkv_NE.to(self.states_dtype)
        heads_RHQW = qkv_NE[: rows * new].view(rows, new, -1, width).transpose(1, 2)
        _rotate_(heads_RHQW.narrow(1, 0, self._heads + groups), shared.cos, shared.sin)
        query_RHQW, key_RGQW, value_RGQW = heads_RHQW.split((self._heads, groups, groups), 1)
        keys_RGLW, values_RGLW = shared.kv_cache.kv_layers[index].update(key_RGQW, value_RGQW)
        window, scaling = shared.kv_cache.window, self._layers[index].scaling
        if window.causal:
            attn_out = scaled_dot_product_attention(
                query_RHQW, keys_RGLW, values_RGLW, is_causal=True, scale=scaling, enable_gqa=True
            )
        else:
            # heads that share keys become further queries of one head: no key is copied
            query_RGQW = query_RHQW.reshape(rows, groups, -1, width)
            if window.sharing is not None:
                assert shared.mask is not None
                attn_out = cascade(query_RGQW, keys_RGLW, values_RGLW, shared.mask, window.sharing, index, scaling)
            else:
                attn_out = scaled_dot_product_attention(
                    query_RGQW, keys_RGLW, values_RGLW, attn_mask=shared.mask, scale=scaling
                )
        shared.placed_RGHQW.copy_(attn_out.view(shared.placed_RGHQW.shape))

    def _scores(self, mask_R1QL: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """What is added to the scores, made once for all layers; for one new token it is the same for all heads."""
        groups = self._heads // self._key_heads
        if groups > 1 and mask_R1QL.shape[2] > 1:
            mask_R1QL = mask_R1QL.repeat(1, 1, groups, 1)
        return torch.zeros(mask_R1QL.shape, dtype=dtype).masked_fill_(~mask_R1QL, float("-inf"))


class _Shared(NamedTuple):
    """What is the same for all layers of a forward pass."""

    kv_cache: BatchKVCache
    """Keeps keys and values."""
    cos: torch.Tensor
    """[R, 1, Q, W]."""
    sin: torch.Tensor
    """[R, 1, Q, W]; the first half negated."""
    mask: torch.Tensor | None
    """Added to the scores, where a kernel needs one."""
    attended_NE: torch.Tensor
    """What each layer's attention gives, in place of what the layer before gave; rows that only kernels want are 0."""
    placed_RGHQW: torch.Tensor
    """A view of it."""


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
        self.qkv_proj, self.o_proj, self._gate_up_proj, self._down_proj = map(_call, linears)

    def feed_forward(self, inputs_ND: torch.Tensor) -> torch.Tensor:
        """The SwiGLU block: silu(gate) * up, projected down."""
        gate, up = self._gate_up_proj(inputs_ND).chunk(2, dim=-1)
        # torch's own silu takes two to five times as long as these two products and a sigmoid
        return self._down_proj(gate.sigmoid().mul_(gate).mul_(up))


def _call(linear: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """What computes a linear layer, without the hooks that torch looks for at each call of a module.

    What is multiplied in bfloat16 next, or added to float32 sums, comes out rounded to bfloat16.
    """
    if isinstance(linear, Bf16Linear):
        return linear.rounded
    forward: Callable[[torch.Tensor], torch.Tensor] = getattr(linear, "forward", linear)
    return forward


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


def _rotate_(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> None:
    """Rotary position embedding of [R, heads, Q, W], first half paired with second, in place.

    Source: RoFormer (2104.09864).

    :param sin: the first half negated
    """
    turned = heads.roll(heads.shape[-1] // 2, -1)
    torch.addcmul(heads * cos, turned, sin, out=heads)


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
