"""A stretch of time, and what the fields of records are checked by."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from attrs import field, frozen
from attrs.validators import ge


def finite(_: object, attribute: Any, value: float) -> None:
    """Refuse a number of seconds that is none."""
    if not math.isfinite(value):
        raise ValueError(f"{attribute.name} must be a finite number of seconds, got {value!r}")


def pairs(value: Iterable[Iterable[float]]) -> tuple[tuple[float, float], ...]:
    """Pairs of numbers, whatever they were given as."""
    return tuple((float(at_s), float(by_s)) for at_s, by_s in value)


def counted(value: Iterable[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    """Pairs of a count and a number, whatever they were given as."""
    return tuple((int(at), float(by_s)) for at, by_s in value)


def none_or_positive(_: object, attribute: Any, value: int | None) -> None:
    """Refuse a number below 1."""
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, got {value!r}")


def texts(value: Iterable[str]) -> tuple[str, ...]:
    """Several texts; one alone is a mistake."""
    if isinstance(value, str):
        raise ValueError(f"expected several texts, got one: write ({value!r},)")
    return tuple(value)


def _clock(seconds: float) -> str:
    minutes, ms = divmod(round(seconds * 1000), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}"


@frozen(kw_only=True)
class Span:
    """A stretch of time in one video."""

    start_s: float = field(validator=[finite, ge(0)])
    """First instant, seconds."""
    end_s: float = field(validator=finite)
    """Last instant, exclusive, seconds; never before `start_s`."""

    @end_s.validator
    def _ordered(self, _: object, value: float) -> None:
        if value < self.start_s:
            raise ValueError(f"span ends at {value} s, before its start at {self.start_s} s")

    @property
    def duration_s(self) -> float:
        """Length, seconds."""
        return self.end_s - self.start_s

    @property
    def times(self) -> str:
        """Both ends for people to read: ``00:00:01.500 - 00:00:04.000``."""
        return f"{_clock(self.start_s)} - {_clock(self.end_s)}"
