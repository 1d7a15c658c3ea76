"""Titles that were read, held against those that are known."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_bench.titles.footage import Title, titles, write

_AROUND_S = 1.0
"""What is read that long before or after a title is held against it, too."""


def measured(host: Any, folder: Path, *, seeds: Sequence[int], seconds: float) -> dict[str, Any]:
    """Characters and titles that are read wrong, how often each is read, when, and processor seconds per minute.

    :param seeds: of the videos, one each
    """
    rows: list[dict[str, Any]] = []
    strays, costs = 0, []
    for seed in seeds:
        shown = titles(seed, seconds)
        path = folder / f"titles {seed}.mp4"
        write(path, shown, seconds, seed)
        video = host.video(path)
        before = time.process_time()
        lines = host.run("read", atom.Clip.whole(video))
        costs.append((time.process_time() - before) / video.duration_s * 60)
        near = {title: [line for line in lines if _is_near(line, title)] for title in shown}
        rows += [_row(title, found) for title, found in near.items()]
        strays += sum(not any(line in found for found in near.values()) for line in lines)
    return {
        "titles": len(rows),
        "all": _summed(rows),
        "by_size": {str(size): _summed([row for row in rows if row["size"] == size]) for size in _each(rows, "size")},
        "by_move": {move: _summed([row for row in rows if row["move"] == move]) for move in _each(rows, "move")},
        "by_font": {font: _summed([row for row in rows if row["font"] == font]) for font in _each(rows, "font")},
        "read_where_nothing_is": strays,
        "processor_s_per_minute": costs,
    }


def _is_near(line: atom.WrittenText, title: Title) -> bool:
    return line.start_s < title.end_s + _AROUND_S and line.end_s > title.start_s - _AROUND_S


def _row(title: Title, found: Sequence[atom.WrittenText]) -> dict[str, Any]:
    read = " ".join(line.text for line in found)
    return {
        "size": title.size,
        "move": title.move,
        "font": Path(title.font).stem or "Pillow's own",
        "letters": len(title.text),
        "errors": distance(title.text, read),
        "times_read": len(found),
        "late_s": found[0].start_s - title.start_s if found else None,
    }


def _each(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return sorted({row[name] for row in rows})


def _summed(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    late = sorted(abs(row["late_s"]) for row in rows if row["late_s"] is not None)
    return {
        "titles": len(rows),
        "character_error": sum(row["errors"] for row in rows) / max(sum(row["letters"] for row in rows), 1),
        "read_once": sum(row["times_read"] == 1 for row in rows) / max(len(rows), 1),
        "begin_off_s": late[len(late) // 2] if late else float("nan"),
    }


def distance(one: str, other: str) -> int:
    """How many letters must be put in, left out or changed to make `other` of `one` (Levenshtein)."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, against in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != against))
    return row[-1]
