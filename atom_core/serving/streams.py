"""Standard streams and remarks of a process that runs commands of others: each command has its own."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

from attrs import frozen

from atom_core.cli.console import Console


@frozen(kw_only=True)
class Streams:
    """What a command prints to and reads from."""

    stdin: TextIO
    """Standard input."""
    stdout: TextIO | io.TextIOBase
    """Standard output."""
    stderr: TextIO
    """Standard error."""
    console: Console
    """What shows its remarks."""


current: ContextVar[Streams | None] = ContextVar("streams", default=None)
"""Those of the command that this thread works for; None where it works for none."""


class PerCommand(io.TextIOBase):
    """Stands for one of the standard streams: that of the command which the thread works for, else the process's."""

    def __init__(self, name: str, own: TextIO | None) -> None:
        self._name, self._own = name, own

    def _now(self) -> TextIO | io.TextIOBase:
        streams = current.get()
        stream = self._own if streams is None else getattr(streams, self._name)
        return stream if stream is not None else io.StringIO()

    def write(self, text: str) -> int:
        """Write to it."""
        return self._now().write(text)

    def read(self, size: int | None = -1) -> str:
        """Read from it."""
        return self._now().read(-1 if size is None else size)

    def readline(self, size: int = -1) -> str:  # type: ignore[override]
        """Read a line from it."""
        return self._now().readline(size)

    def flush(self) -> None:
        """Flush it."""
        self._now().flush()

    def fileno(self) -> int:
        """Its number."""
        return self._now().fileno()

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._now().isatty()

    def readable(self) -> bool:
        """Whether it can be read."""
        return self._name == "stdin"

    def writable(self) -> bool:
        """Whether it can be written."""
        return self._name != "stdin"

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Its encoding."""
        return self._now().encoding or "utf-8"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now(), name)


class _Remarks(logging.Handler):
    """Shows what is logged while a thread works for a command as that command's remarks."""

    def __init__(self, others: list[logging.Handler]) -> None:
        super().__init__(logging.INFO)
        self._others = others

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        streams = current.get()
        if streams is None:
            for handler in self._others:
                if record.levelno >= handler.level:
                    handler.handle(record)
        elif record.levelno >= (logging.INFO if streams.console.verbose else logging.WARNING):
            streams.console.note(record.getMessage())


@contextmanager
def per_command() -> Iterator[None]:
    """Inside, standard streams and remarks are those of the command that a thread works for."""
    kept = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    logger = logging.getLogger("atom")
    handlers, level = list(logger.handlers), logger.level
    remarks = _Remarks(handlers)
    for name, own in kept.items():
        setattr(sys, name, PerCommand(name, own))
    for handler in handlers:
        logger.removeHandler(handler)
    logger.addHandler(remarks)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(remarks)
        for handler in handlers:
            logger.addHandler(handler)
        logger.setLevel(level)
        for name, own in kept.items():
            setattr(sys, name, own)
