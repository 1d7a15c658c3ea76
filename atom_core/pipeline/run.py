"""Runs a pipeline: every record goes on to the next step as soon as it is made, in several threads.

What is nearest to the end goes first, and a new video is opened only when there is too little else to do, so memory
stays bounded however long the list of videos is.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from atom_core.call_context import caller
from atom_core.errors import AtomError, Cancelled, TaskError
from atom_core.exhausted import exhausted
from atom_core.pipeline.graph import Link, Pipeline
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.resume import Resumed
from atom_core.pipeline.runs import Runs
from atom_core.plugins.discovery import one_line
from atom_core.records import Query, Question, Request, Video

_ONCE = -1
"""The place of what runs once, where videos have theirs."""
_Number: TypeAlias = tuple[int, ...]
"""Where a record stands among its video's: its place at each step it went through."""


@frozen(kw_only=True)
class StepResult:
    """What became of one record at one step."""

    step: str
    """The step's name; ``open`` where a video could not be opened."""
    path: Path | None
    """The video file; None for steps that run once."""
    item: Any = field(repr=False)
    """What it took."""
    value: Any = None
    """What it made; None if it failed."""
    error: AtomError | None = field(default=None, eq=False)
    """Why it failed."""
    resumed: bool = False
    """Whether it was done in an earlier run already."""


def run_pipeline(
    pipeline: Pipeline, host: Runs, paths: Sequence[str | Path], *, journal: Journal | None = None
) -> Iterator[StepResult]:
    """Run a pipeline over videos. Results come as they are made; one that fails stops only what would follow from it.

    :param journal: where done work is noted, and found again
    :raises PluginError: for a missing task, before anything is read
    :raises SettingsError: for steps that do not fit together, before anything is read
    """
    links = pipeline.check(host.plugins)
    host.expect(link.step.task for link in links)
    return _Run(links, host, [Path(path) for path in paths], journal).results()


def _meant_for_users(raised: Exception) -> AtomError:
    """What was raised for one record, as its failure; it does not end the run."""
    if isinstance(raised, AtomError):
        return raised
    error = TaskError(exhausted(raised) or one_line(raised))
    error.__cause__ = raised
    return error


