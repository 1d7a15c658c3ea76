"""Layers without weights: on torch's meta device there are only names and shapes, until weights are filled in."""

from __future__ import annotations

import torch
from torch import nn


def empty(*shape: int) -> nn.Parameter:
    """A weight without values."""
    return nn.Parameter(torch.empty(shape, device="meta"), requires_grad=False)


def linear_layer(inputs: int, outputs: int, *, bias: bool = False) -> nn.Linear:
    """A linear layer without weights."""
    # not by __init__, which draws random numbers: without a device torch loads its compiler for that
    layer = nn.Linear.__new__(nn.Linear)
    nn.Module.__init__(layer)
    layer.in_features, layer.out_features = inputs, outputs
    layer.weight = empty(outputs, inputs)
    layer.register_parameter("bias", empty(outputs) if bias else None)
    return layer
