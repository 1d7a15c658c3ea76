"""Weights into the modules of a model that is read without transformers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import nn

from atom_core.checkpoint.direct.config import PlainConfig
from atom_core.checkpoint.direct.layers import linear_layer
from atom_core.checkpoint.direct.model import DirectModel
from atom_core.checkpoint.direct.tower import Connector, VisionTower, VisualModel
from atom_core.checkpoint.quantized_format import quantized_form, stored_shapes
from atom_core.checkpoint.reading import guarded
from atom_core.checkpoint.recipes import is_tied, kinds_by_layer, quantized_layer
from atom_core.checkpoint.safetensors_file import Stored
from atom_core.kernels.float32 import pack_linears
from atom_core.kernels.malloc import returning_memory
from atom_core.kernels.threads import one_thread
from atom_core.kernels.vision_tower import fuse_tower

if TYPE_CHECKING:
    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.checkpoint.recipes import Recipe

_FLOATS = ("F64", "F32", "F16", "BF16")
_LANGUAGE = ("model.text_model.", "lm_head.")
_HEAD = "lm_head"


def direct_model(checkpoint: Checkpoint, device: str) -> DirectModel | None:
    """The modules of a checkpoint, without weights; None where it is not read directly: its config is not, the device
    is not the processor, or its files do not hold just the tensors that the config promises."""
    if not isinstance(checkpoint.config, PlainConfig) or device != "cpu":
        return None
    model = DirectModel(checkpoint.config)
    return model if _wanted(model, checkpoint) == _found(checkpoint.weights.tensors) else None


def load_direct(checkpoint: Checkpoint, model: DirectModel, recipe: Recipe) -> DirectModel:
    """Fill the language half of `direct_model`, frozen, with linear layers ready for the processor's kernels.

    Weights that are stored in float32 stay mapped from their files; others are converted or quantised one at a time.
    """
    tied = is_tied(model)
    _filled(checkpoint, model, recipe, lambda name: _is_language(name) and not (tied and name == _HEAD))
    if tied:
        model.lm_head = _tied_head(model.get_input_embeddings())
    model.requires_grad_(False)
    model.eval()
    pack_linears(model)
    return model


def _is_language(name: str) -> bool:
    return f"{name}.".startswith(_LANGUAGE)


def _filled(checkpoint: Checkpoint, model: DirectModel, recipe: Recipe, chosen: Callable[[str], bool]) -> DirectModel:
    """`model` with the weights of those modules whose names are chosen."""
    tensors, saved = checkpoint.weights.tensors, _saved(checkpoint)
    kinds = {} if saved else kinds_by_layer(model, recipe, "cpu")
    with returning_memory(), one_thread():
        for name, module in list(model.named_modules()):
            if chosen(name):
                _fill(model, name, module, tensors, saved.get(name), kinds.get(name))
    return model


def _fill(
    model: DirectModel,
    name: str,
    module: nn.Module,
    tensors: Mapping[str, Stored],
    saved: str | None,
    kind: str | None,
) -> None:
    """Give one module its own weights, or put its quantised form in its place."""
    if saved is not None:
        parts = {part: tensors[f"{name}.{part}"][...] for part in stored_shapes(module, saved)}
        model.set_submodule(name, quantized_form(module, saved, parts))
        return
    for part in [part for part, _ in module.named_parameters(recurse=False)]:
        # `.data` starts a new version counter, by which `weights_stamp` detects changes
        weight = tensors[f"{name}.{part}"][...].to(torch.float32).data
        setattr(module, part, nn.Parameter(weight, requires_grad=False))
    if kind is not None:
        model.set_submodule(name, quantized_layer(module, kind))


def _tied_head(table: nn.Module) -> nn.Module:
    if not isinstance(table, nn.Embedding):  # quantised
        head: nn.Module = table.head()  # type: ignore[operator]
        return head
    linear = linear_layer(table.embedding_dim, table.num_embeddings)
    linear.weight = table.weight
    return linear


class VisualHalf:
    """The visual half of a checkpoint; loaded when it is first called for."""

    def __init__(self, checkpoint: Checkpoint, recipe: Recipe) -> None:
        self._checkpoint, self._recipe = checkpoint, recipe
        self._lock = threading.Lock()
        self.model: VisualModel | None = None
        """The model; None until it is loaded."""

    def __call__(self) -> VisualModel:
        """The model, frozen, on the processor.

        :raises ModelError: if it cannot be loaded
        """
        with self._lock:
            if self.model is None:
                self.model = guarded(self._checkpoint.source, "weights", self._load)
            return self.model

    def _load(self) -> VisualModel:
        checkpoint = self._checkpoint
        model = _filled(checkpoint, DirectModel(checkpoint.config), self._recipe, lambda name: not _is_language(name))
        tower, connector = model.model["vision_model"], model.model["connector"]
        assert isinstance(tower, VisionTower)
        assert isinstance(connector, Connector)
        visual = VisualModel(tower, connector).requires_grad_(False).eval()
        pack_linears(visual)
        fuse_tower(visual)
        return visual


def _saved(checkpoint: Checkpoint) -> Mapping[str, str]:
    return checkpoint.quantized.layers if checkpoint.quantized else {}


def _wanted(model: DirectModel, checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors that there should be."""
    saved = _saved(checkpoint)
    shapes = {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if name not in model.all_tied_weights_keys
    }
    for name, kind in saved.items():
        if f"{name}.weight" not in shapes:
            return {}
        layer = model.get_submodule(name)
        for part, _ in layer.named_parameters(recurse=False):
            del shapes[f"{name}.{part}"]
        shapes |= {f"{name}.{part}": shape for part, shape in stored_shapes(layer, kind).items()}
    return shapes


def _found(tensors: Mapping[str, Stored]) -> dict[str, tuple[int, ...]]:
    quantized = {name.rpartition(".")[0] for name in tensors if name.endswith(".qweight")}
    odd = [
        name
        for name, stored in tensors.items()
        if stored.dtype not in _FLOATS and name.rpartition(".")[0] not in quantized
    ]
    return {} if odd else {name: stored.shape for name, stored in tensors.items()}
