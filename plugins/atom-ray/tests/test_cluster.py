"""The same library on clusters of several nodes, whatever dies.

In every run of the tests it is one small cluster; ``ATOM_TEST_KILLS=20 ATOM_TEST_VIDEOS=60`` is two and four nodes,
that many killed workers and one killed node, and a node with another version.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from atom_core.host import open_host
from atom_core.testing.distributions import write_distribution
from atom_core.testing.terminal import run_here
from atom_core.testing.videos import BLUE, GREEN, RED, YELLOW, Shot, write_video

if TYPE_CHECKING:
    from conftest import TestCluster

WORKER, BUSY = b"ray::Worker", b"ray::Worker.do"
"""How the processes of actors call themselves, and those that are past their start."""

KILLS = int(os.environ.get("ATOM_TEST_KILLS", "1"))
VIDEOS = int(os.environ.get("ATOM_TEST_VIDEOS", "6"))
LONG = "ATOM_TEST_KILLS" in os.environ
COLOURS = [RED, BLUE, GREEN, YELLOW]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of one or two shots, no two the same, and two files that are none."""
    folder = tmp_path_factory.mktemp("ray")
    (folder / "footage").mkdir()
    for number in range(VIDEOS):
        shots = [Shot(12 + number // 4, COLOURS[number % 4]), Shot(12, COLOURS[(number + 1) % 4])][: 1 + number % 2]
        write_video(folder / "footage" / f"{number}.mp4", shots=shots)
    for name in ("empty.mp4", "text.mp4"):
        (folder / "footage" / name).write_text("" if name == "empty.mp4" else "no video")
    (folder / "index.toml").write_text('[[steps]]\ntask = "index-video"\n')
    return folder


def contents(library: Path, cache: Path) -> tuple[list[tuple[Any, ...]], np.ndarray]:
    """What a library has of each clip, in order, and the vectors."""
    with open_host(model="tiny", library=library, cache=cache, offline=True) as host:
        table = host.library._read(None)  # type: ignore[attr-defined]
        rows = [(row["content_hash"], row["start_s"], row["end_s"], row["caption"], row["path"])
                for row in table.metadata]  # fmt: skip
        order = sorted(range(len(rows)), key=rows.__getitem__)
        return [rows[n] for n in order], table.clips_NE[order]


def kill_workers(cluster: TestCluster, process: Any, kills: int, *, with_node: bool) -> int:
    """Kill workers at random times while the run goes on, and once a node; how many were killed."""
    chance = random.Random(20)
    killed = 0
    while process.poll() is None:
        time.sleep(chance.uniform(0.2, 2.0) if LONG else 0.05)  # a short run would end before it
        if killed < kills and (workers := cluster.workers(BUSY if LONG else WORKER)):
            os.kill(chance.choice(workers), signal.SIGKILL)
            killed += 1
            if with_node and killed == kills // 2:
                cluster.tell("kill")
    return killed


@pytest.mark.parametrize("num_nodes", [2, 4] if LONG else [2])
def test_same_library(cluster_of: Callable[[int], TestCluster], folder: Path, tmp_path: Path, num_nodes: int) -> None:
    """Entry for entry what one machine makes, and each failure named once, while workers and a node are killed."""
    whole, spread, cache = tmp_path / "whole", tmp_path / "spread", tmp_path / "cache"
    run = ["run", folder / "index.toml", folder / "footage", "--model", "tiny", "--json"]
    alone = run_here(*run, "--library", whole, "--cache", tmp_path / "other")
    cluster = cluster_of(num_nodes)
    places = ["--library", spread, "--cache", cache]
    with (tmp_path / "out").open("w+") as told, (tmp_path / "err").open("w+") as said:
        process = cluster.start(*run, *places, "--on", f"ray://{cluster.address}", stdout=told, stderr=said)
        killed = kill_workers(cluster, process, KILLS, with_node=LONG)
    out, err = (tmp_path / "out").read_text(), (tmp_path / "err").read_text()
    assert process.returncode == alone.code == 1, err
    assert killed == KILLS
    (rows, vectors_NE), (expected, expected_NE) = contents(spread, cache), contents(whole, tmp_path / "other")
    assert rows == expected
    np.testing.assert_allclose(vectors_NE, expected_NE, atol=1e-3)  # what is worked on at once differs
    made = Counter(row["video"] for row in json.loads(out))
    assert made == Counter(row["video"] for row in alone.json)
    assert set(made.values()) == {1}
    failures = [line for line in err.splitlines() if ".mp4" in line]
    assert sorted(failures) == sorted(line for line in alone.err.splitlines() if ".mp4" in line)
    assert len(failures) == 2
    if not LONG:
        return
    again = cluster.start(*run, *places, "--on", f"ray://{cluster.address}")
    out, err = again.communicate()
    assert Counter(row["video"] for row in json.loads(out)) == made


@pytest.mark.skipif(not LONG, reason="a node more; ATOM_TEST_KILLS=20 runs it")
def test_another_version(cluster_of: Callable[[int], TestCluster], folder: Path, tmp_path: Path) -> None:
    """A node with another version of a plugin is refused by its name, in one line, before anything is made."""
    (tmp_path / "site").mkdir()
    write_distribution(tmp_path / "site", "atom-tiny", plugins={"tiny": "atom_tiny"}, files={}, version="9.9")
    cluster = cluster_of(1)
    cluster.tell(f"add {tmp_path / 'site'}")
    places = ["--library", tmp_path / "library", "--cache", tmp_path / "cache", "--model", "tiny"]
    process = cluster.start(
        "run", folder / "index.toml", folder / "footage", *places, "--on", f"ray://{cluster.address}"
    )
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert "cannot take part: it has atom-tiny 9.9, the run is of atom-tiny" in err
