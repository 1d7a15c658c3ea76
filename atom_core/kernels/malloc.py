"""The C library's allocator, told to hold no more memory than is in use."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
from collections.abc import Iterator

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # M_TRIM_THRESHOLD and so on, of malloc.h
_EAGER_BYTES = 2**20
"""Blocks from this size on are mapped by themselves inside `returning_memory`."""
_USUAL_TRIM_BYTES, _USUAL_MMAP_BYTES = 2**26, 2**25
"""The largest values that glibc's dynamic thresholds reach on 64 bits."""


@contextlib.contextmanager
def returning_memory(*, trim: bool = True) -> Iterator[None]:
    """Memory of large tensors that are freed inside goes back to the system at once; elsewhere than on glibc, nothing.

    glibc keeps freed memory of up to 32 MiB a piece for later, and weights that come between leave it in crumbs: a
    model that was quantised as it was read would hold up to five times its size.

    :param trim: give back what was free before, too
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    # a block that is mapped by itself is unmapped as soon as it is freed, whatever lies behind it on the heap
    libc.mallopt(_MMAP_THRESHOLD, _EAGER_BYTES)
    try:
        yield
    finally:
        # Setting a threshold turns glibc's dynamic one off for good, so restore the values it would have reached.
        libc.mallopt(_MMAP_THRESHOLD, _USUAL_MMAP_BYTES)
        libc.mallopt(_TRIM_THRESHOLD, _USUAL_TRIM_BYTES)
        if trim:
            give_back()


@functools.cache
def share_memory() -> None:
    """Let all threads take memory from one place, so that what one has freed serves the others; on glibc only.

    Otherwise each thread keeps as much as it ever needed: at 500M parameters some 150 MB more in all.
    """
    libc = _glibc()
    if libc is not None:
        # one arena: malloc waits for its lock, but tensors are few and large, and time goes into computing
        libc.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Give memory that is free back to the system; elsewhere than on glibc, nothing."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


@functools.cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL("libc.so.6")
        return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
    except OSError:
        return None
