"""One thread that works piece by piece, always on what is most urgent."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from atom_core.errors import Cancelled, ModelError

T = TypeVar("T")


@frozen(eq=False, kw_only=True)
class _Work(Generic[T]):
    pieces: Generator[None, None, T]
    urgent: Callable[[], bool]
    arrival: int
    future: Future[T] = field(factory=Future)


class PriorityWorker:
    """A thread that does what is submitted in the order of arrival; urgent work goes ahead, also of what was begun.

    Work is cooperative: a generator that yields where it can be interrupted. A model's weights are used by one thread
    at a time, and no lock is held over more than one piece.
    """

    def __init__(self, name: str) -> None:
        """
        :param name: of the thread, and in messages
        """
        self._name = name
        self._work: list[_Work[Any]] = []
        self._arrivals = itertools.count()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, pieces: Generator[None, None, T], *, urgent: Callable[[], bool] = lambda: False) -> Future[T]:
        """Queue work.

        :param pieces: yields after each piece and returns the result; pieces of other work may come between
        :param urgent: asked before each piece, so that work can become urgent while it waits
        :raises ModelError: if the worker is closed
        """
        with self._wake:
            if self._closed:
                raise ModelError(f"the {self._name} is closed; open a new host")
            work = _Work(pieces=pieces, urgent=urgent, arrival=next(self._arrivals))
            self._work.append(work)
            self._wake.notify()
        return work.future

    def close(self) -> None:
        """End the thread after the piece in work; what is not done is cancelled."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()
        for work in self._work:
            work.pieces.close()
            work.future.set_exception(Cancelled(f"the host was closed before the {self._name} was done"))
        self._work.clear()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                next(work.pieces)
            except StopIteration as done:
                self._work.remove(work)
                work.future.set_result(done.value)
            except BaseException as error:
                self._work.remove(work)
                work.future.set_exception(error)
            del work  # else its result would be kept alive until the next work comes

    def _next(self) -> _Work[Any] | None:
        """What to work on now; None once the worker is closed."""
        with self._wake:
            while not (self._work or self._closed):
                self._wake.wait()
            return None if self._closed else min(self._work, key=lambda work: (not work.urgent(), work.arrival))
