"""What the machine has no more of is no fault of a file's."""

import errno
import os

import pytest

from atom_core.exhausted import exhausted


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "memory"),
        (ImportError("lib.so: failed to map segment from shared object"), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "memory"),
        (RuntimeError("can't start new thread"), "threads"),
        (OSError(errno.EMFILE, "Too many open files"), "open files"),
        (OSError(errno.ENOSPC, "No space left on device"), "room on the disk"),
    ],
)
def test_told(error, what):
    """Memory, threads, files and disk, also where they are the cause of another error; with what helps."""
    assert exhausted(error).startswith(f"the machine gives no more {what}; ")
    outer = ValueError("something else")
    outer.__cause__ = error
    assert f"no more {what}" in exhausted(outer)


def test_others_are_not():
    """Any other error is not excused, and causes in a circle end."""
    first, second = ValueError("memory"), OSError(errno.ENOENT, "No such file")
    first.__cause__, second.__cause__ = second, first
    assert exhausted(first) == ""
