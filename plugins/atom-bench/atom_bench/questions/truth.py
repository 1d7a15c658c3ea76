"""What is true of rendered footage, and what a question about it should be answered."""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import field, frozen

from atom_core.text.numbers import CARDINALS, NUMBERS, ORDINALS

Span = tuple[float, float]


@frozen(kw_only=True)
class Thing:
    """One thing of a shot."""

    colour: str
    """Its colour."""
    shape: str
    """Its shape."""
    action: str
    """What it does, by the world's name: ``up``, ``blinks``."""

    @property
    def name(self) -> str:
        """``red circle``."""
        return f"{self.colour} {self.shape}"


@frozen(kw_only=True)
class Shot:
    """One shot."""

    things: tuple[Thing, ...]
    """What it shows, in order where one follows the other."""
    then: bool
    """Whether they follow each other."""
    span: Span
    """When, seconds."""
    caption: str
    """What the world says of it."""


@frozen(kw_only=True)
class Film:
    """One rendered video."""

    name: str
    """Its file's name."""
    shots: tuple[Shot, ...]
    """Its shots."""

    @property
    def duration_s(self) -> float:
        """Its length, seconds."""
        return self.shots[-1].span[1]

    def having(self, fits: Callable[[Thing], bool]) -> list[int]:
        """The places of the shots with a thing that fits."""
        return [place for place, shot in enumerate(self.shots) if any(map(fits, shot.things))]


@frozen(kw_only=True)
class Asked:
    """A question and what answers it."""

    kind: str
    """The kind of question."""
    text: str
    """The question."""
    film: Film
    """What it is asked of."""
    right: Callable[[str], bool] = field(eq=False, repr=False)
    """Whether an answer is right."""
    truth: str
    """The answer in words, for people."""
    spans: tuple[Span, ...] = ()
    """The times that support it; none where evidence is not judged."""
    absent: bool = False
    """Whether what it asks about is not there."""
    also: tuple[Film, ...] = ()
    """Further videos that it is asked of."""


def says(word: str) -> Callable[[str], bool]:
    """Whether an answer begins with a word: yes or no."""
    return lambda text: re.match(rf"{word}\b", text.casefold()) is not None


def number(value: int) -> Callable[[str], bool]:
    """Whether an answer is this number, in digits or words, and no other."""

    def right(text: str) -> bool:
        found = re.findall(rf"\d+|\b(?:{'|'.join(CARDINALS[:13])}|none|no)\b", text.casefold())
        values = [int(one) if one.isdigit() else 0 if one in ("none", "no") else NUMBERS[one] for one in found]
        return values == [value]

    return right


def refused(text: str) -> bool:
    """Whether an answer says that there is no such thing."""
    return re.match(r"(?:not shown|no\b|none|nothing|never|0|zero)", text.casefold()) is not None


def words(*wanted: str) -> Callable[[str], bool]:
    """Whether an answer has these words, in this order."""

    def right(text: str) -> bool:
        at, folded = 0, f" {_flat(text)} "
        for one in wanted:
            at = folded.find(f" {_flat(one)} ", at)
            if at < 0:
                return False
            at += len(_flat(one))
        return True

    return right


def exactly(names: set[str], known: set[str]) -> Callable[[str], bool]:
    """Whether an answer names all of `names` and no others of `known`."""
    return lambda text: {one for one in known if f" {_flat(one)} " in f" {_flat(text)} "} == names


def shots(numbers: list[int]) -> Callable[[str], bool]:
    """Whether an answer names these shots, in digits or as ordinals."""

    def right(text: str) -> bool:
        found = {int(one) for one in re.findall(r"\d+", text)}
        found |= {ORDINALS.index(one) + 1 for one in re.findall(r"[a-z]+", text.casefold()) if one in ORDINALS}
        return found == set(numbers)

    return right


def times(spans: list[Span]) -> Callable[[str], bool]:
    """Whether an answer names a time that lies in each of the spans, and none outside all of them."""

    def right(text: str) -> bool:
        found = [_seconds(one) for one in re.findall(r"\d+:\d{2}(?::\d{2})?(?:\.\d+)?|\d+(?:\.\d+)?(?= ?s)", text)]
        inside = all(any(start - 0.3 <= at <= end + 0.3 for start, end in spans) for at in found)
        return (
            bool(found) and inside and all(any(start - 0.3 <= at <= end + 0.3 for at in found) for start, end in spans)
        )

    return right


def seconds(value: float) -> Callable[[str], bool]:
    """Whether an answer is a length of so many seconds, within a tenth."""

    def right(text: str) -> bool:
        found = re.findall(r"(\d+(?:\.\d+)?) (h|m|s)", text)  # hours, minutes, seconds
        length_s = sum(float(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in found)
        return bool(found) and abs(length_s - value) <= max(0.1 * value, 0.2)

    return right


def _seconds(text: str) -> float:
    return sum(float(part) * 60.0**power for power, part in enumerate(reversed(text.split(":"))))


def _flat(text: object) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", str(text).casefold()))
