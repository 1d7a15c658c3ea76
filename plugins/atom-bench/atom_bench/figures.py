"""Timing, medians and small text tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """How long `work` took, seconds, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, least and most of some rounds, and the rounds themselves."""
    return {
        "median": statistics.median(values),
        "least": min(values),
        "most": max(values),
        "rounds": [round(value, 6) for value in values],
    }


def ratio(over: Sequence[float], under: Sequence[float]) -> dict[str, Any]:
    """`over` / `under` round by round: rounds stand side by side, so what slows the machine slows both."""
    return spread([a / b for a, b in zip(over, under, strict=True)])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as needed, the first to the left, the others to the right."""
    lines = [list(head), *[list(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    import os
    import platform
    from importlib.metadata import version

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    packages = ("atom-core", "torch", "torchao", "transformers")
    return {
        "processor": _processor() or platform.processor() or platform.machine(),
        "cores": cores,
        "load": load,
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def busy_note(about: dict[str, Any]) -> str | None:
    """A remark where other programs use the processor too."""
    load, cores = about["load"], about["cores"]
    if load is None or load < 0.5 * cores:
        return None
    return f"the machine is busy (load {load:.1f} on {cores} cores): trust ratios more than seconds"


def _processor() -> str | None:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), None)
    except OSError:
        return None
