"""A run of ten million videos on a thousand nodes, simulated: where the one process that asks becomes the limit.

``python docs/scale_simulation.py`` prints the table of docs/scale.md in some minutes; ``--videos 1000000`` is quicker.
What a video costs the process that asks is measured, see `ASK_S` and `WRITE_S`; what it costs a node is the table's
first column. Each node works on several videos at once. Videos differ, some are stragglers, workers die and are
started anew, and what they worked on is done again.
"""

from __future__ import annotations

import argparse
import heapq
import sys

import numpy as np
from attrs import frozen

NODES = 1000
AT_ONCE = 4
"""Videos that a node works on at once; each takes that much longer than it would alone."""
ASK_S = 0.0022
"""Processor time of the process that asks, where nothing is stored: as `measure_overhead.py` of atom-ray says."""
WRITE_S = 0.0058
"""Processor time of storing a video of five clips, 64 videos at once, with vectors of 960 and 384 numbers."""
SIGMA = 0.8
"""Spread of videos' times, of a lognormal distribution."""
STRAGGLERS, SLOWER = 0.001, 20.0
"""Share of videos that take so many times as long."""
DEATHS_PER_HOUR = 0.01
"""How often a worker dies; what it works on is done again, once it is started anew."""
START_S = 60.0
"""Until a new worker works."""


@frozen(kw_only=True)
class Outcome:
    """What became of a run."""

    seconds: float
    """How long it took."""
    ideal_s: float
    """How long it would take if nobody waited or died."""
    asker: float
    """Which share of the time a process that asks was busy."""
    lost: int
    """Videos that were worked on again."""


def simulate(videos: int, node_s: float, *, askers: int, writes: bool, seed: int = 0) -> Outcome:
    """A run in which each video takes a node `node_s` of its time, as a mean.

    :param askers: processes that ask, each with its share of videos and nodes (``--shard``)
    """
    rng = np.random.default_rng(seed)
    slots = NODES * AT_ONCE // askers
    num = videos // askers
    times = rng.lognormal(-(SIGMA**2) / 2, SIGMA, num) * np.where(rng.random(num) < STRAGGLERS, SLOWER, 1.0)
    times *= node_s * AT_ONCE / times.mean()
    dies = rng.random(num) < times * DEATHS_PER_HOUR / 3600
    again = times * rng.random(num) * dies + START_S * dies
    cost = ASK_S + (WRITE_S if writes else 0.0)
    free_s = busy_s = 0.0
    heap: list[float] = [0.0] * min(slots, num)  # when each slot was handed its video
    for number, spent in enumerate((times + again).tolist()):
        if number < len(heap):
            heap[number] = spent
            if number == len(heap) - 1:
                heapq.heapify(heap)
            continue
        free_s = max(heap[0], free_s) + cost  # one process takes what is done, and hands out the next
        busy_s += cost
        heapq.heapreplace(heap, free_s + spent)
    while heap:
        free_s = max(heapq.heappop(heap), free_s) + cost
        busy_s += cost
    ideal_s = float(times.sum()) / slots
    return Outcome(seconds=free_s, ideal_s=ideal_s, asker=busy_s / free_s, lost=int(dies.sum()) * askers)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=10_000_000)
    videos = parser.parse_args().videos
    print_row("node s/video", "processes", "writes", "hours", "ideal", "busy", "again")
    print_row(*["---"] * 7)
    for node_s, askers, writes in (
        (60.0, 1, True),
        (10.0, 1, True),
        (5.0, 1, True),
        (5.0, 1, False),
        (1.0, 1, True),
        (1.0, 16, True),
    ):
        made = simulate(videos, node_s, askers=askers, writes=writes)
        hours = [f"{seconds / 3600:.1f}" for seconds in (made.seconds, made.ideal_s)]
        kind = "library" if writes else "journal"
        print_row(f"{node_s:g}", str(askers), kind, *hours, f"{made.asker:.0%}", str(made.lost))


def print_row(*cells: str) -> None:
    """A row of the table."""
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
