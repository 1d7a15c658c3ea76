"""Wordings with things in their slots, as words that are tagged; and the same with each thing masked, for the planners."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from atom_assembly.requests.learned.words import words
from attrs import frozen

from atom_assembly_training.corpus import SLOT, Wording, program, table
from atom_core.text.numbers import CARDINALS

_SHAPES = ("circle", "square", "triangle", "star", "cross", "ring", "moon", "heart")
_COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "white")
_DEEDS = (
    ("moves left", "move left", "moving left"), ("moves right", "move right", "moving right"), ("moves up", "move up", "moving up"),
    ("moves down", "move down", "moving down"), ("moves up left", "move up left", "moving up left"), ("moves up right", "move up right", "moving up right"),
    ("moves down left", "move down left", "moving down left"), ("moves down right", "move down right", "moving down right"),
    ("stays still", "stay still", "staying still"), ("grows", "grow", "growing"), ("shrinks", "shrink", "shrinking"), ("blinks", "blink", "blinking"),
    ("circles", "circle", "circling"), ("appears", "appear", "appearing"), ("disappears", "disappear", "disappearing"),
)  # fmt: skip
_LOOKS = tuple(
    "black grey pink brown wooden broken wet metal round empty striped shiny dirty old big small tiny huge dark bright"  # noqa: SIM905
    " open closed".split()
)
_WHOSE = ("my", "our", "his", "her", "their", "some", "this", "that", "your", "one")
_PLACES = (
    "next to a car", "in the rain", "on the beach", "by the window", "with a red ball", "under a tree", "at the bar",
    "behind the fence", "in the snow", "on a bench", "near the river", "without a hat",
)  # fmt: skip


@frozen(kw_only=True)
class Example:
    """A request whose reading is known."""

    row: list[str]
    """Its words, in small letters."""
    tags: list[str]
    """What each is, see `network.TAGS`."""
    masked: list[str]
    """Its words with each thing as one."""
    numbers: list[int]
    """Of each of those, the number of the thing that it is, from 1; or 0."""
    program: list[str | int] | None
    """What is asked for; None where nobody says."""


@frozen
class _Piece:
    """Words of a wording that are one thing, or none."""

    text: str
    tags: tuple[str, ...] = ()
    letter: str = ""
    kind: str = ""

    @property
    def words(self) -> list[str]:
        return [word.text.casefold() for word in words(self.text)]


@frozen(kw_only=True)
class _Clause:
    """A thing and what it does."""

    article: str
    """Its article where that is not "the" or "a"; `-` where it has none."""
    name: str
    does: str
    doing: str


class Filler:
    """Puts things into wordings: half of the time those of footage, else the coloured shapes of the embedded model."""

    def __init__(self, seed: int) -> None:
        """
        :param seed: of what is put where
        """
        self._random = random.Random(seed)
        self._things, self._deeds = table("things.txt"), table("deeds.txt")
        clauses = table("clauses.txt")
        self._clauses = [
            _Clause(article="" if article in ("a", "an", "the") else article, name=name, does=does, doing=doing)
            for article, name, does, doing, _ in clauses
        ]
        pairs = [*self._things, *([one, several] for _, one, _, _, several in clauses if several != "-")]
        self._short = [(one, several) for one, several in pairs if len(one.split()) < 3]
        talk = table("talk.tsv")
        self._before, self._after = ([text for place, text in talk if place == own] for own in ("before", "after"))

    def example(self, one: Wording, *, untidy: bool = True) -> Example | None:
        """A wording with things in its slots; None where it can't be told which words are which.

        :param untidy: whether it is said with other numbers, among talk, or typed carelessly, now and then
        """
        text, label = one.text, one.label
        if untidy:
            text, label = self._with_other_number(text, label)
            text = self._with_talk(text)
        pieces, same = _joined(self._pieces(text))
        if pieces is None:
            return None
        row: list[str] = []
        tags: list[str] = []
        masked: list[str] = []
        numbers: list[int] = []
        of_letters: dict[str, int] = {}
        unmarked = untidy and self._random.random() < 0.15
        slips = 0.0 if not untidy else 0.06 if self._random.random() < 0.2 else 0.005
        for piece in pieces:
            own = piece.words
            if piece.letter:
                number = of_letters.setdefault(piece.letter, len(of_letters) + 1)
                masked.append(f"<{piece.kind}>")
                numbers.append(number)
            else:
                own = [self._slipped(word, slips) for word in own if not (unmarked and _is_mark(word))]
                masked += own
                numbers += [0] * len(own)
            row += own
            tags += piece.tags or ["O"] * len(own)
        if not row:
            return None
        if one.label == "absent" or not of_letters:
            return Example(row=row, tags=tags, masked=masked, numbers=numbers, program=None)
        told_of = {letter: [number] for letter, number in of_letters.items()}
        told_of |= {part: [of_letters[whole]] for part, whole in same.items()}
        for letter in [one for one in of_letters if one.isupper()]:
            told_of |= {f"n{letter.lower()}": told_of[letter.lower()]}
            told_of[letter.lower()] = [*told_of[letter.lower()], of_letters[letter]]
        asked = program(label, told_of)
        return Example(row=row, tags=tags, masked=masked, numbers=numbers, program=asked) if asked else None

    def _with_other_number(self, text: str, label: str) -> tuple[str, str]:
        """The same with another number of shots."""
        found = re.fullmatch(r"(.*\*)([3-6])", label)
        if found is None or " " in label or self._random.random() < 0.5:
            return text, label
        old, new = int(found[2]), self._random.choice((2, 3, 4, 5, 6))
        said = re.compile(rf"(?<![\w.]){CARDINALS[old]}(?!\w)|(?<![\w.,:]){old}(?![\w.,:])", re.IGNORECASE)
        if len(said.findall(text)) != 1:
            return text, label
        return said.sub(lambda word: str(new) if word[0].isdigit() else CARDINALS[new], text), f"{found[1]}{new}"

    def _with_talk(self, text: str) -> str:
        draw, choose = self._random.random, self._random.choice
        if draw() < 0.25:
            text = choose(self._before) + choose("  \n") + text
        if draw() < 0.2:
            text = text + choose("  \n") + choose(self._after)
        return text

    def _slipped(self, word: str, share: float) -> str:
        """A word with letters that changed places or are missing, now and then."""
        if len(word) < 4 or self._random.random() >= share:
            return word
        place = self._random.randrange(1, len(word) - 2)
        two = word[place + 1] + word[place] if self._random.random() < 0.5 else word[place + 1]
        return word[:place] + two + word[place + 2 :]

    def _pieces(self, text: str) -> list[_Piece]:
        slots = self._slots(real=self._random.random() < 0.5)
        parts = [part for part in re.split(r"(\{\w+\})", text) if part]
        return [piece for part in parts for piece in (slots[part[1:-1]] if SLOT.fullmatch(part) else [_Piece(part)])]

    def _slots(self, *, real: bool) -> Mapping[str, list[_Piece]]:
        choose = self._random.choice
        found: dict[str, list[_Piece]] = {}
        for letter in "abem":
            one = self._clause(real=real)
            name, full = _tags("N", one.name), _tags("N", one.name) + _tags("V", one.does)
            the, a = (_article(one, usual) for usual in ("the", _an(one.name)))
            that = one.doing if self._random.random() < 0.15 else f"that {one.does}"
            found |= {
                letter: [the, _Piece(f"{one.name} {one.does}", full, letter, "deed")],
                f"{letter}_does": [a, _Piece(f"{one.name} {one.does}", full, letter, "deed")],
                f"{letter}_that": [a, _Piece(f"{one.name} {that}", name + _tags("V", that), letter, "deed")],
                f"the_{letter}": [the, _Piece(one.name, name, letter, "noun")],
                f"{letter}_thing": [a, _Piece(one.name, name, letter, "noun")],
                f"{letter}_name": [_Piece(one.name, name, letter, "noun")],
                f"{letter}_ing": [_Piece(one.doing, _tags("W", one.doing), letter, "does")],
            }
        for letter in "sr":
            shape = choose(_SHAPES)
            single, several = choose(self._short) if real else (shape, shape + ("es" if shape.endswith("s") else "s"))
            noun = _Piece(single, _tags("N", single), letter, "noun")
            found |= {letter: [noun], f"{letter}_an": [_Piece(f"{_an(single)} "), noun]}
            found[f"{letter}s"] = [_Piece(several, _tags("P", several), letter, "nouns")]
        for letter in "cd":
            look = choose(_LOOKS if real and self._random.random() < 0.6 else _COLOURS)
            looks = _Piece(look, ("C",), letter, "looks")
            found |= {letter: [looks], f"{letter}s": [looks], f"{letter}_an": [_Piece(f"{_an(look)} "), looks]}
        for slot, deed in zip(("v", "vp", "v_ing"), choose(self._deeds if real else _DEEDS), strict=True):
            found[slot] = [_Piece(deed, _tags("W", deed), "v", "does")]
        one = self._clause(real=True)
        tags = _tags("N", one.name) + _tags("V", one.doing)
        found["q"] = [_article(one, _an(one.name)), _Piece(f"{one.name} {one.doing}", tags, "q", "deed")]
        return found

    def _clause(self, *, real: bool) -> _Clause:
        draw, choose = self._random.random, self._random.choice
        if not real:
            does, _, doing = choose(_DEEDS)
            return _Clause(article="", name=f"{choose(_COLOURS)} {choose(_SHAPES)}", does=does, doing=doing)
        if draw() < 0.65:
            one = choose(self._clauses)
            other = choose(self._clauses) if draw() < 0.2 else one
            return _Clause(article=one.article, name=one.name, does=other.does, doing=other.doing)
        name = choose(self._things)[0]
        name = f"{name} {choose(_PLACES)}" if draw() < 0.15 else name
        does, _, doing = choose(self._deeds)
        return _Clause(article=choose(_WHOSE) if draw() < 0.3 else "", name=name, does=does, doing=doing)


def _joined(made: Sequence[_Piece]) -> tuple[list[_Piece] | None, dict[str, str]]:
    """Pieces of one thing as one: "a circle, growing", "blue stars"; and which letters became which.

    What a thing does far from its name has its letter in capitals. None where they are told of together and apart.
    """
    found: list[_Piece] = []
    same: dict[str, str] = {}
    for piece in made:
        last = next(
            (at for at in reversed(range(len(found))) if found[at].letter or re.search(r"\w", found[at].text)), None
        )
        front = found[last] if last is not None else _Piece("")
        between = "".join(one.text for one in found[last + 1 :]) if last is not None else ""
        if piece.letter and piece.letter in "abem" and piece.kind == "does":
            if front.letter != piece.letter:
                found.append(_Piece(piece.text, piece.tags, piece.letter.upper(), piece.kind))
                continue
            more = ("V",) * (len(words(between)) + len(piece.words))
            found[last:] = [_Piece(f"{front.text}{between} {piece.text}", front.tags + more, piece.letter, "deed")]
        elif piece.letter and piece.letter in "sr" and front.kind == "looks" and between == " ":
            whole = front.letter + piece.letter
            tags = piece.tags[:1] + ("I",) * (len(front.tags) + len(piece.tags) - 1)
            found[last:] = [_Piece(f"{front.text} {piece.text}", tags, whole, piece.kind)]
            same |= {front.letter: whole, piece.letter: whole}
        else:
            found.append(piece)
    letters = {one.letter for one in found}
    apart = {one.lower() for one in letters if one.isupper()}
    named = {one.letter for one in found if one.kind in ("noun", "nouns")}
    told_twice = {one.letter for one in found if one.kind == "deed"}
    return (None if set(same) & letters or apart - named or apart & told_twice else found), same


def _tags(first: str, text: str) -> tuple[str, ...]:
    """Of the words of a name or a deed, by what the first is."""
    return (first, *["V" if first in "VW" else "I"] * (len(words(text)) - 1))


def _article(one: _Clause, usual: str) -> _Piece:
    return _Piece("" if one.article == "-" else f"{one.article or usual} ")


def _is_mark(word: str) -> bool:
    return not word[0].isalnum() and word != "\n"


def _an(name: str) -> str:
    return "an" if name[0] in "aeiou" else "a"
