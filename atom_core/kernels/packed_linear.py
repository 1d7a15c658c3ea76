"""Linear layers whose weights are packed for a kernel: what float32, int8 and int4 ones have in common.

Shape letters: K inputs, O outputs.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import torch
from torch import nn

from atom_core.kernels.malloc import returning_memory

FEWEST_ROWS = 4
"""oneDNN reads weights for four rows in less time than for one, two or three: the cold layers of a 135M decoder took
1.07 ms with four, 1.27 with one and 1.46 with two in float32, 0.60, 0.66 and 0.75 in bfloat16. Besides, a row alone is
added up in another order than among others where there are many inputs; four have the bits that any more have."""

# One layer at a time: two threads that need the same layer would pack it twice, and the peak of memory would double.
_PACKING = threading.RLock()


class PackedLinear(nn.Module, ABC):
    """A linear layer that holds its weights as they are stored, in memory or mapped from a file, until it is first
    used; then the kernel's own layout takes their place."""

    stored: ClassVar[tuple[str, ...]]
    """Names of the buffers with the weights as they are stored."""

    def __init__(self, in_features: int, out_features: int, bias_O: torch.Tensor | None) -> None:
        """
        :param bias_O: float32 or None
        """
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.bias = None if bias_O is None else nn.Parameter(bias_O.detach(), requires_grad=False)
        # an attribute of Python's own: to ask torch for a module's parameter costs as much as a small operation
        self.has_bias = bias_O is not None
        for name in self.stored:
            self.register_buffer(name, None)
        self._packed: Any = None
        self._sources: tuple[Self, ...] = ()

    @classmethod
    def join(cls, layers: Sequence[Self]) -> Self:
        """One layer whose outputs are those of `layers`, in order.

        Their weights are put together when it is first used.

        :param layers: of one input; not to be used any more
        """
        bias_O = None
        if any(layer.bias is not None for layer in layers):
            bias_O = torch.cat([torch.zeros(x.out_features) if x.bias is None else x.bias for x in layers])
        # not by __init__, which takes weights: those of the sources are put together only when they are packed
        joined = cls.__new__(cls)
        num_outputs = sum(layer.out_features for layer in layers)
        PackedLinear.__init__(joined, layers[0].in_features, num_outputs, bias_O)
        joined._sources = tuple(layers)
        return joined

    def pack(self) -> None:
        """Pack the weights for the kernel, as the first call does."""
        with _PACKING, returning_memory(trim=False):
            # another thread may have packed it while this one waited for the lock
            if self._packed is None:
                self._packed = self._packed_weights()
                for name in self.stored:
                    setattr(self, name, None)
                self._sources = ()

    @abstractmethod
    def _packed_weights(self) -> object:
        """What the kernel takes, made of the stored weights, or of those of `_sources`."""

    def extra_repr(self) -> str:
        """Sizes for printing."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def with_fewest_rows(inputs: torch.Tensor, compute: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """`compute` of fewer inputs [..., K] than `FEWEST_ROWS`, and of rows of zeros."""
    num_inputs = inputs.shape[-1]
    num_rows = inputs.numel() // num_inputs
    padded = inputs.new_zeros(FEWEST_ROWS, num_inputs)
    padded[:num_rows] = inputs.reshape(-1, num_inputs)
    outputs = compute(padded)
    return outputs[:num_rows].reshape(*inputs.shape[:-1], outputs.shape[-1])
