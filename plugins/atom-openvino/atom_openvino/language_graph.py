"""A Llama language half as an OpenVINO graph, keys and values in its states.

Shape letters: R rows, Q new tokens, N = R * Q, L tokens so far, H query heads, G key heads, W head width, D width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from atom_core.providers import LanguageWeights, Matrix
from atom_openvino.graph import constant, whole

if TYPE_CHECKING:
    import openvino as ov

INPUTS = ("embeds", "cos", "sin", "mask", "rows")
"""What a pass is given, in this order: [R, Q, D]; [R, Q, 1, W] twice; what is added to scores, [R, 1, Q, L]; which row
of the states each row goes on with, [R]."""


def layers(weights: LanguageWeights) -> ov.Model:
    """New tokens' embeddings to final hidden states [N, D], inner ones [N, D], and keys and values [R, G, Q, W] of each
    layer."""
    return _Layers(weights).model()


def head(weights: LanguageWeights) -> ov.Model:
    """Final hidden states [N, D] to logits [N, V]."""
    import openvino as ov
    from openvino import opset13 as op

    hidden = op.parameter([-1, weights.width], np.float32)
    return ov.Model([op.result(product(hidden.output(0), [weights.linear("head")]))], [hidden], "head")


def product(x: ov.Output, parts: list[Matrix]) -> ov.Output:
    """The outputs of linear layers of one input, one after the other, [N, O]."""
    import openvino as ov
    from openvino import opset13 as op

    values = np.concatenate([part.values_OK for part in parts]) if len(parts) > 1 else parts[0].values_OK
    if values.dtype == np.float32:
        return op.matmul(x, constant(values), False, True).output(0)
    bits = ov.Tensor(ov.Type.bf16, ov.Shape(values.shape))
    bits.data.view(np.uint16)[:] = values
    return op.matmul(x, op.convert(op.constant(bits), np.float32), False, True).output(0)


class _Layers:
    """Builds the graph."""

    def __init__(self, weights: LanguageWeights) -> None:
        from openvino import opset13 as op

        self._weights = weights
        width = weights.head_width
        self._embeds = op.parameter([-1, -1, weights.width], np.float32)
        self._cos, self._sin = (op.parameter([-1, -1, 1, width], np.float32) for _ in range(2))
        self._mask, self._rows = op.parameter([-1, 1, -1, -1], np.float32), op.parameter([-1], np.int32)
        shape = op.shape_of(self._embeds)
        first, both = (op.gather(shape, whole(*at), op.constant(np.int64(0))) for at in ((0,), (0, 1)))
        nothing = op.concat([first, whole(weights.key_heads, 0, width)], 0)
        self._nothing = op.broadcast(constant(0.0), nothing)
        self._heads_shape = op.concat([both, whole(weights.heads + 2 * weights.key_heads, width)], 0)
        self._new: list[ov.Output] = []
        self._writes: list[ov.Node] = []

    def model(self) -> ov.Model:
        """The graph."""
        import openvino as ov
        from openvino import opset13 as op

        weights = self._weights
        x = inner = op.reshape(self._embeds, whole(-1, weights.width), False).output(0)
        for number in range(weights.layers):
            x = self._layer(x, number)
            inner = x if number == weights.tapped else inner
        final = self._norm(x, "norm")
        results = [op.result(each) for each in (final, inner if weights.tapped >= 0 else final, *self._new)]
        inputs = [self._embeds, self._cos, self._sin, self._mask, self._rows]
        return ov.Model(results, self._writes, inputs, "language")

    def _layer(self, x: ov.Output, number: int) -> ov.Output:
        from openvino import opset13 as op

        linear = self._weights.linear
        parts = [linear(f"{number}.self_attn.{name}_proj") for name in ("q", "k", "v")]
        seen = self._attention(product(self._norm(x, f"{number}.input_layernorm"), parts), number)
        x = op.add(x, product(seen, [linear(f"{number}.self_attn.o_proj")]))
        h = self._norm(x, f"{number}.post_attention_layernorm")
        gate = [linear(f"{number}.mlp.{name}_proj") for name in ("gate", "up")]
        inner = len(gate[0].values_OK)
        both = op.variadic_split(product(h, gate), op.constant(np.int64(1)), whole(inner, inner))
        h = op.multiply(op.swish(both.output(0)), both.output(1)).output(0)
        return op.add(x, product(h, [linear(f"{number}.mlp.down_proj")])).output(0)

    def _attention(self, qkv: ov.Output, number: int) -> ov.Output:
        """What new tokens make of the tokens that they see, [N, H * W]."""
        from openvino import opset13 as op

        weights = self._weights
        heads, keys, half = weights.heads, weights.key_heads, weights.head_width // 2
        apart = op.reshape(qkv, self._heads_shape, False)
        turning, value = op.variadic_split(apart, op.constant(np.int64(2)), whole(heads + keys, keys)).outputs()
        left, right = op.variadic_split(turning, op.constant(np.int64(3)), whole(half, half)).outputs()
        swapped = op.concat([op.multiply(right, constant(-1.0)), left], 3)
        turned = op.add(op.multiply(turning, self._cos), op.multiply(swapped, self._sin))
        query, key = op.variadic_split(turned, op.constant(np.int64(2)), whole(heads, keys)).outputs()
        query, key, value = (op.transpose(each, whole(0, 2, 1, 3)).output(0) for each in (query, key, value))
        self._new += [key, value]
        kept = self._kept(f"{number}.key", key), self._kept(f"{number}.value", value)
        scale = constant(weights.scaling)
        seen = op.scaled_dot_product_attention(query, *kept, self._mask, scale)
        return op.reshape(op.transpose(seen, whole(0, 2, 1, 3)), whole(-1, heads * weights.head_width), False).output(0)

    def _kept(self, name: str, new: ov.Output) -> ov.Output:
        """All keys or values so far, for each head of queries: in the form that OpenVINO computes in one operation."""
        import openvino as ov
        from openvino import opset13 as op
        from openvino.op.util import Variable, VariableInfo

        weights, info = self._weights, VariableInfo()
        info.data_shape = ov.PartialShape([-1, weights.key_heads, -1, weights.head_width])
        info.data_type, info.variable_id = ov.Type.f32, name
        variable = Variable(info)
        before = op.gather(op.read_value(self._nothing, variable), self._rows, op.constant(np.int64(0)))
        kept = op.concat([before, new], 2)
        self._writes.append(op.assign(kept, variable))
        # a product with ones: the form that OpenVINO takes for shared keys, and leaves out
        groups = np.ones((1, 1, weights.heads // weights.key_heads, 1, 1), np.float32)
        wide = op.multiply(op.unsqueeze(kept, whole(2)), constant(groups))
        return op.reshape(wide, whole(0, weights.heads, -1, weights.head_width), True).output(0)

    def _norm(self, x: ov.Output, place: str) -> ov.Output:
        from openvino import opset13 as op

        mean = op.reduce_mean(op.power(x, constant(2.0)), whole(-1), True)
        root = op.divide(constant(1.0), op.sqrt(op.add(mean, constant(self._weights.eps))))
        return op.multiply(op.multiply(x, root), constant(self._weights.norm(place))).output(0)
