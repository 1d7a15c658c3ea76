"""What plugins print while a command works: kept out of the results, and told."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

from atom_core.call_context import caller
from atom_core.cli.console import Console
from atom_core.plugins import PluginSet
from atom_core.specs import Spec


@contextmanager
def own_stdout() -> Iterator[None]:
    """Standard output as the process has it, inside: for a command that speaks a protocol there, and keeps prints of
    others from it itself."""
    with redirect_stdout(sys.__stdout__):
        yield


class Stray(io.TextIOBase):
    """Stands for standard output while a command works; what is written goes to standard error.

    Results leave through the console alone. A task or shared module that prints is named, once.
    """

    def __init__(self, target: TextIO, console: Console, plugins: PluginSet) -> None:
        self._target, self._console, self._plugins = target, console, plugins
        self._told: set[Spec] = set()
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Pass `text` on, and say which task or module it comes from."""
        current = caller.get()
        spec: Spec | None = self._plugins.modules.get(current.module) or self._plugins.tasks.get(current.task)
        with self._lock:
            new = bool(text.strip()) and spec is not None and spec not in self._told
            self._told.update([spec] if spec is not None and new else [])
        if new and spec is not None:
            self._console.note(
                f"{spec} of plugin {spec.plugin!r} prints {text.strip()[:40]!r}; standard output is for results,"
                " so it goes to standard error: use the logging module"
            )
        with suppress(OSError):  # as the console's own remarks, it ends no work
            self._target.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush standard error."""
        with suppress(OSError):
            self._target.flush()

    def writable(self) -> bool:
        """Whether it can be written to, which it can."""
        return True

    def fileno(self) -> int:
        """That of standard error."""
        return self._target.fileno()

    def isatty(self) -> bool:
        """Whether standard error is a terminal."""
        return self._target.isatty()
