"""SmolVLM's vision tower as an OpenVINO graph.

Shape letters: N patches, D width, C channels, O outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from atom_core.providers import TowerWeights

if TYPE_CHECKING:
    import openvino as ov

VISION = "model.vision_model."
CONNECTOR = "model.connector.modality_projection.proj.weight"
_ALPHA = 0.5
"""How much of a channel's range goes from activations into weights. Source: SmoothQuant, arXiv 2211.10438."""

Tap = Callable[[str, "ov.Output"], "ov.Output"]
"""Told what goes into a linear layer, by the layer's place; gives what is to go in."""
Ranges = Mapping[str, np.ndarray]
"""The largest magnitude of each channel [C] that goes into linear layers, by their place."""


@frozen
class Linear:
    """A linear layer."""

    weight_OC: np.ndarray
    """What channels are multiplied by."""
    bias_O: np.ndarray | None = None
    """What is added."""


@frozen
class Block:
    """One layer of the tower, its weights as they are computed with."""

    norms: tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    """Weight and bias, [D], of the norms before attention and feed-forward."""
    qkv: Linear
    """Queries, keys and values in one."""
    out: Linear
    """After attention."""
    fc1: Linear
    """Into the feed-forward layer."""
    fc2: Linear
    """Out of it."""
    reach: Mapping[str, float]
    """The largest magnitude that goes into each of the linear layers, by its name here; empty without ranges."""


