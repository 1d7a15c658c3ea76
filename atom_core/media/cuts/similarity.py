"""How much of what one small picture shows is gone from another, and how much of the other is new.

What a picture shows is taken to be its edges: differences between neighbouring pixels, at two scales. A change of light
leaves them in place and makes all of them weaker or stronger, so that one of the two pictures is wholly explained by
the other; black bars have none; movement of the camera shifts them. Only where much is gone and much is new the
pictures show different things.

Shapes: H and W are the sides of a small picture, E the number of its edges.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

_REACH = (4, 8)
"""Movement between two pictures that is undone before they are compared, rows and columns, pixels, but
a quarter of the picture at most."""
_CELL = 4
"""Side of a cell of a picture, pixels."""
_CHANGED = 0.5
"""What share of a cell's edges is gone or new where it shows something else."""
_NOISE = (1.0, 0.7)
"""Differences between neighbouring pixels that are noise, levels of 255, at each scale."""
_HELD = 0.4
"""The least share of a picture's edges that is left where both show the same once movement is undone."""
_STILL = 0.33
"""What is replaced less than this without any shift is not compared further."""
_FAINT = 0.02
"""Edges of one picture count against at least this share of the other's: an almost empty picture shows nothing new."""
_EDGE = 2.0
"""Least difference between pixels of different colour, levels."""
_HUE = 0.3
"""Least difference between two hues, as shares of red, green and blue ..."""
_DARK = 5
"""... to each of which so many levels are added: what is dark has little hue."""
_NOTHING = 0.1
"""Edges of an empty picture, levels on average."""


class Look(NamedTuple):
    """A picture, ready to be compared."""

    picture: np.ndarray
    """[H, W, 3], float32."""
    edges: tuple[np.ndarray, ...]
    """[E], float32, at each scale; neighbours in x, then in y."""
    strengths: tuple[float, ...]
    """How strong its edges are at each scale, levels on average."""

    @property
    def detail(self) -> float:
        """How strong its edges are, levels on average."""
        return self.strengths[0]


def halved(pictures: np.ndarray) -> np.ndarray:
    """Pictures [..., H, W, 3] at half the size, float32; an odd row or column is left out."""
    height, width = pictures.shape[-3] // 2 * 2, pictures.shape[-2] // 2 * 2
    even = pictures[..., :height, :width, :].astype(np.float32)
    rows = even[..., ::2, :, :] + even[..., 1::2, :, :]
    return (rows[..., ::2, :] + rows[..., 1::2, :]) / 4


def look(picture: np.ndarray) -> Look:
    """A picture [H, W, 3], float32, made ready; two pictures to be compared have one size."""
    edges = _edges(picture, _NOISE[0]), _edges(halved(picture), _NOISE[1])
    return Look(picture, edges, (_strength(edges[0]), _strength(edges[1])))


def _edges(picture: np.ndarray, noise: float) -> np.ndarray:
    height, width, depth = picture.shape
    split = height * (width - 1) * depth
    edges = np.empty(split + (height - 1) * width * depth, np.float32)
    np.subtract(picture[:, 1:], picture[:, :-1], out=edges[:split].reshape(height, width - 1, depth))
    np.subtract(picture[1:], picture[:-1], out=edges[split:].reshape(height - 1, width, depth))
    # soft threshold: differences below the noise of a codec are none, others lose as much, so nothing jumps there
    below = np.minimum(edges, np.float32(noise))
    np.maximum(below, np.float32(-noise), out=below)
    edges -= below
    return edges


def _strength(edges: np.ndarray) -> float:
    return float(np.add.reduce(np.abs(edges))) / max(edges.size, 1)


def replaced(old: Look, new: Look) -> float:
    """How wholly `new` shows other things than `old`, 0 to 1: the lesser of what is gone and what is new.

    Pictures that have nothing to do with each other have about 0.6 to 0.9, since some edges agree by chance.
    """
    return _compared(old, new)[0]


def unlike(old: Look, new: Look) -> float:
    """How little the edges of two pictures have to do with each other, whatever their contrast: 1 is nothing at all."""
    _, old, new = _compared(old, new)
    one, two = old.edges[0], new.edges[0]
    both = float(np.sqrt((one @ one) * (two @ two)))
    return 1 - max(float(one @ two) / both, 0.0) if both else 1.0


def following(old: Look, new: Look) -> float:
    """How far the levels of one picture follow those of another, -1 to 1; 1 is the same picture under another light.

    The mean correlation of the three colours. Movement is not undone.
    """
    one, two = (shown.picture.reshape(-1, 3) for shown in (old, new))
    one, two = one - one.mean(axis=0), two - two.mean(axis=0)
    both = np.sqrt((one * one).sum(axis=0) * (two * two).sum(axis=0))
    return float(((one * two).sum(axis=0) / np.maximum(both, 1e-3)).mean())


def spread(old: Look, new: Look) -> float:
    """The share of the picture, of those cells that have edges, in which they are gone or new, 0 to 1."""
    _, old, new = _compared(old, new)
    one, two = old.edges[0], new.edges[0]
    common, before, after = (_cells(of, old.picture.shape) for of in (_common(one, two), np.abs(one), np.abs(two)))
    most = np.maximum(before, after)
    seen = most > _NOTHING * _CELL**2 * 6
    changed = most - common > _CHANGED * most
    return float(changed[seen].mean()) if seen.any() else 0.0


