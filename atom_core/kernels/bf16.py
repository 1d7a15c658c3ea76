"""Bfloat16 layers for processors that compute it: half the memory of float32, and weights as most files have them.

Weights and what is multiplied by them are bfloat16. Sums, norms and what layers hand on stay float32, so errors do not
add up from layer to layer. A row has the same bits alone and among others.

Shape letters: N rows, K inputs, O outputs, V vocabulary, D width.
"""

from __future__ import annotations

import torch
from torch import nn

from atom_core.errors import ModelError
from atom_core.kernels.packed_linear import FEWEST_ROWS, PackedLinear, with_fewest_rows
from atom_core.kernels.processor import has_bf16

_USUAL_ROWS = 32


class Bf16Linear(PackedLinear):
    """A linear layer with bfloat16 weights."""

    stored = ("plain",)
    fewest_rows = FEWEST_ROWS
    plain: torch.Tensor | None
    """bfloat16 [O, K], until the layer is first used."""

    def __init__(self, weight_OK: torch.Tensor, bias_O: torch.Tensor | None) -> None:
        """
        :param weight_OK: bfloat16; kept, not copied
        :param bias_O: float32 or None
        :raises ModelError: if this processor has no such kernel
        """
        if not has_bf16():
            raise ModelError("bf16 needs a processor with AVX-512 BF16 or AMX; use --quantize none or int8")
        super().__init__(weight_OK.shape[1], weight_OK.shape[0], bias_O)
        self.plain = (
            weight_OK.data
        )  # `.data` starts a new version counter; `weights_stamp` detects changes by those counters

    @property
    def weight(self) -> torch.Tensor:
        """The weight [O, K], float32; made anew on each call."""
        return self._stored_weight().float()

    def _stored_weight(self) -> torch.Tensor:
        sources, plain = self._sources, self.plain  # another thread may be packing them
        if sources:
            return torch.cat([source._stored_weight() for source in sources])
        return self._packed.to_dense() if plain is None else plain

    def _packed_weights(self) -> object:
        return torch.ops.mkldnn._reorder_linear_weight(self._stored_weight().contiguous(), _USUAL_ROWS)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., K] to [..., O], float32."""
        outputs = self._products(inputs).float()
        # the bias is added in float32: within the kernel it would be rounded to bfloat16
        return outputs if self.bias is None else outputs.add_(self.bias)

    def rounded(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., K] to [..., O], bfloat16, as the bias is: for what is multiplied in bfloat16 next anyway."""
        return self._products(inputs, self._rounded_bias())

    def gelu(self, inputs: torch.Tensor) -> torch.Tensor:
        """GELU, by its tanh approximation, of what `rounded` gives; computed before it is rounded."""
        return self._products(inputs, self._rounded_bias(), "gelu", "tanh")

    def _rounded_bias(self) -> torch.Tensor | None:
        bias = self.bias if self.has_bias else None
        return None if bias is None else bias.to(torch.bfloat16)

    def _products(
        self, inputs: torch.Tensor, bias_O: torch.Tensor | None = None, then: str = "none", how: str = ""
    ) -> torch.Tensor:
        if self._packed is None:
            self.pack()

        def rows(rows_NK: torch.Tensor) -> torch.Tensor:
            outputs_NO: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows_NK, self._packed, bias_O, then, [], how)
            return outputs_NO

        inputs = inputs.to(torch.bfloat16)
        return with_fewest_rows(inputs, rows) if inputs.numel() < FEWEST_ROWS * self.in_features else rows(inputs)


class Bf16Embedding(nn.Module):
    """An embedding table in bfloat16; rows become float32 when they are looked up."""

    plain: torch.Tensor
    """bfloat16 [V, D]."""

    def __init__(self, weight_VD: torch.Tensor, factor: float = 1.0) -> None:
        """
        :param weight_VD: bfloat16; kept, not copied
        :param factor: what rows are multiplied by besides, as Gemma's are
        """
        super().__init__()
        self.num_embeddings, self.embedding_dim = weight_VD.shape
        self.register_buffer("plain", weight_VD.data)
        self.factor = factor

    @property
    def weight(self) -> torch.Tensor:
        """The table [V, D], float32; made anew on each call."""
        return self.plain.float()

    def head(self) -> Bf16Linear:
        """The output layer tied to this table."""
        return Bf16Linear(self.plain, None)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """[...] to [..., D], float32."""
        rows = self.plain[ids].float()
        return rows if self.factor == 1.0 else rows * self.factor


def quantized(layer: nn.Module) -> nn.Module:
    """The bfloat16 form of a linear layer or a token table."""
    assert isinstance(layer, (nn.Embedding, nn.Linear))
    weight = layer.weight.detach().to(torch.bfloat16)
    if isinstance(layer, nn.Embedding):
        return Bf16Embedding(weight, float(getattr(layer, "scalar_embed_scale", 1.0)))
    return Bf16Linear(weight, layer.bias)
