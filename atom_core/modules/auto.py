"""``--quantize auto``: the fastest recipe on this machine among those that keep quality, by one short measurement.

The model is loaded as it is and as int8, and both do the work of the standard pipeline in turn (`trial`); their answers
to a fixed probe are compared. What was found is remembered by processor, versions and weights, so the choice stays.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from atom_core.files import write_whole

if TYPE_CHECKING:
    from atom_core.modules.checkpoint import Checkpoint
    from atom_core.modules.families import Family

log = logging.getLogger("atom")

FILE = "recipes.json"
"""Where findings are remembered, in the cache folder."""
TOLERANCE = 0.05
"""Most that int8 may change what the model expects next: the mean Kullback-Leibler divergence from the plain model over
the probe's tokens, nats. By Pinsker's inequality a divergence d moves no probability by more than sqrt(d / 2): here by
16 points at the very worst."""
MARGIN = 1.05
"""How much faster a part must be to be quantised."""
_VERSIONED = ("torch", "torchao", "transformers", "atom-core")


@frozen(kw_only=True)
class Finding:
    """What was measured; ratios are seconds as stored by seconds as int8."""

    recipe: str
    """The recipe that was picked."""
    encode: float
    """Of encoding a frame."""
    prefill: float
    """Of reading a prompt."""
    decode: float
    """Of a token of one request."""
    batch: float
    """Of a token of each of eight requests."""
    decoder: float
    """Of prefill, decode and batch together, weighted as the standard pipeline has them."""
    divergence: float
    """Of int8 in both halves from the plain model: mean over the probe's tokens, nats."""
    decoder_divergence: float
    """Of int8 in the decoder alone."""
    seconds: float
    """What the measurement took."""
    model: str = ""
    """The model it was measured with."""

    def __str__(self) -> str:
        return (
            f"{self.recipe} for {self.model}: int8 is {self.encode:.2f} times as fast in the encoder,"
            f" {self.decoder:.2f} in the decoder (reading {self.prefill:.2f}, one request {self.decode:.2f},"
            f" eight {self.batch:.2f}); it diverges from plain weights by {self.divergence:.4f} nats a token"
            f" ({TOLERANCE} allowed); measured once, in {self.seconds:.0f} s"
        )


def choose(checkpoint: Checkpoint, family: Family, *, cache: Path, threads: int, memory: int | None) -> str:
    """The name of the recipe for a model on this machine's processor, measured once.

    :param cache: folder where findings are remembered
    :param threads: processor threads to measure with
    :param memory: most bytes to use; None is what is free
    """
    from atom_core.modules import trial
    from atom_core.modules.checkpoint import content_hash
    from atom_core.modules.int8_cpu import has_kernel

    if not has_kernel():
        return "none"
    plain, both = trial.needed_bytes(checkpoint)
    free = free_memory_bytes() if memory is None else memory
    if free is not None and plain > free:
        log.warning("quantize auto: int8, for memory: plain weights need %s, %s are free", _gib(plain), _gib(free))
        return "int8"
    key = _key({"weights": content_hash(checkpoint.folder, cache / "hashes.json")})
    known = remembered(cache)
    if key in known:
        return known[key].recipe
    if free is not None and both > free:
        log.warning("quantize auto: int8, for memory: to compare it with plain weights needs %s", _gib(both))
        return "int8"
    log.warning("quantize auto: comparing int8 with plain weights on this machine, once")
    finding = trial.measure(checkpoint, family, threads)
    log.warning("quantize auto: %s", finding)
    _remember(cache, {**known, key: finding})
    return finding.recipe


def pick(*, encode: float, decoder: float, divergence: float, decoder_divergence: float) -> str:
    """The name of the recipe for what was measured; never one that is slower than plain, or spoils the model."""
    if decoder_divergence > TOLERANCE or decoder < MARGIN:
        return "none"
    return "int8" if encode >= MARGIN and divergence <= TOLERANCE else "int8-decoder"


def remembered(cache: Path) -> dict[str, Finding]:
    """What was found before, by key; imports nothing heavy."""
    try:
        raw = json.loads((cache / FILE).read_text(encoding="utf-8"))
        return {key: Finding(**value) for key, value in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def free_memory_bytes() -> int | None:
    """Available memory, or what the control group leaves if that is less; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        free_bytes = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="utf-8").strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return free_bytes
    return min(free_bytes, max(int(limit) - used, 0)) if limit.isdigit() else free_bytes


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 2**30:.1f} GiB"


def _key(what: Mapping[str, Any]) -> str:
    versions = {name: importlib.metadata.version(name) for name in _VERSIONED}
    text = json.dumps({**what, "machine": _machine(), "versions": versions}, sort_keys=True, default=str)
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
