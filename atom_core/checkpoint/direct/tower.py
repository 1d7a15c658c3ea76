"""The visual half of SmolVLM: modules by the names that checkpoints have, with the forward pass of transformers'
`SmolVLMModel.get_image_features`, operation by operation, so that features are the same bit for bit.

Frames are whole squares here: there are no masks of what is padded, and a frame whose numbers are all 0 is one, too.

Shape letters: T frames, C channels, S side, N patches, D width, H heads, K of the language half.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import conv2d, embedding, gelu, layer_norm, scaled_dot_product_attention

from atom_core.checkpoint.direct.layers import empty, linear_layer

if TYPE_CHECKING:
    from atom_core.checkpoint.direct.config import PlainConfig


class LayerNorm(nn.Module):
    """Normalisation over the last axis."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self._eps = config.layer_norm_eps
        self.weight, self.bias = empty(config.hidden_size), empty(config.hidden_size)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """[..., D] to the same."""
        return layer_norm(hidden, self.weight.shape, self.weight, self.bias, self._eps)


class PatchEmbedding(nn.Module):
    """The convolution that makes a row of each patch."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self._stride = config.patch_size
        self.weight = empty(config.hidden_size, config.num_channels, config.patch_size, config.patch_size)
        self.bias = empty(config.hidden_size)

    def forward(self, pixels_TCSS: torch.Tensor) -> torch.Tensor:
        """[T, C, S, S] to [T, D, S / patch, S / patch]."""
        return conv2d(pixels_TCSS, self.weight, self.bias, stride=self._stride)


class PositionEmbedding(nn.Module):
    """A row for each place of a square of patches; those of squares of another size are the nearest."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self._side = config.image_size // config.patch_size
        self.weight = empty(self._side**2, config.hidden_size)

    def forward(self, rows: int, columns: int) -> torch.Tensor:
        """[N, D] of a grid of patches."""
        down, across = self._nearest(rows), self._nearest(columns)
        return embedding((down[:, None] * self._side + across[None]).flatten(), self.weight)

    def _nearest(self, count: int) -> torch.Tensor:
        """Which of the places along a side each patch is at; sums and products in the order that decides their bits."""
        edges = torch.arange(1 / self._side, 1.0, 1 / self._side)
        at = torch.arange(count, dtype=torch.float32) * (1.0 / torch.tensor(count))
        return torch.bucketize(at.clamp(max=1.0 - 1e-6), edges, right=True)


class Embeddings(nn.Module):
    """Pixels to patches that know their place."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.patch_embedding, self.position_embedding = PatchEmbedding(config), PositionEmbedding(config)

    def forward(self, pixels_TCSS: torch.Tensor) -> torch.Tensor:
        """[T, C, S, S] to [T, N, D]."""
        patches: torch.Tensor = self.patch_embedding(pixels_TCSS)
        position_ND: torch.Tensor = self.position_embedding(*patches.shape[2:])
        return patches.flatten(2).transpose(1, 2) + position_ND


class Attention(nn.Module):
    """Attention of all patches to all patches of a frame."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        width, self.num_heads = config.hidden_size, config.num_attention_heads
        self.scale = (width // self.num_heads) ** -0.5
        self.k_proj, self.v_proj = linear_layer(width, width, bias=True), linear_layer(width, width, bias=True)
        self.q_proj, self.out_proj = linear_layer(width, width, bias=True), linear_layer(width, width, bias=True)

    def forward(self, hidden_states: torch.Tensor) -> tuple[torch.Tensor, None]:
        """[T, N, D] to [T, N, D]."""
        heads = (*hidden_states.shape[:-1], self.num_heads, -1)
        query, key, value = (
            project(hidden_states).view(heads).transpose(1, 2) for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        out_THNW = scaled_dot_product_attention(query, key, value, scale=self.scale)
        return self.out_proj(out_THNW.transpose(1, 2).reshape(hidden_states.shape)), None


class FeedForward(nn.Module):
    """Two linear layers with a GELU between them."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.config = config
        self.fc1 = linear_layer(config.hidden_size, config.intermediate_size, bias=True)
        self.fc2 = linear_layer(config.intermediate_size, config.hidden_size, bias=True)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """[T, N, D] to [T, N, D]."""
        out: torch.Tensor = self.fc2(gelu(self.fc1(hidden), approximate="tanh"))
        return out


class EncoderLayer(nn.Module):
    """One layer of the tower."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.self_attn, self.layer_norm1 = Attention(config), LayerNorm(config)
        self.mlp, self.layer_norm2 = FeedForward(config), LayerNorm(config)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """[T, N, D] to [T, N, D]."""
        hidden = hidden + self.self_attn(self.layer_norm1(hidden))[0]
        return hidden + self.mlp(self.layer_norm2(hidden))  # type: ignore[no-any-return]


class VisionTower(nn.Module):
    """Frames to rows for each patch: transformers' `SmolVLMVisionTransformer`."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.num_hidden_layers))
        self.encoder = nn.ModuleDict({"layers": layers})
        self.post_layernorm = LayerNorm(config)

    def forward(self, pixels_TCSS: torch.Tensor) -> torch.Tensor:
        """[T, C, S, S] to [T, N, D]."""
        hidden = self.embeddings(pixels_TCSS)
        for layer in self.encoder["layers"].children():
            hidden = layer(hidden)
        return self.post_layernorm(hidden)  # type: ignore[no-any-return]


class Connector(nn.Module):
    """Squares of neighbouring patches to rows of the language half: transformers' `SmolVLMConnector`."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self._scale = config.scale_factor
        inputs = config.vision_config.hidden_size * self._scale**2
        self.modality_projection = nn.ModuleDict({"proj": linear_layer(inputs, config.text_config.hidden_size)})

    def forward(self, hidden_TND: torch.Tensor) -> torch.Tensor:
        """[T, N, D] to [T, N / scale ** 2, K]."""
        frames, patches, width = hidden_TND.shape
        side, scale = int(patches**0.5), self._scale
        grid = hidden_TND.view(frames, side, side // scale, width * scale).permute(0, 2, 1, 3)
        grid = grid.reshape(frames, side // scale, side // scale, width * scale**2).permute(0, 2, 1, 3)
        rows = grid.reshape(frames, patches // scale**2, width * scale**2)
        return self.modality_projection["proj"](rows)  # type: ignore[no-any-return]


class VisualModel(nn.Module):
    """The visual half as `Family.encode` asks it, in the place of transformers' model."""

    def __init__(self, tower: VisionTower, connector: Connector) -> None:
        super().__init__()
        self.vision_model, self.connector = tower, connector

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.vision_model.post_layernorm.weight.device

    def get_decoder(self) -> nn.Module:
        """No language half."""
        return nn.Identity()

    def get_image_features(
        self,
        pixel_values: torch.Tensor,
        pixel_attention_mask: torch.Tensor | None = None,  # noqa: ARG002
    ) -> SimpleNamespace:
        """Features of frames [1, T, C, S, S], which are whole: ``pooler_output`` is one tensor [rows, K]."""
        found = self.connector(self.vision_model(pixel_values[0]))
        return SimpleNamespace(pooler_output=[found.flatten(0, 1)])
