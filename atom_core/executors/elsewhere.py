"""A run whose videos are worked on by other machines: what is done already, what is sent, and who writes.

The process that asks is the only one that writes the library and the journal. It takes what has come back in lists, so
that one writing serves many videos, while others are still worked on.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from attrs import evolve

from atom_core.errors import LibraryError
from atom_core.executors.job import Job
from atom_core.executors.notes import Notes
from atom_core.executors.work import VideoDone, Work, parted
from atom_core.pipeline.graph import Link, Pipeline
from atom_core.pipeline.run import StepResult, run_pipeline
from atom_core.protocols import CarriedLibrary

log = logging.getLogger("atom")

Send: TypeAlias = Callable[[Work, Sequence[Path]], Iterator[bytes | VideoDone]]
"""Has each video worked on by a `Node` somewhere: yields what `Node.do` returned for each, in any order, and
`VideoDone.failed` for one that no machine could finish. May raise `SettingsError` before it returns an iterator."""
_AT_ONCE = 64
"""Most videos that are written at once."""
_WAITING = 256
"""Most videos that wait to be written; with more the machines wait."""


def run_elsewhere(job: Job, send: Send) -> Iterator[StepResult]:
    """The results of a job whose steps for each video are done by others, and those that are done once by this process.

    :raises LibraryError: if what comes back cannot be put into the library
    """
    each, once = parted(job.pipeline.check(job.host.plugins))
    if not all(job.host.plugins.task(link.step.task).pure for link in each):
        _library(job)  # one of another model is refused before work is spent
    given = {Path(os.path.abspath(path)): path for path in job.paths}
    notes = Notes(job, each)
    todo = []
    for place, path in given.items() if each else ():
        done = notes.found(place)
        if done is None:
            todo.append(place)
        else:
            yield from (evolve(result, path=path) for result in done)
    if todo:
        told: set[str] = set()
        for batch in _gathered(send(Work.of(job, each), todo)):
            _write(job, batch, told)
            for video in batch:
                notes.keep(video)
                yield from (evolve(result, path=given[video.path]) for result in video.results)
    if once:
        yield from _run_once(job, once)


def _run_once(job: Job, once: Sequence[Link]) -> Iterator[StepResult]:
    """The steps that look at all videos, now that these are done."""
    names = {link.step.name for link in once}
    steps = (
        evolve(link.step, after=tuple(name for name in link.after if name in names) if link.source is None else None)
        for link in once
    )
    return run_pipeline(Pipeline(steps=tuple(steps)), job.host, [], journal=job.journal)


def _write(job: Job, batch: Sequence[VideoDone], told: set[str]) -> None:
    parcels = [video.parcel for video in batch if video.parcel is not None]
    if parcels:
        _library(job).take(parcels)
    for video in batch:
        for name, counts in video.counts.items():
            job.host.ledger.count(name, **counts)
        fault = [f"'{video.path}' {video.video.fault}"] if video.video is not None and video.video.fault else []
        for text in (*video.remarks, *fault):
            if text not in told:
                told.add(text)
                log.warning("%s", text)


def _library(job: Job) -> CarriedLibrary:
    library = job.host.library
    if not isinstance(library, CarriedLibrary):
        raise LibraryError(
            f"libraries of {type(library).__name__} cannot be filled from other machines; run without --on"
        )
    return library


def _gathered(coming: Iterator[bytes | VideoDone]) -> Iterator[list[VideoDone]]:
    """What comes, in lists of what there is by then; it is waited for in a thread of its own."""
    waiting: queue.Queue[bytes | VideoDone | BaseException | None] = queue.Queue(_WAITING)
    stopped = threading.Event()

    def wait() -> None:
        end: BaseException | None = None
        try:
            for item in coming:
                waiting.put(item)
                if stopped.is_set():
                    break
        except BaseException as error:
            end = error
        waiting.put(end)

    threading.Thread(target=wait, name="elsewhere", daemon=True).start()
    try:
        ended = False
        while not ended:
            batch: list[VideoDone] = []
            item = waiting.get()
            while True:
                if item is None or isinstance(item, BaseException):
                    ended = True
                    break
                batch.append(VideoDone.loads(item) if isinstance(item, bytes) else item)
                if len(batch) >= _AT_ONCE or waiting.empty():
                    break
                item = waiting.get()
            if batch:
                yield batch
            if isinstance(item, BaseException):
                raise item
    finally:
        stopped.set()
        while not waiting.empty():  # who waits to put something goes on, and sees that it is over
            waiting.get_nowait()
