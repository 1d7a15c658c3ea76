"""OpenVINO on the processor: both halves as graphs of the same weights, int8 by calibration and compression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from atom_bench.peers.engine import Work
from atom_bench.peers.weights import TEXT, VISION, read_dimensions, read_weights

if TYPE_CHECKING:
    import openvino as ov

_LAYERS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")


class OpenVinoEngine:
    """Follows the `Engine` protocol. Keys and values are kept in 8 bits, as by default, but in fp32.

    In int8 the tower's linear layers are int8 both ways, with scales that the first frame gives, and what lies between
    them is bfloat16 where the processor computes it; the language half's weights are int8.
    """

    def __init__(self, work: Work) -> None:
        import openvino as ov

        from atom_bench.peers import openvino_graph as graph

        self._about, self._weights = read_dimensions(work.model), read_weights(work.model)
        self._precision = work.precision
        self._options: dict[str, object] = {
            "INFERENCE_NUM_THREADS": work.threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": _hint(work.precision),
        }
        self._core, self._graph = ov.Core(), graph
        linear = (graph.compressed if work.precision == "int8" else graph.plain)(self._weights)
        states = {"KV_CACHE_PRECISION": "f32"} if work.precision == "fp32" else {}
        self._language = self._ready(graph.language(self._about, self._weights, linear), states)
        self._vision: ov.InferRequest | None = None
        self._length = 0

    def start(self, prompts: Sequence[Sequence[int]]) -> list[int]:
        """As `Engine.start`."""
        self._language.reset_state()
        self._length = 0
        return self._read(np.array(prompts))

    def step(self, tokens: Sequence[int]) -> list[int]:
        """As `Engine.step`."""
        return self._read(np.array(tokens)[:, None])

    def frame(self, pixels: np.ndarray) -> np.ndarray:
        """As `Engine.frame`."""
        if self._vision is None:
            linear = self._graph.plain(self._weights)
            if self._precision == "int8":
                linear = self._graph.quantised(self._weights, self._calibrated(pixels))
            self._vision = self._ready(self._graph.vision(self._about, self._weights, linear), {})
        self._vision.infer([pixels[None]])
        return np.array(self._vision.get_output_tensor(0).data[0], np.float32)

    def close(self) -> None:
        """As `Engine.close`."""
        del self._language, self._vision, self._weights

    def _ready(self, model: ov.Model, more: dict[str, str]) -> ov.InferRequest:
        return self._core.compile_model(model, "CPU", {**self._options, **more}).create_infer_request()

    def _read(self, ids_BQ: np.ndarray) -> list[int]:
        rows, new = ids_BQ.shape
        table = self._weights[f"{TEXT}embed_tokens.weight"]
        length = self._length + new
        mask = np.triu(np.full((new, length), -np.inf, np.float32), self._length + 1)
        cos, sin = self._graph.turns(self._about, self._length, length)
        found = self._language.infer(
            {
                "embeds": table[ids_BQ],
                "cos": cos,
                "sin": sin,
                "mask": np.ascontiguousarray(np.broadcast_to(mask, (rows, 1, new, length))),
                "rows": np.arange(rows, dtype=np.int32),
            }
        )
        self._length = length
        logits: np.ndarray = found[0][:, -1]
        return [int(token) for token in logits.argmax(-1)]

    def _calibrated(self, pixels: np.ndarray) -> dict[str, float]:
        """The largest magnitude that goes into each linear layer of the tower for a frame, by its weight's name."""
        largest: dict[str, float] = {}
        inputs: dict[str, ov.Output] = {}
        plain = self._graph.plain(self._weights)

        def tapped(x: ov.Output, name: str) -> ov.Output:
            inputs[name] = x
            return plain(x, name)

        model = self._graph.vision(self._about, self._weights, tapped)
        names = [
            f"{VISION}encoder.layers.{n}.{part}.weight" for n in range(self._about.vision_layers) for part in _LAYERS
        ]
        model.add_outputs([self._graph.largest(inputs[name]) for name in names])
        found = self._core.compile_model(model, "CPU", {**self._options, "INFERENCE_PRECISION_HINT": "f32"})(
            [pixels[None]]
        )
        for place, name in enumerate(names):
            largest[name] = float(found[place + 1])
        return largest


def _hint(precision: str) -> str:
    """The precision of what is neither weight nor product in int8."""
    from atom_core.kernels.processor import has_bf16

    return "bf16" if precision != "fp32" and has_bf16() else "f32"
