"""Who works on which video: hands them out, and takes back those of workers that die. Knows nothing of Ray."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter, deque
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from attrs import define, field

import atom_core as atom
from atom_core.executors.work import VideoDone

log = logging.getLogger("atom")

MOST_DEATHS = 3
"""So many workers die of a video that they work on alone before it is given up."""
_SHARED_DEATHS = 2
"""After so many deaths of workers that had others, too, a video is worked on alone: any of them may be at fault."""
_LOOK_S = 1.0
_WAIT_S = 60.0


class WorkerDied(Exception):
    """A worker is gone, and what it was asked for with it."""


class Cluster(Protocol):
    """What is needed of a cluster. What is asked for is known by tickets."""

    def nodes(self) -> dict[str, str]:
        """The nodes that can work now, by id, as messages call them."""

    def start(self, node: str) -> tuple[object, Hashable]:
        """A new worker on a node, and the ticket for what keeps it from working: a text, empty if nothing does."""

    def ask(self, worker: object, path: Path) -> Hashable:
        """Have a worker work on a video; the ticket for what `Node.do` returns."""

    def wait(self, tickets: Sequence[Hashable], seconds: float) -> list[Hashable]:
        """Those tickets of which something is known; waits for the first of them."""

    def result(self, ticket: Hashable) -> bytes | str:
        """What was asked for.

        :raises WorkerDied: if it is not to be had
        """

    def end(self, worker: object) -> None:
        """End a worker, whatever it does."""

    def dismiss(self, workers: Sequence[object]) -> None:
        """End workers that have nothing more to do; they may tidy up first."""


@define(eq=False)
class _Worker:
    """A worker, and what it was asked for."""

    node: str
    handle: object
    opening: Hashable | None
    """The ticket for whether it can work; None once it can."""
    asked: dict[Hashable, Path] = field(factory=dict)
    alone: bool = False
    """Whether it works on a video of which others died."""


class Fleet:
    """One worker on each node, and the videos that they work on."""

    def __init__(self, cluster: Cluster, paths: Sequence[Path], *, at_once: int, wait_s: float = _WAIT_S) -> None:
        """
        :param at_once: how many videos a worker works on at once
        :param wait_s: how long to wait for nodes that are starting, and for new ones once all are gone, seconds
        """
        self._cluster, self._at_once, self._wait_s = cluster, at_once, wait_s
        self._waiting = deque(paths)
        self._suspects: deque[Path] = deque()
        self._left = len(paths)
        self._deaths: Counter[Path] = Counter()
        self._alone_deaths: Counter[Path] = Counter()
        self._workers: list[_Worker] = []
        self._refused: set[str] = set()
        self._stillborn: Counter[str] = Counter()
        self._alive_s = time.monotonic()

    def muster(self) -> None:
        """Start a worker on each node, and wait until they can work.

        :raises SettingsError: if a node cannot take part, naming all that cannot, or there is none
        """
        end_s = time.monotonic() + self._wait_s
        refused: list[str] = []
        names = self._cluster.nodes()
        while time.monotonic() < end_s:
            self._man(names)
            opening = {one.opening: one for one in self._workers if one.opening is not None}
            if not opening:
                break
            for ticket in self._cluster.wait(list(opening), _LOOK_S):
                if why := self._opened(opening[ticket]):
                    refused.append(f"node {names[opening[ticket].node]} cannot take part: {why}")
            names |= self._cluster.nodes()
        if refused:
            raise atom.SettingsError("\n".join(refused))
        if late := [names[one.node] for one in self._workers if one.opening is not None]:
            log.warning("begins without %s: busy, or slow to start; it may come later", ", ".join(late))
        if not any(one.opening is None for one in self._workers):
            raise atom.SettingsError("no node of the cluster has room for a worker; wait, or end what is running there")

    def run(self) -> Iterator[bytes | VideoDone]:
        """What became of each video, as it is known.

        :raises SettingsError: if no node is left
        """
        try:
            while self._left:
                self._look_after_nodes()
                self._hand_out()
                tickets = {ticket: one for one in self._workers for ticket in self._tickets(one)}
                if not tickets:
                    time.sleep(min(_LOOK_S, self._wait_s / 10))
                    continue
                for ticket in self._cluster.wait(list(tickets), _LOOK_S):
                    if tickets[ticket] in self._workers:
                        yield from self._settle(tickets[ticket], ticket)
        finally:
            self._cluster.dismiss([one.handle for one in self._workers])

    def _tickets(self, worker: _Worker) -> list[Hashable]:
        return [*worker.asked, *([worker.opening] if worker.opening is not None else [])]

    def _settle(self, worker: _Worker, ticket: Hashable) -> Iterator[bytes | VideoDone]:
        """Take what a ticket is for."""
        if ticket == worker.opening:
            if why := self._opened(worker):
                log.warning("node %s is left out: %s", self._cluster.nodes().get(worker.node, worker.node), why)
            return
        try:
            result = self._cluster.result(ticket)
        except WorkerDied:
            yield from self._bury(worker)
            return
        path = worker.asked.pop(ticket)
        worker.alone = False
        self._left -= 1
        del self._deaths[path], self._alone_deaths[path]
        assert isinstance(result, bytes)
        yield result

    def _opened(self, worker: _Worker) -> str:
        """Take note of whether a new worker can work; why not."""
        opening, worker.opening = worker.opening, None
        try:
            why = str(self._cluster.result(opening))
            if not why:
                del self._stillborn[worker.node]
                return ""
        except WorkerDied as died:
            self._stillborn[worker.node] += 1
            often = worker.node in self._cluster.nodes() and self._stillborn[worker.node] >= MOST_DEATHS
            why = str(died) if often else ""
        self._workers.remove(worker)
        self._cluster.end(worker.handle)
        if why:
            self._refused.add(worker.node)
        return why

    def _bury(self, worker: _Worker) -> Iterator[VideoDone]:
        """Take back the videos of a worker that is gone. One that died with its node died of none of them."""
        self._workers.remove(worker)
        self._cluster.end(worker.handle)
        own_death = worker.node in self._cluster.nodes()
        deaths = self._alone_deaths if len(worker.asked) == 1 else self._deaths
        for path in worker.asked.values():
            deaths[path] += own_death
            if self._alone_deaths[path] >= MOST_DEATHS:
                self._left -= 1
                failed = f"{MOST_DEATHS} processes that worked on '{path}' alone died of it"
                yield VideoDone.failed(path, atom.TaskError(f"{failed}; if memory is short there, set fewer --workers"))
            elif self._deaths[path] >= _SHARED_DEATHS or self._alone_deaths[path]:
                self._suspects.append(path)
            else:
                self._waiting.append(path)

    def _look_after_nodes(self) -> None:
        nodes = self._cluster.nodes()
        for worker in [one for one in self._workers if one.node not in nodes and not one.asked]:
            self._workers.remove(worker)
        self._man(nodes)
        if self._workers:
            self._alive_s = time.monotonic()
        elif time.monotonic() > self._alive_s + self._wait_s:
            raise atom.SettingsError(
                f"no node of the cluster is left, and {self._left} videos are not done; start nodes, then run the same"
                " again: it goes on where it was"
            )

    def _man(self, nodes: dict[str, str]) -> None:
        """Start a worker on each node that has none."""
        for node in nodes.keys() - {one.node for one in self._workers} - self._refused:
            handle, opening = self._cluster.start(node)
            self._workers.append(_Worker(node, handle, opening))

    def _hand_out(self) -> None:
        """Give videos to those who have least to do; towards the end nobody hoards what others could begin."""
        ready = [one for one in self._workers if one.opening is None]
        share = math.ceil(self._left / len(ready)) if ready else 0
        most = min(self._at_once + 1, max(1, share))
        while self._waiting:
            free = [one for one in ready if len(one.asked) < most and not one.alone]
            if not free:
                break
            self._ask(min(free, key=lambda one: len(one.asked)), self._waiting.popleft())
        for worker in ready:
            if self._suspects and not worker.asked and not self._waiting:
                worker.alone = True
                self._ask(worker, self._suspects.popleft())

    def _ask(self, worker: _Worker, path: Path) -> None:
        worker.asked[self._cluster.ask(worker.handle, path)] = path
