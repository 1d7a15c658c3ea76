"""Ridge regression on what is weighed of wordings: of each answer how far a wording is like those it is known of."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from atom_assembly.requests.wordings.windows import Weights

PLACES = 4096
"""Columns that names are hashed into, with a sign each (feature hashing, arXiv 0902.2206)."""


class Ridge:
    """What known wordings say of others. Axes: N wordings, D places, K answers."""

    def __init__(self, known: Iterable[tuple[str, Weights]], *, ridge: float = 0.2, sharpness: float = 8.0) -> None:
        """
        :param known: the answer of each wording, and what is weighed of it
        :param ridge: how much is smoothed
        :param sharpness: of the probabilities
        """
        pairs = list(known)
        rows = [weights for _, weights in pairs]
        self.answers = tuple(sorted({answer for answer, _ in pairs}))
        self._sharpness = sharpness
        seen = Counter(name for row in rows for name in row)
        self._rarity = {name: float(np.sqrt(np.log1p(len(rows) / count))) for name, count in seen.items()}
        known_ND = self._matrix(rows)
        wanted_NK = np.array([[answer == one for one in self.answers] for answer, _ in pairs], dtype=np.float32)
        kernel_NN = known_ND @ known_ND.T + ridge * np.eye(len(rows), dtype=np.float32)
        self._weights_DK = known_ND.T @ np.linalg.solve(kernel_NN, wanted_NK)

    def of(self, weights: Weights) -> Mapping[str, float]:
        """The probability of each answer."""
        score_K = (self._matrix([weights]) @ self._weights_DK)[0]
        share_K = np.exp(self._sharpness * (score_K - score_K.max()))
        return dict(zip(self.answers, (share_K / share_K.sum()).tolist(), strict=True))

    def _matrix(self, rows: Sequence[Weights]) -> npt.NDArray[np.float32]:
        out_ND = np.zeros((len(rows), PLACES), dtype=np.float32)
        for at, row in enumerate(rows):
            for name, weight in row.items():
                if (rarity := self._rarity.get(name)) is not None:
                    place, sign = _place(name)
                    out_ND[at, place] += sign * weight * rarity
        length_N1 = np.maximum(np.linalg.norm(out_ND, axis=1, keepdims=True), 1e-9)
        return np.asarray(out_ND / length_N1)


@lru_cache(maxsize=262_144)
def _place(name: str) -> tuple[int, int]:
    found = zlib.crc32(name.encode())
    return found % PLACES, 1 if found & (1 << 30) else -1
