"""How much memory this process may still take: the least of what the machine, its control group and its limits leave.

Imports nothing heavy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PAGE_CACHE = {"inactive_file", "active_file", "total_inactive_file", "total_active_file"}


def free_memory_bytes(*, mapped_bytes: int = 0, root: Path = Path("/")) -> int | None:
    """Memory that this process may still take, bytes; None where the system does not say.

    Memory that only caches files counts as free. Where a system tells no more than how much memory it has, as macOS
    does, that is taken.

    :param mapped_bytes: of files that will be mapped, which count where the address space is limited
    :param root: where ``proc`` and ``sys`` are
    """
    bounds = [*_machine(root), *_control_groups(root), *_limits(root, mapped_bytes)]
    return max(0, min(bounds)) if bounds else None


def held_bytes(root: Path = Path("/")) -> int:
    """Memory that this process holds by itself, bytes; 0 where the system does not say."""
    status = _table(root / "proc/self/status")
    return status.get("RssAnon", status.get("VmRSS", 0))


def _machine(root: Path) -> Iterator[int]:
    """What is available of the machine's memory."""
    available = _table(root / "proc/meminfo").get("MemAvailable")
    if available is not None:
        yield available
    elif root == Path("/"):
        try:
            yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (AttributeError, ValueError, OSError):
            return


def _control_groups(root: Path) -> Iterator[int]:
    """What the process's control group leaves, and each that it is in; of version 1 and of version 2."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if not controllers:
            places = [root / "sys/fs/cgroup", root / "sys/fs/cgroup/unified"]
            names = [("memory.max", "memory.current"), ("memory.high", "memory.current")]
        elif "memory" in controllers.split(","):
            places = [root / "sys/fs/cgroup/memory"]
            names = [("memory.limit_in_bytes", "memory.usage_in_bytes")]
        else:
            continue
        path = group.strip("/")
        for place in places:
            # inside a container the group's path may be that of the machine outside: then its own root tells
            for folder in (place / path, *(place / parent for parent in Path(path).parents)) if path else (place,):
                yield from (left for pair in names if (left := _left(folder, *pair)) is not None)


def _left(folder: Path, limit_name: str, used_name: str) -> int | None:
    """What a control group leaves below one of its limits; None where it has none."""
    try:
        limit, used = int(_text(folder / limit_name)), int(_text(folder / used_name))
    except ValueError:  # "max", or no such file
        return None
    stat = dict(line.split(maxsplit=1) for line in _text(folder / "memory.stat").splitlines() if " " in line)
    whole = any(name.startswith("total_") for name in stat)  # of version 1: with the groups inside
    cached = sum(int(stat[name]) for name in _PAGE_CACHE & stat.keys() if name.startswith("total_") == whole)
    return limit - max(0, used - cached)


def _limits(root: Path, mapped_bytes: int) -> Iterator[int]:
    """What the process's own limits leave, as ``ulimit -v`` sets them."""
    try:
        import resource
    except ImportError:  # there are none on Windows
        return
    status = _table(root / "proc/self/status")
    for limit_name, used_name, more in (("RLIMIT_AS", "VmSize", mapped_bytes), ("RLIMIT_DATA", "VmData", 0)):
        limit, _ = resource.getrlimit(getattr(resource, limit_name))
        if limit != resource.RLIM_INFINITY and used_name in status:
            yield limit - status[used_name] - more


def _table(path: Path) -> dict[str, int]:
    """Lines of ``Name:  number kB``, in bytes."""
    found = {}
    for line in _text(path).splitlines():
        name, _, value = line.partition(":")
        parts = value.split()
        if len(parts) == 2 and parts[1] == "kB" and parts[0].isdigit():
            found[name] = int(parts[0]) * 1024
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
