"""Which kind of question a wording is most like, by known ones (`examples.txt`).

Ridge regression on the rows of word classes: of each kind how far a wording is like its examples, and unlike those of
the others. Made when it is first asked, in some hundredths of a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from atom_reasoning.reading.wordings.lexicon import classes

RIDGE = 0.2
"""How much is smoothed; least error and log-loss over tenths of the examples that were held out."""
SHARPNESS = 10.0
"""Of the probabilities; chosen likewise."""
STRANGER = 0.3
"""A wording that is not like the examples of any kind by more than this is like none."""
WORD, NEIGHBOURS, IN_ORDER, IN_ANY_ORDER, THINGS = 1.5, 0.5, 0.3, 0.5, 1.0
"""Weights: of a class, of two that are neighbours, of one before another, of two in any order, of the number of things.
They tell examples whose words were put into another order about as well as those that were not."""
REACH = 6
"""How far two words of an order stand apart at most."""


@lru_cache(1)
def examples() -> dict[str, tuple[str, ...]]:
    """The known wordings, by kind."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for line in files(__package__).joinpath("examples.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            own = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            own.append(line)
    return {kind: tuple(texts) for kind, texts in found.items()}


def features(text: str) -> dict[str, float]:
    """What is weighed of a plain wording: its classes, neighbours, which stands before which, and how many things."""
    row = ["<", *classes(text), ">"]
    found: dict[str, float] = {}
    for place, name in enumerate(row[1:-1], 1):
        for other in row[place + 1 : min(place + 1 + REACH, len(row) - 1)]:
            found[f"{name} .. {other}"] = IN_ORDER
            found[" & ".join(sorted((name, other)))] = IN_ANY_ORDER
    found |= {f"{one} {two}": NEIGHBOURS for one, two in pairwise(row)}
    found |= dict.fromkeys(row[1:-1], WORD)
    things = min(sum(name in ("THING", "THINGS") for name in row), 3)
    found[f"{things} things"] = found[f"{things} things, {'ACT' in row}"] = THINGS
    return found


class Likeness:
    """What the examples say of a wording."""

    def __init__(self, known: Iterable[tuple[str, str]]) -> None:
        """
        :param known: kind and wording of each example
        """
        pairs = list(known)
        self.kinds = sorted({kind for kind, _ in pairs})
        rows = [features(text) for _, text in pairs]
        number: dict[str, int] = {}
        for row in rows:
            for name in row:
                number.setdefault(name, len(number))
        self._place = number
        seen = np.zeros(len(number))
        for row in rows:
            for name in row:
                seen[number[name]] += 1
        self._weight = np.sqrt(np.log1p(len(rows) / seen))
        known_NF = self._matrix(rows)
        wanted_NK = np.array([[kind == one for one in self.kinds] for kind, _ in pairs], dtype=float)
        kernel_NN = known_NF @ known_NF.T + RIDGE * np.eye(len(rows))
        self._of_feature_FK = known_NF.T @ np.linalg.solve(kernel_NN, wanted_NK)

    def _matrix(self, rows: list[dict[str, float]]) -> npt.NDArray[np.float64]:
        out_NF = np.zeros((len(rows), len(self._place)))
        for at, row in enumerate(rows):
            for name, weight in row.items():
                if (place := self._place.get(name)) is not None:
                    out_NF[at, place] = weight * self._weight[place]
        length_N1 = np.maximum(np.linalg.norm(out_NF, axis=1, keepdims=True), 1e-9)
        return np.asarray(out_NF / length_N1)

    def of(self, text: str) -> dict[str, float]:
        """The probability of each kind, for a plain wording; what is missing to 1 is that of none."""
        score_K = (self._matrix([features(text)]) @ self._of_feature_FK)[0]
        share_K = np.exp(SHARPNESS * (score_K - STRANGER))
        return dict(zip(self.kinds, (share_K / (1 + share_K.sum())).tolist(), strict=True))


@lru_cache(1)
def likeness() -> Likeness:
    """Of all examples."""
    return Likeness((kind, text) for kind, texts in examples().items() for text in texts)
