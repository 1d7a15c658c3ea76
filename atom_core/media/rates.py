"""Frame rates as fractions: 29.97 is 30000/1001."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

STANDARD_RATES = (
    *map(Fraction, (5, 8, 10, 12, 15, 20)),
    Fraction(24000, 1001),
    *map(Fraction, (24, 25)),
    Fraction(30000, 1001),
    *map(Fraction, (30, 48, 50)),
    Fraction(60000, 1001),
    Fraction(60),
)
"""Rates that players and editing programs know, frames per second, rising."""


def exact_rate(fps: float) -> Fraction:
    """The standard rate that `fps` is a rounding of, or the fraction nearest to it; 25 for an unknown rate."""
    if fps <= 0:
        return Fraction(25)
    nearest = min(STANDARD_RATES, key=lambda rate: abs(float(rate) - fps))
    return nearest if abs(float(nearest) / fps - 1) < 3e-4 else Fraction(fps).limit_denominator(1001)


def film_rate(source_fps: Iterable[float]) -> Fraction:
    """One rate for all: the highest of the sources, brought up to a standard rate, at most 60."""
    highest = exact_rate(max(source_fps, default=25.0))
    return next((rate for rate in STANDARD_RATES if rate >= highest), STANDARD_RATES[-1])
