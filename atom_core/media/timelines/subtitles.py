"""Subtitle files from timed lines: SubRip and WebVTT.

Not written by a library such as pysubs2: both formats are a few lines each. The work is in what a model may have
written, which no player may take for markup, times or an empty line, and that is ours either way.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from atom_core.text.printable import BREAK, printable

Item = tuple[float, float, str]
"""Start and end in seconds, and the text."""

_SHORTEST_MS = 1
"""A line must be on the screen for some time: players drop empty spans."""


def to_srt(items: Iterable[Item]) -> str:
    """SubRip text of `items`, in order of time; empty texts are left out."""
    return "\n".join(
        f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{_plain(text)}\n"
        for number, (start, end, text) in enumerate(_ordered(items), 1)
    )


def to_vtt(items: Iterable[Item]) -> str:
    """WebVTT text of `items`, in order of time; empty texts are left out. https://www.w3.org/TR/webvtt1/"""
    cues = (f"\n{_clock(start, '.')} --> {_clock(end, '.')}\n{_escape(text)}\n" for start, end, text in _ordered(items))
    return "WEBVTT\n" + "".join(cues)


def _ordered(items: Iterable[Item]) -> list[tuple[int, int, str]]:
    """Lines in whole milliseconds, sorted, none empty; a line gives way when the next one starts before its end."""
    timed = [
        (round(max(start_s, 0.0) * 1000), round(max(end_s, 0.0) * 1000), _one_block(text))
        for start_s, end_s, text in items
    ]
    timed = sorted((line for line in timed if line[2]), key=lambda line: line[:2])
    starts, lines = [start for start, _, _ in timed], []
    for start, end, text in timed:
        end = min([end, *starts[bisect_right(starts, start) :][:1]])
        lines.append((start, max(end, start + _SHORTEST_MS), text))
    return lines


def _one_block(text: str) -> str:
    """Text without the blank lines that would end a cue."""
    lines = BREAK.split(text.replace("\0", ""))
    return "\n".join(printable(line.strip()) for line in lines if line.strip()).replace("-->", "→")


def _plain(text: str) -> str:
    """SubRip cannot escape what players take for markup, ``<b>`` and ``{\\an8}``: signs that look alike stand there."""
    return re.sub(r"<(?=[A-Za-z/])", "‹", text).replace("{\\", "{∖")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
