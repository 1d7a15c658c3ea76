"""Frame rates as fractions: 29.97 is 30000/1001."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from atom_core.records import Video

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


_VARIES = 1.3
"""A rate is variable if pictures come so many times as fast as on average somewhere."""
_CLOSEST = 0.1
"""Which part of the gaps between pictures may be shorter than the one that counts: some are rounding or damage."""
_ALIKE = 0.1
"""Gaps that differ by less are those of one rate."""
_FASTEST = 240.0
"""Frames per second; pictures that come faster are stamped wrongly."""


def peak_rate(times_s: Sequence[float], fps: float, stated_fps: float) -> float:
    """The rate of a track where its pictures come closest, frames per second; `fps` where that hardly differs.

    Screen recordings and telephones store a picture when something changes: the rate on average is then far below that
    of movements.

    :param times_s: when pictures are shown, seconds, rising
    :param fps: their rate on average
    :param stated_fps: the rate of whose ticks their times are multiples, as FFmpeg guesses it, or 0
    """
    gaps_s = sorted(after - before for before, after in pairwise(times_s) if after > before)
    if not gaps_s or fps <= 0:
        return fps
    closest_fps = 1 / gaps_s[int(_CLOSEST * len(gaps_s))]
    if closest_fps < _VARIES * fps or closest_fps > _FASTEST:
        return fps
    alike_s = [gap_s for gap_s in gaps_s if abs(gap_s * closest_fps - 1) < _ALIKE]
    mean_fps = len(alike_s) / sum(alike_s)  # containers that count in milliseconds round single gaps
    known = [stated_fps, *map(float, STANDARD_RATES)]
    near = [rate for rate in known if abs(rate / mean_fps - 1) < 0.05]
    return min(near, key=lambda rate: abs(rate / mean_fps - 1), default=mean_fps)


def source_rate(video: Video) -> Fraction:
    """The rate whose frames say when each picture of `video` is shown; that of its movements if it varies."""
    return exact_rate(max(video.fps, video.peak_fps))
