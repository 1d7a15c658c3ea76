"""Several runs share out a folder: each into a library of its own, and together what one run makes of it.

``ATOM_TEST_VIDEOS=200`` shares out more videos than the few of every test run, in more parts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_core.host import open_host
from atom_core.testing import wait_until
from atom_core.testing.terminal import Atom
from atom_core.testing.videos import BLUE, GREEN, RED, YELLOW, Shot, write_video

VIDEOS = int(os.environ.get("ATOM_TEST_VIDEOS", "6"))
COUNTS = [1, 3] if VIDEOS < 50 else [1, 2, 4, 8]
COLOURS = [RED, BLUE, GREEN, YELLOW]
PIPELINE = """
[[steps]]
task = "index-video"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos of one or two shots each, no two the same, and a pipeline that indexes."""
    folder = tmp_path_factory.mktemp("shards")
    (folder / "footage").mkdir()
    for number in range(VIDEOS):
        colours = COLOURS[number % 4], COLOURS[(number + 1) % 4]
        shots = [Shot(12 + number // 4, colours[0]), Shot(12, colours[1])][: 1 + number % 2]
        write_video(folder / "footage" / f"{number}.mp4", shots=shots)
    (folder / "index.toml").write_text(PIPELINE)
    return folder


def contents(library: Path, cache: Path) -> list[tuple[Any, ...]]:
    """What a library has of each clip, in order, and the vectors."""
    with open_host(model="tiny", library=library, cache=cache, offline=True) as host:
        table = host.library._read(None)  # type: ignore[attr-defined]
        rows = [
            (row["content_hash"], row["start_s"], row["end_s"], row["caption"], row["path"]) for row in table.metadata
        ]
        order = sorted(range(len(rows)), key=rows.__getitem__)
        return [(*rows[n], np.round(table.clips_NE[n], 3).tolist()) for n in order]


@pytest.mark.parametrize("count", COUNTS)
def test_parts_make_the_whole(atom: Atom, folder: Path, tmp_path: Path, count: int) -> None:
    """Entry for entry, also where a part is run twice or merged twice; with one cache for all no clip is encoded
    twice.
    """
    run = ["run", str(folder / "index.toml"), str(folder / "footage")]
    whole, parts, cache = tmp_path / "whole", tmp_path / "parts", tmp_path / "cache"
    assert atom(*run, "--library", str(whole), "--cache", str(tmp_path / "other")).code == 0
    computed = 0
    for index in (*range(1, count + 1), count):
        stats = tmp_path / "stats.json"
        shared = ["--library", str(parts), "--cache", str(cache), "--stats", str(stats)]
        ran = atom(*run, *shared, "--shard", f"{index}/{count}")
        assert ran.code == 0, ran.err
        computed += json.loads(stats.read_text())["encoder_clips"]["computed"]
    assert computed == VIDEOS + VIDEOS // 2
    assert not parts.exists()
    folders = sorted(map(str, (tmp_path / "parts.shards").iterdir()))
    for _ in range(2):
        merged = atom("library", "--library", str(parts), "--cache", str(cache), "--merge", *folders)
        assert merged.code == 0, merged.err
    assert contents(parts, cache) == contents(whole, cache)


def kill_in_the_middle(command: list[str], cache: Path) -> None:
    """Start a command, and kill it once it has kept a feature that was not there."""
    kept = len(list(cache.glob("features/*/*.safetensors")))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(
        lambda: len(list(cache.glob("features/*/*.safetensors"))) > kept or process.poll() is not None, seconds=120
    )
    process.kill()
    process.wait()


def test_a_part_that_was_killed(folder: Path, tmp_path: Path, atom: Atom) -> None:
    """Run again it is what it would have been, and the merge with it."""
    run = ["run", str(folder / "index.toml"), str(folder / "footage")]
    whole, parts, cache = tmp_path / "whole", tmp_path / "parts", tmp_path / "cache"
    assert atom(*run, "--library", str(whole), "--cache", str(tmp_path / "other")).code == 0
    shared = ["--library", str(parts), "--cache", str(cache)]
    program = str(Path(sys.executable).with_name("atom"))
    for index in (1, 2):
        part = [*run, *shared, "--shard", f"{index}/2"]
        kill_in_the_middle([program, *part], cache)
        assert atom(*part).code == 0
    assert atom("library", *shared, "--merge", *map(str, (tmp_path / "parts.shards").iterdir())).code == 0
    assert contents(parts, cache) == contents(whole, cache)


def test_what_cannot_be_shared_out(atom: Atom, folder: Path, tmp_path: Path) -> None:
    """A part that there is not, a step that looks at the whole, and a library that is to be taken into itself: one
    line, exit code 2, nothing made.
    """
    library = ["--library", str(tmp_path / "library")]
    ran = atom("run", str(folder / "index.toml"), str(folder / "footage"), *library, "--shard", "4/3")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    search = tmp_path / "search.toml"
    search.write_text('[[steps]]\ntask = "search"\ntexts = ["red"]\n')
    ran = atom("run", str(search), str(folder / "footage"), *library, "--shard", "1/3")
    assert ran.code == 2
    assert "looks at the whole library" in ran.err
    assert list(tmp_path.iterdir()) == [search]
    assert atom("run", str(folder / "index.toml"), str(folder / "footage" / "1.mp4"), *library).code == 0
    ran = atom("library", *library, "--merge", str(tmp_path / "library"))
    assert ran.code == 2
    assert "is the library itself" in ran.err
