"""The three programs as torch modules that `torch.export` can trace: what a phone computes, and in which order.

One conversation at a time, batch 1. Shapes: N tokens, D width of the language half, V vocabulary, H heads, W width of a
head, P patches, E width of the visual half, C the context.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from atom_core.providers.split import SKIPPED_LAYERS
from atom_executorch.exporting.sizes import TextSizes, TowerSizes


class TokenEmbedding(nn.Module):
    """``token_embedding``: ids [1, N] to embeddings [1, N, D]."""

    def __init__(self, sizes: TextSizes) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(sizes.vocabulary, sizes.width)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """[1, N] to [1, N, D]."""
        embeddings: torch.Tensor = self.embed_tokens(ids)
        return embeddings


class VisionEncoder(nn.Module):
    """``vision_encoder``: the pixels of one frame [1, 3, S, S], normalised, to rows of features [1, R, D]."""

    def __init__(self, sizes: TowerSizes, width: int) -> None:
        """
        :param width: of the language half
        """
        super().__init__()
        self.sizes = sizes
        self.patch_embedding = nn.Conv2d(3, sizes.width, sizes.patch, stride=sizes.patch)
        self.positions = nn.Parameter(torch.zeros(1, sizes.patches_a_side**2, sizes.width))
        self.layers = nn.ModuleList(_TowerLayer(sizes) for _ in range(sizes.layers))
        self.post_layernorm = nn.LayerNorm(sizes.width, eps=sizes.epsilon)
        self.proj = nn.Linear(sizes.width * sizes.shuffle**2, width, bias=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """[1, 3, S, S] to [1, R, D]."""
        hidden = self.patch_embedding(pixels).flatten(2).transpose(1, 2) + self.positions
        for layer in self.layers:
            hidden = layer(hidden)
        rows: torch.Tensor = self.proj(self._joined(self.post_layernorm(hidden)))
        return rows

    def _joined(self, hidden: torch.Tensor) -> torch.Tensor:
        """Neighbouring patches one behind the other, [1, P, E] to [1, R, E * K * K]."""
        side, k, width = self.sizes.patches_a_side, self.sizes.shuffle, self.sizes.width
        blocks = hidden.view(side // k, k, side // k, k * width).permute(0, 2, 1, 3)
        return blocks.reshape(1, (side // k) ** 2, k * k * width)


class _TowerLayer(nn.Module):
    def __init__(self, sizes: TowerSizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads = sizes.heads
        self.layer_norm1, self.layer_norm2 = (nn.LayerNorm(width, eps=sizes.epsilon) for _ in range(2))
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(width, sizes.inner), nn.Linear(sizes.inner, width)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        normed = self.layer_norm1(hidden)
        shape = (1, hidden.shape[1], self.heads, -1)
        q, k, v = (layer(normed).view(shape) for layer in (self.q_proj, self.k_proj, self.v_proj))
        mixed = torch.ops.llama.custom_sdpa(q, k, v, 0, None, 0.0, False, None)
        hidden = hidden + self.out_proj(mixed.reshape(hidden.shape))
        normed = self.layer_norm2(hidden)
        more: torch.Tensor = self.fc2(functional.gelu(self.fc1(normed), approximate="tanh"))
        return hidden + more


class TextDecoder(nn.Module):
    """``text_decoder``: embeddings [1, N, D] and the position of the first of them [1] to the logits of what follows
    [1, 1, V]; and the last token's final state, and its state before the last layers, [1, D] each.

    Keys and values before the start position are those of earlier calls: a call that starts at a place where another
    one ended goes on from there, or from any place before it.
    """

    def __init__(self, sizes: TextSizes, context: int) -> None:
        """
        :param context: most tokens of a conversation
        """
        super().__init__()
        self.cosines: torch.Tensor
        self.sines: torch.Tensor
        self.halves: torch.Tensor
        self.sizes, self.context = sizes, context
        self.layers = nn.ModuleList(_DecoderLayer(sizes) for _ in range(sizes.layers))
        self.norm = _Norm(sizes.width, sizes.epsilon)
        self.lm_head = nn.Linear(sizes.width, sizes.vocabulary, bias=False)
        self.make_buffers()

    def make_buffers(self) -> None:
        """Make what is no weight: tables of angles, and caches of keys and values without anything in them."""
        for module in self.modules():
            if isinstance(module, _Norm):
                module.make_mean()
        pairs = torch.arange(0, self.sizes.head_width, 2, dtype=torch.float) / self.sizes.head_width
        angles = torch.arange(self.context)[:, None].float() * (1.0 / self.sizes.theta**pairs)
        both = torch.cat((angles, angles), dim=-1)
        self.register_buffer("cosines", both.cos(), persistent=False)
        self.register_buffer("sines", both.sin(), persistent=False)
        # the second half of a head, negative, and the first, as a product: XNNPACK computes that, and no such slices
        half = torch.eye(self.sizes.head_width // 2)
        none = torch.zeros_like(half)
        self.register_buffer("halves", torch.cat((torch.cat((none, -half), 1), torch.cat((half, none), 1))), False)
        for layer in self.layers:
            for name in ("keys", "values"):
                cache = torch.zeros(1, self.context, self.sizes.key_heads, self.sizes.head_width)
                layer.register_buffer(name, cache, persistent=False)

    def forward(
        self, embeddings: torch.Tensor, start_pos: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[1, N, D] and [1] to [1, 1, V], [1, D] and [1, D]."""
        hidden, num_tokens = embeddings, embeddings.shape[1]
        start: Any = start_pos[0].item()  # a symbol while it is traced
        torch._check_is_size(start)
        torch._check(start + num_tokens <= self.context)
        cosines, sines = (table.narrow(0, start, num_tokens)[:, None] for table in (self.cosines, self.sines))
        turn = cosines, sines, self.halves
        inner = None
        for place, layer in enumerate(self.layers):
            if place and place == len(self.layers) - SKIPPED_LAYERS:
                inner = hidden[:, -1]
            hidden = layer(hidden, turn, start)
        last = self.norm(hidden[:, -1:])
        return self.lm_head(last), last[:, 0], last[:, 0].clone() if inner is None else inner


