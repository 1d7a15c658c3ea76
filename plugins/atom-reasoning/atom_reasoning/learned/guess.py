"""What the network makes of a question, and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

import torch
from attrs import frozen
from safetensors import safe_open
from safetensors.torch import load_file

from atom_reasoning.learned.network import Network, Shape
from atom_reasoning.learned.words import words

NONE = ("other", "several", "offtopic")
"""What is asked where no reading is made of it: another question, several at once, or nothing of footage."""
_LONGEST = 120
"""Words of a question that it is asked of."""


@frozen(kw_only=True)
class Guess:
    """One reading of a question by the network."""

    kind: str
    """What is asked, by the names of `readings.READINGS`, or of `NONE`."""
    probability: float
    """Of that, 0 to 1."""
    certainty: float = 1.0
    """How sure it is of what each word is: the least probability of a word; 0 where a name is in two pieces."""
    named: dict[str, str]
    """By tag, the words of the question that are it, as they are written."""
    after: dict[str, str]
    """By tag, the word that stands behind those, in small letters: of times, their unit."""


class Networks:
    """Several networks that learned alike from other beginnings; what they say is taken in the mean."""

    def __init__(self, networks: list[Network]) -> None:
        """
        :param networks: of one shape
        """
        self._networks = networks
        self._shape = networks[0].shape

    @classmethod
    def opened(cls, path: Path) -> Networks:
        """The networks of a file, see `saved`."""
        with safe_open(path, framework="pt") as file:
            told = json.loads(file.metadata()["shape"])
        shape = Shape(**{name: tuple(value) if isinstance(value, list) else value for name, value in told.items()})  # type: ignore[arg-type]
        weights = load_file(path)
        networks = []
        for number in range(1 + max(int(name.split(".")[0]) for name in weights)):
            network = Network(shape)
            own = {
                name.split(".", 1)[1]: value.float() for name, value in weights.items() if name.startswith(f"{number}.")
            }
            network.load_state_dict(own)
            networks.append(network.eval())
        return cls(networks)

    def guess(self, text: str) -> Guess | None:
        """The likeliest reading; none where there is nothing to read, or too much."""
        row = [word.text.casefold() for word in words(text)]
        return self.of_row(row) if 0 < len(row) <= _LONGEST else None

    @torch.no_grad()
    def of_row(self, row: Sequence[str]) -> Guess:
        """The likeliest reading of words in small letters."""
        made = [network([row]) for network in self._networks]
        kinds_K = torch.stack([kinds.softmax(-1)[0] for kinds, _ in made]).mean(0)
        tags_LT = torch.stack([tags.softmax(-1)[0] for _, tags in made]).mean(0)
        sure, at = kinds_K.max(0)
        likeliest_L = tags_LT.max(-1)
        named: dict[str, str] = {}
        after: dict[str, str] = {}
        parted = False
        tags = [self._shape.tags[number] for number in likeliest_L.indices.tolist()]
        for place, tag in enumerate(tags):
            if tag == "O":
                continue
            parted |= tag in named and tags[place - 1] != tag
            named[tag] = f"{named[tag]} {row[place]}" if tag in named else row[place]
            after[tag] = row[place + 1] if place + 1 < len(row) else ""
        certainty = 0.0 if parted else float(likeliest_L.values.min())
        kind = self._shape.kinds[int(at)]
        return Guess(kind=kind, probability=float(sure), certainty=certainty, named=named, after=after)


@lru_cache(1)
def networks() -> Networks:
    """Those that are installed with Atom."""
    with as_file(files(__package__).joinpath("weights.safetensors")) as path:
        return Networks.opened(path)
