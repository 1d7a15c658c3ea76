"""What the shots of a rendered library show, and whether cuts are what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

import atom_core as atom


@frozen(kw_only=True)
class Thing:
    """An object and what it does."""

    colour: str
    shape: str
    action: str


@frozen(kw_only=True)
class Shot:
    """A shot and what is true of it."""

    video: str
    start_s: float
    end_s: float
    things: tuple[Thing, ...]

    @property
    def duration_s(self) -> float:
        """How long it is, seconds."""
        return self.end_s - self.start_s


Shows = Callable[[Shot], bool]
"""Whether a shot shows something."""


@frozen(kw_only=True)
class Expected:
    """What a film must be like."""

    each: tuple[Shows, ...] = ()
    """What its cuts show, in order; empty where `every` says it."""
    every: Shows | None = None
    """What all its shots show, and no shot is missing that does."""
    ordered: Callable[[Sequence[Shot]], bool] = lambda _: True
    """Whether the shots stand in the right order."""
    only: Shows = lambda _: True
    """What holds of every shot in it."""
    length_s: float | None = None
    """Longest that it may be, seconds."""
    shot_s: float | None = None
    """Longest that each cut may be, seconds."""


def read_shots(rows: Sequence[dict[str, Any]]) -> list[Shot]:
    """The shots of a labelled folder's rows."""
    return [
        Shot(
            video=row["video"],
            start_s=shot["start_s"],
            end_s=shot["end_s"],
            things=tuple(Thing(colour=t["colour"], shape=t["shape"], action=t["action"]) for t in shot["objects"]),
        )
        for row in rows
        for shot in row["shots"]
    ]


def shot_at(shots: Sequence[Shot], path: Path, start_s: float, end_s: float) -> Shot | None:
    """The shot that a span of a video mostly lies in."""

    def overlap_s(shot: Shot) -> float:
        return min(shot.end_s, end_s) - max(shot.start_s, start_s)

    there = [shot for shot in shots if shot.video == path.name and overlap_s(shot) > 0]
    return max(there, key=overlap_s, default=None)


def fault(timeline: atom.Timeline, shots: Sequence[Shot], expected: Expected) -> str:
    """What is wrong with the cuts; empty if nothing is. Of ten and more shots one in ten may be wrong or missing."""
    seen = [shot_at(shots, cut.path, cut.start_s, cut.end_s) for cut in timeline.cuts]
    if any(shot is None for shot in seen):
        return "a cut lies in no shot"
    there = [shot for shot in seen if shot is not None]
    if expected.each:
        if len(there) != len(expected.each):
            return f"{len(there)} cuts instead of {len(expected.each)}"
        right = [shows(shot) for shot, shows in zip(there, expected.each, strict=True)]
        wrong = [number for number, good in enumerate(right) if not good]
        if wrong:
            return f"wrong cuts {wrong}"
    if expected.every is not None:
        wanted = {id(shot) for shot in shots if expected.every(shot)}
        missing, extra = len(wanted - {id(shot) for shot in there}), sum(not expected.every(shot) for shot in there)
        if missing + extra > len(wanted) // 10:
            return f"{missing} of {len(wanted)} shots missing, {extra} wrong"
    if sum(not expected.only(shot) for shot in there) > len(there) // 10:
        return "a cut shows what it must not"
    if not expected.ordered(there):
        return "wrong order"
    if expected.length_s is not None and timeline.duration_s > expected.length_s + 0.06:
        return f"{timeline.duration_s:.1f} s long"
    if expected.shot_s is not None and max(cut.duration_s for cut in timeline.cuts) > expected.shot_s + 0.06:
        return "a cut is too long"
    return "" if there else "no cuts"
