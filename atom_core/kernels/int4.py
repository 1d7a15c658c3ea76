"""Int4 linear layers for processors: torch's weight-only kernel, for least memory.

Weights are int4 in groups of 32 inputs with a scale and a zero for each; inputs are bfloat16. Reading half the bytes of
int8 does not make it faster: the kernel turns weights back into numbers as it goes, and prompts are read slowly.

Shape letters: N rows, K inputs, O outputs, G groups.
"""

from __future__ import annotations

import torch
from torch import nn

from atom_core.kernels import INT4_GROUP
from atom_core.kernels.packed_linear import PackedLinear

_TINY = 1e-8


class GroupInt4Linear(PackedLinear):
    """A linear layer with int4 weights."""

    stored = ("qweight",)
    qweight: torch.Tensor | None
    """uint8 [O, K / 2], two inputs in a byte, the even one low; until the layer is first used."""
    scale: torch.Tensor
    """bfloat16 [G, O, 2]: scale, and the value of the middle step."""

    def __init__(self, qweight: torch.Tensor, scale_GO2: torch.Tensor, bias_O: torch.Tensor | None) -> None:
        """
        :param qweight: uint8 [O, K / 2]; kept, not copied
        :param scale_GO2: bfloat16
        :param bias_O: float32 or None
        """
        super().__init__(qweight.shape[1] * 2, qweight.shape[0], bias_O)
        self.qweight = qweight
        self.register_buffer("scale", scale_GO2)

    @classmethod
    def from_linear(cls, linear: nn.Linear) -> GroupInt4Linear:
        """The quantised form of `linear`: least to greatest value of each group in 15 steps."""
        weight_OGK = linear.weight.detach().float().unflatten(1, (-1, INT4_GROUP))
        low, high = weight_OGK.amin(2, keepdim=True), weight_OGK.amax(2, keepdim=True)
        # rounded to bfloat16 before steps are counted: the kernel has nothing finer, and would count from other values
        scale = ((high - low) / 15).clamp_min(_TINY).bfloat16().float()
        middle = (low + 8 * scale).bfloat16().float()
        steps = ((weight_OGK - middle) / scale).round_().add_(8).clamp_(0, 15).to(torch.uint8).flatten(1)
        both = torch.cat([scale, middle], dim=2).transpose(0, 1).contiguous().bfloat16()
        # two steps in a byte, as the file stores them; the kernel's own order is made by `_packed_weights`
        return cls(steps[:, ::2] | steps[:, 1::2] << 4, both, linear.bias)

    @property
    def weight(self) -> torch.Tensor:
        """The weight that the layer stands for, [O, K], float32; only until it is first used."""
        scale, middle = self.scale.float().transpose(0, 1).unsqueeze(2).unbind(3)
        return ((self._steps().unflatten(1, (-1, INT4_GROUP)) - 8) * scale + middle).flatten(1)  # type: ignore[no-any-return]

    def _packed_weights(self) -> torch.Tensor:
        # the kernel's order depends on the processor, so what is stored is not packed
        packed: torch.Tensor = torch.ops.aten._convert_weight_to_int4pack_for_cpu(self._steps(), 1)
        return packed

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., K] to [..., O], float32."""
        if self._packed is None:
            self.pack()
        rows_NK = inputs.reshape(-1, self.in_features).bfloat16()
        outputs_NO = torch.ops.aten._weight_int4pack_mm_for_cpu(rows_NK, self._packed, INT4_GROUP, self.scale).float()
        if self.bias is not None:
            outputs_NO += self.bias
        return outputs_NO.reshape(*inputs.shape[:-1], self.out_features)  # type: ignore[no-any-return]

    def _steps(self) -> torch.Tensor:
        """0 to 15, int32 [O, K]."""
        assert self.qweight is not None, "the weights are packed for the kernel already"
        return torch.stack((self.qweight & 15, self.qweight >> 4), dim=2).flatten(1).int()


def quantized(layer: nn.Module) -> nn.Module:
    """The int4 form of a linear layer."""
    assert isinstance(layer, nn.Linear)
    return GroupInt4Linear.from_linear(layer)
