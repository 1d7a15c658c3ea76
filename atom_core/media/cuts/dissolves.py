"""Dissolves in a run of small pictures, by where they begin and end.

Between two pictures of different shots, all pictures are mixtures of both whose share of the second rises steadily, and
all parts of the picture lose contrast and gain it again, since pictures that have nothing to do with each other wipe
out each other's: halfway half of the mean variance is left (Alattar 1993). A camera that moves from one view to another
passes through pictures of full contrast.

Shapes: N pictures, C candidates, B blocks of a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from atom_core.media.cuts.run import Run, Transition
from atom_core.media.cuts.similarity import halved, look, replaced, spread

_REACHES = (2, 3, 4, 5, 7, 9, 12, 16, 21, 27)
"""Half the distances between a picture wholly of the one shot and one wholly of the other, pictures."""
LONGEST = 2 * _REACHES[-1]
"""The longest distance ..."""
_RATE = 30
"""... at this many pictures a second; of more not all are looked at."""
_SHARES = ((0.05, 0.5), (0.25, 0.75), (0.5, 0.95))
"""What share of the second picture those at a quarter, half and three quarters of the way have."""
_MOST_REST = 0.55
"""How much of these pictures may be no mixture of the two, relative to how far the two are apart ..."""
_SHORT_REST = 0.3
"""... in the shortest dissolves."""
_LEAST_DIP = 0.4
"""How well contrast falls and rises as that of mixtures does; 1 is wholly."""
_REST_COSTS = 0.6
_LEAST_SCORE = 0.13
"""Least of the former less so much of the latter."""
_REPLACED, _SPREAD = 0.5, 0.75
"""How wholly, and in what share of the picture, a dissolve replaces what is seen."""
_MOST_STEP = 0.5
"""Most that one step of it replaces."""
_NEAR_S, _PLAIN_SHARE = 0.25, 0.12
"""Within so many seconds of a dissolve every picture has at least this share of the edges of its ends."""
_EXPOSED, _ONE_FACTOR, _CLIPPED = 0.17, (0.12, 0.25), 0.7
"""The least factor between two exposures, how far it may differ by colour, and contrast's from it; logarithms."""
_BLOCKS = 4
"""Contrast is looked at in 4 x 4 blocks."""
_PLAIN = 6
"""A row or column with smaller differences is part of a bar, levels of 255."""


class _Candidate(NamedTuple):
    score: float
    middle: int
    reach: int


def dissolves(run: Run) -> Iterator[Transition]:
    """The dissolves of a run, best first; they do not overlap."""
    stride = stride_of(run.fps)
    if len(run) <= 2 * _REACHES[0] * stride:
        return
    pictures = _between_bars(np.stack([one.picture for one in run.looks[::stride]]))
    taken: list[tuple[int, int]] = []
    # the best first: its neighbours in place and length find the same dissolve, and are dropped as overlapping
    for candidate in sorted(_candidates(pictures), reverse=True):
        middle, reach = candidate.middle * stride, candidate.reach * stride
        first, last = middle - reach, middle + reach
        if any(first < other_last and last > other_first for other_first, other_last in taken):
            continue
        if max(run.changes[first + 1 : last + 1]) > _MOST_STEP or _goes_plain(run, first, last):
            continue
        ends = [look(pictures[candidate.middle + side * candidate.reach]) for side in (-1, 1)]
        if _same_exposed(*(one.picture for one in ends)):
            continue
        change = replaced(*ends)
        if change >= _REPLACED and spread(*ends) >= _SPREAD:
            taken.append((first, last))
            yield Transition(middle, first + 1, last, change)


def _same_exposed(first: np.ndarray, last: np.ndarray) -> bool:
    """Whether one picture has the levels of another under more or less light: by one factor in all colours."""
    mean_gains, range_gains = (
        np.log((of(last, axis=(0, 1)) + 1) / (of(first, axis=(0, 1)) + 1)) for of in (np.mean, np.std)
    )
    gain = float(mean_gains.mean())
    return (
        abs(gain) >= _EXPOSED
        and float(np.ptp(mean_gains)) <= _ONE_FACTOR[0] + _ONE_FACTOR[1] * abs(gain)
        and abs(float(range_gains.mean()) - gain) <= _CLIPPED * abs(gain)
    )


def _goes_plain(run: Run, first: int, last: int) -> bool:
    """Whether a picture in it or near shows next to nothing: a fade, or a light that blinds."""
    near = run.frames(_NEAR_S)
    details = [one.detail for one in run.looks[max(first - near, 0) : last + near + 1]]
    return min(details) < _PLAIN_SHARE * max(run.looks[first].detail, run.looks[last].detail)


