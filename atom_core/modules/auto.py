"""``--quantize auto``: the fastest recipe on this machine among those that keep quality, by a short measurement.

The model's own layers are timed as they are and as int8, one after the other in one run, and the outputs are compared.
What was found is remembered by machine, versions and dimensions.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from atom_core.files import write_whole

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel

    from atom_core.modules.tensors import Stored

log = logging.getLogger("atom")

FILE = "recipes.json"
"""Where findings are remembered, in the cache folder."""
TOLERANCE = 0.05
"""Greatest relative error of a layer's outputs, root mean square, at which int8 counts as keeping quality."""
MARGIN = 1.05
"""How much faster a part must be to be quantised."""
_VERSIONED = ("torch", "torchao", "transformers", "atom-core")
_MAX_NUMBERS = 48_000_000
_MAX_LAYERS = 6
_SECONDS = 0.35


@frozen(kw_only=True)
class Finding:
    """What was measured; ratios are seconds as stored by seconds as int8."""

    recipe: str
    """The recipe that was picked."""
    decode: float
    """Of the decoder's layers, one row."""
    batch: float
    """Of the decoder's layers, eight rows."""
    encode: float
    """Of the encoder's layers, 256 rows."""
    error: float
    """Greatest relative error of a layer's outputs, root mean square."""

    def __str__(self) -> str:
        return (
            f"{self.recipe}: int8 is {self.decode:.1f}x as fast at batch 1, {self.batch:.1f}x at batch 8,"
            f" {self.encode:.1f}x in the encoder, error {self.error:.1%}"
        )


def choose(model: PreTrainedModel, stored: Mapping[str, Stored], *, cache: Path, threads: int) -> Finding:
    """The recipe for a model on this machine's processor, measured once.

    :param model: without weights (on torch's meta device)
    :param stored: its weights; layers whose weights are not found by name are given random ones
    :param cache: folder where findings are remembered
    :param threads: processor threads to measure with
    """
    layers = _layers(model, stored)
    shapes = {part: [(linear.out_features, linear.in_features) for linear, _ in some] for part, some in layers.items()}
    key = _key({"layers": shapes, "threads": threads})
    known = remembered(cache)
    if key in known:
        return known[key]
    finding = measure(layers, threads)
    log.info("quantize auto: %s", finding)
    _remember(cache, {**known, key: finding})
    return finding


def pick(*, decode: float, batch: float, encode: float, error: float) -> str:
    """The name of the recipe for what was measured; never one that is slower than plain."""
    if error > TOLERANCE or min(decode, batch) < MARGIN:
        return "none"
    return "int8" if encode >= MARGIN else "int8-decoder"


def measure(layers: Mapping[str, Iterable[tuple[nn.Linear, Stored | None]]], threads: int) -> Finding:
    """Time and compare the layers of ``encoder`` and ``decoder``."""
    import torch

    from atom_core.modules.int8_cpu import RowInt8Linear, has_kernel

    if not has_kernel():
        return Finding(recipe="none", decode=0.0, batch=0.0, encode=0.0, error=0.0)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    try:
        with torch.inference_mode():
            real = {part: [_real(*pair, generator) for pair in some] for part, some in layers.items()}
            pairs = {part: [(plain, RowInt8Linear.from_linear(plain)) for plain in some] for part, some in real.items()}
            decode = _ratio(pairs["decoder"], 1, generator)
            batch = _ratio(pairs["decoder"], 8, generator)
            encode = _ratio(pairs["encoder"], 256, generator)
            error = max((_error(*pair, generator) for some in pairs.values() for pair in some), default=0.0)
    finally:
        torch.set_num_threads(before)
    numbers = {"decode": decode, "batch": batch, "encode": encode, "error": error}
    return Finding(recipe=pick(**numbers), **{name: round(value, 4) for name, value in numbers.items()})


def remembered(cache: Path) -> dict[str, Finding]:
    """What was found before, by key; imports nothing heavy."""
    try:
        raw = json.loads((cache / FILE).read_text(encoding="utf-8"))
        return {key: Finding(**value) for key, value in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _layers(model: PreTrainedModel, stored: Mapping[str, Stored]) -> dict[str, list[tuple[nn.Linear, Stored | None]]]:
    """Linear layers of each half, one of each shape, the largest left out."""
    import torch

    inside = {id(module) for module in model.get_decoder().modules()}
    found: dict[str, dict[tuple[int, int], tuple[nn.Linear, Stored | None]]] = {"encoder": {}, "decoder": {}}
    numbers = {"encoder": 0, "decoder": 0}
    for name, module in model.named_modules():
        if not isinstance(module, torch.nn.Linear) or module is model.get_output_embeddings():
            continue
        part = "decoder" if id(module) in inside else "encoder"
        shape, size = (module.out_features, module.in_features), module.out_features * module.in_features
        if shape in found[part] or len(found[part]) == _MAX_LAYERS or numbers[part] + size > _MAX_NUMBERS:
            continue
        numbers[part] += size
        weights = stored.get(f"{name}.weight")
        found[part][shape] = (module, weights if weights is not None and weights.shape == shape else None)
    return {part: list(some.values()) for part, some in found.items()}


def _real(linear: nn.Linear, weights: Stored | None, generator: torch.Generator) -> nn.Linear:
    import torch

    real = torch.nn.Linear(linear.in_features, linear.out_features, bias=False)
    random = torch.randn(linear.out_features, linear.in_features, generator=generator)
    real.weight = torch.nn.Parameter(random if weights is None else weights[...].float(), requires_grad=False)
    return real


def _ratio(pairs: Sequence[tuple[nn.Linear, nn.Module]], rows: int, generator: torch.Generator) -> float:
    """How many times as fast the second of each pair is."""
    import torch

    if not pairs:
        return 1.0
    inputs = [torch.randn(rows, plain.in_features, generator=generator) for plain, _ in pairs]

    def run(which: int) -> Callable[[], Any]:
        return lambda: [pair[which](rows_NK) for pair, rows_NK in zip(pairs, inputs, strict=True)]

    plain_s, int8_s = fastest_s(run(0), run(1), seconds=_SECONDS)
    return plain_s / int8_s


def fastest_s(*works: Callable[[], Any], seconds: float) -> list[float]:
    """Shortest time of each of several pieces of work, done in turn for so many seconds and at least thrice."""
    best = [float("inf")] * len(works)
    for work in works:
        work()
    end, rounds = time.perf_counter() + seconds, 0
    while rounds < 3 or time.perf_counter() < end:
        rounds += 1
        for place, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - start)
    return best


def _error(plain: nn.Linear, quantized: nn.Module, generator: torch.Generator) -> float:
    import torch

    rows_NK = torch.randn(16, plain.in_features, generator=generator)
    wanted = plain(rows_NK)
    return float((quantized(rows_NK) - wanted).square().mean().sqrt() / wanted.square().mean().sqrt().clamp_min(1e-30))


def _key(what: Mapping[str, Any]) -> str:
    versions = {name: importlib.metadata.version(name) for name in _VERSIONED}
    text = json.dumps({**what, "machine": _machine(), "versions": versions}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    return "\n".join([platform.platform(terse=True), platform.machine(), *sorted(named)])


def _remember(cache: Path, findings: Mapping[str, Finding]) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        text = json.dumps({key: attrs.asdict(finding) for key, finding in findings.items()}, indent=2)
        write_whole(cache / FILE, text)
    except OSError as error:
        log.info("findings cannot be remembered in %s: %s", cache, error)
