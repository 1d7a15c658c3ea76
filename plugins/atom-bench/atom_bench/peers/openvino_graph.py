"""The two halves of a model of family ``smolvlm`` as OpenVINO graphs, built from its weights.

Shape letters: B requests, Q new tokens, L tokens so far, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import openvino as ov
from openvino import opset13 as op
from openvino.op.util import Variable, VariableInfo

from atom_bench.peers.weights import CONNECTOR, TEXT, VISION, Dimensions

Weights = Mapping[str, np.ndarray]
Linear = Callable[[ov.Output, str], ov.Output]
"""A linear layer's product with a tensor, by the name of its weight."""


def constant(values: np.ndarray | float) -> ov.Output:
    """A float32 constant."""
    return op.constant(np.ascontiguousarray(values, np.float32)).output(0)


def whole(*numbers: int) -> ov.Output:
    """A constant of whole numbers."""
    return op.constant(np.array(numbers, np.int64)).output(0)


def plain(weights: Weights) -> Linear:
    """Linear layers with weights as they are."""
    return lambda x, name: op.matmul(x, constant(weights[name]), False, True).output(0)


def compressed(weights: Weights) -> Linear:
    """Linear layers with int8 weights, a scale for each output, and activations that the plugin quantises itself."""
    return lambda x, name: op.matmul(x, _int8(weights[name]), False, True).output(0)


def quantised(weights: Weights, largest: Mapping[str, float]) -> Linear:
    """Linear layers with int8 weights and activations, these with one scale that calibration has found.

    :param largest: the largest magnitude that went into each layer, by the name of its weight
    """

    def linear(x: ov.Output, name: str) -> ov.Output:
        high = largest.get(name)
        if high is None:
            return op.matmul(x, constant(weights[name]), False, True).output(0)
        low, high_in = constant(-high), constant(high * 127 / 128)
        rounded = op.fake_quantize(x, low, high_in, low, high_in, 256)
        return op.matmul(rounded, _int8(weights[name]), False, True).output(0)

    return linear


def _int8(weight_OK: np.ndarray) -> ov.Output:
    scale_O1 = np.maximum(np.abs(weight_OK).max(1, keepdims=True), 1e-12) / 127
    numbers = np.clip(np.round(weight_OK / scale_O1), -127, 127).astype(np.int8)
    return op.multiply(op.convert(op.constant(numbers), np.float32), constant(scale_O1)).output(0)


def largest(x: ov.Output) -> ov.Output:
    """The largest magnitude in a tensor."""
    return op.reduce_max(op.abs(x), whole(0, 1, 2), False).output(0)


def vision(about: Dimensions, weights: Weights, linear: Linear) -> ov.Model:
    """Frames [B, 3, side, side] to features [B, T, D]."""
    width, heads = about.vision_width, about.vision_heads
    each = width // heads
    pixels = op.parameter([1, 3, about.side, about.side], np.float32)
    kernel = weights[f"{VISION}embeddings.patch_embedding.weight"]
    x = op.convolution(pixels, constant(kernel), [about.patch] * 2, [0, 0], [0, 0], [1, 1])
    across = about.side // about.patch
    x = op.transpose(op.reshape(x, whole(0, width, across**2), True), whole(0, 2, 1))
    places = weights[f"{VISION}embeddings.position_embedding.weight"]
    x = op.add(x, constant((places + weights[f"{VISION}embeddings.patch_embedding.bias"])[None]))

    def norm(x: ov.Output, name: str) -> ov.Output:
        found = op.mvn(x, whole(-1), True, about.vision_eps, "INSIDE_SQRT")
        return op.add(op.multiply(found, constant(weights[f"{name}.weight"])), constant(weights[f"{name}.bias"]))

    def layer(x: ov.Output, name: str) -> ov.Output:
        return op.add(linear(x, f"{name}.weight"), constant(weights[f"{name}.bias"]))

    for number in range(about.vision_layers):
        name = f"{VISION}encoder.layers.{number}"
        h = norm(x, f"{name}.layer_norm1")
        query, key, value = (
            op.transpose(
                op.reshape(layer(h, f"{name}.self_attn.{part}_proj"), whole(0, 0, heads, each), True),
                whole(0, 2, 1, 3),
            )
            for part in "qkv"
        )
        seen = op.transpose(op.scaled_dot_product_attention(query, key, value), whole(0, 2, 1, 3))
        x = op.add(x, layer(op.reshape(seen, whole(0, 0, width), True), f"{name}.self_attn.out_proj"))
        h = op.gelu(layer(norm(x, f"{name}.layer_norm2"), f"{name}.mlp.fc1"), "TANH")
        x = op.add(x, layer(h, f"{name}.mlp.fc2"))
    x = norm(x, f"{VISION}post_layernorm")
    scale, rows = about.scale, across // about.scale
    x = op.reshape(x, whole(0, rows, scale, rows, scale * width), True)
    x = op.reshape(op.transpose(x, whole(0, 1, 3, 2, 4)), whole(0, rows**2, scale**2 * width), True)
    return ov.Model([op.result(plain(weights)(x, f"{CONNECTOR}weight"))], [pixels], "vision")


