"""What a cluster costs beside one machine: seconds per video for videos of which next to nothing is made.

``python plugins/atom-ray/tests/measure_overhead.py 1000 1 2 4`` takes 1000 videos, and clusters of 1, 2 and 4 nodes on
this machine. Nodes share its cores: more of them than cores show no more than what they cost.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conftest import ATOM, TestCluster

from atom_core.testing.distributions import write_distribution
from atom_core.testing.videos import RED, Shot, write_video

TASK = """
    import atom_core as atom

    @atom.hookimpl
    def atom_register_tasks(register):
        register.task("nothing", "atom_nothing:Nothing", summary="The whole video as one clip")

    class Nothing:
        consumes, produces = atom.Video, atom.Clip

        def run(self, video):
            return atom.Clip.whole(video)
"""


def main() -> None:
    """Measure, and print a row for each."""
    num, *nodes = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_distribution(
            folder / "site", "atom-nothing", plugins={"nothing": "atom_nothing"}, files={"atom_nothing.py": TASK}
        )
        os.environ["PYTHONPATH"] = str(folder / "site")
        footage = folder / "footage"
        footage.mkdir()
        write_video(folder / "one.mp4", shots=[Shot(12, RED)])
        data = (folder / "one.mp4").read_bytes()
        for number in range(num):  # a box that players pass over makes each another file
            (footage / f"{number}.mp4").write_bytes(data + b"\0\0\0\x10free%08d" % number)
        (folder / "steps.toml").write_text('[[steps]]\ntask = "nothing"\n')
        here = seconds(folder, [str(ATOM)])
        tell("one machine", here, num, here)
        for count in nodes:
            cluster = TestCluster(count)
            try:
                there = seconds(folder, cluster.inside(), "--on", f"ray://{cluster.address}")
            finally:
                cluster.close()
            tell(f"{count} nodes", there, num, here)


def seconds(folder: Path, program: list[str], *more: str) -> tuple[float, float]:
    """Wall and processor seconds of the process that asks, for all videos beyond the first ten."""
    spans = []
    for part in ("[0-9].mp4", "*.mp4"):
        paths = sorted(map(str, (folder / "footage").glob(part)))
        places = ["--library", folder / "library", "--cache", folder / f"cache-{time.time_ns()}", "-q", "--json"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [*program, "run", folder / "steps.toml", *paths, *places, *more]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        spans.append((time.perf_counter() - start, used))
    return spans[1][0] - spans[0][0], spans[1][1] - spans[0][1]


def tell(name: str, spent: tuple[float, float], num: int, here: tuple[float, float]) -> None:
    """A row: wall and processor time per video, and how much wall time that is above one machine's."""
    wall, used, more = (value / (num - 10) * 1000 for value in (*spent, spent[0] - here[0]))
    sys.stdout.write(f"{name:12} {wall:6.1f} ms, {used:6.1f} ms of the process that asks, {more:+6.1f} ms\n")
    sys.stdout.flush()


main()
