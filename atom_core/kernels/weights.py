"""All weights of a model, whatever its layers hold them in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from atom_core.kernels.bf16 import Bf16Embedding
from atom_core.kernels.int8 import Int8Embedding
from atom_core.kernels.malloc import give_back
from atom_core.kernels.packed_linear import PackedLinear

if TYPE_CHECKING:
    import torch
    from torch import nn


def pack(modules: Iterable[nn.Module]) -> None:
    """Prepack all weights, largest first; while a layer is packed both copies are in memory.

    Done before there are states and activations, this leaves the least memory at the peak.
    """
    layers = {layer for module in modules for layer in module.modules() if isinstance(layer, PackedLinear)}
    for layer in sorted(layers, key=lambda layer: layer.out_features * layer.in_features, reverse=True):
        layer.pack()
    give_back()


def weights(model: nn.Module) -> Iterator[torch.Tensor]:
    """All weights; those of linear layers until they are packed for a kernel, after which nobody can change them."""
    yield from model.parameters()
    for module in model.modules():
        if isinstance(module, (PackedLinear, Int8Embedding, Bf16Embedding)):
            yield from module.buffers(recurse=False)
