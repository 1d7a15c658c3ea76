"""The weights of a Llama language half as an engine takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from atom_core.errors import ModelError
from atom_core.kernels.bf16 import Bf16Linear
from atom_core.kernels.int8 import RowInt8Linear
from atom_core.protocols import LanguageWeights, Matrix
from atom_core.text.embedding import SKIPPED_LAYERS

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedModel

    from atom_core.checkpoint.direct.model import DirectModel


def language_weights(
    model: PreTrainedModel | DirectModel, *, name: str, precision: str, threads: int | None
) -> LanguageWeights:
    """What `model`'s language half, which `decoder.llama.can_fuse` knows, is made of.

    :param name: of the model, for messages
    :param precision: of the decoder
    :raises ModelError: if it has layers that Llama has not
    """
    language: Any = model.get_decoder()
    config = language.config
    first = language.layers[0].self_attn
    if added := [place for place, _ in language.layers[0].named_parameters() if place.endswith(".bias")]:
        raise ModelError(f"model {name} has {added[0]} in its language half; name the model without the engine")
    heads = int(config.num_attention_heads)
    tapped = int(config.num_hidden_layers) - SKIPPED_LAYERS - 1

    def linear(place: str) -> Matrix:
        return matrix(model.get_output_embeddings() if place == "head" else language.layers.get_submodule(place))

    def norm(place: str) -> np.ndarray:
        module = language.norm if place == "norm" else language.layers.get_submodule(place)
        weight: np.ndarray = module.weight.detach().float().numpy().copy()
        return weight

    def head(hidden_ND: np.ndarray) -> np.ndarray:
        output = model.get_output_embeddings()
        logits: np.ndarray = output(torch.from_numpy(hidden_ND)).float().numpy()
        return logits

    return LanguageWeights(
        model=name,
        precision=precision,
        threads=threads,
        width=int(config.hidden_size),
        layers=int(config.num_hidden_layers),
        heads=heads,
        key_heads=int(config.num_key_value_heads or heads),
        head_width=int(getattr(config, "head_dim", None) or config.hidden_size // heads),
        scaling=float(first.scaling),
        eps=float(config.rms_norm_eps),
        frequencies=language.rotary_emb.inv_freq.detach().float().numpy().copy(),
        tapped=max(tapped, -1),
        linear=linear,
        norm=norm,
        head=head,
        let_go=lambda: let_go(model),
    )


def matrix(layer: Any) -> Matrix:
    """A linear layer's weights, as they are stored."""
    if isinstance(layer, RowInt8Linear):
        values, scale_O = layer.quantized_weight()
        return Matrix(values_OK=values.numpy(), scale_O=scale_O.numpy())
    if isinstance(layer, Bf16Linear) and layer.plain is not None:
        return Matrix(values_OK=layer.plain.view(torch.int16).numpy().view("uint16"))
    return Matrix(values_OK=layer.weight.detach().float().numpy())


def let_go(model: PreTrainedModel | DirectModel) -> None:
    """Drop the weights of the language half's layers, which an engine has taken; the table of tokens stays."""
    language: Any = model.get_decoder()
    language.layers = nn.ModuleList()
