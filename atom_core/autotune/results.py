"""What was measured for ``--quantize auto``, and what follows from it; remembered in the cache."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
from collections.abc import Mapping
from pathlib import Path

import attrs
from attrs import frozen

from atom_core.files import private_folder, write_whole
from atom_core.files.owner import read_own
from atom_core.stores.versions import versions_of

log = logging.getLogger("atom")

FILE = "recipes.json"
"""Where findings are remembered, in the cache folder."""
TOLERANCE = 0.05
"""Most that int8 may change what the model expects next: the mean Kullback-Leibler divergence from the plain model over
the probe's tokens, nats. By Pinsker's inequality a divergence d moves no probability by more than sqrt(d / 2): here by
16 points at the very worst."""
MARGIN = 1.05
"""How much faster a part must be to be quantised."""
_TRIAL = 5
"""Raised when other kernels are at work, or other work is measured."""
_VERSIONED = ("torch", "torchao", "transformers", "atom-core")


@frozen(kw_only=True)
class Finding:
    """What was measured; ratios are seconds as stored by seconds as int8."""

    recipe: str
    """The recipe that was picked."""
    encode: float
    """Ratio for encoding a frame."""
    prefill: float
    """Ratio for prefilling a prompt."""
    decode: float
    """Ratio for decoding a token of one request."""
    batch: float
    """Ratio for decoding a token of each of eight requests."""
    decoder: float
    """Ratio for prefill, decode and batch together, weighted as the standard pipeline has them."""
    divergence: float
    """Divergence of int8 in both halves from the plain model: mean over the probe's tokens, nats."""
    decoder_divergence: float
    """Divergence of int8 in the decoder alone."""
    seconds: float
    """Seconds that the measurement took."""
    model: str = ""
    """The model it was measured with."""
    encode_share: float = 0.5
    """Share of encoding in the standard pipeline's time with plain weights."""
    bf16_encode: float = 0.0
    """Ratio for encoding a frame with bfloat16 weights; 0, as the next two, on processors without a kernel for them."""
    bf16_decoder: float = 0.0
    """Ratio for prefill, decode and batch together with bfloat16 weights."""
    bf16_divergence: float = 0.0
    """Divergence of bfloat16 weights from the plain model: mean over the probe's tokens, nats."""

    def __str__(self) -> str:
        bf16 = ""
        if self.bf16_encode:
            bf16 = (
                f"; bf16 is {self.bf16_encode:.2f} and {self.bf16_decoder:.2f} times as fast, and diverges by"
                f" {self.bf16_divergence:.4f}"
            )
        return (
            f"{self.recipe} for {self.model}: int8 is {self.encode:.2f} times as fast in the encoder,"
            f" {self.decoder:.2f} in the decoder (reading {self.prefill:.2f}, one request {self.decode:.2f},"
            f" eight {self.batch:.2f}); it diverges from plain weights by {self.divergence:.4f} nats a token"
            f" ({TOLERANCE} allowed){bf16}; measured once, in {self.seconds:.0f} s"
        )


def pick(
    *,
    encode: float,
    decoder: float,
    divergence: float,
    decoder_divergence: float,
    encode_share: float = 0.5,
    bf16_encode: float = 0.0,
    bf16_decoder: float = 0.0,
    bf16_divergence: float = 0.0,
) -> str:
    """The name of the recipe for what was measured; never one that is slower than plain, or spoils the model.

    int8 is taken before bfloat16 weights only where the pipeline as a whole is faster by the margin.
    """
    int8 = "none"
    if decoder_divergence <= TOLERANCE and decoder >= MARGIN:
        int8 = "int8" if encode >= MARGIN and divergence <= TOLERANCE else "int8-decoder"
    if min(bf16_encode, bf16_decoder) < MARGIN or bf16_divergence > TOLERANCE:
        return int8

    def seconds(encoder: float, decoder: float) -> float:
        return encode_share / encoder + (1 - encode_share) / decoder

    with_bf16 = seconds(bf16_encode, bf16_decoder)
    with_int8 = {"none": 1.0, "int8-decoder": seconds(1.0, decoder), "int8": seconds(encode, decoder)}[int8]
    return int8 if with_bf16 > MARGIN * with_int8 else "bf16"


def remembered(cache: Path) -> dict[str, Finding]:
    """What was found before, by key; imports nothing heavy."""
    try:
        raw = json.loads(read_own(cache / FILE))
        return {key: Finding(**value) for key, value in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(cache: Path, findings: Mapping[str, Finding]) -> None:
    """Keep findings, by key, instead of those that are kept; where that cannot be it is only logged."""
    try:
        private_folder(cache)
        text = json.dumps({key: attrs.asdict(finding) for key, finding in findings.items()}, indent=2)
        write_whole(cache / FILE, text, private=True)
    except OSError as error:
        log.info("findings cannot be remembered in %s: %s", cache, error)


def key_of(weights: str) -> str:
    """What a finding holds for: the weights' content hash, this processor, the libraries' versions."""
    versions = versions_of(*_VERSIONED)
    text = json.dumps(
        {"weights": weights, "machine": _machine(), "versions": versions, "trial": _TRIAL}, sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
    return "\n".join([platform.platform(terse=True), platform.machine(), *sorted(named)])
