"""What the machine has no more of is no fault of a file's."""

import errno
import os
import subprocess
import sys

import av
import pytest

from atom_core.errors import MediaError
from atom_core.exhausted import exhausted
from atom_core.media.container.opening import reading
from atom_core.testing.videos import RED, write_video


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "memory"),
        (ImportError("lib.so: failed to map segment from shared object"), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), "memory"),
        (
            RuntimeError("Failed to allocate memory for requested buffer of size 9"),
            "memory",
        ),
        (RuntimeError("can't start new thread"), "threads"),
        (av.error.BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "threads"),
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
    assert exhausted(BlockingIOError(errno.EAGAIN, "another holds the lock")) == ""


def test_threads_of_decoders(tmp_path):
    """A decoder that may start no threads is not blamed on the file."""
    with pytest.raises(MediaError, match="the machine gives no more threads"), reading(tmp_path / "a.mp4"):
        raise av.error.BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN), "a.mp4")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space are kept to and told of on Linux alone")
def test_decoders_without_memory(tmp_path):
    """Where the limit is near, a file is not called damaged; without it, it can be read."""
    video = write_video(tmp_path / "a.mp4", shots=[(12, RED)], size=(1280, 720))
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "import av, numpy\n"
        "from atom_core.media.probe import probe\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "most = used + int(sys.argv[2])\n"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "try:\n    print(probe(Path(sys.argv[1])).width)\n"
        "except Exception as error:\n    print(error)\n"
    )
    for more_bytes, said in ((2**20, "the machine gives no more memory"), (2**23, "memory"), (2**33, "1280")):
        command = [sys.executable, "-c", program, str(video), str(more_bytes)]
        assert said in subprocess.run(command, capture_output=True, text=True, timeout=60).stdout
