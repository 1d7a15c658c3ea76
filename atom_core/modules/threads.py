"""Processor threads, shared out between the lanes that compute."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_SIZE, _CALLS = 640, 3
_PAUSE_SOFT = 1
"""`omp_pause_soft`: helpers end, settings stay."""
_KEEP_S = 60.0
"""How long it is believed that all cores are worth having."""
_DOUBT_S = 3.0
"""How long it is believed that fewer are: what was busy, this program's own start perhaps, may be done."""


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def matmul_seconds(num_threads: int) -> float:
    """How long a small matrix product takes with this many torch threads; the best of a few."""
    import torch

    torch.set_num_threads(num_threads)
    matrix = torch.ones(_SIZE, _SIZE)
    best = float("inf")
    for _ in range(_CALLS):
        start = time.perf_counter()
        torch.mm(matrix, matrix)
        best = min(best, time.perf_counter() - start)
    return best


def rest() -> None:
    """End the helpers that the calling thread's torch work has: for a lane that has nothing to compute now.

    GNU's OpenMP keeps helpers for each thread that has computed. Once they are more than the cores, those that wait no
    longer spin but sleep, and each operation pays for waking them: a small one takes four times as long.
    """
    if (pause := _openmp_pause()) is not None:
        pause(_PAUSE_SOFT)


@cache
def _openmp_pause() -> Any:
    """OpenMP's call that ends the calling thread's helpers, if torch works with GNU's OpenMP; else None."""
    import torch  # noqa: F401  brings OpenMP

    if not sys.platform.startswith("linux"):
        return None
    loaded = ctypes.CDLL(None)
    if not hasattr(loaded, "GOMP_parallel") or hasattr(loaded, "__kmpc_fork_call"):
        return None
    return getattr(loaded, "omp_pause_resource_all", None)


class Threads:
    """Gives each working lane its share of the processor threads.

    Threads that wait for each other at barriers while another program computes can be ten times slower than one thread,
    so how many are worth having is measured now and then, soon again where it was not all of them. Two working lanes
    never use more together than that.
    """

    def __init__(self, total: int = 0, *, measure: Callable[[int], float] = matmul_seconds) -> None:
        """
        :param total: threads to share; 0 measures how many are fastest
        :param measure: seconds that a piece of work takes with a number of threads
        """
        self._fixed = total
        self._measure = measure
        self._lock = threading.Lock()
        self._working = 0
        self._best = total or available_cores()
        self._believed_until = float("-inf")

    @contextmanager
    def share(self) -> Iterator[int]:
        """Compute inside: the calling thread's torch threads are set to its share, which is yielded."""
        import torch

        with self._lock:
            if not self._fixed and not self._working and time.monotonic() > self._believed_until:
                self._best = self._fastest()
                keep_s = _KEEP_S if self._best >= available_cores() else _DOUBT_S
                self._believed_until = time.monotonic() + keep_s
            self._working += 1
            share = max(1, self._best // self._working)
        if torch.get_num_threads() != share:
            torch.set_num_threads(share)
        try:
            yield share
        finally:
            with self._lock:
                self._working -= 1

    def _fastest(self) -> int:
        """Of 1, 2, 4, ... and all cores the number of threads that works fastest."""
        cores = available_cores()
        counts = sorted({cores, *(1 << power for power in range(cores.bit_length()))})
        return min(counts, key=self._measure)
