"""``--quantize auto``: the fastest recipe on this machine among those that keep quality, by one short measurement.

The model is loaded as it is, as int8 and, where the processor computes it well, as bfloat16; all do the work of the
standard pipeline in turn (`trial`), and their answers to a fixed probe are compared. What was found is remembered by
processor, versions and weights, so the choice stays.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from atom_core.autotune.results import key_of, remember, remembered
from atom_core.memory.available import free_memory_bytes
from atom_core.memory.estimate import gib

if TYPE_CHECKING:
    from atom_core.checkpoint.checkpoint import Checkpoint
    from atom_core.families import Family

log = logging.getLogger("atom")


def choose(checkpoint: Checkpoint, family: Family, *, cache: Path, threads: int, memory: int | None) -> str:
    """The name of the recipe for a model on this machine's processor, measured once.

    :param cache: folder where findings are remembered
    :param threads: processor threads to measure with
    :param memory: most bytes to use; None is what is free
    """
    from atom_core.autotune import measure
    from atom_core.checkpoint.checkpoint import content_hash
    from atom_core.kernels.int8 import has_kernel

    if not has_kernel():
        return "none"
    plain, both = measure.needed_bytes(checkpoint)
    free = free_memory_bytes() if memory is None else memory
    if free is not None and plain > free:
        log.warning("quantize auto: int8, for memory: plain weights need %s, %s are free", gib(plain), gib(free))
        return "int8"
    key = key_of(content_hash(checkpoint.folder, cache / "hashes.json"))
    results = remembered(cache)
    if key in results:
        return results[key].recipe
    if free is not None and both > free:
        log.warning("quantize auto: int8, for memory: to compare it with plain weights needs %s", gib(both))
        return "int8"
    log.warning("quantize auto: comparing recipes on this machine, once for this model: some seconds, up to a minute")
    result = measure.measure(checkpoint, family, threads)
    log.warning("quantize auto: %s", result)
    remember(cache, {**results, key: result})
    return result.recipe
