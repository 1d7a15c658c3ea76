"""Requests of persons unlike each other, written and frozen before the reader of requests was tried on them.

Those of sets 1 to 6 have one author, who knew what the reader was made for; 7 and 8 have one each, 9 and 10 two,
who did not. Nothing has learned from 9 and 10; the networks that read requests have from the others.

A row of `blind_N.tsv` is who asks, what the film must be, and the wording. What it must be is one of

    a b e          a row of cuts: the first, the second and the third thing that is told of, each doing what it does
    c s, s*3, !c*2 a row of cuts of such kinds; three cuts of one kind; two without
    all C          all shots of which C holds, and no other
    only C         shots of which C holds
    longest:C, shortest:C
    absent         something is not there, which must be said

and then, if need be, `<=8` (seconds in all), `each<=1` (seconds a cut), `@time`, `@growing` or `@shrinking`.
In a condition C stand `a`, `b`, `e` (that thing does that), `na` (it is there), `c`, `d` (colours), `s`, `r` (shapes),
`v` (an action), `s.c`, `v.c` (of that colour), with `!` for not, `&` for and, `|` for or.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

from attrs import field, frozen

from atom_bench.films.requests import (
    ACTIONS,
    Asked,
    Maker,
    an,
    by_time,
    clause,
    does,
    growing,
    has,
    longest,
    plural,
)
from atom_bench.films.truth import Expected, Shot, Shows, Thing

SETS = tuple(range(1, 11))
STRANGE = (
    "a dog running on the beach",
    "people dancing",
    "a pink hexagon",
    "snow falling on a mountain",
    "a woman playing the piano",
    "a ship in a storm",
    "a brown horse",
)
"""Things of which the world has none, as things that are shown."""


@frozen(kw_only=True, eq=False)
class Told:
    """What one request is about."""

    things: dict[str, Thing]
    """By letter: three that are there, each alone in a shot, and `m`, which is in none."""
    facts: dict[str, dict[str, str]]
    """By letter what is true of a thing: colours `c` and `d`, shapes `s` and `r`, an action `v`."""
    strange: str = field(default="")
    """What the world has none of."""

    @property
    def words(self) -> dict[str, str]:
        """What stands in a wording."""
        said = {"q": self.strange}
        for letter, thing in self.things.items():
            name = f"{thing.colour} {thing.shape}"
            said[letter], said[f"{letter}_that"], said[f"{letter}_does"] = (clause(thing, n) for n in (2, 1, 0))
            said |= {f"the_{letter}": f"the {name}", f"{letter}_name": name, f"{letter}_thing": an(name)}
            said[f"{letter}_ing"] = ACTIONS[thing.action][2]
        for letter in "cdsr":
            (word,) = self.facts[letter].values()
            said |= {letter: word, f"{letter}_an": an(word), f"{letter}s": plural(word)}
        (action,) = self.facts["v"].values()
        said |= {"v": action, "v_ing": ACTIONS[action][2], "vp": action.removesuffix("s")}
        return said

    def shows(self, condition: str) -> Shows:
        """Whether a shot is as a condition says."""
        if "|" in condition:
            some = [self.shows(part) for part in condition.split("|")]
            return lambda shot: any(one(shot) for one in some)
        if "&" in condition:
            every = [self.shows(part) for part in condition.split("&")]
            return lambda shot: all(one(shot) for one in every)
        if condition.startswith("!"):
            other = self.shows(condition[1:])
            return lambda shot: not other(shot)
        if condition in self.things:
            return does(self.things[condition])
        if condition[0] == "n" and condition[1:] in self.things:
            thing = self.things[condition[1:]]
            return has(colour=thing.colour, shape=thing.shape)
        facts: dict[str, str] = {}
        for letter in condition.split("."):
            facts |= self.facts[letter]
        return has(**facts)

    def expected(self, told: str, shots: Sequence[Shot]) -> Expected | None:
        """What a film must be like by a row's second column; None where something is not there."""
        kind, *rest = told.split()
        more: dict[str, Any] = {}
        for word in [word for word in rest if word[0] in "<@" or word.startswith("each")]:
            rest.remove(word)
            if word[0] == "@":
                more["ordered"] = _ORDERS[word[1:]]
            else:
                more["shot_s" if word.startswith("each") else "length_s"] = float(word.split("<=")[1])
        if kind == "absent":
            return None
        if kind == "all":
            return Expected(every=self.shows(rest[0]), **more)
        if kind == "only":
            return Expected(only=self.shows(rest[0]), **more)
        if ":" in kind:
            most, condition = kind.split(":")
            return Expected(each=(longest(shots, self.shows(condition), least=most == "shortest"),), **more)
        each: list[Shows] = []
        for word in [kind, *rest]:
            condition, _, times = word.partition("*")
            each += [self.shows(condition)] * int(times or 1)
        return Expected(each=tuple(each), **more)


def _shrinking(shots: Sequence[Shot]) -> bool:
    return growing(list(shots)[::-1])


_ORDERS: dict[str, Callable[[Sequence[Shot]], bool]] = {
    "time": by_time,
    "growing": growing,
    "shrinking": _shrinking,
}


def rows(number: int) -> list[tuple[str, str, str]]:
    """Who asks, what the film must be, and the wording, of each row of a set."""
    lines = files("atom_bench.films").joinpath(f"blind_{number}.tsv").read_text(encoding="utf-8").splitlines()
    return [(who, told, text.replace("\\n", "\n")) for who, told, text in (line.split("\t") for line in lines)]


def blind(number: int, shots: Sequence[Shot], rng: Any) -> list[Asked]:
    """One request of each row of a set about the shots of a library."""
    maker = Maker(shots, rng)
    made = []
    for place, (who, expected, text) in enumerate(rows(number)):
        told = _told(maker, shots, rng, STRANGE[place % len(STRANGE)])
        made.append(
            Asked(kind=who, text=text.format(**told.words), expected=told.expected(expected, shots), held_out=True)
        )
    return made


def _told(maker: Maker, shots: Sequence[Shot], rng: Any, strange: str) -> Told:
    """Things, colours, shapes and an action that are together, and apart, in some shot."""
    there = [thing for shot in shots for thing in shot.things]
    kinds = {letter: sorted({getattr(thing, kind) for thing in there}) for letter, kind in _KINDS.items()}
    kinds["s"] = kinds["r"] = maker.shapes
    kinds["v"] = maker.actions
    things = dict(zip("abe", maker.things(3), strict=True)) | {"m": maker.missing()}
    while True:
        facts = {letter: {_KINDS[letter]: str(rng.choice(kinds[letter]))} for letter in _KINDS}
        told = Told(things=things, facts=facts, strange=strange)
        apart = facts["c"] != facts["d"] and facts["s"] != facts["r"]
        if apart and all(any(map(told.shows(condition), shots)) for condition in _NEEDED):
            return told


_KINDS = {"c": "colour", "d": "colour", "s": "shape", "r": "shape", "v": "action"}
_NEEDED = ("s&r", "c&d", "s.c", "s&!c", "s&!r", "r&!s", "c&!s", "d&!s", "v&!v.c", "v.c")
