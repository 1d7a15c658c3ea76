"""Work in a thread of its own, so that who wants its result can stop waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")

_LOOK_S = 0.5


def aside(work: Callable[[], T], name: str = "aside") -> Future[T]:
    """What `work` will give, or raise. It runs in a daemon thread, which no exit waits for, in a copy of the context.

    Waiting for it can be interrupted in the main thread, also while `work` is in code that cannot.

    :param name: of the thread
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

    A signal that comes in the moment before a wait begins does not end it, so the wait begins anew now and then.
    """
    while True:
        try:
            return future.result(_LOOK_S)
        except TimeoutError:
            if future.done():
                return future.result()
