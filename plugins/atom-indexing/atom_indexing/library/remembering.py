"""What a library may tell beside what every library does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from attrs import frozen


@frozen(kw_only=True)
class Held:
    """What a library holds of one video."""

    path: Path
    """Where it is."""
    num_clips: int
    """How many of its clips are stored."""
    is_whole: bool
    """Whether that is all of them: a program that was killed may have stored a part."""
    settings: frozenset[str]
    """What was set when they were made, as in `Entry.settings`; more than one where that differs."""
    groups: frozenset[str] = frozenset()
    """The groups of its rows that are found; empty where it is not whole."""
    stale_groups: frozenset[str] = frozenset()
    """Those that were stored before them and are not found any more."""
    first_s: float = 0.0
    """When the oldest of its clips was stored, seconds since 1970; 0 where that is not known."""


@runtime_checkable
class Remembering(Protocol):
    """A library that keeps in mind how its entries were made, and what a score means."""

    def held(self) -> Mapping[str, Held]:
        """What there is of each video, by content hash, also of those that are not whole."""

    def tidy(self) -> None:
        """Delete what is not found any more, since it was to be replaced when a program was killed."""

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, rather than not; None where that is not known."""
