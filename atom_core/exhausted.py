"""What the machine has no more of, told from what is wrong with an input or with Atom."""

from __future__ import annotations

import errno
import re
from pathlib import Path

_MEMORY = re.compile(
    r"(can't|cannot|failed to) allocate memory|not enough memory|out of memory|failed to map segment|bad.alloc",
    re.IGNORECASE,
)
"""Libraries in C++, torch's allocator for processors among them, raise plain errors: nothing but their text tells."""
_ADVICE = {
    "memory": "close other programs, give less (--workers 1, --batch 1), or raise the limit (ulimit -v)",
    "threads": "give less (--workers 1, --threads 1), or raise the limits (ulimit -u, ulimit -v)",
    "open files": "give less (--workers 1), or raise the limit (ulimit -n)",
    "room on the disk": "free some",
}
_CODES = {
    errno.ENOMEM: "memory",
    errno.EMFILE: "open files",
    errno.ENFILE: "open files",
    errno.ENOSPC: "room on the disk",
    errno.EDQUOT: "room on the disk",
}

_NEAR_BYTES = 2**27
"""Bytes below which a decoder of large videos has no room for the pictures that it keeps."""


def exhausted(error: BaseException) -> str:
    """What the machine has no more of where that is why `error` was raised, and what helps; else empty."""
    seen: BaseException | None = error
    for _ in range(10):  # causes of causes, which may turn in circles
        if seen is None:
            break
        if what := _lacking(seen):
            return _said(what)
        seen = seen.__cause__ or seen.__context__
    return ""


def near_limit() -> str:
    """What `exhausted` says, where hardly any of the address space that the process may have is left; else empty.

    FFmpeg's decoders report lack of memory as damage: a file of which nothing can be read is not blamed meanwhile.
    """
    try:
        import resource

        most_bytes = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most_bytes == resource.RLIM_INFINITY:
            return ""
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        used_bytes = pages * resource.getpagesize()
    except (ImportError, OSError):  # other systems
        return ""
    return _said("memory") if used_bytes + _NEAR_BYTES > most_bytes else ""


def _said(what: str) -> str:
    return f"the machine gives no more {what}; {_ADVICE[what]}"


def _lacking(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _CODES:
        return _CODES[error.errno]
    if getattr(error, "errno", 0) == errno.EAGAIN and type(error).__module__.startswith("av."):
        return "threads"  # those of FFmpeg's decoders; elsewhere it is what a lock says that another holds
    if not isinstance(error, (RuntimeError, ImportError, OSError)):
        return ""
    try:
        text = str(error)[:1000]
    except Exception:  # its own code, too
        return ""
    if "can't start new thread" in text:
        return "threads"
    return "memory" if _MEMORY.search(text) else ""
