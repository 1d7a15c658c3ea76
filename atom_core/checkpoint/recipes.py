"""Precision recipes: which part of a model is computed in which precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import frozen

from atom_core.errors import ModelError
from atom_core.kernels import INT4_GROUP
from atom_core.kernels.processor import has_bf16
from atom_core.settings import suggest

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

    from atom_core.checkpoint.direct.model import DirectModel

PARTS = ("encoder", "decoder", "embeddings", "head")
"""The parts of a model that can differ in precision."""
FIT = "fit"
"""The setting that stands for weights as stored, or the recipe that loses least where they do not fit into memory."""


@frozen(kw_only=True)
class Recipe:
    """The precision of each part: ``none``, or the name of a kind."""

    name: str
    """How users call it."""
    summary: str
    """One line for listings."""
    encoder: str = "none"
    """Precision of the vision tower and connector."""
    decoder: str = "none"
    """Precision of the language half's layers."""
    embeddings: str = "none"
    """Precision of the token embedding; ignored where the LM head is tied to it, then `head` decides."""
    head: str = "none"
    """Precision of the LM head."""
    devices: tuple[str, ...] = ("cpu", "cuda")
    """The kinds of device it is for."""
    is_saved: bool = True
    """Whether a checkpoint can be written so."""

    @property
    def kinds(self) -> set[str]:
        """The kinds in use."""
        return {getattr(self, part) for part in PARTS} - {"none"}


RECIPES: Mapping[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(name="none", summary="as stored: float32 on a processor, bfloat16 on CUDA"),
        Recipe(
            name="bf16",
            summary="weights and products bfloat16, sums float32; processors with AVX-512 BF16 or AMX",
            encoder="bf16",
            decoder="bf16",
            embeddings="bf16",
            head="bf16",
            devices=("cpu",),
            is_saved=False,
        ),
        Recipe(name="int8-decoder", summary="the encoder as stored, the rest int8", decoder="int8", head="int8"),
        Recipe(
            name="int8",
            summary="all weights int8, a scale for each output; activations int8, a scale for each row",
            encoder="int8",
            decoder="int8",
            embeddings="int8",
            head="int8",
        ),
        Recipe(
            name="int4",
            summary="the decoder's layers int4 in groups of 32, the rest int8; least memory, not the fastest",
            encoder="int8",
            decoder="int4",
            embeddings="int8",
            head="int8",
        ),
        Recipe(
            name="float8",
            summary="float8 weights and activations; CUDA cards from compute capability 8.9",
            encoder="float8",
            decoder="float8",
            devices=("cuda",),
        ),
    )
}
"""The recipes by name; on processors, those that lose less go first."""


def recipes_for(device: str) -> list[Recipe]:
    """The recipes for a device: on processors, those that this one computes well."""
    kind = device.partition(":")[0]
    found = [recipe for recipe in RECIPES.values() if kind in recipe.devices]
    return [recipe for recipe in found if "bf16" not in recipe.kinds or has_bf16()]


def recipe_of(name: str, device: str) -> Recipe:
    """The recipe called `name`, which must be for `device`.

    :raises ModelError: if there is none, or it is not for the device
    """
    fitting = ", ".join(other.name for other in recipes_for(device))
    if name not in RECIPES:
        raise ModelError(f"there is no recipe {name!r}{suggest(name, RECIPES)}; use fit, auto, {fitting}")
    recipe, kind = RECIPES[name], device.partition(":")[0]
    if kind not in recipe.devices:
        raise ModelError(f"recipe {name!r} is for {' and '.join(recipe.devices)}, not {kind}; use {fitting}")
    if "bf16" in recipe.kinds and not has_bf16():
        raise ModelError("recipe 'bf16' is for processors with AVX-512 BF16 or AMX, which this one lacks; use none")
    return recipe


def kinds_by_layer(model: PreTrainedModel | DirectModel, recipe: Recipe, device: str) -> dict[str, str]:
    """Names of the linear layers and token tables that `recipe` quantises, with their kind.

    A head that is tied to the table is left out: it goes with the table. On CUDA tables stay as they are.
    """
    import torch

    decoder = model.get_decoder()
    inside = {id(module) for module in decoder.modules()}
    head, table = model.get_output_embeddings(), model.get_input_embeddings()
    tied = is_tied(model)
    kinds: dict[str, str] = {}
    for name, module in model.named_modules():
        if module is table:
            kind = recipe.head if tied else recipe.embeddings
            kind = kind if device.startswith("cpu") and _is_plain_table(module) else "none"
        elif module is head:
            kind = "none" if tied else recipe.head
        elif isinstance(module, torch.nn.Linear):
            kind = recipe.decoder if id(module) in inside else recipe.encoder
        else:
            continue
        if kind == "int4" and module.in_features % INT4_GROUP:
            kind = "int8"
        if kind != "none":
            kinds[name] = kind
    return kinds


def is_tied(model: PreTrainedModel | DirectModel) -> bool:
    """Whether the output head and the token table are one."""
    head = model.get_output_embeddings()
    name = next((name for name, module in model.named_modules() if module is head), "")
    return f"{name}.weight" in (model.all_tied_weights_keys or {})


def quantized_layer(layer: nn.Module, kind: str) -> nn.Module:
    """What takes the place of a layer on a processor."""
    if kind == "int4":
        from atom_core.kernels import int4

        return int4.quantized(layer)
    if kind == "bf16":
        from atom_core.kernels import bf16

        return bf16.quantized(layer)
    from atom_core.kernels import int8

    return int8.quantized(layer)


def cuda_config(kind: str, device: str) -> object:
    """torchao's configuration for a kind on a card, where weights alone are int8.

    torchao 0.18's product of int8 weights and int8 activations, `safe_int_mm`, prints its input at each call, which
    waits for the card, and takes up to 16 rows through the processor: decoding 0.4 tokens/s on an H200.

    :raises ModelError: if the card cannot do it
    """
    import torch
    from torchao.quantization import (
        Float8DynamicActivationFloat8WeightConfig,
        Int4WeightOnlyConfig,
        Int8WeightOnlyConfig,
        PerRow,
    )

    if kind == "float8":
        if torch.cuda.get_device_capability(device) < (8, 9):
            raise ModelError("float8 needs a card of compute capability 8.9 or higher; use --quantize int8")
        return Float8DynamicActivationFloat8WeightConfig(granularity=PerRow())
    if kind == "int4":
        return Int4WeightOnlyConfig(
            group_size=INT4_GROUP, int4_packing_format="tile_packed_to_4d", set_inductor_config=False
        )
    return Int8WeightOnlyConfig(set_inductor_config=False)


def _is_plain_table(module: nn.Module) -> bool:
    """Whether a token table only looks rows up, perhaps multiplying them by a number."""
    import torch

    return type(module) is torch.nn.Embedding or hasattr(module, "scalar_embed_scale")