class _Norm(nn.Module):
    """Root mean square normalisation. The mean is a product with equal weights: XNNPACK has no mean over the last axis,
    and a layer that it computes whole is faster than one that it hands back in the middle."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon
        self.mean: torch.Tensor
        self.make_mean()

    def make_mean(self) -> None:
        """Make what is no weight."""
        width = self.weight.shape[0]
        self.register_buffer("mean", torch.full((1, width), 1.0 / width), persistent=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        squares = functional.linear(hidden * hidden, self.mean)
        return self.weight * (hidden * torch.rsqrt(squares + self.epsilon))


class _DecoderLayer(nn.Module):
    def __init__(self, sizes: TextSizes) -> None:
        super().__init__()
        width, queries, keys = sizes.width, sizes.heads * sizes.head_width, sizes.key_heads * sizes.head_width
        self.head_width = sizes.head_width
        self.input_layernorm, self.post_attention_layernorm = (_Norm(width, sizes.epsilon) for _ in range(2))
        self.q_proj, self.o_proj = nn.Linear(width, queries, bias=False), nn.Linear(queries, width, bias=False)
        self.k_proj, self.v_proj = (nn.Linear(width, keys, bias=False) for _ in range(2))
        self.gate_proj, self.up_proj = (nn.Linear(width, sizes.inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(sizes.inner, width, bias=False)

    def forward(
        self, hidden: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor, torch.Tensor], start: int
    ) -> torch.Tensor:
        normed = self.input_layernorm(hidden)
        shape = (1, hidden.shape[1], -1, self.head_width)
        q, k, v = (layer(normed).view(shape) for layer in (self.q_proj, self.k_proj, self.v_proj))
        torch.ops.llama.update_cache(_turned(k, turn), self.keys, start)
        torch.ops.llama.update_cache(v, self.values, start)
        mixed = torch.ops.llama.custom_sdpa(_turned(q, turn), self.keys, self.values, start, None, 0.0, True, None)
        hidden = hidden + self.o_proj(mixed.reshape(1, hidden.shape[1], -1))
        normed = self.post_attention_layernorm(hidden)
        more: torch.Tensor = self.down_proj(functional.silu(self.gate_proj(normed)) * self.up_proj(normed))
        return hidden + more


def _turned(heads: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Heads [1, N, H, W] rotated by their positions' cosines and sines, [N, 1, W] each."""
    cosines, sines, halves = turn
    return heads * cosines + functional.linear(heads, halves) * sines
