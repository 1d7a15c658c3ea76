"""The best of many scores, without sorting all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_MORE = 4
"""How many times as many are sorted next where the first were not enough."""


def ranked(scores_N: np.ndarray, first: int) -> Iterator[int]:
    """The places of all scores above -inf, best first, equal ones in their order; exactly as a stable sort gives them.

    :param first: how many will be wanted, probably
    """
    left_N = np.flatnonzero(scores_N > -np.inf)
    while len(left_N):
        own = scores_N[left_N]
        if first < len(own):
            least = np.partition(own, len(own) - first)[len(own) - first]
            is_taken = own >= least
            taken_N, left_N = left_N[is_taken], left_N[~is_taken]
        else:
            taken_N, left_N = left_N, left_N[:0]
        yield from taken_N[np.argsort(-scores_N[taken_N], kind="stable")].tolist()
        first *= _MORE
