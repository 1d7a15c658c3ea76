"""The line on a terminal that shows how much is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Token
from pathlib import Path
from typing import NamedTuple, Protocol

from atom_core.call_context import Watch, watch
from atom_core.settings.values import size
from atom_core.text.printable import printable
from atom_core.text.width import cut, width

_LINES_S = 15.0
"""How often a line tells how much has come, where there is no terminal for a bar."""
_STAY_S = 2.0
"""A video stays in the line until it has not been told of for so long: several may be looked through at once."""
_LEAST_NAME = 8
"""Cells that a name of a file is given at least, or it is left out."""


class _Seen(NamedTuple):
    """How far a video is looked through."""

    doing: str
    path: Path
    at_s: float
    of_s: float


class Screen(Protocol):
    """What a bar needs of the console."""

    columns: Callable[[], int]
    """How wide the terminal is now."""

    def check(self) -> None:
        """Raise what is to end the work, if it is to end."""

    def note(self, text: str) -> None:
        """Show a line for good."""

    def draw(self, bar: Bar | None, line: str) -> None:
        """Show `line` as the progress, or take it away when it is empty."""


class Bar:
    """A line that shows how much is done; follows `atom_core.hookspecs.Progress`.

    On a terminal it shows, too, how far the video that is worked on is looked through.
    """

    def __init__(
        self, console: Screen, label: str, total: int, *, shown: bool, in_bytes: bool = False, in_lines: bool = False
    ) -> None:
        self._console, self._label, self._total, self._shown = console, label, total, shown and total > 0
        self._done, self._drawn_s, self._start_s = 0, 0.0, time.monotonic()
        self._lock = threading.Lock()
        self._in_lines, self._count = in_lines, size if in_bytes else str
        self._first_s, self._every_s = (_LINES_S, _LINES_S) if in_lines else (1.0, 0.1)
        self._first = threading.Timer(self._first_s, self._draw)
        self._first.daemon = True
        self._seen: _Seen | None = None
        self._seen_s = 0.0
        self._watches = self._shown and not (in_lines or in_bytes)
        self._before: Token[Watch | None] | None = None

    def __enter__(self) -> Bar:
        self._start_s = time.monotonic()
        if self._shown:
            with suppress(RuntimeError):  # no more threads to be had; it shows itself as work gets done
                self._first.start()
        if self._watches:
            self._before = watch.set(self._see)
        return self

    def __exit__(self, *exc: object) -> None:
        self._first.cancel()
        if self._before is not None:
            with suppress(ValueError):  # a generator that nobody asks any more ends in whatever context
                watch.reset(self._before)
        with self._lock:
            self._shown, was_drawn = False, self._drawn_s > 0 and not self._in_lines
        if was_drawn:
            self._console.draw(None, "")

    def advance(self, steps: int = 1) -> None:
        """Some more is done."""
        self._console.check()
        with self._lock:
            self._done += steps
            self._seen = None
        self._draw_if_due()

    def _see(self, doing: str, path: Path, at_s: float, of_s: float) -> None:
        """A video is looked through up to `at_s`."""
        now_s = time.monotonic()
        with self._lock:
            if self._seen is not None and self._seen.path != path and now_s - self._seen_s < _STAY_S:
                return
            if self._seen is not None and (self._seen.doing, self._seen.path) == (doing, path):
                at_s = max(at_s, self._seen.at_s)  # threads are done in any order
            self._seen, self._seen_s = _Seen(doing, path, at_s, of_s), now_s
        self._draw_if_due()

    def _draw_if_due(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            due = now_s - self._start_s >= self._first_s and now_s - self._drawn_s >= self._every_s
        if due:
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            if not self._shown:
                return
            self._drawn_s = time.monotonic()
            line = self._line(self._drawn_s - self._start_s)
            if self._in_lines:
                self._console.note(line)
            else:
                self._console.draw(self, line)

    def _line(self, passed_s: float) -> str:
        share = min(self._done / self._total, 1.0)
        text = f"{self._label} {self._count(self._done)}/{self._count(self._total)}"
        if self._done:
            left_s = round(passed_s * (1 - share) / share) if share else 0
            text += f", {left_s // 60}:{left_s % 60:02d} left"
        if self._in_lines:
            return text
        columns = self._console.columns()
        text = cut(text + self._far(columns - 1 - width(text)), max(columns - 1, 1))
        cells = min(max(columns - width(text) - 4, 0), 30)
        filled = round(share * cells)
        return f"{text} [{'#' * filled}{'-' * (cells - filled)}]" if cells >= 5 else text

    def _far(self, room: int) -> str:
        """How far the video that is worked on is looked through, in at most `room` cells."""
        if self._seen is None:
            return ""
        far = f"{self._seen.doing} {_clock(self._seen.at_s)} of {_clock(self._seen.of_s)}"
        left = room - width(far) - len(", : ")
        name = f"{cut(printable(self._seen.path.name), left)}: " if left >= _LEAST_NAME else ""
        return f", {name}{far}"


def _clock(seconds: float) -> str:
    minutes, whole_s = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{whole_s:02}" if minutes >= 60 else f"{minutes}:{whole_s:02}"
