"""Ridge regression on what is weighed of wordings: of each answer how far a wording is like those it is known of."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from atom_assembly.requests.wordings.windows import Weights

PLACES = 4096
"""Columns that names are hashed into, with a sign each (feature hashing, arXiv 0902.2206)."""


class Ridge:
    """What known wordings say of others. Axes: N wordings, D places, K answers."""

    def __init__(
        self,
        answers: Sequence[str],
        rarity: Mapping[str, float],
        weights_DK: npt.NDArray[np.float32],
        sharpness: float,
    ) -> None:
        """
        :param rarity: how much each name counts; others count nothing
        :param weights_DK: what each place says of each answer
        :param sharpness: of the probabilities
        """
        self.answers = tuple(answers)
        self._rarity, self._weights_DK, self._sharpness = rarity, weights_DK, sharpness

    @classmethod
    def fitted(cls, known: Iterable[tuple[str, Weights]], *, ridge: float = 0.2, sharpness: float = 8.0) -> Self:
        """
        :param known: the answer of each wording, and what is weighed of it
        :param ridge: how much is smoothed
        """
        pairs = list(known)
        rows = [weights for _, weights in pairs]
        answers = tuple(sorted({answer for answer, _ in pairs}))
        seen = Counter(name for row in rows for name in row)
        rarity = {name: float(np.sqrt(np.log1p(len(rows) / count))) for name, count in seen.items()}
        known_ND = _matrix(rows, rarity)
        wanted_NK = np.array([[answer == one for one in answers] for answer, _ in pairs], dtype=np.float32)
        kernel_NN = known_ND @ known_ND.T + ridge * np.eye(len(rows), dtype=np.float32)
        return cls(answers, rarity, known_ND.T @ np.linalg.solve(kernel_NN, wanted_NK), sharpness)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it, as a file of arrays holds it."""
        return {
            "answers": _bytes_of(self.answers),
            "names": _bytes_of(self._rarity),
            "rarity": np.array([*self._rarity.values()], dtype=np.float32),
            "weights": self._weights_DK.astype(np.float32),
            "sharpness": np.array(self._sharpness),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """What `arrays` gave."""
        rarity = dict(zip(_texts_of(arrays["names"]), arrays["rarity"].tolist(), strict=True))
        return cls(_texts_of(arrays["answers"]), rarity, arrays["weights"], float(arrays["sharpness"]))

    def of(self, weights: Weights) -> Mapping[str, float]:
        """The probability of each answer."""
        score_K = (_matrix([weights], self._rarity) @ self._weights_DK)[0]
        share_K = np.exp(self._sharpness * (score_K - score_K.max()))
        return dict(zip(self.answers, (share_K / share_K.sum()).tolist(), strict=True))


def _matrix(rows: Sequence[Weights], rarity: Mapping[str, float]) -> npt.NDArray[np.float32]:
    out_ND = np.zeros((len(rows), PLACES), dtype=np.float32)
    for at, row in enumerate(rows):
        for name, weight in row.items():
            if (rare := rarity.get(name)) is not None:
                place, sign = _place(name)
                out_ND[at, place] += sign * weight * rare
    length_N1 = np.maximum(np.linalg.norm(out_ND, axis=1, keepdims=True), 1e-9)
    return np.asarray(out_ND / length_N1)


def _bytes_of(texts: Iterable[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), dtype=np.uint8)


def _texts_of(values: npt.NDArray[np.uint8]) -> list[str]:
    return values.tobytes().decode().split("\n")


@lru_cache(maxsize=262_144)
def _place(name: str) -> tuple[int, int]:
    found = zlib.crc32(name.encode())
    return found % PLACES, 1 if found & (1 << 30) else -1
