"""Wordings with things in their slots, as words that are tagged: what the network learns from."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence

from atom_reasoning.learned.words import words
from attrs import frozen

from atom_core.text.numbers import CARDINALS, ORDINALS
from atom_reasoning_training.corpus import Wording, deeds, things

TAGS = ("O", "A", "AV", "B", "BV", "Q", "N", "T", "U")
"""What a word is of a question: the first thing and its deed, the second and its, a look ("something red"), the number of a shot, a
time, and a later one; else nothing."""
ALIKE = ("which first a b", "which last a b", "order a b", "both a b", "same shot a b")
"""Questions in which two things may change places: the one that is named first is the first."""
_SHAPES = tuple(["circle", "square", "triangle", "star", "cross", "ring", "moon", "heart"])
_COLOURS = tuple(["red", "orange", "yellow", "green", "cyan", "blue", "purple", "white"])
_LOOKS = (
    *_COLOURS,
    *_COLOURS,
    *[
        "black",
        "grey",
        "pink",
        "brown",
        "wooden",
        "broken",
        "wet",
        "metal",
        "round",
        "empty",
        "striped",
        "shiny",
        "dirty",
        "old",
        "big",
        "small",
        "tiny",
        "huge",
        "dark",
        "bright",
        "open",
        "closed",
    ],
)
_STRANGE = ("dog running on the beach", "man in a hat", "car", "brown horse", "pink hexagon")
_FILLERS = tuple(
    "um uh uhm like , er well please actually clearly really again too there here somewhere now just then".split()  # noqa: SIM905
)
_SEEING = re.compile(
    r"\b(?:(?P<third>appears|shows up|turns up|is shown|comes up)|(?P<base>appear|show up|turn up|come up))\b"
)
"""What says in a wording that a thing is there; it is put in other words now and then."""
_SEEN = (
    ("turns up", "turn up"),
    ("shows up", "show up"),
    ("pops up", "pop up"),
    ("appears", "appear"),
    ("crops up", "crop up"),
    ("comes along", "come along"),
    ("lingers on screen", "linger on screen"),
    ("reveals itself", "reveal itself"),
    ("makes an appearance", "make an appearance"),
    ("comes into view", "come into view"),
    ("enters the picture", "enter the picture"),
    ("gets shown", "get shown"),
    ("surfaces", "surface"),
    ("is on", "be on"),
    ("can be made out", "be made out"),
)
_DEEDS = (
    ("moves left", "move left", "moving left"), ("moves right", "move right", "moving right"), ("moves up", "move up", "moving up"),
    ("moves down", "move down", "moving down"), ("moves up left", "move up left", "moving up left"), ("moves up right", "move up right", "moving up right"),
    ("moves down left", "move down left", "moving down left"), ("moves down right", "move down right", "moving down right"),
    ("stays still", "stay still", "staying still"), ("grows", "grow", "growing"), ("shrinks", "shrink", "shrinking"), ("blinks", "blink", "blinking"),
    ("circles", "circle", "circling"), ("appears", "appear", "appearing"), ("disappears", "disappear", "disappearing"),
)  # fmt: skip


@frozen(kw_only=True)
class Example:
    """A question whose reading is known."""

    kind: str
    """What is asked; empty where the wording does not say."""
    row: list[str]
    """Its words, in small letters."""
    tags: list[str]
    """What each is; empty where nobody says."""


@frozen
class _Slot:
    before: str
    text: str
    tag: str


class Filler:
    """Puts things into wordings: half of the time those of footage, else the coloured shapes of the embedded model."""

    def __init__(self, seed: int) -> None:
        """
        :param seed: of what is put where
        """
        self._random = random.Random(seed)
        self._things, self._deeds = things(), deeds()
        self._short = [pair for pair in self._things if len(pair[0].split()) < 3]

    def examples(self, known: Iterable[Wording], *, untidy: bool = True) -> list[Example]:
        """One of each wording, in any order.

        :param untidy: whether some are typed or spoken carelessly
        """
        made = [self._example(one) for one in known]
        kept = [self._untidy(one) if untidy else one for one in made if one is not None]
        self._random.shuffle(kept)
        return kept

    def _example(self, known: Wording) -> Example | None:
        slots = self._slots(self._random.random() < 0.5)
        named = [slot.removeprefix("the_")[0] for slot in re.findall(r"\{(\w+)\}", known.text)]
        if known.label == "absent" and set(named) & {"a", "b"}:
            return None  # which of the two is the first thing, nobody says
        swapped = known.label in ALIKE and [one for one in named if one in "ab"][:1] == ["b"]
        row: list[str] = []
        tags: list[str] = []
        for part in re.split(r"(\{\w+\})", _SEEING.sub(self._seen, known.text)):
            slot = slots.get(part[1:-1], _Slot("", "", "O")) if part.startswith("{") else _Slot("", part, "O")
            tag = _SWAPPED.get(slot.tag, slot.tag) if swapped else slot.tag
            row += [*_row(slot.before), *_row(slot.text)]
            tags += ["O"] * len(_row(slot.before)) + [tag] * len(_row(slot.text))
        for at in range(len(tags) - 1):
            if (tags[at], tags[at + 1]) == ("Q", "A"):  # "blue star" is one name
                tags[at] = "A"
        told = known.label not in ("other", "several", "offtopic")
        return Example(kind="" if known.label == "absent" else known.kind, row=row, tags=tags if told else [])

    def _seen(self, found: re.Match[str]) -> str:
        if self._random.random() < 0.5:
            return found[0]
        third, base = self._random.choice(_SEEN)
        return third if found["third"] else base

    def _slots(self, real: bool) -> dict[str, _Slot]:
        choose = self._random.choice
        found: dict[str, _Slot] = {}
        for letter, tag in (("a", "A"), ("b", "B"), ("m", "A")):
            name = choose(self._things)[0] if real else f"{choose(_COLOURS)} {choose(_SHAPES)}"
            found |= {
                letter: _Slot(_an(name), name, tag),
                f"the_{letter}": _Slot("the", name, tag),
                f"{letter}_name": _Slot("", name, tag),
            }
            found |= _deed(choose(self._deeds if real else _DEEDS), f"{letter}_", f"{tag}V")
        one = choose(_SHAPES)
        single, several = choose(self._short) if real else (one, one + ("es" if one.endswith("s") else "s"))
        found |= {"s": _Slot("", single, "A"), "s_an": _Slot(_an(single), single, "A"), "ss": _Slot("", several, "A")}
        found["c"] = _Slot("", choose(_LOOKS if real else _COLOURS), "Q")
        deed = _deed(choose(self._deeds if real else _DEEDS), "v_", "AV")
        found |= {**deed, "v": deed["v_v"]}
        strange = choose(self._things)[0] if real else choose(_STRANGE)
        found["q"] = _Slot(_an(strange), strange, "A")
        return found | self._numbers()

    def _numbers(self) -> dict[str, _Slot]:
        draw, choose = self._random.random, self._random.choice
        number = choose([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 21, 30])
        nth = ORDINALS[number - 1] if number <= 10 and draw() < 0.8 else _ordinal(number)
        start = self._random.randint(0, 20) if draw() < 0.7 else self._random.randint(20, 300)
        end = start + self._random.randint(1, 12)
        return {
            "n": _Slot("", CARDINALS[number] if number <= 10 and draw() < 0.15 else str(number), "N"),
            "nth": _Slot("", choose(["last", "final"]) if draw() < 0.12 else nth, "N"),
            "t": _Slot("", self._seconds(start), "T"), "clock": _Slot("", self._clock(start), "T"),
            "t2": _Slot("", self._seconds(end), "U"), "clock2": _Slot("", self._clock(end), "U"),
        }  # fmt: skip

    def _seconds(self, value: int) -> str:
        if value <= 10 and self._random.random() < 0.1:
            return CARDINALS[value]
        return str(value) if self._random.random() < 0.9 else f"{value}.5"

    def _clock(self, value: int) -> str:
        return f"{value // 60}:{value % 60:02}" if self._random.random() < 0.8 else f"{value // 60:02}:{value % 60:02}"

    def _untidy(self, one: Example) -> Example:
        """Without marks now and then, with words that say nothing, or with letters that changed places or are missing."""
        draw = self._random.random
        unmarked, hesitant = draw() < 0.2, draw() < 0.3
        row: list[str] = []
        tags: list[str] = []
        for at, word in enumerate(one.row):
            tag = one.tags[at] if one.tags else "O"
            if unmarked and not word[0].isalnum():
                continue
            if hesitant and draw() < 0.12:
                row.append(self._random.choice(_FILLERS))
                tags.append(tag if tags and tags[-1] == tag else "O")
            if len(word) > 4 and draw() < 0.015:
                place = self._random.randrange(1, len(word) - 2)
                two = word[place + 1] + word[place] if draw() < 0.5 else word[place + 1]
                word = word[:place] + two + word[place + 2 :]
            row.append(word)
            tags.append(tag)
        return Example(kind=one.kind, row=row, tags=tags if one.tags else []) if row else one


_SWAPPED = {"A": "B", "B": "A", "AV": "BV", "BV": "AV"}


def _row(text: str) -> list[str]:
    return [word.text.casefold() for word in words(text)]


def _an(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _deed(forms: Sequence[str], before: str, tag: str) -> dict[str, _Slot]:
    return {f"{before}{name}": _Slot("", form, tag) for name, form in zip(("v", "base", "ing"), forms, strict=True)}