def filled(shown: Look) -> float:
    """The share of the picture, by cells, that has edges."""
    return float((_cells(np.abs(shown.edges[0]), shown.picture.shape) > _NOTHING * _CELL**2 * 6).mean())


def _compared(old: Look, new: Look) -> tuple[float, Look, Look]:
    """How wholly one replaces the other, and both with the movement between them undone."""
    share = _replaced(old, new)
    # looking for movement costs more than all the rest, so it is done only where something has changed
    if share >= _STILL:
        rows, columns = _movement(old.picture, new.picture)
        if rows or columns:
            moved = _aligned(old.picture, new.picture, rows, columns)
            if _hold_most((old, new), moved) and (less := _replaced(*moved)) < share:
                return less, *moved
    return share, old, new


def _hold_most(whole: tuple[Look, Look], parts: tuple[Look, Look]) -> bool:
    """Whether parts of pictures show most of what is seen: things that drop out at its border have not moved."""
    sums = ([float(np.abs(one.edges[0]).sum()) for one in looks] for looks in (whole, parts))
    return all(part >= _HELD * total for total, part in zip(*sums, strict=True))


def _replaced(old: Look, new: Look) -> float:
    all_gone = all_come = 0.0
    for one, two, before, after in zip(old.edges, new.edges, old.strengths, new.strengths, strict=True):
        # the mean of what both have, as `_common` says it of each edge, without working it out for each
        common = (before + after - _strength(one - two)) / 2
        # relative to the other picture where one shows hardly anything, or noise alone would replace a plain picture
        all_gone += (before - common) / max(before, _FAINT * after, _NOTHING)
        all_come += (after - common) / max(after, _FAINT * before, _NOTHING)
    return min(all_gone, all_come) / len(old.edges)


def _common(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    return np.asarray(np.where(one * two > 0, np.minimum(np.abs(one), np.abs(two)), 0))


def _cells(edges: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Sums over cells of what is known of each edge, [E], of pictures of a shape."""
    height, width, depth = shape
    across, down = np.split(edges, [height * (width - 1) * depth])
    total = np.zeros((height, width), np.float32)
    total[:, 1:] += across.reshape(height, width - 1, depth).sum(axis=2)
    total[1:] += down.reshape(height - 1, width, depth).sum(axis=2)
    rows = np.add.reduceat(total, range(0, height, _CELL), axis=0)
    return np.asarray(np.add.reduceat(rows, range(0, width, _CELL), axis=1))


def _movement(old: np.ndarray, new: np.ndarray) -> tuple[int, int]:
    """The shift, in rows and columns of `old`, at which it is most like `new`."""
    height, width = old.shape[:2]
    y, x = (min(reach, side // 4) for reach, side in zip(_REACH, (height, width), strict=True))
    if min(y, x) <= 0:
        return 0, 0
    inner = new[y:-y, x:-x].transpose(2, 0, 1)
    shifted = sliding_window_view(old, inner.shape[1:], axis=(0, 1))
    # a row of shifts at once: what they leave stays in the processor's cache
    left, rest = np.empty(shifted.shape[:2], np.float32), np.empty(shifted.shape[1:], np.float32)
    for across, sums in zip(shifted, left, strict=True):
        np.abs(np.subtract(across, inner, out=rest), out=rest)
        np.add.reduce(rest.reshape(len(rest), -1), axis=1, out=sums)
    row, column = np.unravel_index(int(left.argmin()), left.shape)
    return int(row) - y, int(column) - x


def _aligned(old: np.ndarray, new: np.ndarray, rows: int, columns: int) -> tuple[Look, Look]:
    height, width = old.shape[:2]
    before = old[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)]
    after = new[max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)]
    return look(before), look(after)


def differing(old: Look, new: Look) -> float:
    """The share of those pixels that lie at an edge whose colour is another, 0 to 1."""
    at_edges = np.zeros(old.picture.shape[:2], bool)
    for picture in (old.picture, new.picture):
        for axis in (0, 1):
            steps = np.diff(picture, axis=axis, append=picture.take([-1], axis=axis))
            at_edges |= np.abs(steps).max(axis=2) > _EDGE
    differs = np.abs(old.picture - new.picture).max(axis=2) > _EDGE
    return float(differs[at_edges].mean()) if at_edges.any() else 0.0


def recoloured(old: Look, new: Look) -> float:
    """The share of the picture whose hue is another one, 0 to 1; brightness does not matter, black counts as grey."""
    one, two = _hue(old.picture), _hue(new.picture)
    differs = np.abs(np.subtract(one, two, out=one), out=one)
    return float((differs[..., 0] + differs[..., 1] + differs[..., 2] > _HUE).mean())


def _hue(picture: np.ndarray) -> np.ndarray:
    """Shares of red, green and blue, [H, W, 3], drawn towards grey in the dark, where hue is noise."""
    total = picture[..., 0] + picture[..., 1] + picture[..., 2] + 3 * _DARK
    return np.asarray((picture + _DARK) / total[..., None])
