"""Who works on what, with a cluster that is made up: nodes that die, videos that kill, nodes that do not fit."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Hashable, Sequence
from pathlib import Path

import pytest
from atom_ray.fleet import MOST_DEATHS, Fleet, WorkerDied

import atom_core as atom
from atom_core.executors.work import VideoDone


class MadeUp:
    """A cluster whose workers do something at once, in any order, or die of it."""

    def __init__(self, nodes: int = 3, *, seed: int = 0) -> None:
        self.chance = random.Random(seed)
        self.alive = {f"n{number}": f"host{number}" for number in range(nodes)}
        self.reasons: dict[str, str] = {}
        self.deadly: set[Path] = set()
        self.kill_share = 0.0
        self.stillborn: Counter[str] = Counter()
        self.tried: Counter[Path] = Counter()
        self.most_at_once: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._known: dict[Hashable, bytes | str | WorkerDied] = {}
        self._asked: dict[str, dict[Hashable, Path]] = {}

    def nodes(self) -> dict[str, str]:
        return dict(self.alive)

    def start(self, node: str) -> tuple[object, Hashable]:
        worker, ticket = f"{node}:{next(self._numbers)}", next(self._numbers)
        self._asked[worker] = {}
        self._known[ticket] = self.reasons.get(node, "")
        if self.stillborn[node]:
            self.stillborn[node] -= 1
            self._known[ticket] = WorkerDied("killed")
        return worker, ticket

    def ask(self, worker: object, path: Path) -> Hashable:
        ticket = next(self._numbers)
        self.tried[path] += 1
        asked = self._asked.get(str(worker))
        if asked is None:  # it has died since
            self._known[ticket] = WorkerDied("gone")
            return ticket
        asked[ticket] = path
        self.most_at_once[str(worker)] = max(self.most_at_once[str(worker)], len(asked))
        return ticket

    def die(self, worker: str) -> None:
        """End a worker with all that it works on."""
        for ticket in self._asked.pop(worker, {}):
            self._known[ticket] = WorkerDied("killed")

    def lose(self, node: str) -> None:
        """End a node with its workers."""
        del self.alive[node]
        for worker in [one for one in self._asked if one.startswith(f"{node}:")]:
            self.die(worker)

    def wait(self, tickets: Sequence[Hashable], seconds: float) -> list[Hashable]:
        for worker, asked in list(self._asked.items()):
            if any(path in self.deadly for path in asked.values()) or self.chance.random() < self.kill_share:
                self.die(worker)
            elif asked:
                ticket = self.chance.choice(list(asked))
                self._known[ticket] = asked.pop(ticket).name.encode()
        return [ticket for ticket in tickets if ticket in self._known]

    def result(self, ticket: Hashable) -> bytes | str:
        value = self._known[ticket]
        if isinstance(value, WorkerDied):
            raise value
        return value

    def end(self, worker: object) -> None:
        self._asked.pop(str(worker), None)

    def dismiss(self, workers: Sequence[object]) -> None:
        for worker in workers:
            self.end(worker)


def names(results: Sequence[bytes | VideoDone]) -> list[str]:
    """The videos that were finished, and those that were given up, in order."""
    return sorted(result.path.name if isinstance(result, VideoDone) else result.decode() for result in results)


def fleet(cluster: MadeUp, num: int, **more: float) -> Fleet:
    made = Fleet(cluster, [Path(f"{number:03}") for number in range(num)], at_once=3, **more)
    made.muster()
    return made


@pytest.mark.parametrize("seed", range(20))
def test_each_video_once(seed: int) -> None:
    """Workers die at random, and a node: every video comes out once, and most were tried once."""
    cluster = MadeUp(seed=seed)
    run = fleet(cluster, 200).run()
    first = list(itertools.islice(run, 20))
    cluster.lose("n1")
    cluster.kill_share = 0.02
    rest = list(run)
    assert names([*first, *rest]) == [f"{number:03}" for number in range(200)]
    assert sum(cluster.tried.values()) < 300


def test_videos_that_kill() -> None:
    """A video of which workers die is given up by its name after a few; those beside it are not."""
    cluster = MadeUp()
    cluster.deadly = {Path("007"), Path("011")}
    results = list(fleet(cluster, 60).run())
    given_up = [result for result in results if isinstance(result, VideoDone)]
    assert names(results) == [f"{number:03}" for number in range(60)]
    assert names(given_up) == ["007", "011"]
    assert all(cluster.tried[result.path] <= MOST_DEATHS + 2 for result in given_up)
    assert "3 processes that worked on '007' alone died of it" in " ".join(
        str(one.results[0].error) for one in given_up
    )


def test_many_deaths_of_nothing() -> None:
    """Workers that are killed again and again, whatever they work on, fail no video."""
    cluster = MadeUp(2, seed=5)
    run = fleet(cluster, 40).run()
    results = []
    for _ in range(20):
        results += list(itertools.islice(run, 1))
        for worker in [one for one, asked in cluster._asked.items() if asked][:1]:
            cluster.die(worker)
    results += list(run)
    assert not [result for result in results if isinstance(result, VideoDone)]
    assert names(results) == [f"{number:03}" for number in range(40)]


def test_nobody_hoards() -> None:
    """A worker has a few videos at once, and fewer where there are few for all."""
    cluster = MadeUp(2)
    assert len(list(fleet(cluster, 50).run())) == 50
    assert max(cluster.most_at_once.values()) == 4
    cluster = MadeUp(3)
    assert len(list(fleet(cluster, 3).run())) == 3
    assert list(cluster.most_at_once.values()) == [1, 1, 1]


def test_a_node_comes_later(caplog: pytest.LogCaptureFixture) -> None:
    """It takes its share; one that does not fit is left out, and told."""
    cluster = MadeUp(1)
    run = fleet(cluster, 60).run()
    first = list(itertools.islice(run, 5))
    cluster.alive |= {"n8": "host8", "n9": "host9"}
    cluster.reasons["n9"] = "it has atom-core 0.0"
    assert len([*first, *run]) == 60
    assert {worker[:2] for worker in cluster.most_at_once} == {"n0", "n8"}
    assert [record.getMessage() for record in caplog.records] == ["node host9 is left out: it has atom-core 0.0"]


def test_nodes_that_do_not_fit() -> None:
    """Each is named with why, before anything is sent."""
    cluster = MadeUp(3)
    cluster.reasons = {"n0": "it has atom-core 0.0", "n2": "'/footage' is not there"}
    with pytest.raises(atom.SettingsError) as refused:
        fleet(cluster, 5)
    assert sorted(str(refused.value).splitlines()) == [
        "node host0 cannot take part: it has atom-core 0.0",
        "node host2 cannot take part: '/footage' is not there",
    ]
    assert not cluster.tried


def test_a_worker_dies_early() -> None:
    """A worker that dies before it can work is replaced; a node on which each does is left out."""
    cluster = MadeUp(2)
    cluster.stillborn = Counter(n0=2)
    assert len(list(fleet(cluster, 20).run())) == 20
    assert {worker[:2] for worker in cluster.most_at_once} == {"n0", "n1"}
    cluster.stillborn = Counter(n0=9)
    with pytest.raises(atom.SettingsError, match="node host0 cannot take part: killed"):
        fleet(cluster, 20)


def test_no_nodes() -> None:
    """None at all, and none left, are told."""
    with pytest.raises(atom.SettingsError, match="no node of the cluster has room"):
        fleet(MadeUp(0), 5)
    cluster = MadeUp(1)
    run = fleet(cluster, 30, wait_s=0.1).run()
    next(run)
    cluster.lose("n0")
    with pytest.raises(atom.SettingsError, match=r"no node of the cluster is left, and \d+ videos are not done; start"):
        list(run)
