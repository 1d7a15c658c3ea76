"""Plain weights against int8 ones, side by side: the work of the standard pipeline in turn, and a probe of quality.

Shape letters: Q tokens, V vocabulary.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import kl_div

from atom_core.modules import budget
from atom_core.modules.allocator import returning_memory
from atom_core.modules.findings import Finding, pick
from atom_core.modules.float32_cpu import arrange
from atom_core.modules.loading import empty_model, load_model
from atom_core.modules.prompt import Read
from atom_core.modules.quantize import RECIPES, kinds_by_layer
from atom_core.modules.runner import Runner
from atom_core.records import Clip, Features, Frames, Video

if TYPE_CHECKING:
    from atom_core.modules.checkpoint import Checkpoint
    from atom_core.modules.families import Encoded, Family

ROUNDS, MOST_ROUNDS, SECONDS = 3, 9, 6.0
"""Rounds of both in turn: at least, at most, and how long more than the least are made."""
WEIGHTS = {"prefill": 8, "decode": 24, "batch": 24}
"""What the standard pipeline does for a clip: the probe holds one frame of eight; some tokens come one request at a
time, some of eight at once."""
_BATCH = 8
_QUESTION = "Describe this clip in one sentence."
_TEXT = f"""{_QUESTION} A man in a blue coat walks along the shore while two dogs run ahead of him. Then he stops, looks
at the sea and takes a picture. How many people are there, what do they do first, and what is behind them? Answer with
the times that support it, and say so if it is not shown."""


def needed_bytes(checkpoint: Checkpoint) -> tuple[int, int]:
    """Memory for the plain weights, and for those and the int8 ones beside each other."""
    model = empty_model(checkpoint.config)
    sizes = []
    for name in ("none", "int8"):
        kinds = kinds_by_layer(model, RECIPES[name], "cpu")
        sizes.append(budget.weight_bytes(model, kinds, plain_bytes=4))
    return sizes[0], sum(sizes)


def measure(checkpoint: Checkpoint, family: Family, threads: int) -> Finding:
    """Load both, let them work in turn, and compare what they tell.

    :param threads: processor threads to measure with
    """
    start, before = time.perf_counter(), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode(), returning_memory():
            plain, int8 = (_Worker(checkpoint, family, name) for name in ("none", "int8"))
            divergence, decoder_divergence = _divergence(plain, int8), _divergence(plain, int8, same_features=True)
            ratios = _ratios(plain, int8)
            del plain, int8
    finally:
        torch.set_num_threads(before)
    compared = {"divergence": divergence, "decoder_divergence": decoder_divergence}
    recipe = pick(encode=ratios["encode"], decoder=ratios["decoder"], **compared)
    numbers = {name: round(value, 5) for name, value in {**ratios, **compared}.items()}
    seconds = round(time.perf_counter() - start, 1)
    name = str(checkpoint.source).rstrip("/").rpartition("/")[2]
    return Finding(recipe=recipe, seconds=seconds, model=name, **numbers)


class _Worker:
    """A loaded model, and the pieces of the pipeline's work."""

    def __init__(self, checkpoint: Checkpoint, family: Family, recipe: str) -> None:
        self._model = load_model(checkpoint, dtype=torch.float32, device="cpu", recipe=RECIPES[recipe])
        arrange(self._model)
        self._family = family
        self._runner = Runner(self._model, family)
        self._frames = _frames()
        self._inputs = family.inputs(self._frames)
        self.features = self._features()

    def told(self, features: Features) -> torch.Tensor:
        """Log-probabilities of what follows each token of text after the clip, [Q, V]."""
        prompt = self._family.prompt([features, _TEXT])
        self._runner.slots.clear()
        hidden = self._runner.read(0, [Read(prompt, 0, len(prompt))])[0]
        return self._runner.logits(hidden[prompt.visual_end :]).log_softmax(-1)

    def seconds(self) -> dict[str, float]:
        """Of each piece of work, once."""
        found = {}
        prompt = self._family.prompt([self.features, _TEXT])
        found["encode"] = _timed(self._features)
        self._runner.slots.clear()
        read = Read(prompt, 0, len(prompt))
        found["prefill"] = _timed(lambda: self._runner.read(0, [read]))
        found["decode"] = self._steps(1, len(prompt))
        self._runner.slots.clear()
        asked = self._family.prompt([_QUESTION])
        for row in range(_BATCH):
            self._runner.read(row, [Read(asked, 0, len(asked))])
        found["batch"] = self._steps(_BATCH, len(asked))
        return found

    def _steps(self, rows: int, at: int, num_steps: int = 3) -> float:
        """Seconds of one step, the shortest of a few."""
        steps = [_timed(lambda: self._runner.step([1] * rows, [at] * rows, [at] * rows)) for _ in range(num_steps)]
        return min(steps)

    def _features(self) -> Features:
        encoded: Encoded = self._family.encode(self._model, self._inputs)
        return Features(
            clip=self._frames.clip,
            values=encoded.values,
            timestamps_s=self._frames.timestamps_s,
            rule=self._frames.rule,
            key="trial",
            layout=encoded.layout,
            extra=encoded.extra,
        )


def _divergence(plain: _Worker, int8: _Worker, *, same_features: bool = False) -> float:
    """Of what `int8` tells from what `plain` tells, mean over the tokens, nats."""
    wanted = plain.told(plain.features)
    found = int8.told(plain.features if same_features else int8.features)
    return float(kl_div(found, wanted, log_target=True, reduction="batchmean"))


def _ratios(plain: _Worker, int8: _Worker) -> dict[str, float]:
    """How many times as fast `int8` is, by piece of work: the median over rounds in which both work in turn."""
    found: dict[str, list[float]] = {}
    end = time.perf_counter() + SECONDS
    for number in range(MOST_ROUNDS + 1):
        if number > ROUNDS and time.perf_counter() > end:
            break
        workers = (plain, int8) if number % 2 else (int8, plain)
        seconds = {id(worker): worker.seconds() for worker in workers}
        if not number:
            continue  # kernels arrange their weights
        slow, fast = seconds[id(plain)], seconds[id(int8)]
        for each in (slow, fast):
            each["decoder"] = sum(weight * each[name] for name, weight in WEIGHTS.items())
        for name in slow:
            found.setdefault(name, []).append(slow[name] / fast[name])
    return {name: statistics.median(ratios) for name, ratios in found.items()}


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _frames() -> Frames:
    """One frame of a slope, a square and a disc."""
    y, x = np.mgrid[0:240, 0:320]
    picture = np.stack([x * 0.7, y * 0.9, 255 - x * 0.4], axis=-1)
    picture[60:140, 40:120] = (220, 40, 40)
    picture[(x - 220) ** 2 + (y - 150) ** 2 < 45**2] = (40, 200, 240)
    video = Video(path="trial", content_hash="0" * 64, duration_s=2.0, width=320, height=240, fps=1.0)
    image = picture.astype(np.uint8)
    return Frames(clip=Clip.whole(video), images=(image,), timestamps_s=(1.0,), rule="uniform:1")
