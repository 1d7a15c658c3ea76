"""Int8 layers for processors: FBGEMM's kernel, one activation scale for each row.

A layer that always has many rows, as a vision tower's, is given to oneDNN, which takes two thirds of FBGEMM's time for
them, and half as much again for one; where the processor has VNNI, since without it the kernel saturates.

FBGEMM's dynamic kernel takes one activation scale for a whole batch, so that a result would depend on its neighbours.
Here each row is divided by its own largest magnitude, the kernel is called with a fixed scale, and the row is
multiplied back: the same bits alone and batched. Activations use 8 bits (1/127 around 128) where the kernel adds
products in 32 bits, as with VNNI; without, it adds pairs in 16 bits, which only 7 bits (1/63 around 64) keep from
saturating. A zero point of each row's own would halve what is left of the loss, for a fifth to a half more time.

Shape letters: N rows, K inputs, O outputs, V vocabulary, D width.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable

import torch
from torch import nn

from atom_core.errors import ModelError
from atom_core.kernels.packed_linear import PackedLinear

_TINY = 1e-30
_BLOCK = 2**18
_ROWS = 256
_GELU = 2 * math.sqrt(2 / math.pi)
_GELU_1 = torch.tensor([_GELU])


def has_kernel() -> bool:
    """Whether this processor has the kernel."""
    return "fbgemm" in torch.backends.quantized.supported_engines


@functools.cache
def _fbgemm() -> Callable[[torch.Tensor, float, int, object], torch.Tensor]:
    """FBGEMM's kernel: rows that are quantised with a scale and a zero point on the way, times packed weights.

    The operator itself: torch's wrapper of it looks at each call for arguments that only its compiler makes.
    """
    kernel: Callable[[torch.Tensor, float, int, object], torch.Tensor]
    kernel = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32.op
    return kernel


@functools.cache
def has_vnni() -> bool:
    """Whether this processor adds products of bytes in 32 bits, and may."""
    wide = torch.backends.cpu.get_cpu_capability().startswith("AVX512")
    return bool(wide and torch.cpu._is_vnni_supported() and most_activation() == 127)


@functools.cache
def most_activation() -> int:
    """The largest magnitude of an int8 activation, 127 or 63: the former where the kernel is exact with it."""
    weight_OK = _as_quantized(torch.full((8, 64), 127, dtype=torch.int8), torch.ones(8))
    packed = torch.ops.quantized.linear_prepack(weight_OK, None)
    found_NO = _fbgemm()(torch.ones(1, 64), 1 / 127, 128, packed)
    return 127 if torch.allclose(found_NO, torch.tensor(64 * 127.0), rtol=1e-5) else 63


def quantize_rows(weight_OK: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Symmetric int8 values [O, K], rounded to nearest, and float32 scales [O]; done in blocks that stay in cache."""
    weight_OK = weight_OK.detach()
    values, scale_O = torch.empty_like(weight_OK, dtype=torch.int8), torch.empty(weight_OK.shape[0])
    step = max(1, _BLOCK // max(1, weight_OK.shape[1]))
    for at in range(0, weight_OK.shape[0], step):
        # a whole layer as float32 would take four bytes more per weight, and not fit into the cache
        block = weight_OK[at : at + step].float()
        scale = (block.abs().amax(dim=1) / 127).clamp_min_(_TINY)
        values[at : at + step] = (block / scale[:, None]).round_().clamp_(-127, 127)
        scale_O[at : at + step] = scale
    return values.data, scale_O.data  # new version counters, by which `weights_stamp` detects changes


class RowInt8Linear(PackedLinear):
    """A linear layer with int8 weights."""

    stored = ("qweight", "scale")
    _many_rows = False
    _scale_O: torch.Tensor | None = None
    """What oneDNN's kernel multiplies outputs by, once it is packed for that."""
    qweight: torch.Tensor | None
    """int8 [O, K], until the layer is first used."""
    scale: torch.Tensor | None
    """float32 [O], what an output's weights are multiplied by, until the layer is first used."""

    def __init__(self, qweight_OK: torch.Tensor, scale_O: torch.Tensor, bias_O: torch.Tensor | None) -> None:
        """
        :param qweight_OK: int8; kept, not copied
        :param scale_O: float32, what an output's weights are multiplied by
        :param bias_O: float32 or None
        :raises ModelError: if this processor has no such kernel
        """
        if not has_kernel():
            raise ModelError("int8 needs a processor with AVX2; use --quantize none")
        super().__init__(qweight_OK.shape[1], qweight_OK.shape[0], bias_O)
        self.qweight, self.scale = qweight_OK, scale_O

    def for_many_rows(self) -> None:
        """Compute with the kernel that is faster for many rows, from the first use on."""
        self._many_rows = has_vnni()

    @classmethod
    def from_linear(cls, linear: nn.Linear) -> RowInt8Linear:
        """The quantised form of `linear`."""
        return cls(*quantize_rows(linear.weight), linear.bias)

    def quantized_weight(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The int8 weight [O, K] and its float32 scales [O]."""
        sources, values_OK, scale_O = self._sources, self.qweight, self.scale  # another thread may be packing them
        if sources:
            pairs = [source.quantized_weight() for source in sources]
            return torch.cat([values for values, _ in pairs]), torch.cat([scale for _, scale in pairs])
        if values_OK is not None and scale_O is not None:
            return values_OK, scale_O
        if self._scale_O is not None:
            return self._packed.to_dense().t().contiguous(), self._scale_O
        # the stored weights were let go when they were packed: FBGEMM gives them back without loss
        quantized, _ = torch.ops.quantized.linear_unpack(self._packed)
        return quantized.int_repr(), quantized.q_per_channel_scales().float()

    @property
    def weight(self) -> torch.Tensor:
        """The weight that the layer stands for, [O, K], float32; made anew on each call."""
        values, scale_O = self.quantized_weight()
        return values.float() * scale_O[:, None]

    def _packed_weights(self) -> object:
        values_OK, scale_O = self.quantized_weight()
        if not self._many_rows:
            return torch.ops.quantized.linear_prepack(_as_quantized(values_OK, scale_O), None)
        packed = torch.ops.onednn.qlinear_prepack(values_OK.contiguous(), [_ROWS, self.in_features])
        self._scale_O, self._zero_O = scale_O.clone(), torch.zeros(len(scale_O), dtype=torch.int32)
        return packed

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., K] to [..., O], float32."""
        if self._packed is not None and inputs.dim() == 2 and len(inputs) <= _ROWS and inputs.dtype == torch.float32:
            return self._rows(inputs, None)  # as in most calls of a decode step, where each operation counts
        return self._in_blocks(inputs, self._rows, self.out_features)

    def rounded(self, inputs: torch.Tensor) -> torch.Tensor:
        """[..., K] to [..., O], bfloat16: what `forward` gives, for what is multiplied in bfloat16 next anyway."""

        def into(rows_NK: torch.Tensor, out_NO: torch.Tensor | None) -> torch.Tensor:
            found_NO = self._rows(rows_NK, None)
            return found_NO.to(torch.bfloat16) if out_NO is None else out_NO.copy_(found_NO)

        return self._in_blocks(inputs, into, self.out_features, torch.bfloat16)

    def feed_forward(self, inputs: torch.Tensor, second: RowInt8Linear) -> torch.Tensor:
        """`second` of the GELU, by its tanh approximation, of what `forward` gives; [..., K] to [..., O], float32."""

        def both(rows_NK: torch.Tensor, out_NO: torch.Tensor | None) -> torch.Tensor:
            return second._rows(gelu_(self._rows(rows_NK, None)), out_NO)

        if second._packed is None:
            second.pack()
        return self._in_blocks(inputs, both, second.out_features)

    def _in_blocks(
        self,
        inputs: torch.Tensor,
        compute: Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor],
        num_outputs: int,
        dtype: torch.dtype = torch.float32,
    ) -> torch.Tensor:
        """`compute` for few enough rows at once for what is computed on the way to stay in cache."""
        if self._packed is None:
            self.pack()
        rows_NK = inputs.reshape(-1, self.in_features)
        if len(rows_NK) <= _ROWS:
            outputs_NO = compute(rows_NK.float(), None)
        else:
            outputs_NO = rows_NK.new_empty(len(rows_NK), num_outputs, dtype=dtype)
            for at in range(0, len(rows_NK), _ROWS):
                compute(rows_NK[at : at + _ROWS].float(), outputs_NO[at : at + _ROWS])
        return outputs_NO.reshape(*inputs.shape[:-1], num_outputs)

    def _rows(self, rows_NK: torch.Tensor, out_NO: torch.Tensor | None) -> torch.Tensor:
        """Into `out_NO`, if given."""
        peak_N1 = rows_NK.abs().amax(dim=1, keepdim=True).clamp_min_(_TINY)
        raw_NO = self._raw(rows_NK, peak_N1)
        into = raw_NO if out_NO is None else out_NO
        if (bias_O := self.bias if self.has_bias else None) is None:
            return torch.mul(raw_NO, peak_N1, out=into)
        return torch.addcmul(bias_O, raw_NO, peak_N1, out=into)

    def _raw(self, rows_NK: torch.Tensor, peak_N1: torch.Tensor) -> torch.Tensor:
        """The products of rows that are divided by their largest magnitude."""
        if self._scale_O is None:
            most = most_activation()
            return _fbgemm()(rows_NK / peak_N1, 1 / most, most + 1, self._packed)
        # torch makes bytes with a sign of many numbers at once, those without of one by one: flipping the sign adds 128
        signed_NK = torch.mul(rows_NK, 127 / peak_N1).round_().to(torch.int8)
        steps_NK = signed_NK.view(torch.uint8).bitwise_xor_(128)
        scales = self._packed, self._scale_O, self._zero_O, None, 1.0, 0
        return torch.ops.onednn.qlinear_pointwise(  # type: ignore[no-any-return]
            steps_NK, 1 / 127, 128, *scales, torch.float32, "none", [], ""
        )


def gelu_(values: torch.Tensor) -> torch.Tensor:
    """GELU, by its tanh approximation, in place: (1 + tanh(y)) / 2 is sigmoid(2 y), and torch's sigmoid is far faster
    than its tanh."""
    inner = torch.addcmul(_GELU_1, values, values, value=0.044715 * _GELU).mul_(values).sigmoid_()
    return values.mul_(inner)


class Int8Embedding(nn.Module):
    """An embedding table in int8, a scale for each row; rows become float32 when they are looked up."""

    qweight: torch.Tensor
    """int8 [V, D]."""
    scale: torch.Tensor
    """float32 [V]."""

    def __init__(self, qweight_VD: torch.Tensor, scale_V: torch.Tensor, factor: float = 1.0) -> None:
        """
        :param qweight_VD: int8; kept, not copied
        :param scale_V: float32
        :param factor: what rows are multiplied by besides, as Gemma's are
        """
        super().__init__()
        self.num_embeddings, self.embedding_dim = qweight_VD.shape
        self.register_buffer("qweight", qweight_VD)
        self.register_buffer("scale", scale_V)
        self.factor = factor

    @property
    def weight(self) -> torch.Tensor:
        """The table [V, D], float32; made anew on each call."""
        return self.qweight.float() * self.scale[:, None]

    def head(self) -> RowInt8Linear:
        """The output layer tied to this table."""
        return RowInt8Linear(self.qweight, self.scale, None)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """[...] to [..., D], float32."""
        rows = self.qweight[ids].float() * self.scale[ids].unsqueeze(-1)
        return rows if self.factor == 1.0 else rows * self.factor


def _as_quantized(values_OK: torch.Tensor, scale_O: torch.Tensor) -> torch.Tensor:
    """The same memory as the type of tensor that torch's kernels take."""
    zeros_O = torch.zeros(len(scale_O), dtype=torch.long)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.quantize_per_tensor", UserWarning)  # deprecated, still there
        quantized = torch._empty_per_channel_affine_quantized(
            (len(scale_O), 0), scales=scale_O.double(), zero_points=zeros_O, axis=0, dtype=torch.qint8
        )
    storage = values_OK.untyped_storage()
    return quantized.set_(storage, values_OK.storage_offset(), values_OK.size(), values_OK.stride())


def quantized(layer: nn.Module) -> nn.Module:
    """The int8 form of a linear layer or a token table."""
    if isinstance(layer, nn.Embedding):
        factor = float(getattr(layer, "scalar_embed_scale", 1.0))
        return Int8Embedding(*quantize_rows(layer.weight), factor)
    assert isinstance(layer, nn.Linear)
    return RowInt8Linear.from_linear(layer)
