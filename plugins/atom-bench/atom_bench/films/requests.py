"""Requests of many kinds, each in several wordings: some that the reader of requests was made with, others held out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from attrs import frozen

from atom_bench.films.truth import Expected, Shot, Shows, Thing

ACTIONS: dict[str, tuple[str, str, str]] = {
    "blinks": ("blinks", "flashes", "blinking"),
    "grows": ("grows", "gets bigger", "growing"),
    "shrinks": ("shrinks", "gets smaller", "shrinking"),
    "circles": ("circles", "goes around", "circling"),
    "appears": ("appears", "shows up", "appearing"),
    "disappears": ("disappears", "vanishes", "disappearing"),
    "left": ("moves left", "goes to the left", "moving left"),
    "right": ("moves right", "goes to the right", "moving right"),
    "up": ("moves up", "rises", "moving up"),
    "down": ("moves down", "sinks", "moving down"),
    "up_left": ("moves up left", "goes up and to the left", "moving up left"),
    "up_right": ("moves up right", "goes up and to the right", "moving up right"),
    "down_left": ("moves down left", "goes down and to the left", "moving down left"),
    "down_right": ("moves down right", "goes down and to the right", "moving down right"),
    "still": ("stays still", "does not move", "staying still"),
}
"""Each action in canonical words, in others, and as what something is doing."""
WORDINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "then": (
        ("{0}, then {1}.", "First {0}, then {1}, and finally {2}."),
        ("{0}; after that, {1}", "{0}. Next, {1}. Lastly, {2}."),
    ),
    "list": (
        ("{0}, {1} and {2}.", "Show {0}, {1}, {2}."),
        ("I'd like to see {0}, {1}, and {2}", "A film with {0} and {1}"),
    ),
    "bullets": (("- {0}\n- {1}\n- {2}", "1. {0}\n2. {1}"), ("* {0}\n* {1}\n* {2}", "Shots:\n{0}\n{1}\n{2}")),
    "numbers": (
        ("1) {0} 2) {1} 3) {2}", "First {0}. Second, {1}. Third, {2}."),
        ("{0} → {1} → {2}", "Firstly, {0}. Secondly, {1}."),
    ),
    "end and start": (
        ("End with {1}, but start with {0}.", "Start with {0} and end with {1}."),
        ("Close with {2}, open with {0}, and in the middle {1}.", "{1} at the end, {0} at the beginning."),
    ),
    "after": (("Show {1} after {0}.", "{1}, before that {0}."), ("After {0}, {1}.", "{1} should come after {0}.")),
    "before": (("Show {0} before {1}.", "Before {1}, {0}."), ("{0}, and only then {1}", "{1}, preceded by {0}")),
    "last words": (
        ("{1} last, {0} first.", "{0} first, {1} second, {2} last."),
        ("{0} goes first, {1} goes last", "{1} comes last, {0} comes first"),
    ),
    "twice": (
        ("{0} twice, then {1}.", "Show {0} two times, then {1}."),
        ("Repeat {0} twice. Then {1}.", "{0}, shown twice, followed by {1}"),
    ),
    "again": (("{0}, then {1}, then {0} again.",), ("Begin with {0}, go on with {1}, and finish with {0} once more.",)),
    "adjectives": (("{a} and {b}.", "Show {a} and {b}."), ("{a}, then {b}", "I want to see {a} and {b}")),
    "count": (
        ("Three shots of {ns}.", "Show me two shots with {n}."),
        ("I need three clips of {ns}", "Give me 2 different shots where there is {n}"),
    ),
    "every action": (
        ("everything that {v}", "All {g} shapes."),
        ("Show every shot where something {v2}", "I want to see all the clips in which something is {g}"),
    ),
    "every noun": (("All {ns}.", "Show all shots with {n}."), ("Every clip that has {n} in it", "each and every {nn}")),
    "without": (
        ("All {ns} without {o}.", "Everything that {v}, but no {os}."),
        ("All clips with {n} except those with {o}", "Show all {ns}. No {os}, please."),
    ),
    "only": (("Show only {ns}.", "Only things that {vp}."), ("Nothing but {ns}, please", "just {ns}")),
    "turns": (("Alternate between {0} and {1}, two times.",), ("Switch back and forth between {0} and {1}",)),
    "longest": (
        ("The longest shot of {n}.", "Show the longest shot with {n}, then {0}."),
        ("the longest {nn} clip", "The two longest shots with {n}"),
    ),
    "shortest": (("The shortest shot of {n}.",), ("I only need the shortest clip that shows {n}",)),
    "in time": (
        ("All {ns} in chronological order.", "All {ns}, newest first."),
        ("Every {nn}, in the order in which they were filmed", "all {ns} in reverse order"),
    ),
    "by length": (("All {ns}, shortest first.",), ("all {ns}, from longest to shortest",)),
    "one video": (
        ("All {ns} from {video}.", "Only from {video}: everything."),
        ("Use only the video {video}. Show everything.", "Show every shot of {video}"),
    ),
    "length": (
        ("A 3 second film: {0}, then {1}.", "{0}, then {1}, no longer than two seconds."),
        (
            "{0}. {1}. The whole film must not be longer than three seconds.",
            "Make a film of half a minute: {0}, then {1}",
        ),
    ),
    "shot length": (
        ("{0}, then {1}, one second each.", "Use 1-second shots: {0}, then {1}."),
        ("{0}, then {1}; each shot at most a second and a half", "{0} for 1 second, then {1} for 1.5 seconds"),
    ),
    "or": (("All shots with {n} or {o}.",), ("every {nn} or {oo}",)),
}
"""For each kind its wordings: those that it was made with, and those held out."""
STRANGE = (
    "A dog runs on the beach",
    "two people kiss",
    "a car drives through the rain",
    "sunset over the sea",
    "a man rides a bicycle",
    "an airplane takes off",
    "children play football",
    "a cat sleeps on a sofa",
    "fireworks over the city",
    "a train leaves the station",
    "an old woman laughs",
    "a green bus",
    "snow falls on a mountain",
    "a pink hexagon grows",
    "a red dog blinks",
    "a brown circle moves left",
    "a purple car moves right",
    "a blue star explodes",
    "a white bird flies up",
    "a yellow pentagon",
)
"""Things of which the world has none."""


@frozen(kw_only=True)
class Asked:
    """A request and what its film must be like."""

    kind: str
    text: str
    expected: Expected | None = None
    """None where what is asked for is not there, and must be said not to be."""
    held_out: bool = False
    """Whether the wording is one of those held out."""


def an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    return noun + ("es" if noun.endswith("s") else "s")


def clause(thing: Thing, words: int = 0) -> str:
    """What a thing does, in the `words`-th way."""
    name = an(f"{thing.colour} {thing.shape}")
    said = ACTIONS[thing.action]
    return (f"{name} {said[0]}", f"{name} that {said[0]}", f"{name} {said[2]}", f"{name} {said[1]}")[words % 4]


def does(thing: Thing) -> Shows:
    """Whether a shot shows that thing do that."""
    return lambda shot: thing in shot.things


def has(**facts: str) -> Shows:
    """Whether a shot shows a thing of which all these facts are true."""
    return lambda shot: any(
        all(getattr(thing, name) == value for name, value in facts.items()) for thing in shot.things
    )


def by_time(shots: Sequence[Shot]) -> bool:
    keys = [(shot.video, shot.start_s) for shot in shots]
    return keys == sorted(keys)


def _backwards(shots: Sequence[Shot]) -> bool:
    return by_time(list(shots)[::-1])


def growing(shots: Sequence[Shot]) -> bool:
    return all(one.duration_s <= other.duration_s + 0.15 for one, other in pairwise(shots))


def longest(shots: Sequence[Shot], shows: Shows, places: int = 1, *, least: bool = False) -> Shows:
    lengths = sorted((shot.duration_s for shot in shots if shows(shot)), reverse=not least)
    bound = lengths[min(places, len(lengths)) - 1]
    return lambda shot: shows(shot) and (shot.duration_s <= bound + 0.1 if least else shot.duration_s >= bound - 0.1)


class Maker:
    """Makes requests about the shots of a library."""

    def __init__(self, shots: Sequence[Shot], rng: Any) -> None:
        self._shots, self._rng = shots, rng
        self._single = [shot for shot in shots if len(shot.things) == 1]
        things = [thing for shot in shots for thing in shot.things]
        shapes = {name: sum(map(has(shape=name), shots)) for name in {thing.shape for thing in things}}
        self.shapes = [name for name, count in sorted(shapes.items()) if count >= 4 and name != "circle"]
        actions = {name: sum(map(has(action=name), shots)) for name in list(ACTIONS)[:6]}
        self.actions = [name for name, count in sorted(actions.items()) if count >= 3]

    def good(self, each: int) -> list[Asked]:
        """`each` requests of every wording of every kind."""
        return [
            self.one(kind, wording, held_out=held_out)
            for kind, both in WORDINGS.items()
            for held_out, wordings in enumerate(both)
            for wording in wordings
            for _ in range(each)
        ]

    def absent(self, count: int) -> list[Asked]:
        """Requests for what is not there: strange things, things of the world that no shot has, and among others."""
        made = []
        for number in range(count):
            missing = STRANGE[number // 3 % len(STRANGE)] if number % 3 == 0 else clause(self.missing(), number)
            text = f"{clause(self.things(1)[0])}, then {missing}." if number % 3 == 2 else f"{missing}."
            made.append(Asked(kind="not there", text=text[0].upper() + text[1:]))
        return made

    def missing(self) -> Thing:
        """A thing of the world that no shot has."""
        there = {thing for shot in self._shots for thing in shot.things}
        names = sorted({(t.colour, t.shape) for t in there})
        while True:
            colour, shape = names[int(self._rng.integers(len(names)))]
            thing = Thing(colour=colour, shape=shape, action=str(self._rng.choice(list(ACTIONS))))
            if thing not in there:
                return thing

    def things(self, count: int) -> list[Thing]:
        """Some that are alone in a shot, each another one."""
        picked = self._rng.permutation(len(self._single))
        things = list(dict.fromkeys(self._single[int(n)].things[0] for n in picked))
        return things[:count]

    def one(self, kind: str, wording: str, *, held_out: bool | int) -> Asked:
        """A request of a kind in one wording."""
        things = self.things(3)
        shape, other = (str(name) for name in self._rng.choice(self.shapes, 2, replace=False))
        action = str(self._rng.choice(self.actions))
        video = str(self._rng.choice(sorted({s.video for s in self._shots if has(shape=shape)(s)})))
        first = things[0]
        there = (thing for shot in self._shots for thing in shot.things)
        twin = next((t for t in there if t.shape == first.shape and t.colour != first.colour), first)
        said, form, now = ACTIONS[action]
        words = {
            "n": an(shape),
            "ns": plural(shape),
            "nn": shape,
            "o": an(other),
            "os": plural(other),
            "oo": other,
            "v": said,
            "v2": form,
            "g": now,
            "vp": said.removesuffix("s"),
            "video": video,
            "a": an(first.colour),
            "b": an(f"{twin.colour} {twin.shape}"),
        }
        plain = "{0} first" in wording
        said_of = [clause(thing, 0 if plain else int(self._rng.integers(4))) for thing in things]
        text = wording.format(*said_of, **words)
        expected = self._expected(kind, wording, things, twin, shape, other, action, video)
        return Asked(kind=kind, text=text[0].upper() + text[1:], expected=expected, held_out=bool(held_out))

    def _expected(
        self,
        kind: str,
        wording: str,
        things: Sequence[Thing],
        twin: Thing,
        shape: str,
        other: str,
        action: str,
        video: str,
    ) -> Expected:
        one, two, three = map(does, things)
        noun, beside, doing = has(shape=shape), has(shape=other), has(action=action)
        row = tuple(show for place, show in enumerate((one, two, three)) if f"{{{place}}}" in wording)
        if kind == "twice":
            return Expected(each=(one, one, two))
        if kind == "again":
            return Expected(each=(one, two, one))
        if kind == "turns":
            return Expected(each=(one, two, one, two))
        if kind == "adjectives":
            return Expected(each=tuple(has(colour=t.colour, shape=t.shape) for t in (things[0], twin)))
        if kind == "count":
            return Expected(each=(noun,) * (3 if "hree" in wording else 2))
        if kind == "every action":
            return Expected(every=doing)
        if kind == "without":
            return Expected(every=lambda shot: (doing if "{v}" in wording else noun)(shot) and not beside(shot))
        if kind == "only":
            return Expected(only=doing if "{vp}" in wording else noun)
        if kind == "longest" and "two" in wording:
            return Expected(each=(longest(self._shots, noun, 2),) * 2)
        if kind == "longest":
            return Expected(each=(longest(self._shots, noun), *row))
        if kind == "shortest":
            return Expected(each=(longest(self._shots, noun, least=True),))
        if kind == "in time":
            back = "newest" in wording or "reverse" in wording
            return Expected(every=noun, ordered=_backwards if back else by_time)
        if kind == "by length":
            back = "from longest" in wording
            return Expected(every=noun, ordered=lambda shots: growing(list(shots)[::-1] if back else shots))
        if kind == "one video":
            return Expected(every=lambda shot: shot.video == video and ("{ns}" not in wording or noun(shot)))
        if kind == "or":
            return Expected(every=lambda shot: noun(shot) or beside(shot))
        if kind == "every noun":
            return Expected(every=noun)
        if kind == "length":
            return Expected(each=row, length_s=2 if "two" in wording else 30 if "half" in wording else 3)
        if kind == "shot length":
            return Expected(each=row, shot_s=1.5 if "half" in wording or "1.5" in wording else 1.0)
        return Expected(each=row)
