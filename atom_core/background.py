"""Run a function in a daemon thread; the caller may stop waiting for the result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")

_LOOK_S = 0.5


def aside(work: Callable[[], T], name: str = "aside") -> Future[T]:
    """The future result of `work`, which runs in a daemon thread and a copy of the context; no exit waits for it.

    Waiting for it can be interrupted in the main thread, also while `work` is in code that cannot.

    :param name: the thread's name
    """
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), name=name, daemon=True).start()
    return outcome


def waited_for(future: Future[T]) -> T:
    """The result, once it is there.

    Waits in slices of 0.5 s: a signal that arrives just before a blocking wait would not interrupt it.
    """
    while True:
        try:
            return future.result(_LOOK_S)
        except TimeoutError:
            if future.done():
                return future.result()


def is_interrupt(error: BaseException) -> bool:
    """Whether the user interrupts, which reaches the main thread alone: elsewhere what runs there has raised it."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()
