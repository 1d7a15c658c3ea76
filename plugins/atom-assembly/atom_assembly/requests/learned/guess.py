"""What the networks make of a request, and how sure they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TypeVar

import torch
from attrs import frozen
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

from atom_assembly.evidence.words import stems
from atom_assembly.requests.learned.network import SIGNS, TAGS, Planner, Shape, Tagger
from atom_assembly.requests.learned.programs import Kind, Named, Program
from atom_assembly.requests.learned.words import words

OTHER = "other"
"""The program of a request that asks for something else, or more, than programs say."""
_Net = TypeVar("_Net", Tagger, Planner)
_LONGEST, _MOST_LETTERS = 160, 2_000
"""Words and characters of a request that they are asked of."""
_MOST_SIGNS = 40
_BEGINS: dict[str, Kind] = {"N": "noun", "P": "nouns", "C": "looks", "W": "does", "I": "noun", "V": "does"}
"""How a thing is told, by what its first word is."""
_WAYS = (("left",), ("right",))
_OF_LENGTHS = frozenset(("half", "second", "seconds", "minute", "minutes", "a", "and"))
_DEFINITE = ("the", "that", "this", "same")


@frozen(kw_only=True)
class Guess:
    """One reading of a request by the networks."""

    program: Program
    """What is asked for, see `programs`."""
    things: tuple[Named, ...]
    """Those that its numbers stand for, from 1."""
    probability: float
    """Of the program, 0 to 1, if its things are those."""
    certainty: float
    """How sure they are of what each word is: the least probability of a word."""
    beside: frozenset[str]
    """The words that are of no thing."""
    strange: frozenset[str]
    """Those of them that they do not know."""


class Networks:
    """Several networks of each kind that learned alike from other beginnings; what they say is taken in the mean."""

    def __init__(self, taggers: Sequence[Tagger], planners: Sequence[Planner]) -> None:
        """
        :param taggers: which say what each word is
        :param planners: which say what is asked for
        """
        self.taggers, self.planners = list(taggers), list(planners)
        self._vocabulary = frozenset(planners[0].shape.vocabulary)

    @classmethod
    def opened(cls, path: Path) -> Networks:
        """The networks of a file, as `atom_assembly_training` writes it."""
        with safe_open(path, framework="pt") as file:
            told = json.loads(file.metadata()["shapes"])
        weights = load_file(path)

        def made(kind: type[_Net]) -> list[_Net]:
            found = []
            for name in [name for name in told if name.startswith(kind.__name__.casefold())]:
                network = kind(Shape(**{**told[name], "vocabulary": tuple(told[name]["vocabulary"])}))
                own = {key: value.float() for key, value in weights.items() if key.startswith(f"{name}.")}
                network.load_state_dict({key.removeprefix(f"{name}."): value for key, value in own.items()})
                found.append(network.eval())
            return found

        return cls(made(Tagger), made(Planner))

    def guess(self, text: str) -> Guess | None:
        """The likeliest reading; none where nothing is told of, or too much."""
        row = [word.text.casefold() for word in words(text[: _MOST_LETTERS + 1])]
        return self.of_row(row) if 0 < len(row) <= _LONGEST and len(text) <= _MOST_LETTERS else None

    def of_row(self, row: Sequence[str]) -> Guess | None:
        """The likeliest reading of words in small letters; none where nothing is told of."""
        tags, certainty = tagged(self.taggers, row)
        masked = mask(row, tags)
        if not masked.things:
            return None
        program, probability = self.plan(masked.row, masked.numbers)
        if OTHER in program:
            # wordings tell of rows by what things do, mostly: "first the sea, then the cake" is read as if these did
            row_of_deeds = ["<deed>" if word == "<noun>" else word for word in masked.row]
            instead, share = self.plan(row_of_deeds, masked.numbers)
            if len({sign for sign in instead if isinstance(sign, int)}) > 1 and OTHER not in instead:
                program, probability = instead, share
        beside = frozenset(word for word, number in zip(masked.row, masked.numbers, strict=True) if not number)
        return Guess(
            program=program,
            things=masked.things,
            probability=probability,
            certainty=certainty,
            beside=beside,
            strange=beside - self._vocabulary,
        )

    @torch.no_grad()
    def plan(self, row: Sequence[str], numbers: Sequence[int]) -> tuple[Program, float]:
        """The likeliest program of a masked request, sign by sign, and its probability.

        :param numbers: of each word, that of the thing that it is, from 1; or 0
        """
        reads = [planner.read([row], [numbers]) for planner in self.planners]
        states = [read.state_BH for read in reads]
        counts = torch.zeros(1, 1, max(numbers), dtype=torch.long)
        made: list[str | int] = []
        last, probability = -1, 1.0
        while len(made) < _MOST_SIGNS:
            shares: list[Tensor] = []
            for at, planner in enumerate(self.planners):
                logits, states[at] = planner.told(reads[at], torch.tensor([[last]]), counts, states[at])
                shares.append(logits[0, 0].softmax(-1))
            share, place = torch.stack(shares).mean(0).max(0)
            probability *= float(share)
            last = int(place)
            if last == SIGNS.index("end"):
                break
            if last < len(SIGNS):
                made.append(SIGNS[last])
            else:
                counts[0, 0, last - len(SIGNS)] += 1
                made.append(last - len(SIGNS) + 1)
        return tuple(made), probability


@torch.no_grad()
def tagged(taggers: Sequence[Tagger], row: Sequence[str]) -> tuple[list[str], float]:
    """What each word is, by `network.TAGS`, and the least probability of one."""
    likeliest = torch.stack([tagger([row]).softmax(-1)[0] for tagger in taggers]).mean(0).max(-1)
    return [TAGS[number] for number in likeliest.indices.tolist()], float(likeliest.values.min())


@frozen(kw_only=True)
class Masked:
    """A request whose things are masked."""

    row: tuple[str, ...]
    """Its words; a thing is one, `<noun>` or how else it is told."""
    numbers: tuple[int, ...]
    """Of each word, the number of the thing that it is, from 1; or 0."""
    things: tuple[Named, ...]
    """The things by their numbers."""


def mask(row: Sequence[str], tags: Sequence[str]) -> Masked:
    """The words of a request with each thing as one; what names a thing again has its number."""
    masked: list[str] = []
    numbers: list[int] = []
    things: list[Named] = []
    at = 0
    while at < len(row):
        if tags[at] == "O":
            masked.append(row[at])
            numbers.append(0)
            at += 1
            continue
        end = at + 1
        while end < len(row) and tags[end] in ("I", "V"):
            end += 1
        kind = _BEGINS[tags[at]]
        kind = "deed" if kind != "does" and "V" in tags[at:end] else kind
        end = _past_way(row, end) if kind in ("does", "deed") else end
        own = tuple(word for word in row[at:end] if word[0].isalnum())
        if set(own) <= _OF_LENGTHS:  # "a second and a half"
            masked += row[at:end]
            numbers += [0] * (end - at)
        else:
            article = row[at - 1] if at and row[at - 1] in ("a", "an", "the") else ""
            thing = Named(words=own, kind=kind, article=article)
            number = _same(thing, things, definite=at > 0 and row[at - 1] in _DEFINITE)
            if number is None:
                things.append(thing)
                number = len(things)
            masked.append(f"<{kind}>")
            numbers.append(number)
        at = end
    return Masked(row=tuple(masked), numbers=tuple(numbers), things=tuple(things))


def _past_way(row: Sequence[str], end: int) -> int:
    """Past the rest of the way that something moves: "up and to the left"."""
    rest = tuple(row[end : end + 4])
    front = rest[:1] == ("and",)
    return end + 3 + front if rest[front : front + 2] == ("to", "the") and rest[front + 2 :][:1] in _WAYS else end


def _same(thing: Named, things: Sequence[Named], *, definite: bool) -> int | None:
    """The number of the thing that is named again."""
    said = _said(thing)
    for number, one in enumerate(things, 1):
        if _said(one) == said:
            return number
    if thing.kind in ("noun", "nouns") and definite:
        return next((number for number, one in enumerate(things, 1) if said < _said(one)), None)
    return None


def _said(thing: Named) -> frozenset[str]:
    return stems(" ".join(thing.words)) or frozenset(thing.words)


@lru_cache(1)
def networks() -> Networks:
    """Those that are installed with Atom."""
    with as_file(files(__package__).joinpath("weights.safetensors")) as path:
        return Networks.opened(path)
