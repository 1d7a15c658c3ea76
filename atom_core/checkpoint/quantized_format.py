"""The format of checkpoints that Atom has quantised: what their files say, and what is stored of a quantised layer.

Such a checkpoint is one in Hugging Face format. ``config.json`` names the method and the recipe under
``quantization_config``. The metadata of ``model.safetensors`` is a `QuantizedFormat`. Instead of ``LAYER.weight`` it
stores ``LAYER.qweight`` and ``LAYER.scale``, in the shapes of `stored_shapes`; tensors of layers that are not quantised
are stored as they are. A head that is tied to a quantised token table is not stored.

Shape letters: K inputs, O outputs, G groups of inputs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import frozen

from atom_core.kernels import INT4_GROUP
from atom_core.stores.versions import versions_of

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

    from atom_core.checkpoint.safetensors_file import Weights

METHOD = "atom"
"""What ``quantization_config`` calls the method."""
KINDS = ("int8", "int4")
"""How a layer can be stored quantised."""
_VERSIONED = ("atom-core", "torch", "torchao", "transformers")


@frozen(kw_only=True)
class QuantizedFormat:
    """What the weights of a quantised checkpoint say about themselves."""

    recipe: str
    """The recipe that they were quantised by."""
    source: str | None = None
    """The model that they were made from, as the user named it."""
    source_hash: str | None = None
    """Content hash of the model that they were made from."""
    layers: Mapping[str, str]
    """The kind of each layer that is stored quantised, by its name."""

    @classmethod
    def from_weights(cls, weights: Weights) -> Self | None:
        """What `weights` say; None if Atom has not quantised them.

        :raises ValueError: if they do not hold what they say; its text is the name of what is wrong
        """
        metadata = weights.metadata
        if "atom_recipe" not in metadata:
            return None
        try:
            layers: dict[str, Any] = dict(json.loads(metadata.get("atom_layers", "{}")))
        except (ValueError, TypeError, RecursionError):
            raise ValueError("atom_layers") from None
        for name, kind in layers.items():
            if kind not in KINDS or f"{name}.qweight" not in weights.tensors:
                raise ValueError(name)
        return cls(
            recipe=metadata["atom_recipe"],
            source=metadata.get("atom_source"),
            source_hash=metadata.get("atom_source_hash"),
            layers=layers,
        )

    def to_metadata(self) -> dict[str, str]:
        """The metadata of the weights file; `from_weights` reads it."""
        return {
            "format": "pt",
            "atom_recipe": self.recipe,
            "atom_source": self.source or "",
            "atom_source_hash": self.source_hash or "",
            "atom_versions": json.dumps(versions_of(*_VERSIONED)),
            "atom_layers": json.dumps(dict(self.layers)),
        }

    @property
    def quantization_config(self) -> dict[str, str]:
        """What ``config.json`` says of it."""
        return {"quant_method": METHOD, "recipe": self.recipe}


def stored_shapes(layer: Any, kind: str) -> dict[str, tuple[int, ...]]:
    """The tensors that are stored of a layer with a weight [O, K], and their shapes.

    :param kind: one of `KINDS`: int8 has a scale for each output, int4 a scale and a middle for each group of inputs
    """
    outputs, inputs = layer.weight.shape
    bias = {} if getattr(layer, "bias", None) is None else {"bias": (outputs,)}
    if kind == "int4":  # two numbers in a byte
        return {"qweight": (outputs, inputs // 2), "scale": (inputs // INT4_GROUP, outputs, 2), **bias}
    return {"qweight": (outputs, inputs), "scale": (outputs,), **bias}


def stored_bytes(num_weights: int, num_outputs: int, kind: str) -> int:
    """Bytes of a weight as `stored_shapes` has it: with bfloat16 scales for int4, float32 ones for int8."""
    return num_weights // 2 + num_weights // INT4_GROUP * 4 if kind == "int4" else num_weights + 4 * num_outputs


def quantized_form(layer: nn.Module, kind: str, parts: Mapping[str, torch.Tensor]) -> nn.Module:
    """The layer that takes the place of `layer`, with the tensors that were stored of it."""
    from torch import nn

    from atom_core.kernels.int4 import GroupInt4Linear
    from atom_core.kernels.int8 import Int8Embedding, RowInt8Linear

    qweight, scale, bias = parts["qweight"], parts["scale"], parts.get("bias")
    if isinstance(layer, nn.Embedding):
        return Int8Embedding(qweight, scale, float(getattr(layer, "scalar_embed_scale", 1.0)))
    return (GroupInt4Linear if kind == "int4" else RowInt8Linear)(qweight, scale, bias)


def quantized_layers(model: PreTrainedModel) -> dict[str, str]:
    """Names and kinds of the quantised layers of a model that has not been used; a tied head is not among them."""
    from atom_core.kernels.int4 import GroupInt4Linear
    from atom_core.kernels.int8 import Int8Embedding, RowInt8Linear

    table, head = model.get_input_embeddings(), model.get_output_embeddings()
    shared = isinstance(table, Int8Embedding) and getattr(head, "qweight", None) is table.qweight
    kinds: dict[type, str] = {RowInt8Linear: "int8", Int8Embedding: "int8", GroupInt4Linear: "int4"}
    return {
        name: kinds[type(module)]
        for name, module in model.named_modules()
        if type(module) in kinds and not (shared and module is head)
    }
