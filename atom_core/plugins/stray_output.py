"""What a plugin prints and imports while it is loaded, seen in the thread that loads it; others print as ever."""

from __future__ import annotations

import importlib.abc
import io
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO, cast

from attrs import field, frozen


@frozen(kw_only=True)
class Watched:
    """What was done inside a `watched` block, in its thread or in one that has a copy of its context."""

    printed: io.StringIO = field(factory=io.StringIO)
    """What was written to standard output; it is kept from there."""
    imported: set[str] = field(factory=set)
    """The top-level modules whose import was begun."""


_watched: ContextVar[Watched | None] = ContextVar("watched", default=None)
_lock = threading.Lock()
_num_watching = 0


class _Output:
    """Stands for the program's standard output while anything is watched, and passes on all that is not.

    There is one for ever, and it holds on to the stream: a `print` in another thread may be about to use either.
    """

    def __init__(self) -> None:
        self.stream: TextIO | None = None
        self._passing = threading.local()

    def write(self, text: str) -> int:
        """Keep what is written where it is watched."""
        if (seen := _watched.get()) is not None:
            return seen.printed.write(text)
        if getattr(self._passing, "on", False):  # the program's stream has come to write to this one
            return len(text)
        self._passing.on = True
        try:
            return self.stream.write(text) if self.stream is not None else len(text)
        finally:
            self._passing.on = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Imports(importlib.abc.MetaPathFinder):
    """Finds no module, but notes what is looked for."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, _target: object = None) -> None:
        """Note the top-level module where it is watched."""
        seen = _watched.get()
        if seen is not None and path is None:
            seen.imported.add(fullname)


_output, _imports = _Output(), _Imports()


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch what is printed and imported inside; the program's standard output is what it was once nobody watches."""
    global _num_watching
    seen = Watched()
    token = _watched.set(seen)
    with _lock:
        _num_watching += 1
        if sys.stdout is not None and sys.stdout is not _output:
            _output.stream, sys.stdout = sys.stdout, cast(TextIO, _output)
        if _imports not in sys.meta_path:
            sys.meta_path.insert(0, _imports)
    try:
        yield seen
    finally:
        _watched.reset(token)
        with _lock:
            _num_watching -= 1
            if not _num_watching:
                if sys.stdout is _output:
                    sys.stdout = _output.stream
                sys.meta_path.remove(_imports)
