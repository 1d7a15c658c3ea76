"""What is free is the least that the machine, the control groups and the process's own limits leave."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from atom_core.memory.available import free_memory_bytes, held_bytes

MIB = 2**20


def machine(root: Path, *, available: int, group: str = "", files: dict[str, str] | None = None) -> Path:
    """A ``proc`` and a ``sys`` that say so."""
    written = {
        "proc/meminfo": f"MemTotal: 99999999 kB\nMemAvailable: {available * 1024} kB\n",
        "proc/self/cgroup": group,
        "proc/self/status": "VmSize:\t 1000 kB\nRssAnon:\t 300 kB\n",
        **(files or {}),
    }
    for name, text in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


STAT_2 = f"anon 5\ninactive_file {30 * MIB}\nactive_file {10 * MIB}\n"
STAT_1 = f"inactive_file 1\nactive_file 1\ntotal_inactive_file {30 * MIB}\ntotal_active_file {10 * MIB}\n"
CASES = {
    "no group": ("", {}, 1000),
    "version 2, cached files count as free": (
        "0::/a/b\n",
        {
            "sys/fs/cgroup/a/b/memory.max": f"{500 * MIB}\n",
            "sys/fs/cgroup/a/b/memory.current": f"{200 * MIB}",
            "sys/fs/cgroup/a/b/memory.stat": STAT_2,
        },
        340,
    ),
    "version 2, the group around it is smaller": (
        "0::/a/b\n",
        {
            "sys/fs/cgroup/a/b/memory.max": "max\n",
            "sys/fs/cgroup/a/b/memory.current": f"{200 * MIB}",
            "sys/fs/cgroup/a/memory.max": f"{300 * MIB}",
            "sys/fs/cgroup/a/memory.current": f"{250 * MIB}",
        },
        50,
    ),
    "version 2, in a container that sees its own root": (
        "0::/docker/1234\n",
        {"sys/fs/cgroup/memory.max": f"{300 * MIB}", "sys/fs/cgroup/memory.current": f"{100 * MIB}"},
        200,
    ),
    "version 2, slowed down before it is killed": (
        "0::/\n",
        {
            "sys/fs/cgroup/memory.max": "max",
            "sys/fs/cgroup/memory.high": f"{300 * MIB}",
            "sys/fs/cgroup/memory.current": f"{100 * MIB}",
        },
        200,
    ),
    "version 1": (
        "9:name=systemd:/\n4:memory:/a\n0::/\n",
        {
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": f"{500 * MIB}\n",
            "sys/fs/cgroup/memory/a/memory.usage_in_bytes": f"{200 * MIB}\n",
            "sys/fs/cgroup/memory/a/memory.stat": STAT_1,
        },
        340,
    ),
    "version 1, several controllers, no limit": (
        "4:cpu,memory:/a\n",
        {
            "sys/fs/cgroup/memory/a/memory.limit_in_bytes": f"{2**63 - 4096}",
            "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "5",
        },
        1000,
    ),
    "more in use than allowed": (
        "0::/\n",
        {"sys/fs/cgroup/memory.max": f"{MIB}", "sys/fs/cgroup/memory.current": f"{100 * MIB}"},
        0,
    ),
    "nonsense": ("garbage\n0::\n", {"sys/fs/cgroup/memory.max": "many"}, 1000),
}


@pytest.mark.parametrize("case", CASES)
def test_control_groups(case: str, tmp_path: Path) -> None:
    """Of both versions, nested and in containers."""
    group, files, mib = CASES[case]
    root = machine(tmp_path, available=1000, group=group, files=files)
    assert free_memory_bytes(root=root) == mib * MIB


def test_what_the_process_holds(tmp_path: Path) -> None:
    """Memory of its own; nothing where the system does not say."""
    assert held_bytes(machine(tmp_path, available=1)) == 300 * 1024
    assert held_bytes(tmp_path / "nowhere") == 0
    assert free_memory_bytes(root=tmp_path / "nowhere") is None


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc")
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_limits_of_the_process(limit: str) -> None:
    """As `ulimit -v` and `ulimit -d` set them; files that will be mapped count for the first."""
    code = (
        "import resource\nfrom atom_core.memory.available import free_memory_bytes\n"
        f"resource.setrlimit(resource.{limit}, (2**30, 2**30))\n"
        "print(free_memory_bytes(), free_memory_bytes(mapped_bytes=2**28))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    whole, mapped = map(int, done.stdout.split())
    assert 2**29 < whole < 2**30
    assert whole - mapped == pytest.approx(2**28 if limit == "RLIMIT_AS" else 0, abs=2**22)
