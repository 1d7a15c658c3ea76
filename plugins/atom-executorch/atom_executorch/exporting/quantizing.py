"""Layers of 8 and 4 bits by torchao, as XNNPACK computes them: activations are rounded to 8 bits as they come.

``8da4w``: weights of the language half have 4 bits, in groups of 32 with a scale each; those of the visual half
and of the head, which matter more, have 8, with a scale for each row.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from atom_executorch.exporting.programs import TextDecoder, VisionEncoder

PRECISIONS = ("fp32", "8da4w")
GROUP = 32
"""How many weights share a scale."""
_HEAD = "lm_head"


def quantize(vision: VisionEncoder, decoder: TextDecoder, precision: str) -> None:
    """Quantise the linear layers, in place.

    :param precision: one of `PRECISIONS`
    """
    if precision == "fp32":
        return
    from torchao.quantization import quantize_

    quantize_(vision, _config(8), _is_linear)
    quantize_(decoder, _config(8), lambda module, name: _is_linear(module, name) and name == _HEAD)
    quantize_(decoder, _config(4), lambda module, name: _is_linear(module, name) and name != _HEAD)


def _is_linear(module: nn.Module, _: str) -> bool:
    return isinstance(module, nn.Linear) and module.in_features % GROUP == 0


def _config(bits: int) -> Any:
    import torch
    from torchao.quantization import Int8DynamicActivationIntxWeightConfig
    from torchao.quantization.granularity import PerAxis, PerGroup

    if bits == 8:
        return Int8DynamicActivationIntxWeightConfig(weight_dtype=torch.int8, weight_granularity=PerAxis(0))
    return Int8DynamicActivationIntxWeightConfig(
        weight_dtype=torch.int4,  # type: ignore[attr-defined]
        weight_granularity=PerGroup(GROUP),
    )
