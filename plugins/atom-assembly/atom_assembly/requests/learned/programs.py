"""What a request asks for as a program: signs and the numbers of the things that it tells of; and the reading of one.

`1 2 1` is one shot of the first thing, one of the second, and the first again; `1 *3` three shots; `all 1 & ! 2` every
shot of the first without the second; `1 | 2` either, `1 . 2` one thing of which both are true; `longest 1`,
`shortest 1`; at the end stand orders (`@time`, `@growing`, `@shrinking`) and whether lengths are said of the film
(`<=`) or of each cut (`each<=`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from attrs import evolve, frozen

import atom_core as atom
from atom_assembly.requests.english import with_article
from atom_assembly.requests.lengths import LENGTH, Lengths, seconds, take_any_length, take_lengths
from atom_assembly.requests.mentions.film import both_of, one_of
from atom_assembly.requests.mentions.find import is_doing
from atom_assembly.requests.mentions.thing import third
from atom_assembly.requests.read import Reading

Program = Sequence[str | int]
Kind = Literal["noun", "nouns", "looks", "does", "deed"]
ENDS = ("@time", "@growing", "@shrinking", "<=", "each<=")
Order = Literal["", "recorded", "reversed", "shortest", "longest"]
_ORDERS: dict[str, Order] = {"@time": "recorded", "@growing": "shortest", "@shrinking": "longest"}


@frozen(kw_only=True)
class Named:
    """A thing that a request tells of."""

    words: tuple[str, ...]
    """Its words, in small letters, without an article."""
    kind: Kind
    """How it is told: by a noun, several, how it looks, what it does alone, or a noun and what it does."""
    article: str = ""
    """The article that it has, if any."""

    @property
    def line(self) -> str:
        """As a line of a script."""
        name = " ".join(self.words)
        if self.kind == "does":
            return f"something {name}" if is_doing(self.words[0]) else f"something that {third(name)}"
        if self.kind == "looks":
            return f"{with_article(name)} thing"
        if self.kind == "nouns":
            return name
        if self.kind == "deed" and not self.article:
            return name  # "children playing", "Lisa dances"
        return f"the {name}" if self.article == "the" else with_article(name)

    @property
    def refused(self) -> str:
        """As what must not be seen."""
        name = " ".join(self.words)
        return f"{name} things" if self.kind == "looks" else self.line if self.kind == "does" else name


@frozen(kw_only=True)
class Part:
    """One line: what is to be seen, what not, and how many shots."""

    shown: tuple[tuple[tuple[int, ...], ...], ...]
    """What is to be seen: ways, of which one is enough; each of things, of each the numbers of what is true of it."""
    refused: tuple[tuple[int, ...], ...]
    """What must not be seen."""
    times: int
    """How many shots."""


@frozen(kw_only=True)
class Asked:
    """A program by its parts."""

    mode: str
    """`all`, `longest`, `shortest`, or empty for a row of cuts."""
    parts: tuple[Part, ...]
    """Its lines."""
    ends: frozenset[str]
    """The orders and lengths that it says."""


class Unsound(Exception):
    """A program that says nothing."""


def asked(program: Program) -> Asked:
    """What a program asks for.

    :raises Unsound: if it is none
    """
    rest = list(program)
    ends = []
    while rest and rest[-1] in ENDS:
        ends.append(str(rest.pop()))
    mode = str(rest.pop(0)) if rest and rest[0] in ("all", "longest", "shortest") else ""
    parts = []
    while rest:
        parts.append(_part(rest))
    if not parts or (mode and (len(parts) > 1 or parts[0].times > 1)) or len(set(ends)) < len(ends):
        raise Unsound
    return Asked(mode=mode, parts=tuple(parts), ends=frozenset(ends))


def _part(rest: list[str | int]) -> Part:
    """The first line of what is left, which is taken away."""
    ways: list[tuple[list[tuple[int, ...]], list[tuple[int, ...]]]] = [([], [])]
    while True:
        negated = bool(rest) and rest[0] == "!"
        if negated:
            rest.pop(0)
        numbers = [_number(rest)]
        while rest and rest[0] == ".":
            rest.pop(0)
            numbers.append(_number(rest))
        ways[-1][negated].append(tuple(numbers))
        if not rest or rest[0] not in ("&", "|"):
            break
        if rest.pop(0) == "|":
            ways.append(([], []))
    times = int(str(rest.pop(0))[1:]) if rest and re.fullmatch(r"\*\d", str(rest[0])) else 1
    refused = {frozenset(without) for _, without in ways}
    if len(refused) > 1 or (len(ways) > 1 and not all(shown for shown, _ in ways)):
        raise Unsound  # "a star without anything red, or a moon": no line says that
    return Part(shown=tuple(tuple(shown) for shown, _ in ways), refused=tuple(ways[0][1]), times=times)


def _number(rest: list[str | int]) -> int:
    if not rest or not isinstance(rest[0], int):
        raise Unsound
    return int(rest.pop(0))


def reading(program: Program, things: Sequence[Named], text: str, other: Reading) -> Reading | None:
    """What a program asks for; None where it says nothing.

    :param things: those that its numbers stand for, from 1
    :param text: the request
    :param other: another reading of it, of which what no program says is kept
    """
    try:
        film = asked(program)
    except Unsound:
        return None
    lines: list[str] = []
    wanted: list[atom.Wanted] = []
    for part in film.parts:
        line = _line(part, things)
        line = one_of(line) if line and not film.mode and _several(part, things) else line
        own = _wanted(film.mode, part, things)
        again = line in lines and own == atom.Wanted()
        refused = tuple(_whole(numbers, things, refused=True) for numbers in part.refused)
        lines.append(line)
        wanted.append(evolve(own, again=again, without=refused))
    rounds = None
    turns = len(lines) // 2
    if len(lines) > 3 and lines == lines[:2] * turns:
        lines, wanted, rounds = lines[:2], [evolve(own, again=False) for own in wanted[:2]], turns
    lengths = _lengths(film.ends, text)
    constraints = evolve(
        other.constraints,
        wanted=tuple(wanted),
        without=(),
        rounds=rounds,
        num_shots=None,
        order=_order(film.ends, other.constraints),
        length_s=lengths.most_s,
        min_length_s=lengths.least_s,
        shot_length_s=lengths.shot_s,
    )
    chosen = bool(film.mode or film.ends or len(lines) > 1 or film.parts[0].refused or film.parts[0].times > 1)
    return Reading(lines=tuple(lines), constraints=constraints, ordered=len(lines) > 1, chosen=chosen)


def _several(part: Part, things: Sequence[Named]) -> bool:
    return any(things[number - 1].kind == "nouns" for way in part.shown for numbers in way for number in numbers)


def _order(ends: frozenset[str], other: atom.Constraints) -> Order:
    """The order of the cuts; that newest come first, no program says."""
    order: Order = next((name for sign, name in _ORDERS.items() if sign in ends), "")
    return "reversed" if order == "recorded" and other.order == "reversed" else order


def _lengths(ends: frozenset[str], text: str) -> Lengths:
    """The lengths that `text` says; of which the only one is, the program tells."""
    found, _ = take_lengths(text)
    if found != Lengths():
        return found
    found, _ = take_any_length(text)
    of = [sign for sign in ("<=", "each<=") if sign in ends]
    values = [value for value in (found.most_s, found.shot_s) if value is not None]
    if not values and found.least_s is None:
        values = [seconds(match[0]) for match in re.finditer(LENGTH, text, re.IGNORECASE)]
        values = values or [1.0 for _ in _A_SECOND.findall(text)]
    if len(values) != 1 or len(of) != 1 or not values[0] or found.least_s is not None:
        return found
    return Lengths(most_s=values[0]) if of == ["<="] else Lengths(shot_s=values[0])


_A_SECOND = re.compile(r"\ba\s+sec(?:ond)?\b", re.IGNORECASE)
"""A length only where it is known that one is said: "a second shot" is none."""


def _line(part: Part, things: Sequence[Named]) -> str:
    return " or ".join(_together([_whole(numbers, things) for numbers in way]) for way in part.shown)


def _together(names: Sequence[str]) -> str:
    names = [one_of(name) for name in names] if len(names) > 1 else names
    return both_of(*names) if len(names) == 2 else " while ".join(names)


def _whole(numbers: Sequence[int], things: Sequence[Named], *, refused: bool = False) -> str:
    """One thing of which all is true: "hearts" that are "red" are red hearts."""
    own = [things[number - 1] for number in numbers]
    if len(own) == 1:
        return own[0].refused if refused else own[0].line
    ordered = sorted(own, key=lambda one: {"looks": 0, "noun": 1, "nouns": 1}.get(one.kind, 2))
    *front, last = ordered
    names = " ".join(word for one in front for word in one.words)
    deed = " ".join(last.words)
    if last.kind == "does":
        does = deed if is_doing(last.words[0]) else f"that {third(deed)}"
        bare = all(one.kind == "looks" for one in front)
        return f"something {names} {does}" if bare else f"{one_of(names)} {does}"
    if last.kind == "looks":
        return f"{with_article(names + ' ' + deed)} thing"
    text = f"{names} {deed}"
    return text if refused else one_of(text)


def _wanted(mode: str, part: Part, things: Sequence[Named]) -> atom.Wanted:
    """How many shots of a line, and which: of one thing, "the dog", "a dog that runs", the same; of a kind others."""
    if mode == "longest" or mode == "shortest":
        return atom.Wanted(pick="longest" if mode == "longest" else "shortest", num_shots=1)
    if mode:
        return atom.Wanted(num_shots=None)
    if part.times == 1:
        return atom.Wanted()
    own = [things[number - 1] for way in part.shown for numbers in way for number in numbers]
    one = any(thing.kind == "deed" or (thing.kind == "noun" and thing.article == "the") for thing in own)
    return atom.Wanted(repeats=part.times) if one else atom.Wanted(num_shots=part.times)
