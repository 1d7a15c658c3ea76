"""Several items worked on at once, in threads; what became of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from typing import Any

from attrs import evolve, field, frozen

from atom_core.call_context import Cancel, caller
from atom_core.errors import AtomError
from atom_core.media.pictures.passes import sharing


@frozen(kw_only=True)
class Outcome:
    """What became of one item that a task ran on."""

    item: Any
    """The record it ran on."""
    value: Any = None
    """The record it returned; None if it failed."""
    error: AtomError | None = field(default=None, eq=False)
    """Why it failed; None if it did not."""


def run_several(
    work: Callable[[Any], Any], items: Iterable[Any], *, workers: int, name: str, maps: set[Cancel]
) -> Generator[Outcome, None, None]:
    """What `work` makes of each item, in the items' order.

    Who stops asking, or is interrupted, cancels what is not done.

    :param items: taken as workers get free, so they may be produced lazily
    :param name: how the threads are called
    :param maps: what can be cancelled from outside, while it runs
    """
    current = caller.get()
    cancelled = current.cancelled.child()
    asked = copy_context()
    asked.run(caller.set, evolve(current, cancelled=cancelled))
    pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
    wait = True
    waiting: deque[tuple[Any, Future[Any]]] = deque()
    maps.add(cancelled)
    reading = ExitStack()
    reading.enter_context(sharing(gathers=workers > 1))
    try:
        for item in items:
            waiting.append((item, pool.submit(asked.copy().run, work, item)))
            while len(waiting) >= 2 * workers:
                yield _outcome(*waiting.popleft())
        while waiting:
            yield _outcome(*waiting.popleft())
    except BaseException as stopped:
        cancelled.set()
        wait = not isinstance(stopped, KeyboardInterrupt)
        raise
    finally:
        maps.discard(cancelled)
        pool.shutdown(wait=wait, cancel_futures=True)
        reading.close()


def _outcome(item: object, future: Future[Any]) -> Outcome:
    try:
        return Outcome(item=item, value=future.result())
    except AtomError as error:
        return Outcome(item=item, error=error)
