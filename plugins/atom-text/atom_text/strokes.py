"""Where text may have come into the picture: told from small grey pictures, in a fraction of the time of a look.

Letters are many sharp edges side by side. A title is such edges that stand still, whatever moves behind them.

H, W: height and width of a small picture.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from atom_text.engine import Box

SIDE = 640
"""Longest side of a small picture, pixels, about."""
_EDGE = 32
"""Difference between neighbouring pixels that is an edge, levels of 255."""
_SAME = 26
"""Pixels that differ by less are the same, levels of 255: compression moves them by so much."""
_CELL_Y, _CELL_X = 8, 16
"""Size of a cell, pixels."""
_NEW, _NEW_RUN = 0.06, 2
"""Share of a cell that is new edges that stand, and in how many cells side by side."""
_AROUND_Y, _AROUND_X = 3, 5
"""How far around those it is looked, cells."""
_DENSE, _DENSE_RUN = 0.12, 4
"""Share of a cell that is edges, and in how many cells side by side, where text may be."""
_STAYS = 0.55
"""Share of a line's edges that is still there, for it to be the same."""


class Small(NamedTuple):
    """A small grey picture, and when it is shown."""

    time_s: float
    grey: np.ndarray
    """[H, W], uint8."""
    edges: np.ndarray
    """[H, W], bool."""


def small_of(image: np.ndarray, time_s: float) -> Small:
    """The small grey picture of one [H, W, 3], uint8, RGB."""
    step = max(round(max(image.shape[:2]) / SIDE), 1)
    part = image[step // 2 :: step, step // 2 :: step].astype(np.uint16)
    # no weighting of brightness: red letters on blue are edges, too
    grey = ((2 * part[..., 0] + 4 * part[..., 1] + 2 * part[..., 2]) >> 3).astype(np.uint8)
    grey = grey[: grey.shape[0] // _CELL_Y * _CELL_Y, : grey.shape[1] // _CELL_X * _CELL_X]
    edges = np.zeros(grey.shape, bool)
    if grey.size:
        edges[:, 1:] = _differ(grey[:, 1:], grey[:, :-1]) > _EDGE
    return Small(time_s, np.ascontiguousarray(grey), edges)


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    difference: np.ndarray = np.maximum(one, other) - np.minimum(one, other)
    return difference


def shares(mask: np.ndarray) -> np.ndarray:
    """How much of each cell a mask has, 0 to 1."""
    height, width = mask.shape
    cells = mask.reshape(height // _CELL_Y, _CELL_Y, width // _CELL_X, _CELL_X)
    found: np.ndarray = cells.sum(axis=(1, 3), dtype=np.uint16) / (_CELL_Y * _CELL_X)
    return found


def _runs(marks: np.ndarray, length: int) -> np.ndarray:
    """Those marks that have so many side by side."""
    length = min(length, max(marks.shape[1], 1))
    ends = marks.copy()
    for shift in range(1, length):
        ends[:, shift:] &= marks[:, :-shift]
        ends[:, :shift] = False
    found = ends.copy()
    for shift in range(1, length):
        found[:, :-shift] |= ends[:, shift:]
    return found


def new_part(now: Small, before: Small, looked: Small | None) -> Box | None:
    """Where edges stand still that were not there when somebody looked; None where none do."""
    stands = now.edges & before.edges & (_differ(now.grey, before.grey) < _SAME)
    if looked is not None:
        stands &= _differ(now.grey, looked.grey) >= _SAME
    rows, columns = _runs(shares(stands) >= _NEW, _NEW_RUN).nonzero()
    if not len(rows):
        return None
    height, width = now.grey.shape
    top, bottom = (rows.min() - _AROUND_Y) * _CELL_Y, (rows.max() + 1 + _AROUND_Y) * _CELL_Y
    left, right = (columns.min() - _AROUND_X) * _CELL_X, (columns.max() + 1 + _AROUND_X) * _CELL_X
    box = float(left / width), float(top / height), float(right / width), float(bottom / height)
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], 1.0), min(box[3], 1.0)


def is_dense(now: Small) -> bool:
    """Whether there is a stretch of many edges at all."""
    return bool(_runs(shares(now.edges) >= _DENSE, _DENSE_RUN).any())


def stays(box: Box, then: Small, now: Small) -> bool:
    """Whether the edges that were in a box, parts of the picture, are there still."""
    height, width = then.grey.shape
    if then.grey.shape != now.grey.shape:
        return False
    top, bottom = int(box[1] * height), max(int(np.ceil(box[3] * height)), int(box[1] * height) + 1)
    left, right = int(box[0] * width), max(int(np.ceil(box[2] * width)), int(box[0] * width) + 1)
    there = then.edges[top:bottom, left:right]
    if not there.any():
        return False
    same = _differ(then.grey[top:bottom, left:right], now.grey[top:bottom, left:right]) < 2 * _SAME
    return float((same & now.edges[top:bottom, left:right])[there].mean()) >= _STAYS