def stride_of(fps: float) -> int:
    """Every how many-th picture is looked at."""
    return max(round(fps / _RATE), 1)


def _candidates(pictures: np.ndarray) -> Iterator[_Candidate]:
    """Places and lengths of what goes steadily from one picture to another through less contrast."""
    # all distances between pictures follow from their inner products, so one matrix product serves all lengths
    small = halved(pictures)
    # less the mean of each: where the exposure changes most of the way is one of brightness, on which all pictures lie
    flat = (small).reshape(len(pictures), -1)
    products = flat @ flat.T
    variances = _variances(pictures)
    for reach in _REACHES:
        middles = np.arange(reach, len(pictures) - reach)
        if len(middles):
            scores = _scores(products, variances, middles, reach)
            for index in scores.nonzero()[0]:
                yield _Candidate(float(scores[index]), int(middles[index]), reach)


def _scores(products: np.ndarray, variances: np.ndarray, middles: np.ndarray, reach: int) -> np.ndarray:
    """How much like dissolves of this length around `middles` are, [C]; 0 if not enough.

    :param products: inner products of all pictures with each other, [N, N]
    :param variances: of the blocks of each picture, [N, B]
    """
    first, last = middles - reach, middles + reach
    apart = np.maximum(products[first, first] + products[last, last] - 2 * products[first, last], 1.0)
    rests, dips, fits = [], [], np.ones(len(middles), bool)
    for offset, (least, most) in zip((-round(reach / 2), 0, round(reach / 2)), _SHARES, strict=True):
        at, time = middles + offset, (offset + reach) / (2 * reach)
        to_first = products[at, at] + products[first, first] - 2 * products[at, first]
        # where the picture projects onto the line from the first to the last: its share of the last
        share = (products[at, last] - products[at, first] - products[first, last] + products[first, first]) / apart
        fits &= (share > least) & (share < most)
        # its distance from that line: a mixture lies on it
        rests.append(np.sqrt(np.maximum(to_first - share**2 * apart, 0) / apart))
        straight = _straight(variances[first], variances[last], time)
        # variances of unrelated pictures add up by the squares of their shares (Alattar 1993)
        mixed = (1 - time) ** 2 * variances[first] + time**2 * variances[last]
        depth = np.maximum((straight - mixed).sum(axis=1), 1e-3)
        dips.append(1 - np.abs(variances[at] - mixed).sum(axis=1) / depth)
    rest, dip = np.max(rests, axis=0), np.mean(dips, axis=0)
    score = dip - _REST_COSTS * rest
    fits &= (rest <= (_SHORT_REST if reach == _REACHES[0] else _MOST_REST)) & (dip >= _LEAST_DIP)
    return np.where(fits & (score >= _LEAST_SCORE), score, 0.0)


def _straight(first: np.ndarray, last: np.ndarray, time: float) -> np.ndarray:
    """Variances, [C, B], halfway or so between those of two shots if none were lost.

    That of the whole picture goes as in a change of exposure, by factors, or one would look as a loss of contrast.
    """
    whole = [np.maximum(of.sum(axis=1, keepdims=True), 1e-3) for of in (first, last)]
    shares = (1 - time) * first / whole[0] + time * last / whole[1]
    return np.asarray(shares * whole[0] ** (1 - time) * whole[1] ** time)


def _variances(pictures: np.ndarray) -> np.ndarray:
    """Variance of each block of the pictures, [N, B]."""
    blocks = [
        block.var(axis=(1, 2)).sum(axis=1)
        for band in np.array_split(pictures, _BLOCKS, axis=1)
        for block in np.array_split(band, _BLOCKS, axis=2)
    ]
    return np.stack(blocks, axis=1)


def _between_bars(pictures: np.ndarray) -> np.ndarray:
    """Pictures less the rows and columns at their edges that are plain in most of them."""
    rows = (np.median(np.ptp(pictures, axis=2).max(axis=2), axis=0) > _PLAIN).nonzero()[0]
    columns = (np.median(np.ptp(pictures, axis=1).max(axis=2), axis=0) > _PLAIN).nonzero()[0]
    if len(rows) < 2 * _BLOCKS or len(columns) < 2 * _BLOCKS:
        return pictures
    # The line beside a bar is in part the bar.
    top, left = rows[0] + (rows[0] > 0), columns[0] + (columns[0] > 0)
    bottom, right = rows[-1] + (rows[-1] == pictures.shape[1] - 1), columns[-1] + (columns[-1] == pictures.shape[2] - 1)
    return pictures[:, top:bottom, left:right]
