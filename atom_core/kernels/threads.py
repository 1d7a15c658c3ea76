"""Processor threads, shared out between the encoder's and the decoder's thread."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

_SIZE, _CALLS = 640, 3
_PAUSE_SOFT = 1
"""`omp_pause_soft`: helpers end, settings stay."""
_KEEP_S = 60.0
"""How long a result of all cores is trusted, seconds."""
_DOUBT_S = 3.0
"""How long a result below all cores is trusted, seconds: what kept the machine busy may be over soon."""
_TRIES = 3
"""How often work is tried with each number of threads."""
_SHORT_S = 0.02
"""Work that takes longer is worth all threads."""


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


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute inside with one thread: for short work, and for threads beside the encoder's and decoder's, whose OpenMP
    helpers would compete with theirs; see `rest`."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def rest() -> None:
    """End the OpenMP helper threads of the calling thread, which has nothing to compute for now.

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
    # GNU's alone was seen to keep helpers that slow others: any other OpenMP (__kmpc) is left as it is
    if not hasattr(loaded, "GOMP_parallel") or hasattr(loaded, "__kmpc_fork_call"):
        return None
    return getattr(loaded, "omp_pause_resource_all", None)


class Threads:
    """Gives each thread that computes its share of the processor threads.

    Threads that wait for each other at barriers while another program computes can be ten times slower than one thread,
    so how many are worth having is measured now and then, soon again where it was not all of them. Two threads never
    use more together than that. Short work may be done faster by one thread than several need to come together:
    work that comes again and again is tried both ways.
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
        self._tries: defaultdict[tuple[Hashable, int], list[float]] = defaultdict(list)

    @contextmanager
    def share(self, work: Hashable = None) -> Iterator[int]:
        """Compute inside: the calling thread's torch threads are set to its share, which is yielded.

        :param work: what is computed, for work that comes again and again in about the same size
        """
        import torch

        with self._lock:
            # measured only while nothing else computes: beside a working thread any number of threads looks slow
            if not self._fixed and not self._working and time.monotonic() > self._believed_until:
                self._best = self._fastest()
                keep_s = _KEEP_S if self._best >= available_cores() else _DOUBT_S
                self._believed_until = time.monotonic() + keep_s
                self._tries.clear()
            self._working += 1
            # a thread that came first keeps what it has until its next piece of work: nobody waits for it
            share = max(1, self._best // self._working)
            if work is not None and not self._fixed and share > 1:
                share = self._worth(work, share)
        if torch.get_num_threads() != share:
            torch.set_num_threads(share)
        start = time.perf_counter()
        try:
            yield share
        finally:
            seconds = time.perf_counter() - start
            with self._lock:
                self._working -= 1
                if work is not None and len(self._tries[work, share]) < _TRIES:
                    self._tries[work, share].append(seconds)

    def _worth(self, work: Hashable, share: int) -> int:
        """`share`, or one thread if `work` is short and done faster so; each is tried a few times."""
        several, one = self._tries[work, share], self._tries[work, 1]
        # the minimum, not the mean: what other programs took away says nothing about the work itself
        if len(several) < _TRIES or min(several) > _SHORT_S:
            return share
        return 1 if len(one) < _TRIES or min(one) < min(several) else share

    def _fastest(self) -> int:
        """The number of threads that works fastest, among 1, 2, 4, ... and all cores."""
        cores = available_cores()
        counts = sorted({cores, *(1 << power for power in range(cores.bit_length()))})
        return min(counts, key=self._measure)
