"""Cuts made shorter so that they fit a length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import atom_core as atom

if TYPE_CHECKING:
    from collections.abc import Sequence


def trim(spans: Sequence[atom.Span], length_s: float | None, min_cut_s: float) -> list[atom.Span]:
    """The middles of `spans`, together `length_s` long; as they are if that is longer or None."""
    lengths = shorten([span.duration_s for span in spans], length_s, min_cut_s)
    return [_middle(span, length) for span, length in zip(spans, lengths, strict=True)]


def shorten_to(span: atom.Span, length_s: float | None) -> atom.Span:
    """The middle of `span`, at most `length_s` long; as it is if that is None."""
    return span if length_s is None or span.duration_s <= length_s else _middle(span, length_s)


def shorten(lengths_s: Sequence[float], length_s: float | None, min_cut_s: float) -> list[float]:
    """Lengths in proportion, at least `min_cut_s` each where the sum allows it; never longer than they were.

    A length that proportion would push below the minimum is fixed there, and the others share what is left.
    """
    if length_s is None or sum(lengths_s) <= length_s:
        return list(lengths_s)
    floors = [min(length, min_cut_s) for length in lengths_s]
    if sum(floors) >= length_s:
        return [floor * length_s / sum(floors) for floor in floors]
    fixed: set[int] = set()
    while True:
        free = [number for number in range(len(lengths_s)) if number not in fixed]
        left_s = length_s - sum(floors[number] for number in fixed)
        scale = left_s / sum(lengths_s[number] for number in free)
        short = {number for number in free if lengths_s[number] * scale < floors[number]}
        if not short:
            return [floors[n] if n in fixed else length * scale for n, length in enumerate(lengths_s)]
        fixed |= short


def _middle(span: atom.Span, duration_s: float) -> atom.Span:
    start_s = span.start_s + max(0.0, span.duration_s - duration_s) / 2
    return atom.Span(start_s=start_s, end_s=min(start_s + duration_s, span.end_s))
