"""The modules of a model that is read without transformers, by the names that its checkpoint has.

Its language half has weights and no forward pass: the decoder's own computes it. Its visual half stands for names and
shapes only: when there is something to encode, another is filled.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import torch
from torch import nn

from atom_core.checkpoint.direct.layers import empty, linear_layer
from atom_core.checkpoint.direct.tower import Connector, VisionTower

if TYPE_CHECKING:
    from atom_core.checkpoint.direct.config import PlainConfig


class Rotary(nn.Module):
    """The angles of the usual rotary position embedding, as transformers' `LlamaRotaryEmbedding` computes them."""

    def __init__(self, width: int, theta: float) -> None:
        """
        :param width: of a head
        :param theta: the base
        """
        super().__init__()
        self.attention_scaling = 1.0
        self.inv_freq = nn.Buffer(
            1.0 / (theta ** (torch.arange(0, width, 2, dtype=torch.float) / width)), persistent=False
        )

    def forward(self, hidden: torch.Tensor, positions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines for each position, [..., W]; both halves are equal."""
        angles = positions[..., None].float() * self.inv_freq
        both = torch.cat((angles, angles), dim=-1)
        return both.cos().to(hidden.dtype), both.sin().to(hidden.dtype)


class Norm(nn.Module):
    """Root mean square normalisation, as transformers' `LlamaRMSNorm` computes it."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight = empty(width)
        self.variance_epsilon = epsilon

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """[..., D] to the same."""
        floats = hidden.to(torch.float32)
        floats = floats * torch.rsqrt(floats.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)
        return self.weight * floats.to(hidden.dtype)


class Attention(nn.Module):
    """The projections of one layer's attention."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        width, queries = config.hidden_size, config.num_attention_heads * config.head_dim
        keys = config.num_key_value_heads * config.head_dim
        self.scaling = config.head_dim**-0.5
        self.q_proj, self.k_proj = linear_layer(width, queries), linear_layer(width, keys)
        self.v_proj, self.o_proj = linear_layer(width, keys), linear_layer(queries, width)


class Mlp(nn.Module):
    """The projections of one layer's feed-forward block."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.gate_proj, self.up_proj, self.down_proj = (
            linear_layer(width, inner),
            linear_layer(width, inner),
            linear_layer(inner, width),
        )


class Layer(nn.Module):
    """One layer of the language half."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(config), Mlp(config)
        self.input_layernorm = Norm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = Norm(config.hidden_size, config.rms_norm_eps)


class LlamaWeights(nn.Module):
    """The language half: what transformers' `LlamaModel` holds, without its forward pass."""

    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.config = config
        table = empty(config.vocab_size, config.hidden_size)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size, _weight=table)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.norm = Norm(config.hidden_size, config.rms_norm_eps)
        self.rotary_emb = Rotary(config.head_dim, config.rope_parameters["rope_theta"])

    @property
    def dtype(self) -> torch.dtype:
        """The type of its norms and states, whatever its layers' weights are."""
        return self.norm.weight.dtype

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return self.norm.weight.device


class DirectModel(nn.Module):
    """A vision-language model whose language half is read from its files, and whose visual half is loaded when there is
    something to encode. In what the decoder asks of it, it is like transformers' models."""

    def __init__(self, config: PlainConfig) -> None:
        """All weights are on torch's meta device at first: there are only names and shapes."""
        super().__init__()
        self.config = config
        text = config.text_config
        self.model = nn.ModuleDict(
            {
                "vision_model": VisionTower(config.vision_config),
                "connector": Connector(config),
                "text_model": LlamaWeights(text),
            }
        )
        self.lm_head: nn.Module = linear_layer(text.hidden_size, text.vocab_size)
        self.all_tied_weights_keys = {}
        if config.tie_word_embeddings:
            self.all_tied_weights_keys = {"lm_head.weight": "model.text_model.embed_tokens.weight"}
            self.lm_head.weight = self.get_input_embeddings().weight  # type: ignore[assignment]

    def get_decoder(self) -> LlamaWeights:
        """The language half."""
        half = self.model["text_model"]
        assert isinstance(half, LlamaWeights)
        return half

    def get_input_embeddings(self) -> nn.Module:
        """The token table."""
        return self.get_decoder().embed_tokens

    def get_output_embeddings(self) -> nn.Module:
        """The head."""
        return self.lm_head

    @property
    def device(self) -> torch.device:
        """Where the language half is."""
        return self.get_decoder().device
