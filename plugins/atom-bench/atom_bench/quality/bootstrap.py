"""Confidence intervals by resampling videos: what belongs to one video is drawn together.

Shape letters: U units (videos), K kinds, B draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from attrs import field, frozen

DRAWS = 2000
LEVEL = 0.95


@frozen(kw_only=True, eq=False)
class Measure:
    """A figure as sums that can be drawn again."""

    title: str
    """What it is, for people."""
    sums_UK: np.ndarray = field(repr=False)
    """What is summed, by video and kind."""
    counts_UK: np.ndarray = field(repr=False)
    """How many items that is."""
    reduce: Literal["mean", "least", "gap"] = "mean"
    """``mean`` and ``least`` of the kinds' averages; ``gap`` is the absolute sums over all items."""
    scale: float = 100.0
    """The figure's unit: 100 makes percent."""
    low_is_good: bool = False
    """Whether less is better."""

    @property
    def num_items(self) -> int:
        """How many items it is made of."""
        return int(self.counts_UK.sum())

    def value(self) -> float:
        """The figure itself."""
        whole = np.ones((1, len(self.sums_UK)))
        return float(self.drawn(whole)[0])

    def drawn(self, weights_BU: np.ndarray) -> np.ndarray:
        """The figure, [B], for draws that hold each video so many times."""
        sums_BK, counts_BK = weights_BU @ self.sums_UK, weights_BU @ self.counts_UK
        if self.reduce == "gap":
            return np.asarray(self.scale * np.abs(sums_BK).sum(1) / np.maximum(counts_BK.sum(1), 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            averages_BK = sums_BK / counts_BK
        empty = ~np.isfinite(averages_BK)
        if self.reduce == "least":
            return np.asarray(self.scale * np.where(empty, np.inf, averages_BK).min(1))
        kinds = np.maximum((~empty).sum(1), 1)
        return np.asarray(self.scale * np.where(empty, 0.0, averages_BK).sum(1) / kinds)


def draws(num_units: int, *, num_draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """How often each unit is in each draw, [B, U]."""
    rng = np.random.default_rng(seed)
    share = np.full(num_units, 1 / num_units)
    return rng.multinomial(num_units, share, size=num_draws).astype(float)


def interval(measure: Measure, *, num_draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """The middle 95 percent of the figure over draws."""
    return _middle(measure.drawn(draws(len(measure.sums_UK), num_draws=num_draws, seed=seed)))


def difference(first: Measure, second: Measure, *, num_draws: int = DRAWS, seed: int = 0) -> dict[str, float]:
    """`second` less `first` on the same videos, and the middle 95 percent over draws of both together."""
    weights_BU = draws(len(first.sums_UK), num_draws=num_draws, seed=seed)
    low, high = _middle(second.drawn(weights_BU) - first.drawn(weights_BU))
    return {"difference": second.value() - first.value(), "low": low, "high": high}


def measure_of(
    title: str,
    units: Sequence[int] | np.ndarray,
    values: Sequence[float] | np.ndarray,
    kinds: Sequence[str] | None = None,
    *,
    reduce: Literal["mean", "least", "gap"] = "mean",
    scale: float = 100.0,
    low_is_good: bool = False,
) -> Measure:
    """A measure from single items.

    :param units: what each item is drawn with
    :param values: of each item
    :param kinds: of each item; all one if None
    """
    rows = np.unique(np.asarray(units, dtype=int), return_inverse=True)[1]
    names = sorted(set(kinds)) if kinds else [""]
    columns = np.array([names.index(kind) for kind in kinds]) if kinds else np.zeros(len(rows), dtype=int)
    shape = (int(rows.max(initial=-1)) + 1, len(names))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (rows, columns), np.asarray(values, dtype=float))
    np.add.at(counts, (rows, columns), 1.0)
    return Measure(title=title, sums_UK=sums, counts_UK=counts, reduce=reduce, scale=scale, low_is_good=low_is_good)


def summaries(measures: Mapping[str, Measure]) -> dict[str, dict[str, object]]:
    """Each measure's value, interval and number of items, as JSON values."""
    found: dict[str, dict[str, object]] = {}
    for name, measure in measures.items():
        low, high = interval(measure)
        found[name] = {
            "title": measure.title,
            "value": measure.value(),
            "low": low,
            "high": high,
            "items": measure.num_items,
        }
    return found


def _middle(values_B: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values_B, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