class _Run:
    def __init__(self, links: Sequence[Link], host: Runs, paths: list[Path], journal: Journal | None) -> None:
        self._links = {link.step.name: link for link in links}
        self._consumers: Mapping[str, list[Link]] = {
            name: [link for link in links if link.source == name] for name in self._links
        }
        self._depth = {name: self._depth_of(link) for name, link in self._links.items()}
        self._host, self._paths = host, paths
        self._resumed = None if journal is None else Resumed(host, journal)
        self._lock = threading.Condition()
        self._work: list[tuple[int, int, int, Any]] = []
        self._order = itertools.count()
        self._running = 0
        self._opened = 0
        self._open: defaultdict[tuple[int, str], int] = defaultdict(int)
        self._made: defaultdict[tuple[int, str], list[tuple[_Number, Any]]] = defaultdict(list)
        self._ended: set[tuple[int, str]] = set()
        self._started_once: set[str] = set()
        self._stopped = False
        self._cancelled = caller.get().cancelled.child()
        self._told: queue.SimpleQueue[StepResult | BaseException | None] = queue.SimpleQueue()

    def results(self) -> Iterator[StepResult]:
        workers = [
            threading.Thread(target=copy_context().run, args=(self._worker,), name=f"pipeline {n}", daemon=True)
            for n in range(self._host.settings.workers)
        ]
        with self._lock:
            if not self._paths:
                self._start_once_steps()
        for worker in workers:
            worker.start()
        ended, wait = 0, True
        try:
            while ended < len(workers):
                told = self._told.get()
                if isinstance(told, BaseException):
                    raise told
                if told is None:
                    ended += 1
                else:
                    yield told
        except BaseException as stopped:
            self._cancelled.set()
            wait = not isinstance(stopped, KeyboardInterrupt)
            raise
        finally:
            with self._lock:
                self._stopped = True
                self._lock.notify_all()
            for worker in workers if wait else ():
                worker.join()

    def _worker(self) -> None:
        caller.set(evolve(caller.get(), cancelled=self._cancelled))
        try:
            while (work := self._next()) is not None:
                try:
                    work()
                finally:
                    with self._lock:
                        self._running -= 1
                        self._lock.notify_all()
        except BaseException as error:
            self._told.put(error)
        finally:
            self._told.put(None)

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            while not self._stopped:
                enough = len(self._work) >= self._host.settings.workers
                if self._opened < len(self._paths) and not enough:
                    place = self._opened
                    self._opened += 1
                    self._running += 1
                    return partial(self._open_video, place)
                if self._work:
                    self._running += 1
                    work: Callable[[], None] = heapq.heappop(self._work)[-1]
                    return work
                if not self._running:
                    self._lock.notify_all()
                    return None
                self._lock.wait()
            return None

    def _open_video(self, place: int) -> None:
        path = self._paths[place]
        sources = [link for link in self._links.values() if link.source is None and not self._is_once(link)]
        try:
            video = self._host.video(path)
            items = {link.step.name: self._items(link, video) for link in sources}
        except Exception as error:
            self._told.put(StepResult(step="open", path=path, item=path, error=_meant_for_users(error)))
            items = {link.step.name: [] for link in sources}
        with self._lock:
            for link in sources:
                self._feed(place, link, items[link.step.name])
                self._end_if_done(place, link.step.name, closed=True)
            self._start_once_steps()

    def _items(self, link: Link, video: Video) -> list[object]:
        if link.consumes is Video:
            return [video]
        if link.consumes is Question:
            return [Question(video=video, text=text) for text in link.step.texts]
        clips = self._host.clips(video)
        return [tuple(clips)] if link.gathers else list(clips)

    def _feed(self, place: int, link: Link, items: Sequence[object], number: _Number = ()) -> None:
        """Queue items for a step; the lock is held."""
        name = link.step.name
        for offset, item in enumerate(items):
            self._open[place, name] += 1
            entry = (
                -self._depth[name],
                place,
                next(self._order),
                partial(self._do, place, link, item, (*number, offset)),
            )
            heapq.heappush(self._work, entry)
        self._lock.notify_all()

    def _do(self, place: int, link: Link, item: object, number: _Number) -> None:
        path = None if place == _ONCE else self._paths[place]
        name = link.step.name
        value: Any = None
        error, resumed = None, False
        try:
            value, resumed = self._done_or_run(link, item)
        except AtomError as raised:
            if isinstance(raised, Cancelled) and self._cancelled.is_set():
                with self._lock:
                    self._stopped = True
                raise
            error = raised
        except Exception as raised:
            error = _meant_for_users(raised)
        self._told.put(StepResult(step=name, path=path, item=item, value=value, error=error, resumed=resumed))
        with self._lock:
            if error is None:
                self._made[place, name].append((number, value))
                made = list(value) if link.spreads else [value]
                for consumer in self._consumers[name]:
                    if not consumer.gathers:
                        self._feed(place, consumer, made, number)
            self._open[place, name] -= 1
            self._end_if_done(place, name, closed=self._is_closed(place, link))
            self._start_once_steps()

    def _done_or_run(self, link: Link, item: object) -> tuple[object, bool]:
        step = link.step
        if self._resumed is None or not self._host.plugins.task(step.task).pure:
            return self._host.run(step.task, item, **step.settings), False
        return self._resumed.run(step, item)

    def _is_closed(self, place: int, link: Link) -> bool:
        return link.source is None or (place, link.source) in self._ended

    def _end_if_done(self, place: int, name: str, *, closed: bool) -> None:
        """If nothing more can come to a step for this video, hand on what it gathered; the lock is held."""
        if not closed or self._open[place, name] or (place, name) in self._ended:
            return
        self._ended.add((place, name))
        made = [value for _, value in sorted(self._made.pop((place, name), []), key=lambda pair: pair[0])]
        for consumer in self._consumers[name]:
            if consumer.gathers and made:
                flat = tuple(part for value in made for part in value) if self._links[name].spreads else tuple(made)
                self._feed(place, consumer, [flat])
            self._end_if_done(place, consumer.step.name, closed=True)

    def _start_once_steps(self) -> None:
        """Queue the steps that run once and whose forerunners are done with all videos; the lock is held."""
        for name, link in self._links.items():
            if not self._is_once(link) or link.source is not None or name in self._started_once:
                continue
            if all(self._is_over(before) for before in link.after):
                self._started_once.add(name)
                kind = Query if link.consumes is Query else Request
                self._feed(_ONCE, link, [kind(text=text) for text in link.step.texts])
                self._end_if_done(_ONCE, name, closed=True)

    def _is_over(self, name: str) -> bool:
        places = [_ONCE] if self._is_once(self._links[name]) else range(len(self._paths))
        return all((place, name) in self._ended for place in places)

    def _is_once(self, link: Link) -> bool:
        while link.source is not None:
            link = self._links[link.source]
        return link.is_once

    def _depth_of(self, link: Link) -> int:
        depth = 0
        while link.source is not None:
            link, depth = self._links[link.source], depth + 1
        return depth