def language(about: Dimensions, weights: Weights, linear: Linear) -> ov.Model:
    """Embeddings [B, Q, D] to the logits after the last; keys and values stay in the model."""
    embeds, rows = op.parameter([-1, -1, about.width], np.float32), op.parameter([-1], np.int32)
    mask = op.parameter([-1, 1, -1, -1], np.float32)
    cos, sin = (op.parameter([1, 1, -1, about.head_width], np.float32) for _ in range(2))
    inputs = {"embeds": embeds, "cos": cos, "sin": sin, "mask": mask, "rows": rows}
    for name, parameter in inputs.items():
        parameter.output(0).set_names({name})
    attention = _Attention(about, linear, embeds, (cos, sin), mask, rows)
    x = embeds
    for number in range(about.layers):
        name = f"{TEXT}layers.{number}"
        h = _rms(x, weights[f"{name}.input_layernorm.weight"], about.eps)
        x = op.add(x, attention(h, f"{name}.self_attn"))
        h = _rms(x, weights[f"{name}.post_attention_layernorm.weight"], about.eps)
        gate = op.swish(linear(h, f"{name}.mlp.gate_proj.weight"))
        x = op.add(
            x, linear(op.multiply(gate, linear(h, f"{name}.mlp.up_proj.weight")), f"{name}.mlp.down_proj.weight")
        )
    last = op.gather(_rms(x, weights[f"{TEXT}norm.weight"], about.eps), whole(-1), op.constant(np.int64(1)))
    logits = op.result(linear(last, "lm_head.weight"))
    return ov.Model([logits], attention.writes, list(inputs.values()), "language")


def turns(about: Dimensions, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines of the rotary positions from `start` to `end`, [1, 1, Q, head width]. Angles are no part of the
    graph, where they would be rounded to bfloat16."""
    steps = 1 / about.theta ** (np.arange(0, about.head_width, 2) / about.head_width)
    angles = np.arange(start, end)[:, None] * np.concatenate([steps, steps])
    return np.cos(angles)[None, None].astype(np.float32), np.sin(angles)[None, None].astype(np.float32)


def _rms(x: ov.Output, weight: np.ndarray, eps: float) -> ov.Output:
    mean = op.reduce_mean(op.power(x, constant(2.0)), whole(-1), True)
    root = op.divide(constant(1.0), op.sqrt(op.add(mean, constant(eps))))
    return op.multiply(op.multiply(x, root), constant(weight))


class _Attention:
    """Attention with rotary positions, whose keys and values the model keeps."""

    def __init__(
        self,
        about: Dimensions,
        linear: Linear,
        embeds: ov.Output,
        turns: tuple[ov.Output, ov.Output],
        mask: ov.Output,
        rows: ov.Output,
    ) -> None:
        self._about, self._linear, self._mask, self._rows = about, linear, mask, rows
        self._cos, self._sin = turns
        count = op.gather(op.shape_of(embeds), whole(0), op.constant(np.int64(0)))
        shape = op.concat([count, whole(about.kv_heads, 0, about.head_width)], 0)
        self._nothing = op.broadcast(constant(0.0), shape)
        self.writes: list[ov.Output] = []

    def __call__(self, h: ov.Output, name: str) -> ov.Output:
        about = self._about
        query = self._turned(self._heads(h, f"{name}.q_proj.weight", about.heads))
        key = self._turned(self._heads(h, f"{name}.k_proj.weight", about.kv_heads))
        value = self._heads(h, f"{name}.v_proj.weight", about.kv_heads)
        kept = self._kept(f"{name}.key", key), self._kept(f"{name}.value", value)
        seen = op.transpose(op.scaled_dot_product_attention(query, *kept, self._mask), whole(0, 2, 1, 3))
        return self._linear(op.reshape(seen, whole(0, 0, about.width), True), f"{name}.o_proj.weight")

    def _heads(self, h: ov.Output, name: str, heads: int) -> ov.Output:
        apart = op.reshape(self._linear(h, name), whole(0, 0, heads, self._about.head_width), True)
        return op.transpose(apart, whole(0, 2, 1, 3))

    def _turned(self, x: ov.Output) -> ov.Output:
        half = self._about.head_width // 2
        parts = op.variadic_split(x, op.constant(np.int64(3)), whole(half, half))
        swapped = op.concat([op.multiply(parts.output(1), constant(-1.0)), parts.output(0)], 3)
        return op.add(op.multiply(x, self._cos), op.multiply(swapped, self._sin))

    def _kept(self, name: str, new: ov.Output) -> ov.Output:
        """All keys or values so far, for each head of queries: in the form that OpenVINO computes in one operation."""
        about, info = self._about, VariableInfo()
        info.data_shape = ov.PartialShape([-1, about.kv_heads, -1, about.head_width])
        info.data_type, info.variable_id = ov.Type.f32, name
        variable = Variable(info)
        before = op.gather(op.read_value(self._nothing, variable), self._rows, op.constant(np.int64(0)))
        kept = op.concat([before, new], 2)
        self.writes.append(op.assign(kept, variable))
        # a product with ones: the form that OpenVINO takes for shared keys, and leaves out
        groups = np.ones((1, 1, about.heads // about.kv_heads, 1, 1), np.float32)
        wide = op.multiply(op.unsqueeze(kept, whole(2)), constant(groups))
        return op.reshape(wide, whole(0, about.heads, -1, about.head_width), True)
