"""Plain weights against int8 and bfloat16 ones, side by side: the work of the standard pipeline in turn, and a probe of
quality.

Shape letters: Q tokens, V vocabulary.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import kl_div

from atom_core.autotune.results import Finding, pick
from atom_core.checkpoint.load import empty_model
from atom_core.checkpoint.recipes import RECIPES, kinds_by_layer, recipes_for
from atom_core.families.prompt import PrefillChunk
from atom_core.kernels.malloc import returning_memory
from atom_core.memory import estimate
from atom_core.records import Clip, Features, Frames, Video
from atom_core.split_model import SplitModel

if TYPE_CHECKING:
    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.families import Family

ROUNDS, MOST_ROUNDS, SECONDS = 3, 9, 6.0
"""Rounds of both in turn: at least, at most, and how long more than the least are made."""
WEIGHTS = {"prefill": 8, "decode": 24, "batch": 24}
"""What the standard pipeline does for a clip: the probe holds one frame of eight; some tokens come one request at a
time, some of eight at once."""
_BATCH = 8
_FRAMES = 8
_QUESTION = "Describe this clip in one sentence."
_TEXT = f"""{_QUESTION} A man in a blue coat walks along the shore while two dogs run ahead of him. Then he stops, looks
at the sea and takes a picture. How many people are there, what do they do first, and what is behind them? Answer with
the times that support it, and say so if it is not shown."""


def candidates() -> list[str]:
    """The recipes that are compared on this processor; the first is plain."""
    return [recipe.name for recipe in recipes_for("cpu") if recipe.name in ("none", "bf16", "int8")]


def needed_bytes(checkpoint: Checkpoint) -> tuple[int, int]:
    """Memory for the plain weights, and for those of all candidates beside each other."""
    model = empty_model(checkpoint.config)
    sizes = []
    for name in candidates():
        kinds = kinds_by_layer(model, RECIPES[name], "cpu")
        sizes.append(estimate.weight_bytes(model, kinds, plain_bytes=4))
    return sizes[0], sum(sizes)


def measure(checkpoint: Checkpoint, family: Family, threads: int) -> Finding:
    """Load all candidates, let them work in turn, and compare what they tell.

    :param threads: processor threads to measure with
    """
    start, before = time.perf_counter(), torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode(), returning_memory():
            workers = {name: _Worker(checkpoint, family, name) for name in candidates()}
            plain, int8, bf16 = workers["none"], workers["int8"], workers.get("bf16")
            compared = {
                "divergence": _divergence(plain, int8),
                "decoder_divergence": _divergence(plain, int8, same_features=True),
            }
            if bf16 is not None:
                compared["bf16_divergence"] = _divergence(plain, bf16)
            ratios = _ratios(plain, int8, bf16)
            del workers, plain, int8, bf16
    finally:
        torch.set_num_threads(before)
    numbers = {name: round(value, 5) for name, value in {**ratios, **compared}.items()}
    recipe = pick(**{name: value for name, value in numbers.items() if name not in ("prefill", "decode", "batch")})
    seconds = round(time.perf_counter() - start, 1)
    name = str(checkpoint.source).rstrip("/").rpartition("/")[2]
    return Finding(recipe=recipe, seconds=seconds, model=name, **numbers)


class _Worker:
    """A loaded model, and the pieces of the pipeline's work."""

    def __init__(self, checkpoint: Checkpoint, family: Family, recipe: str) -> None:
        self._split = SplitModel.load(checkpoint, family, recipe=RECIPES[recipe])
        self._family = family
        self._runner = self._split.runner()
        self._frames = _frames()
        self._inputs = family.inputs(self._frames)
        self.features = self._features()

    def told(self, features: Features) -> torch.Tensor:
        """Log-probabilities of what follows each token of text after the clip, [Q, V]."""
        prompt = self._family.prompt([features, _TEXT])
        self._runner.kv_cache.clear()
        hidden = self._runner.prefill(0, [PrefillChunk(prompt, 0, len(prompt))])[0]
        return self._runner.logits(hidden[prompt.visual_end :]).log_softmax(-1)

    def seconds(self) -> dict[str, float]:
        """Seconds of each piece of work, done once."""
        seconds_by_work = {}
        prompt = self._family.prompt([self.features, _TEXT])
        seconds_by_work["encode"] = _timed(self._features)
        self._runner.kv_cache.clear()
        chunk = PrefillChunk(prompt, 0, len(prompt))
        seconds_by_work["prefill"] = _timed(lambda: self._runner.prefill(0, [chunk]))
        seconds_by_work["decode"] = self._steps(1, len(prompt))
        self._runner.kv_cache.clear()
        asked = self._family.prompt([_QUESTION])
        for row in range(_BATCH):
            self._runner.prefill(row, [PrefillChunk(asked, 0, len(asked))])
        seconds_by_work["batch"] = self._steps(_BATCH, len(asked))
        return seconds_by_work

    def _steps(self, rows: int, at: int, num_steps: int = 3) -> float:
        """Seconds of one step, the shortest of a few."""
        steps = [_timed(lambda: self._runner.decode([1] * rows, [at] * rows, [at] * rows)) for _ in range(num_steps)]
        return min(steps)

    def _features(self) -> Features:
        return self._split.features(self._frames, self._inputs, key="trial")


def _divergence(plain: _Worker, other: _Worker, *, same_features: bool = False) -> float:
    """Kullback-Leibler divergence of what `other` tells from what `plain` tells, mean over the tokens, nats."""
    wanted = plain.told(plain.features)
    found = other.told(plain.features if same_features else other.features)
    return float(kl_div(found, wanted, log_target=True, reduction="batchmean"))


def _ratios(plain: _Worker, int8: _Worker, bf16: _Worker | None) -> dict[str, float]:
    """How many times as fast `int8` and `bf16` are, by piece of work: the median over rounds in which all work in turn.

    `encode_share` is what encoding takes of the pipeline's time with plain weights.
    """
    ratios_by_work: dict[str, list[float]] = {}
    end = time.perf_counter() + SECONDS
    workers = [worker for worker in (plain, int8, bf16) if worker is not None]
    for number in range(MOST_ROUNDS + 1):
        if number > ROUNDS and time.perf_counter() > end:
            break
        seconds = {id(worker): worker.seconds() for worker in (workers if number % 2 else workers[::-1])}
        if not number:
            continue  # the first round packs the weights for their kernels
        for each in seconds.values():
            each["decoder"] = sum(weight * each[name] for name, weight in WEIGHTS.items())
        slow = seconds[id(plain)]
        for name, taken in slow.items():
            ratios_by_work.setdefault(name, []).append(taken / seconds[id(int8)][name])
            if bf16 is not None and name in ("encode", "decoder"):
                ratios_by_work.setdefault(f"bf16_{name}", []).append(taken / seconds[id(bf16)][name])
        encode = _FRAMES * slow["encode"]
        ratios_by_work.setdefault("encode_share", []).append(encode / (encode + slow["decoder"]))
    return {name: statistics.median(ratios) for name, ratios in ratios_by_work.items()}


def _timed(work: Callable[[], object]) -> float:
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
