"""Requests as people type them in haste: sixty wordings that were written before the reader knew such ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from atom_bench.films.requests import ACTIONS, Asked, Maker, clause, does, has
from atom_bench.films.truth import Expected, Shot, Shows, Thing

_SLIPS = {
    "triangle": "trianlge",
    "circle": "cirlce",
    "square": "sqaure",
    "star": "starr",
    "cross": "corss",
    "ring": "rign",
    "moon": "mooon",
    "heart": "haert",
}


@frozen(kw_only=True, eq=False)
class _Told:
    """What one request is about, and what a film of it must show."""

    things: Sequence[Thing]
    colours: Sequence[str]
    shapes: Sequence[str]

    @property
    def words(self) -> dict[str, str]:
        """What stands in a wording: {a} does something, {na} is named, {c} and {d} are colours, {s} and {r} shapes."""
        said = {}
        for letter, thing in zip("abe", self.things, strict=True):
            said[letter] = clause(thing, 2)
            said[f"n{letter}"] = f"{thing.colour} {thing.shape}"
            said[f"g{letter}"] = ACTIONS[thing.action][2]
        first = self.things[0]
        said |= {"c": self.colours[0], "d": self.colours[1], "s": self.shapes[0], "r": self.shapes[1]}
        plurals = {f"{name}s": said[name] + ("es" if said[name].endswith("s") else "s") for name in "sr"}
        return {**said, **plurals, "slip": f"{first.colour} {_SLIPS.get(first.shape, first.shape)}"}

    def row(
        self, order: str, *, named: bool = False, length_s: float | None = None, shot_s: float | None = None
    ) -> Expected:
        """The things in this order."""
        each = []
        for letter in order:
            thing = self.things["abe".index(letter)]
            each.append(has(colour=thing.colour, shape=thing.shape) if named else does(thing))
        return Expected(each=tuple(each), length_s=length_s, shot_s=shot_s)


_Wording = tuple[str, Callable[[_Told], Expected]]


def _row(order: str, **more: Any) -> Callable[[_Told], Expected]:
    return lambda told: told.row(order, **more)


def _every(*shows: Callable[[_Told], Shows], **more: Any) -> Callable[[_Told], Expected]:
    """All shots of which all that holds."""
    return lambda told: Expected(every=_all([make(told) for make in shows]), **more)


def _all(shows: Sequence[Shows]) -> Shows:
    return lambda shot: all(one(shot) for one in shows)


def _colour(place: int = 0) -> Callable[[_Told], Shows]:
    return lambda told: has(colour=told.colours[place])


def _shape(place: int = 0) -> Callable[[_Told], Shows]:
    return lambda told: has(shape=told.shapes[place])


def _action(name: str) -> Callable[[_Told], Shows]:
    return lambda _: has(action=name)


def _not(make: Callable[[_Told], Shows]) -> Callable[[_Told], Shows]:
    def made(told: _Told) -> Shows:
        shows = make(told)
        return lambda shot: not shows(shot)

    return made


def _either(*makes: Callable[[_Told], Shows]) -> Callable[[_Told], Shows]:
    def made(told: _Told) -> Shows:
        shows = [make(told) for make in makes]
        return lambda shot: any(one(shot) for one in shows)

    return made


def _some(*makes: Callable[[_Told], Shows]) -> Callable[[_Told], Expected]:
    return lambda told: Expected(each=tuple(make(told) for make in makes))


def _thing(place: int) -> Callable[[_Told], Shows]:
    return lambda told: does(told.things[place])


def _named(told: _Told) -> Shows:
    return has(colour=told.things[0].colour, shape=told.things[0].shape)


def _plain_shape(told: _Told) -> Shows:
    shape, colour = told.shapes[0], told.colours[0]
    return lambda shot: has(shape=shape)(shot) and not has(shape=shape, colour=colour)(shot)


def _one_thing(_: _Told) -> Shows:
    return lambda shot: len(shot.things) == 1


def _one_then_other(told: _Told) -> Expected:
    first, last = (has(colour=name) for name in told.colours[:2])

    def ordered(shots: Sequence[Shot]) -> bool:
        firsts = [place for place, shot in enumerate(shots) if first(shot) and not last(shot)]
        lasts = [place for place, shot in enumerate(shots) if last(shot) and not first(shot)]
        return not firsts or not lasts or max(firsts) < min(lasts)

    return Expected(every=lambda shot: first(shot) or last(shot), ordered=ordered)


HASTE: dict[str, tuple[_Wording, ...]] = {
    "list": (
        ("ok so first {a} then {b} then {e} thx", _row("abe")),
        ("{na}, {nb}, {ne} in that order pls", _row("abe", named=True)),
        ("give me {a} & {b} & {e}", _row("abe")),
        ("- {a}\n- {b}\n- {e}", _row("abe")),
        ("1) {na} {ga} 2) {nb} {gb} 3) {ne} {ge}", _row("abe")),
        ("{na} {ga} -> {nb} {gb} -> {ne} {ge}", _row("abe")),
        ("i want a vid w/ {a} followed by {b}", _row("ab")),
        ("cut together {a} and after that {b}, finish w {e}", _row("abe")),
        ("{na} {ga}\n\nthen cut to\n\n{nb} {gb}", _row("ab")),
        ("so basically {a}; {b}; {e}", _row("abe")),
    ),
    "ends": (
        ("can u make smth that opens on {a} and closes on {b}", _row("ab")),
        ("last shot should be {a}, before that {b}", _row("ba")),
        ("end on {a}. begin w/ {b}.", _row("ba")),
        ("close with {a}, {b} in the middle, {e} to start", _row("eba")),
        ("start: {na} {ga} / end: {nb} {gb}", _row("ab")),
        ("at the beginning {a}, at the end {b}", _row("ab")),
    ),
    "order": (
        ("{b} but before it show {a}", _row("ab")),
        ("{a} only after {b}", _row("ba")),
        ("pls show {b} right after {a}", _row("ab")),
        ("hey could you put {a} in front of {b}?", _row("ab")),
        ("{a} comes first, {b} comes last, {e} between", _row("aeb")),
        ("i need {a} sandwiched between {b} and {e}", _row("bae")),
    ),
    "every": (
        ("all the {c} stuff", _every(_colour())),
        ("evry shot that has a {s} in it", _every(_shape())),
        ("every single {na}", _every(_named)),
        ("anything thats blinking", _every(_action("blinks"))),
        ("all the clips where smth shrinks", _every(_action("shrinks"))),
        ("all of the {ss}", _every(_shape())),
        ("only clips w/ {c} things in them", _every(_colour())),
        ("compilation of everything growing", _every(_action("grows"))),
        ("clips with just one thing in them", _every(_one_thing)),
        ("everything w/ a {s} or a {r}", _every(_either(_shape(), _shape(1)))),
        ("the {c} ones, then the {d} ones", _one_then_other),
        ("all shots with both a {c} thing and a {d} thing", _every(_colour(), _colour(1))),
        ("clips where theres a {s} and a {r} together", _every(_shape(), _shape(1))),
    ),
    "without": (
        ("montage of {ss}, no {c} ones", _every(_plain_shape)),
        ("all {ss} without any {c}", _every(_shape(), _not(_colour()))),
        ("{ss} but nothing {c} pls", _every(_shape(), _not(_colour()))),
        ("any 3 shots, just no {ss}", _some(*[_not(_shape())] * 3)),
        ("one clip w/o anything {c} in it", _some(_not(_colour()))),
    ),
    "count": (
        ("3 shots of {ss}", _some(*[_shape()] * 3)),
        ("four {c} shots", _some(*[_colour()] * 4)),
        ("a couple of {ss} then {a}", _some(_shape(), _shape(), _thing(0))),
        ("2x {s}, 1x {r}", _some(_shape(), _shape(), _shape(1))),
        ("loop the {na} {ga} 3 times", _row("aaa")),
        ("{a} twice, then {b}", _row("aab")),
        ("{a}, {b}, and the {na} {ga} again", _row("aba")),
        ("repeat the {na} {ga} 4x", _row("aaaa")),
    ),
    "length": (
        ("5 sec film w/ {a} and {b}", _row("ab", length_s=5.0)),
        ("keep it under 4 seconds: {a} then {b}", _row("ab", length_s=4.0)),
        ("{a}, {b}, {e} - 1 second each pls", _row("abe", shot_s=1.0)),
        ("short one, max 3s, {a} + {b}", _row("ab", length_s=3.0)),
        ("{a} for one sec n then {b} for half a sec", _row("ab", length_s=1.5)),
        ("no more than two seconds of {a}", _row("a", length_s=2.0)),
        ("all {ss}, 1 sec per clip", _every(_shape(), shot_s=1.0)),
        ("{c} stuff, max 10s", lambda told: Expected(only=has(colour=told.colours[0]), length_s=10.0)),
    ),
    "one": (
        ("show me a {na}", _some(_named)),
        ("{na} pls", _some(_named)),
        ("a {na} thats {ga}", _row("a")),
        ("a {slip} {ga} adn then {b}", _row("ab")),
    ),
}
"""Wordings by kind."""


def hasty(shots: Sequence[Shot], rng: Any) -> list[Asked]:
    """One request of each wording about the shots of a library."""
    maker = Maker(shots, rng)
    there = [thing for shot in shots for thing in shot.things]
    colours = sorted({thing.colour for thing in there})
    shapes = sorted({thing.shape for thing in there})
    made = []
    for kind, wordings in HASTE.items():
        for wording, expected in wordings:
            told = _Told(
                things=maker.things(3),
                colours=[str(name) for name in rng.choice(colours, 2, replace=False)],
                shapes=[str(name) for name in rng.choice(shapes, 2, replace=False)],
            )
            made.append(Asked(kind=kind, text=wording.format(**told.words), expected=expected(told), held_out=True))
    return made
