"""Ray clusters in a network of their own, of which nothing leads out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("cluster_program.py")
ATOM = Path(sys.executable).with_name("atom")


class TestCluster:
    """A cluster that runs in another process, and programs that run beside it."""

    __test__ = False

    def __init__(self, num_nodes: int) -> None:
        inside = f"ip link set lo up && exec {sys.executable} {PROGRAM} {num_nodes}"
        self._process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", inside],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.address = self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("cluster: "):
                return line.removeprefix("cluster: ").strip()
        raise AssertionError("the cluster has ended")

    def tell(self, line: str) -> None:
        """Have it ``kill`` a node, or ``add`` one."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        self._answer()

    def start(self, *arguments: object, **more: Any) -> subprocess.Popen[str]:
        """Start `atom` beside the cluster."""
        inside = [*self.inside(), *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        return subprocess.Popen(inside, **pipes)

    def inside(self) -> list[str]:
        """How `atom` is started beside the cluster."""
        return ["nsenter", f"--net=/proc/{self._process.pid}/ns/net", str(ATOM)]

    def workers(self, name: bytes) -> list[int]:
        """The processes of its actors, those that call themselves so."""
        own = os.readlink(f"/proc/{self._process.pid}/ns/net")
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (folder / "cmdline").read_bytes().startswith(name) and os.readlink(folder / "ns/net") == own:
                    found.append(int(folder.name))
        return found

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def cluster_of() -> Iterator[Callable[[int], TestCluster]]:
    """Starts clusters; skips where there is no Ray, or no network namespace can be had."""
    if find_spec("ray") is None:
        pytest.skip("ray is not installed: python -m pip install 'atom-ray[ray]'")
    try:
        subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no network namespace can be had here: unshare --net")
    opened: list[TestCluster] = []

    def start(num_nodes: int) -> TestCluster:
        opened.append(TestCluster(num_nodes))
        return opened[-1]

    yield start
    for cluster in opened:
        cluster.close()
