"""Float32 layers for processors: weights packed for oneDNN's kernel.

torch gives a linear layer to MKL with the weights as they are stored. Few rows then take twice the time that reading
the weights does, and on processors of other makers MKL leaves AVX-512 alone. oneDNN packs weights once: a step of a
135M decoder takes half the time, as does a frame where there is AVX-512. Its sums do not depend on how many rows come
together, nor on threads. The two operators are those that torch's own compiler calls.

Layers so small that they lie in the caches stay as they are: for them a call of oneDNN costs more than it saves.

Shape letters: N rows, K inputs, O outputs.
"""

from __future__ import annotations

import platform

import torch
from torch import nn
from torch.nn.functional import gelu, linear

from atom_core.kernels.packed_linear import FEWEST_ROWS, PackedLinear, with_fewest_rows

SMALL = 2**18
"""Weights of a layer that stays as it is."""
_USUAL_ROWS = 32


def has_kernel() -> bool:
    """Whether this processor has the kernel."""
    return platform.machine().lower() in ("x86_64", "amd64") and torch.backends.mkldnn.is_available()


class Float32Linear(PackedLinear):
    """A linear layer with float32 weights."""

    stored = ("plain",)
    plain: torch.Tensor | None
    """float32 [O, K], until the layer is first used."""

    def __init__(self, weight_OK: torch.Tensor, bias_O: torch.Tensor | None) -> None:
        """
        :param weight_OK: float32; kept, not copied
        :param bias_O: float32 or None
        """
        super().__init__(weight_OK.shape[1], weight_OK.shape[0], bias_O)
        self.plain = (
            weight_OK.data
        )  # `.data` starts a new version counter; `weights_stamp` detects changes by those counters

    @property
    def fewest_rows(self) -> int:
        """With fewer rows the kernel is slower than with these."""
        return FEWEST_ROWS if self.in_features * self.out_features >= SMALL else 1

    @property
    def weight(self) -> torch.Tensor:
        """The weight [O, K]; made anew on each call where it has been packed."""
        sources, plain = self._sources, self.plain  # another thread may be packing them
        if sources:
            return torch.cat([source.weight for source in sources])
        if plain is not None:
            return plain
        return self._packed.to_dense() if self._packed.is_mkldnn else self._packed  # type: ignore[no-any-return]

    def _packed_weights(self) -> object:
        weight_OK = self.weight
        if weight_OK.numel() < SMALL:
            return weight_OK
        # oneDNN packs for a number of rows, yet computes any: 32 lies between a decoding step and a prompt
        return torch.ops.mkldnn._reorder_linear_weight(weight_OK.contiguous(), _USUAL_ROWS)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., K] to [..., O]."""
        if self._packed is None:
            self.pack()
        if not self._packed.is_mkldnn:
            return linear(inputs, self._packed, self.bias)
        if inputs.numel() < FEWEST_ROWS * self.in_features:
            return with_fewest_rows(inputs, self._rows)
        return self._rows(inputs)

    def gelu(self, inputs: torch.Tensor) -> torch.Tensor:
        """GELU, by its tanh approximation, of what `forward` gives."""
        if self._packed is None:
            self.pack()
        if not self._packed.is_mkldnn:
            return gelu(self(inputs), approximate="tanh")
        outputs: torch.Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self._packed, self.bias, "gelu", [], "tanh")
        return outputs

    def _rows(self, rows_NK: torch.Tensor) -> torch.Tensor:
        bias = self.bias if self.has_bias else None
        outputs_NO: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows_NK, self._packed, bias, "none", [], "")
        return outputs_NO


def pack_linears(model: nn.Module) -> None:
    """Put `Float32Linear` in the place of a model's float32 linear layers on a processor; others are left alone."""
    if not has_kernel():
        return
    made: dict[int, Float32Linear] = {}
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.Linear and layer.weight.dtype == torch.float32 and layer.weight.device.type == "cpu":
                # a head that is tied, or a layer that is used twice, stays one layer
                new = made.setdefault(id(layer), Float32Linear(layer.weight, layer.bias))
                setattr(parent, name, new)
