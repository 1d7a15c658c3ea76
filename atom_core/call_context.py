"""Who is calling the modules: the host sets it around each task, the modules read it; and who watches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TypeAlias

from attrs import evolve, field, frozen

from atom_core.errors import Cancelled


class Cancel:
    """Whether work is no longer wanted; a child is cancelled with its parent, not the other way round."""

    def __init__(self, parent: Cancel | None = None) -> None:
        self._event, self._parent = threading.Event(), parent
        self.interrupted = False
        """Whether the user who waits for the work ended it, and not the program that does it."""

    def set(self) -> None:
        """The work is no longer wanted."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether this or a parent was cancelled."""
        return self._event.is_set() or (self._parent is not None and self._parent.is_set())

    def child(self) -> Cancel:
        """A token for a part of the work: it is cancelled with this one, and may be cancelled alone."""
        return Cancel(self)


@frozen(kw_only=True)
class Caller:
    """The task on whose behalf the current thread works."""

    task: str = ""
    """Its name."""
    module: str = ""
    """The shared module that works for it, or is being loaded for everybody; empty outside such modules."""
    interactive: bool = False
    """Whether somebody waits for it; such calls go ahead of bulk work."""
    asked: set[str] | None = field(default=None, eq=False, repr=False)
    """Where what tasks ask of the host is noted, as ``task caption`` or ``module embedder``; None is nowhere."""
    cancelled: Cancel = field(factory=Cancel, repr=False)
    """Set when the result is no longer wanted."""

    def check(self) -> None:
        """
        :raises Cancelled: if the result is no longer wanted
        """
        if self.cancelled.is_set():
            raise Cancelled(f"task {self.task!r} was cancelled" if self.task else "the call was cancelled")


caller: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039  (frozen, its event is never set)
"""The current thread's caller."""

Watch: TypeAlias = Callable[[str, Path, float, float], None]
"""Told what is done, of which video, up to which time and of which, seconds. May be called from any thread, often."""
watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
"""Who is told how far a video is looked through; None is nobody."""


@contextmanager
def on_behalf_of(task: Caller) -> Iterator[None]:
    """Calls inside are made for `task` if this thread works for none: Python's threads do not inherit their starter's
    context, so one that a task has started would be nobody's.

    :raises Cancelled: if the result is no longer wanted
    """
    token = None if caller.get().task else caller.set(task)
    try:
        caller.get().check()
        yield
    finally:
        if token is not None:
            caller.reset(token)


@contextmanager
def working(module: str) -> Iterator[None]:
    """What is done inside is done by the shared module of that name."""
    token = caller.set(evolve(caller.get(), module=module))
    try:
        yield
    finally:
        caller.reset(token)
