"""What reaches the terminal: results on standard output, everything else on standard error.

Bars and tables are our own, not rich's, whose import takes as long as all of ``atom --help``. A bar is one line that
results and remarks take away first, so that what is read by a pipe or a log stays whole.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import attrs

from atom_core.cli.bar import Bar
from atom_core.errors import AtomError, PluginError
from atom_core.text.printable import BREAK, printable, printable_json


def drop(stream: TextIO) -> None:
    """Let whatever is still to be written to a stream of the process go nowhere, its buffer at exit, too."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class OutputLost(Exception):
    """Standard output cannot be written: its disk is full, or worse."""


class Console:
    """The only writer of the program. Safe to use from every thread.

    :raises OutputLost: from every method that writes a result, when it cannot be written
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        as_json: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        columns: Callable[[], int] | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """
        :param columns: how wide the terminal is now; asked of the system if not given
        :param check: called before anything is written, while the work goes on; raises what ends it
        """
        self.columns = columns or (lambda: shutil.get_terminal_size().columns)
        self._check = check or (lambda: None)
        self.quiet, self.verbose, self.as_json = quiet, verbose, as_json
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._lock = threading.RLock()
        self._results: list[Any] = []
        self._bar: Bar | None = None

    def emit(self, value: object, text: str) -> None:
        """One result: `value` for the JSON list, else `text`.

        On a terminal a text within `value` stands on one line of `text`, whatever it holds.
        """
        self._check()
        with self._lock:
            if self.as_json:
                self._results.append(value)
            elif text:
                self._clear()
                self.show((_as_laid_out(value, text) if self._out.isatty() else text) + "\n")

    def note(self, text: str, *, lines: bool = False) -> None:
        """A remark, unless quiet.

        :param lines: whether line breaks in `text` are meant; else they are spelt out
        """
        self._check()
        if not self.quiet:
            self._say(printable(text, lines=lines))

    def error(self, text: str, error: BaseException | None = None) -> None:
        """A failure; with its traceback where the user wants to see more."""
        self._check()
        text = printable(text, lines=type(error) is PluginError)  # of several plugins, each on lines of its own
        if self.verbose and error is not None:
            text += "\n" + printable("".join(traceback.format_exception(error)).rstrip(), lines=True)
        self._say(text)

    def show(self, text: str) -> None:
        """Text that is the result whatever the format, such as a help page."""
        try:
            self._out.write(text)
            self._out.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost(error.strerror) from error

    @property
    def result_columns(self) -> int | None:
        """How wide the terminal is on which results are read; None where they are not read on one."""
        return None if self.as_json or not self._out.isatty() else self.columns()

    @property
    def err(self) -> TextIO:
        """Where remarks and progress go."""
        return self._err

    def stop(self, text: str) -> None:
        """The work has ended because it is to: say so, whatever would end it."""
        self._check = lambda: None
        self._say(printable(text))

    @property
    def has_results(self) -> bool:
        """Whether there is anything for the JSON list."""
        return bool(self._results)

    def check(self) -> None:
        """Raise what is to end the work, if it is to end."""
        self._check()

    def close(self) -> None:
        """Print the JSON list."""
        if self.as_json:
            self.show(printable_json(self._results, default=plain) + "\n")

    def progress(self, label: str, total: int, *, in_bytes: bool = False) -> Bar:
        """A progress bar on a terminal, past a second; for bytes, elsewhere, a line now and then."""
        terminal = self._err.isatty()
        shown = not self.quiet and (terminal or in_bytes)
        return Bar(self, label, total, shown=shown, in_bytes=in_bytes, in_lines=not terminal)

    def draw(self, bar: Bar | None, line: str) -> None:
        """Show `line` as the progress, or take it away when it is empty."""
        with self._lock:
            self._bar = bar
            self._tell("\r\x1b[K" + line)

    def _say(self, text: str) -> None:
        with self._lock:
            self._clear()
            self._tell(f"atom: {text}\n")

    def _clear(self) -> None:
        if self._bar is not None:
            self._tell("\r\x1b[K")

    def _tell(self, text: str) -> None:
        """What nobody can be told is lost: remarks and bars end no work."""
        try:
            self._err.write(text)
            self._err.flush()
        except OSError:
            drop(self._err)


class Remarks(logging.Handler):
    """Shows what Atom and its plugins log as remarks of the program."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO if console.verbose else logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._console.note(record.getMessage())


def _as_laid_out(value: object, text: str) -> str:
    """`text` for a terminal: its own line breaks are meant, those within what it tells of `value` are spelt out."""
    for part in _texts(value):
        if BREAK.search(part.strip()):
            text = text.replace(part.strip(), printable(part.strip()))
    return printable(text, lines=True)


def _texts(value: Any) -> Iterator[str]:
    """The texts and paths in a result; a result that is a text is laid out by who made it."""
    parts: Sequence[Any] = ()
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, (list, tuple)):
        parts = value
    elif attrs.has(type(value)):
        parts = [getattr(value, field.name) for field in attrs.fields(type(value))]
    for part in parts:
        if isinstance(part, (str, Path)):
            yield str(part)
        else:
            yield from _texts(part)


def plain(value: Any) -> Any:
    """A JSON value for records, paths and numbers of numpy."""
    if attrs.has(type(value)):
        return attrs.asdict(value, recurse=False)
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")


def describe(error: BaseException | str) -> str:
    """What an error says; its type too, unless it was written for the user."""
    if isinstance(error, (str, AtomError)):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        place = f": {error.filename}" if error.filename else ""
        return f"{error.strerror}{place}"
    return f"{type(error).__name__}: {error}"


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows with their columns aligned; the last column is free."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)] if rows else []
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    ]
