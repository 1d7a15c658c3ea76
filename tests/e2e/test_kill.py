"""Killed in the middle of indexing: nothing is half there, and a second run makes it whole.

``ATOM_TEST_KILLS=20`` kills more often than the few times that every test run does.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import runpy
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atom_core.testing.videos import Shot, write_video

KILLS = int(os.environ.get("ATOM_TEST_KILLS", "3"))
COLOURS = [(220, 40, 40), (40, 200, 60), (50, 70, 230), (230, 210, 40), (40, 210, 210), (210, 50, 210)]


def index(videos: list[Path], folder: Path) -> None:
    """Index `videos` into the library and feature cache below `folder`, skipping what is there."""
    from atom_core.host import open_host

    with open_host(model="tiny", library=folder / "library", cache=folder / "cache") as host:
        known = host.library.videos()
        wanted = [video for video in map(host.video, videos) if video.content_hash not in known]
        for outcome in host.map("index-video", wanted):
            if outcome.error is not None:
                raise outcome.error


def contents(folder: Path, pipe: Any) -> None:
    """Everything in the library, the names of the kept features and how many were damaged, sent through `pipe`."""
    from atom_core.host import open_host

    with open_host(model="tiny", library=folder / "library", cache=folder / "cache") as host:
        library: Any = host.library
        table = library._read(None)
        order = sorted(range(len(table.metadata)), key=lambda n: str(_what(table.metadata[n])))
        rows = [_what(table.metadata[n]) for n in order]
        vectors = np.stack([table.clips_NE[order], table.captions_NE[order]])
        host.encoder.encode_batch([clip for path in library.videos().values() for clip in host.clips(host.video(path))])
        damaged = host.ledger.as_dict()["encoder_clips"]["computed"]
    kept = sorted(path.name for path in folder.glob("cache/features/*/*.safetensors"))
    pipe.send((rows, kept, damaged, vectors))


def _what(row: Any) -> tuple[Any, ...]:
    return row["content_hash"], row["start_s"], row["end_s"], row["caption"]


@pytest.fixture(scope="module")
def context() -> Any:
    """Fresh processes that need not import everything again."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["atom_core.host", "torch", "transformers", "chromadb"])
    return context


def started(context: Any, action: str, *arguments: Any) -> BaseProcess:
    """A process that runs a function of this file, which it cannot import by name."""
    given = (__file__, {"GIVEN": (action, *arguments)}, "worker")
    process: BaseProcess = context.Process(target=runpy.run_path, args=given)
    process.start()
    return process


def looked(context: Any, folder: Path) -> Any:
    """What `contents` finds."""
    receiver, sender = context.Pipe(duplex=False)
    process = started(context, "contents", folder, sender)
    assert receiver.poll(120)
    found = receiver.recv()
    process.join()
    return found


def test_killed_indexing_leaves_nothing_half_done(context: Any, tmp_path: Path) -> None:
    """Killed at random moments and run again, the library and the features are those of an undisturbed run."""
    shots = [Shot(num_frames=12, colour=colour) for colour in COLOURS]
    videos = [write_video(tmp_path / f"{n}.mp4", shots=shots[n : n + 3]) for n in range(4)]
    whole = tmp_path / "whole"
    started(context, "index", [], tmp_path / "first").join()  # imports once, or the time below is too long to kill in
    begun = time.monotonic()
    process = started(context, "index", videos, whole)
    process.join()
    assert process.exitcode == 0
    took_s = time.monotonic() - begun
    expected = looked(context, whole)
    assert len(expected[0]) >= 4
    rng = random.Random(0)
    cut_short = 0
    for number in range(KILLS):
        folder = tmp_path / f"killed{number}"
        process = started(context, "index", videos, folder)
        if number == 0:  # surely in the middle, however fast or slow the machine is
            while process.is_alive() and not any(folder.glob("cache/features/*/*.safetensors")):
                time.sleep(0.001)
        else:
            process.join(rng.uniform(0.1, 1.0) * took_s)
        cut_short += process.is_alive()
        process.kill()
        process.join()
        again = started(context, "index", videos, folder)
        again.join()
        assert again.exitcode == 0
        found = looked(context, folder)
        assert found[:-1] == expected[:-1]
        np.testing.assert_allclose(found[-1], expected[-1], atol=1e-4)
    assert cut_short


if __name__ == "worker":
    action, *arguments = globals()["GIVEN"]
    globals()[action](*arguments)