def block(weights: TowerWeights, number: int, ranges: Ranges | None) -> Block:
    """A layer's weights; with `ranges`, channels of a wide range are made narrower before they are rounded, and
    weights wider: norms and values give what products take back."""
    name = f"{VISION}encoder.layers.{number}."

    def linear(*parts: str) -> Linear:
        read = weights.read
        return Linear(
            np.concatenate([read(f"{name}{part}.weight") for part in parts]),
            np.concatenate([read(f"{name}{part}.bias") for part in parts]),
        )

    def norm(part: str) -> tuple[np.ndarray, np.ndarray]:
        return weights.read(f"{name}{part}.weight"), weights.read(f"{name}{part}.bias")

    norms = [norm("layer_norm1"), norm("layer_norm2")]
    qkv = linear("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    out, fc1, fc2 = linear("self_attn.out_proj"), linear("mlp.fc1"), linear("mlp.fc2")
    reach: dict[str, float] = {}
    if ranges is not None:
        reach["fc2"] = float(ranges[f"{number}.fc2"].max())
        for place, (part, before) in enumerate((("qkv", qkv), ("fc1", fc1))):
            by_C, reach[part] = smoothing(ranges[f"{number}.{part}"], before.weight_OC)
            norms[place] = norms[place][0] / by_C, norms[place][1] / by_C
            before.weight_OC[:] *= by_C
        by_C, reach["out"] = smoothing(ranges[f"{number}.out"], out.weight_OC)
        values = slice(-weights.width, None)
        qkv.weight_OC[values] /= by_C[:, None]
        if qkv.bias_O is not None:
            qkv.bias_O[values] /= by_C
        out.weight_OC[:] *= by_C
    return Block((norms[0], norms[1]), qkv, out, fc1, fc2, reach)


def smoothing(range_C: np.ndarray, weight_OC: np.ndarray) -> tuple[np.ndarray, float]:
    """What each channel is divided by, [C], and the largest magnitude that is left."""
    theirs_C = np.maximum(np.abs(weight_OC).max(0), 1e-5)
    by_C = np.asarray(np.maximum(range_C, 1e-5) ** _ALPHA / theirs_C ** (1 - _ALPHA), np.float32)
    return by_C, float((range_C / by_C).max())


def place_table(weights: TowerWeights, across: int) -> np.ndarray:
    """What is added to the patches of a square picture, [across², D], the bias of their embedding included.

    Source: `SmolVLMVisionEmbeddings` of transformers, whose rounding this is.
    """
    import torch

    known = weights.image_side // weights.patch
    bounds = torch.arange(1 / known, 1.0, 1 / known)
    at = torch.clamp(torch.arange(across, dtype=torch.float32) * (1.0 / torch.tensor(across)), max=1.0 - 1e-6)
    places = torch.bucketize(at, bounds, right=True).numpy()
    rows = weights.read(f"{VISION}embeddings.position_embedding.weight")[(places[:, None] * known + places).ravel()]
    return np.asarray(rows + weights.read(f"{VISION}embeddings.patch_embedding.bias"), np.float32)


class Graph:
    """Builds the graph of a tower for pictures of one size."""

    def __init__(
        self, weights: TowerWeights, side: int, *, ranges: Ranges | None = None, tap: Tap | None = None
    ) -> None:
        """
        :param ranges: with them linear layers are int8
        :param tap: told what goes into linear layers
        """
        self._weights, self._side, self._ranges = weights, side, ranges
        self._tap: Tap = tap or (lambda _, x: x)

    def model(self) -> ov.Model:
        """Pictures [1, 3, S, S] to features [1, T, D]."""
        import openvino as ov
        from openvino import opset13 as op

        weights, width = self._weights, self._weights.width
        across = self._side // weights.patch
        pixels = op.parameter([1, 3, self._side, self._side], np.float32)
        kernel = constant(weights.read(f"{VISION}embeddings.patch_embedding.weight"))
        x = op.convolution(pixels, kernel, [weights.patch] * 2, [0, 0], [0, 0], [1, 1])
        x = op.transpose(op.reshape(x, whole(0, width, across**2), True), whole(0, 2, 1))
        x = op.add(x, constant(place_table(weights, across)[None]))
        for number in range(weights.layers):
            x = self._layer(x, number)
        last = weights.read(f"{VISION}post_layernorm.weight"), weights.read(f"{VISION}post_layernorm.bias")
        x = self._norm(x, *last)
        scale, rows = weights.scale, across // weights.scale
        x = op.reshape(x, whole(0, rows, scale, rows, scale * width), True)
        x = op.reshape(op.transpose(x, whole(0, 1, 3, 2, 4)), whole(0, rows**2, scale**2 * width), True)
        x = op.matmul(x, constant(weights.read(CONNECTOR)), False, True)
        return ov.Model([op.result(x)], [pixels], "tower")

    def _layer(self, x: ov.Output, number: int) -> ov.Output:
        from openvino import opset13 as op

        one, heads, width = block(self._weights, number, self._ranges), self._weights.heads, self._weights.width
        h = self._linear(self._norm(x, *one.norms[0]), one, "qkv", number)
        apart = op.transpose(op.reshape(h, whole(0, 0, 3, heads, width // heads), True), whole(2, 0, 3, 1, 4))
        qkv = [op.squeeze(part, whole(0)) for part in op.split(apart, op.constant(np.int64(0)), 3).outputs()]
        seen = op.transpose(op.scaled_dot_product_attention(*qkv), whole(0, 2, 1, 3))
        x = op.add(x, self._linear(op.reshape(seen, whole(0, 0, width), True), one, "out", number))
        h = op.gelu(self._linear(self._norm(x, *one.norms[1]), one, "fc1", number), "TANH")
        return op.add(x, self._linear(h, one, "fc2", number))

    def _norm(self, x: ov.Output, weight_D: np.ndarray, bias_D: np.ndarray) -> ov.Output:
        from openvino import opset13 as op

        found = op.mvn(x, whole(-1), True, self._weights.eps, "INSIDE_SQRT")
        return op.add(op.multiply(found, constant(weight_D)), constant(bias_D))

    def _linear(self, x: ov.Output, one: Block, part: str, number: int) -> ov.Output:
        from openvino import opset13 as op

        x, linear = self._tap(f"{number}.{part}", x), getattr(one, part)
        if self._ranges is None:
            found = op.matmul(x, constant(linear.weight_OC), False, True)
        else:
            found = op.matmul(rounded(x, one.reach[part]), int8(linear.weight_OC), False, True)
        return found if linear.bias_O is None else op.add(found, constant(linear.bias_O))


def constant(values: np.ndarray | float) -> ov.Output:
    """A float32 constant."""
    from openvino import opset13 as op

    return op.constant(np.ascontiguousarray(values, np.float32)).output(0)


def whole(*numbers: int) -> ov.Output:
    """A constant of whole numbers."""
    from openvino import opset13 as op

    return op.constant(np.array(numbers, np.int64)).output(0)


def rounded(x: ov.Output, high: float) -> ov.Output:
    """`x` in 256 steps from -`high` on, what is beyond cut off."""
    from openvino import opset13 as op

    high = max(high, 1e-6)
    low, most = constant(-high), constant(high * 127 / 128)
    return op.fake_quantize(x, low, most, low, most, 256)


def int8(weight_OC: np.ndarray) -> ov.Output:
    """Weights in int8, with a scale for each output."""
    from openvino import opset13 as op

    scale_O1 = np.maximum(np.abs(weight_OC).max(1, keepdims=True), 1e-12) / 127
    numbers = np.clip(np.round(weight_OC / scale_O1), -127, 127).astype(np.int8)
    return op.multiply(op.convert(op.constant(numbers), np.float32), constant(scale_O1)).output(0)
