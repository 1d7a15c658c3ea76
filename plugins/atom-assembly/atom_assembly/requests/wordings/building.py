"""The reading that a structure makes of the things of a request, and the structure that a reading has."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve

import atom_core as atom
from atom_assembly.evidence.words import stems
from atom_assembly.requests.english import ADJECTIVES, SHOT
from atom_assembly.requests.lengths import LENGTH, seconds
from atom_assembly.requests.mentions.divide import Around, words_of
from atom_assembly.requests.mentions.film import both_of, one_of
from atom_assembly.requests.mentions.find import Mention, is_count, is_doing, number_of
from atom_assembly.requests.mentions.thing import Item, count_in, refused_text, text_of, third, times_in
from atom_assembly.requests.read import Reading
from atom_assembly.requests.wordings.rows import Row, Thing
from atom_assembly.requests.wordings.structure import Structure

_AGAIN = re.compile(r"\b(?:again|once more|more time|replay(?:ed)?|repeat(?:ed)?|same)\b")
_LOOPS = re.compile(r"(?:in|on) (?:a )?(?:loop|repeat)|times?\b|\btwice|\bthrice|\bx\d|\d ?x\b")


def built(one: Structure, row: Row, said: Sequence[str], other: Reading) -> Reading:
    """What a request asks for by its structure.

    :param said: the words of the request
    :param other: a reading of it, of which what is said of the whole film is kept
    """
    things = [_Named(row.things, number) for number in range(len(row.things))]
    lines: list[str] = []
    wanted: list[atom.Wanted] = []
    without: list[str] = []
    for part, several in one.parts:
        text, refused = _line(part, things)
        own = _wanted(one, part, several, row.things, said)
        own = evolve(own, again=text in lines and own == atom.Wanted())
        if len(one.parts) > 1:
            without += refused
        else:
            own = evolve(own, without=refused)
        lines.append(text)
        wanted.append(own)
    rounds = None
    if one.mode in ("row 1 2 1 2", "row 1 2 1 2 1 2"):
        lines, wanted, rounds = lines[:2], wanted[:2], _times(said) or len(lines) // 2
    num_shots = other.constraints.num_shots if one.mode == "row" else None
    constraints = evolve(
        other.constraints,
        wanted=tuple(wanted),
        without=tuple(dict.fromkeys(without)),
        rounds=rounds,
        num_shots=num_shots,
    )
    return Reading(lines=tuple(lines), constraints=constraints, ordered=len(lines) > 1, chosen=True)


class _Named:
    """A thing of a request, by name."""

    def __init__(self, things: Sequence[Thing], at: int) -> None:
        arounds = [
            Around(
                mention=Mention(start=0, end=len(thing.words), words=thing.words, known=True),
                before=words_of(thing.before),
                after=words_of(thing.after),
            )
            for thing in things
        ]
        self.thing, self.around = things[at], arounds[at]
        words = self.thing.words
        if self.thing.kind == "does":
            name = " ".join(words)
            self.text = f"something {name}" if is_doing(words[0]) else f"something that {third(name)}"
        else:
            self.text, _ = text_of(self.around, arounds, at)

    def refused(self, shown: str) -> str:
        """As what must not be seen beside what is."""
        if self.thing.kind == "does":
            return self.text
        return refused_text(self.around, [Item(text=shown)] if shown else [])


def _line(part: str, things: Sequence[_Named]) -> tuple[str, tuple[str, ...]]:
    """What a part of a structure shows, and what it must not."""
    shown = re.sub(r"&?!\d(?:\.\d)?", "", part).strip()
    if "." in shown:
        text = _of_one([things[int(number) - 1] for number in shown.split(".")])
    else:
        names = [things[int(number) - 1].text for number in re.findall(r"\d", shown)]
        text = both_of(one_of(names[0]), one_of(names[1])) if "&" in shown else " or ".join(names)
    refused = []
    for numbers in re.findall(r"!(\d(?:\.\d)?)", part):
        own = [things[int(number) - 1] for number in numbers.split(".")]
        refused.append(own[0].refused(text) if len(own) == 1 else _of_one(own))
    return text, tuple(refused)


def _of_one(things: Sequence[_Named]) -> str:
    """One thing of which all is true: "hearts" that are "red" are red hearts."""
    ordered = sorted(things, key=lambda one: {"looks": 0, "noun": 1, "nouns": 1}.get(one.thing.kind, 2))
    words = [word for one in ordered for word in one.thing.words if word not in ("ones", "things", "objects", "shapes")]
    if ordered[-1].thing.kind == "does":
        front, deed = " ".join(word for word in words if word in ADJECTIVES), " ".join(ordered[-1].thing.words)
        return f"something {front} {deed if is_doing(deed.split()[0]) else 'that ' + third(deed)}".replace("  ", " ")
    return " ".join(words)


def _wanted(one: Structure, part: str, several: bool, things: Sequence[Thing], said: Sequence[str]) -> atom.Wanted:
    """How many shots of a part of a structure, and which."""
    numbers = [int(number) for number in re.findall(r"\d", part)]
    if one.mode in ("longest", "shortest"):
        return atom.Wanted(pick="longest" if one.mode == "longest" else "shortest", num_shots=1)
    if one.mode == "all":
        return atom.Wanted(num_shots=None)
    thing = things[numbers[0] - 1]
    lengths = [word for word in (*thing.before, *thing.after) if re.fullmatch(LENGTH, word, re.IGNORECASE)]
    length_s = seconds(lengths[0]) if len(one.parts) > 1 and len(lengths) == 1 else None
    if not several:
        return atom.Wanted(length_s=length_s)
    before, after = words_of(thing.before), words_of(thing.after)
    times = times_in(before, after)
    if times == 1 and len(one.several) == 1 and _LOOPS.search(" ".join(said)):
        times = _times(said) or 1
    if times > 1:
        return atom.Wanted(repeats=times, length_s=length_s)
    counts = [number_of(word) for word in said if is_count(word) and word not in ("one", "1")]
    count = count_in(before) or (count_in(said) if len(one.several) == 1 and counts else None)
    if count is None and any(re.fullmatch(SHOT, word) for word in before) and "couple" in said:
        count = 2
    if count is not None:
        return atom.Wanted(num_shots=count, length_s=length_s)
    return atom.Wanted(repeats=max(2, 1 + len(_AGAIN.findall(" ".join(said)))) if len(one.parts) == 1 else 2)


def _times(said: Sequence[str]) -> int | None:
    """How often a request says that something comes."""
    for at, word in enumerate(said):
        if word in ("twice", "thrice"):
            return 2 if word == "twice" else 3
        if re.fullmatch(r"x\d|\dx", word):
            return number_of(word)
        if word in ("times", "time") and at and is_count(said[at - 1]) and number_of(said[at - 1]) > 1:
            return number_of(said[at - 1])
    return None


def structure_text(reading: Reading, row: Row) -> str:
    """The structure of a reading, in the numbers of the things of a row; empty where it speaks of others, too."""
    things = [stems(" ".join(thing.words)) or frozenset(thing.words) for thing in row.things]
    constraints = reading.constraints
    lines = constraints.wanted or (atom.Wanted(),) * len(reading.lines)
    film = [f"!{_number(one, things)}" for one in constraints.without]
    parts: list[tuple[str, atom.Wanted]] = []
    for line, own in zip(reading.lines, lines, strict=True):
        refused = sorted({*film, *(f"!{_number(one, things)}" for one in own.without)})
        parts.append(("&".join([*([_number(line, things)] if line else []), *refused]), own))
    if any("?" in part or not part for part, _ in parts):
        return ""
    return _of_parts(parts, constraints.rounds)


def _of_parts(parts: Sequence[tuple[str, atom.Wanted]], rounds: int | None) -> str:
    wanted = [own for _, own in parts]
    if len(parts) == 1:
        ((part, own),) = parts
        if own.pick in ("longest", "shortest"):
            return f"{own.pick} {part}"
        return f"all {part}" if own.num_shots is None else part + _several(own.num_shots * own.repeats)
    if rounds is not None:
        return " ".join([part for part, _ in parts] * (rounds or 2))
    if all(own.num_shots is None for own in wanted):
        return f"all {'|'.join(sorted(part for part, _ in parts))}"
    row: list[tuple[str, int]] = []
    for part, own in parts:
        if own.num_shots is None:
            return ""
        count = own.num_shots * own.repeats
        if row and row[-1][0] == part:
            count += row.pop()[1]
        row.append((part, count))
    return " ".join(part + _several(count) for part, count in row)


def _several(count: int) -> str:
    return "*n" if count > 1 else ""


def _number(text: str, things: Sequence[frozenset[str]]) -> str:
    """Which thing of a row a text names, or which several; "?" where it names another."""
    found: list[str] = []
    for part in re.split(r" while | or ", text):
        said = stems(part)
        exact = [number for number, one in enumerate(things, 1) if one == said]
        within = [number for number, one in enumerate(things, 1) if one and one <= said]
        if exact:
            found.append(str(exact[0]))
        elif len(within) == 2 and things[within[0] - 1] | things[within[1] - 1] == said:
            found.append(f"{within[0]}.{within[1]}")
        else:
            of = next((number for number, one in enumerate(things, 1) if said and said <= one), None)
            if of is None:
                return "?"
            found.append(str(of))
    sign = "|" if " or " in text and " while " not in text else "&"
    return sign.join(sorted(set(found)))
