"""Many at once: processes on one library, threads on one host; thousands one after the other."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from atom_core.host import open_host

LONG = float(os.environ.get("ATOM_HOSTILE_SECONDS", "60")) >= 600
WORLD = Path(__file__).with_name("footage.py")


def world(folder: Path, count: int, shots: int) -> dict[str, list[str]]:
    """Videos in `folder`, and what each of their shots shows."""
    made = subprocess.run(
        [sys.executable, str(WORLD), str(folder), str(count), str(shots)], check=True, capture_output=True, text=True
    )
    return json.loads(made.stdout)


def test_processes_on_one_library(tmp_path: Path, footage: Path, tally: Any) -> None:
    """Processes that index, search and prune one library at once.

    Each ends well, and in the end all videos are there, once.
    """
    places = ["--model", "tiny", "--library", str(tmp_path / "library"), "--cache", str(tmp_path / "cache")]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    videos = sorted(map(str, footage.iterdir()))
    jobs = (
        [["index", *videos[start::3]] for start in range(3)]
        + [["search", "a red shape"]] * 2
        + [["library", "--prune"]]
    )
    atom = [sys.executable, "-m", "atom_core.cli"]
    running = []
    for job in jobs if LONG else jobs[1:4]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        running.append((job, subprocess.Popen([*atom, *job, *places], env=variables, cwd=tmp_path, **pipes)))
    for job, process in running:
        text = process.communicate(timeout=300)[0]
        none = "is empty" in text or "there is no library" in text
        empty = job[0] != "index" and process.returncode == 2 and none
        wrong = "Traceback" in text or (process.returncode != 0 and not empty)
        tally.case(*[f"{job[0]}: exit {process.returncode}, {text[-300:]!r}"] * wrong)
    subprocess.run([*atom, "index", *videos, *places], check=True, env=variables, cwd=tmp_path, capture_output=True)
    with open_host(model="tiny", threads=1, library=tmp_path / "library", cache=tmp_path / "cache") as host:
        expected = {video: len(host.clips(host.video(video))) for video in videos}
        library: Any = host.library
        rows = [(row["path"], row["start_s"]) for row in library._read(None).metadata]
    counts = {video: sum(path == video for path, _ in rows) for video in videos}
    tally.case(
        *[f"clips in the library: {counts}, not {expected}"] * (counts != expected or len(set(rows)) != len(rows))
    )
    tally.judge(len(running) + 1)


def test_threads_on_one_host(tmp_path: Path, tally: Any) -> None:
    """Threads that ask one host about different videos at once.

    Each gets the caption of its own clip; how long the slowest waited is told by a long run.
    """
    truth = world(tmp_path / "v", 8, 2)
    seconds, num_threads = (180.0, 32) if LONG else (3.0, 8)
    waits: list[float] = []
    places = {"library": tmp_path / "library", "cache": tmp_path / "cache"}
    with open_host(model="tiny", threads=1, **places) as host:
        clips = [clip for name in truth for clip in host.clips(host.video(tmp_path / "v" / name))]
        alone = {clip: host.run("caption", clip).text for clip in clips}
        end_s, lock = time.monotonic() + seconds, threading.Lock()

        def ask(number: int) -> None:
            turn = number
            while time.monotonic() < end_s:
                clip, begun = clips[turn % len(clips)], time.monotonic()
                text = host.run("caption", clip).text
                with lock:
                    waits.append(time.monotonic() - begun)
                    tally.case(*[f"{text!r} for {alone[clip]!r}"] * (text != alone[clip]))
                turn += 7

        with ThreadPoolExecutor(num_threads) as pool:
            list(pool.map(ask, range(num_threads)))
    if LONG:
        print(f"waited: median {statistics.median(waits):.3f} s, most {max(waits):.3f} s, {len(waits)} answers")
    tally.judge(num_threads)


def peak_mib() -> int:
    """The most memory that this process had resident since this was called last, MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (proc(5))
    return kib // 2**10


@pytest.mark.skipif(not LONG, reason="only in a long run: ATOM_HOSTILE_SECONDS=1800")
def test_thousands_of_videos(tmp_path: Path, tally: Any) -> None:
    """Two thousand videos in one process.

    Its peak over the last two hundred is within a twentieth of that over the first after warming up: by then caches,
    which are small here, are full.
    """
    world(tmp_path / "v", 2000, 1)
    peaks: list[int] = []
    places = {"library": tmp_path / "library", "cache": tmp_path / "cache", "prefix_cache_bytes": 20 * 2**20}
    with open_host(model="tiny", threads=1, **places) as host:
        videos = map(host.video, sorted((tmp_path / "v").iterdir()))
        for number, outcome in enumerate(host.map("index-video", videos), 1):
            tally.case(*[f"{outcome.error}"] * (outcome.error is not None))
            if number % 200 == 0:
                peaks.append(peak_mib())
    print("most MiB in each 200 videos:", *peaks)
    tally.case(*[f"grows: {peaks} MiB"] * (peaks[-1] > 1.05 * peaks[1]))
    tally.judge(2000)
