"""Which structure a wording most likely has, by known ones (`examples.txt`), and which unknown words in it are things.

A structure is weighed by its parts: whether shots follow each other or all of a kind are asked for, which things must
not be seen, of which there are several, which of two comes first, how two are joined. So wordings of three things tell
of those of two, and a verb or frame that no example has leaves the rest to tell.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from importlib.resources import as_file, files
from itertools import combinations
from pathlib import Path
from typing import Self

import numpy as np
from attrs import frozen

from atom_assembly.requests.wordings.ridge import Ridge
from atom_assembly.requests.wordings.rows import Row, example_row, example_runs
from atom_assembly.requests.wordings.structure import Structure, structure_of
from atom_assembly.requests.wordings.windows import of_join, of_pair, of_thing, of_unknown, of_whole

PARTS = ("mode", "refused", "several", "order", "join", "unknown")
"""What is told of a wording, each by a model of its own."""
_LEARNED = "learned.npz"
_LEAST = 1e-3
"""The least probability that a part has, whatever the examples say."""
_UNKNOWN_RIDGE, _UNKNOWN_SHARPNESS = 0.5, 6.0


@frozen(kw_only=True)
class Example:
    """A known wording."""

    structure: str
    """What it asks for; `-` where it only shows which unknown words are things."""
    text: str
    """With its things as "{1 deed}"; things that no caption has words for as "{0 dancing people}"."""


class Likeness:
    """What examples say of wordings."""

    def __init__(self, structures: Iterable[str], models: Mapping[str, Ridge]) -> None:
        """
        :param structures: those that the examples have
        :param models: what tells of each of `PARTS`
        """
        self._structures, self._models = list(structures), dict(models)
        self._mode, self._refused, self._several, self._order, self._join, self._unknown = (
            models[part] for part in PARTS
        )

    @classmethod
    def fitted(cls, examples: Iterable[Example]) -> Self:
        """Learn from examples, which takes seconds."""
        known = list(examples)
        told = [(structure_of(one.structure), example_row(one.text)) for one in known if one.structure != "-"]
        pairs = [(one, row, pair) for one, row in told if _in_row(one) for pair in combinations(sorted(one.order), 2)]
        models = {
            "mode": Ridge.fitted((one.mode, of_whole(row)) for one, row in told),
            "refused": Ridge.fitted(
                (str(n in one.refused), of_thing(row, n)) for one, row in told for n in range(1, row.num_things + 1)
            ),
            "several": Ridge.fitted(
                (str(n in one.several), of_thing(row, n)) for one, row in told if _in_row(one) for n in one.order
            ),
            "order": Ridge.fitted((str(_is_first(one, *pair)), of_pair(row, *pair)) for one, row, pair in pairs),
            "join": Ridge.fitted((one.join, of_join(row)) for one, row in told if one.join and len(one.order) == 2),
            "unknown": Ridge.fitted(
                (
                    (str(thing), of_unknown(row, at, words))
                    for one in known
                    for thing, row, at, words in example_runs(one.text)
                ),
                ridge=_UNKNOWN_RIDGE,
                sharpness=_UNKNOWN_SHARPNESS,
            ),
        }
        return cls(sorted({one.text for one, _ in told}), models)

    def save(self, path: Path) -> None:
        """Write what was learned, for `opened`."""
        arrays = {f"{part}.{name}": values for part in PARTS for name, values in self._models[part].arrays().items()}
        np.savez_compressed(path, structures=np.array(self._structures), **arrays)  # type: ignore[arg-type]

    @classmethod
    def opened(cls, path: Path) -> Self:
        """What `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            models = {
                part: Ridge.from_arrays(
                    {name.partition(".")[2]: arrays[name] for name in arrays if name.startswith(f"{part}.")}
                )
                for part in PARTS
            }
            return cls(arrays["structures"].tolist(), models)

    def structures(self, row: Row, others: Collection[str] = ()) -> dict[Structure, float]:
        """The structures that a wording may have, the likeliest first, with the logarithms of their probabilities.

        :param others: structures that are weighed beside those of the examples
        """
        every = frozenset(range(1, row.num_things + 1))
        if not every:
            return {}
        made = [structure_of(text) for text in dict.fromkeys((*self._structures, *others))]
        made = [one for one in made if one.numbers == every]
        weigh = _Weighed(
            mode=self._mode.of(of_whole(row)),
            refused={n: self._refused.of(of_thing(row, n)) for n in every},
            several={n: self._several.of(of_thing(row, n)) for n in every},
            order={pair: self._order.of(of_pair(row, *pair)) for pair in combinations(sorted(every), 2)},
            join=self._join.of(of_join(row)) if len(every) > 1 else {},
        )
        scores = {one: weigh.score(one) for one in made}
        return dict(sorted(scores.items(), key=lambda item: -item[1]))

    def is_thing(self, row: Row, at: int, words: tuple[str, ...]) -> float:
        """How likely unknown words are something that is to be seen, and no talk, 0 to 1.

        :param row: of the wording, with the words as the token `at`
        """
        return self._unknown.of(of_unknown(row, at, words)).get("True", 0.0)


@frozen(kw_only=True)
class _Weighed:
    """The probabilities of the parts of structures."""

    mode: Mapping[str, float]
    refused: Mapping[int, Mapping[str, float]]
    several: Mapping[int, Mapping[str, float]]
    order: Mapping[tuple[int, int], Mapping[str, float]]
    join: Mapping[str, float]

    def score(self, one: Structure) -> float:
        score = _log(self.mode, one.mode)
        score += sum(_log(own, str(number in one.refused)) for number, own in self.refused.items())
        if one.mode.startswith("row"):
            score += sum(_log(own, str(number in one.several)) for number, own in self.several.items())
        if _in_row(one):
            pairs = [pair for pair in self.order if set(pair) <= set(one.order)]
            score += sum(_log(self.order[pair], str(_is_first(one, *pair))) for pair in pairs)
        return score + (_log(self.join, one.join) if one.join else 0.0)


def _log(shares: Mapping[str, float], answer: str) -> float:
    return math.log(max(shares.get(answer, 0.0), _LEAST))


def _in_row(one: Structure) -> bool:
    """Whether its things follow each other."""
    return one.mode.startswith("row") and not one.join and not one.refused


def _is_first(one: Structure, first: int, other: int) -> bool:
    return one.order.index(first) < one.order.index(other)


@lru_cache(1)
def known_examples() -> tuple[Example, ...]:
    """The known wordings."""
    text = files(__package__).joinpath("examples.txt").read_text(encoding="utf-8")
    lines = (line.partition("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(Example(structure=structure, text=wording.replace("\\n", "\n")) for structure, _, wording in lines)


@lru_cache(1)
def likeness() -> Likeness:
    """Of all known wordings: what was learned of them beforehand."""
    with as_file(files(__package__).joinpath(_LEARNED)) as path:
        return Likeness.opened(path)


if __name__ == "__main__":  # whenever the examples, or what is weighed of them, have changed
    Likeness.fitted(known_examples()).save(Path(__file__).with_name(_LEARNED))
