"""A wording as a row of tokens in which each thing that is asked for stands as one of them.

What the words of a thing are does not matter to what is said of it: "a dog barks, then a cat" and "a red star blinks,
then a moon" are the same row. Only whether a thing is told with what it does, by its noun, or by its looks is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from attrs import frozen

from atom_assembly.evidence.words import stem, stems
from atom_assembly.requests.forms.cue_words import (
    AGAIN,
    ALL,
    END,
    MIDDLE,
    NOT,
    ONE_SHOT,
    ONLY,
    PERSONS,
    RANKS,
    REASONS,
    SHOTS,
    START,
    TURNS,
)
from atom_assembly.requests.lengths import LENGTH
from atom_assembly.requests.mentions.find import (
    HARD,
    SOFT,
    is_count,
    kinds_of,
    tokens_of,
)
from atom_assembly.requests.wordings.spelled import Kind, Span, Spelled, Words, kind_of_thing, unknown_runs

_CUES = {
    "not": NOT,
    "start": START,
    "end": END,
    "all": ALL,
    "only": ONLY,
    "again": AGAIN,
    "turns": TURNS,
    "shots": SHOTS,
    "shot": ONE_SHOT,
    "middle": MIDDLE,
    "who": PERSONS,
    "why": REASONS,
    "rank": frozenset(RANKS),
}
_OF_CUE: dict[str, tuple[str, ...]] = {
    word: tuple(f"~{name}" for name, words in _CUES.items() if word in words)
    for word in frozenset().union(*_CUES.values())
}
_PLACEHOLDER = re.compile(r"\{([1-9]) (\w+)\}")
_UNKNOWN_THING = re.compile(r"\{0 ([^}]+)\}")


@frozen(kw_only=True)
class Token:
    """A word, a sign, or a thing."""

    names: tuple[str, ...]
    """What it is called where it is weighed: its stem and what it cues, or that it is a thing and which kind."""
    thing: int = 0
    """The number of the thing that it is, from 1."""
    unknown: bool = False
    """Whether no list and no caption has the word."""


@frozen(kw_only=True)
class Thing:
    """Something that a wording tells of, where it first does."""

    words: tuple[str, ...]
    before: tuple[str, ...] = ()
    """The words in front of it."""
    after: tuple[str, ...] = ()
    """The words behind it, up to the next thing."""
    kind: Kind = "deed"


@frozen(kw_only=True)
class Row:
    """A wording."""

    tokens: tuple[Token, ...]
    things: tuple[Thing, ...] = ()
    """By number, less one; none where the row is an example."""

    @property
    def num_things(self) -> int:
        """How many different things it tells of."""
        return max((token.thing for token in self.tokens), default=0)


def example_row(text: str) -> Row:
    """The row of a known wording, in which things stand as "{1 deed}"."""
    spelled, _ = _of_example(text)
    kinds = kinds_of(spelled, frozenset())
    return Row(tokens=tuple(map(_example_token, spelled, kinds)))


def example_runs(text: str) -> list[tuple[bool, Row, int, tuple[str, ...]]]:
    """The runs of unknown words of a known wording: whether each is a thing, "{0 dancing people}", the row in which it
    is one token, which that is, and its words.
    """
    spelled, things = _of_example(text)
    kinds = kinds_of(spelled, frozenset())
    tokens = tuple(map(_example_token, spelled, kinds))
    known = [(at, at + 1) for at, token in enumerate(tokens) if token.thing]
    runs = unknown_runs(spelled, kinds, known)
    return [(any(_overlap(run, one) for one in things), *with_run(tokens, run, spelled)) for run in runs]


def with_run(tokens: Sequence[Token], run: Span, spelled: Sequence[str]) -> tuple[Row, int, tuple[str, ...]]:
    """The row in which a run is one token, which that is, and its words."""
    start, end = run
    return Row(tokens=(*tokens[:start], tokens[start], *tokens[end:])), start, tuple(spelled[start:end])


def _of_example(text: str) -> tuple[tuple[str, ...], list[Span]]:
    """The tokens of a known wording, and where unknown things stand in them."""
    text = _UNKNOWN_THING.sub(lambda found: f" x0begin {found[1]} x0end ", text)
    spelled: list[str] = []
    things: list[Span] = []
    start = 0
    for word in tokens_of(_PLACEHOLDER.sub(lambda found: f" x{found[1]}{found[2]}x ", text)):
        if word == "x0begin":
            start = len(spelled)
        elif word == "x0end":
            things.append((start, len(spelled)))
        else:
            spelled.append(word)
    return tuple(spelled), things


def _example_token(word: str, kind: str) -> Token:
    found = re.fullmatch(r"x(\d)([a-z]+)x", word)
    return _thing_token(int(found[1]), found[2]) if found else _token(word, kind)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def row_of(request: Spelled, words: Words, unknown: Collection[Span] = ()) -> Row:
    """The row of a request.

    :param unknown: the runs of unknown words that are things, too
    """
    numbers: list[tuple[frozenset[str], Thing]] = []
    tokens: list[Token] = []
    spans = sorted([*request.things, *unknown])
    at = 0
    for place, (start, end) in enumerate(spans):
        follows = spans[place + 1][0] if place + 1 < len(spans) else len(request.words)
        tokens += _plain_tokens(request, at, start)
        own = request.words[start:end]
        said = stems(" ".join(own)) or frozenset(own)
        kind: Kind = "unknown" if (start, end) in unknown else kind_of_thing(own, words)
        again = request.words[max(0, start - 1) : start] == ("the",) or bool(AGAIN & {*request.words[end : end + 3]})
        number = next((n for n, (one, _) in enumerate(numbers) if one == said or (again and said < one)), None)
        if number is None:
            number = len(numbers)
            before, after = request.words[at:start], request.words[end:follows]
            numbers.append((said, Thing(words=own, before=before, after=after, kind=kind)))
        tokens.append(_thing_token(number + 1, kind))
        at = end
    tokens += _plain_tokens(request, at, len(request.words))
    return Row(tokens=tuple(tokens), things=tuple(thing for _, thing in numbers))


def run_in(request: Spelled, run: Span, words: Words) -> tuple[Row, int, tuple[str, ...]]:
    """The row of a request in which a run of unknown words is one token, which that is, and its words."""
    row = row_of(request, words, [run])
    at = row_place(request, run)
    return row, at, request.words[slice(*run)]


def row_place(request: Spelled, run: Span) -> int:
    """Which token of a row a run is, where all things before it are one token each."""
    start, _ = run
    return start - sum(end - first - 1 for first, end in request.things if end <= start)


def _plain_tokens(request: Spelled, start: int, end: int) -> list[Token]:
    return [_token(request.words[n], request.kinds[n]) for n in range(start, end)]


def _thing_token(number: int, kind: str) -> Token:
    return Token(names=("M", f"M:{kind}"), thing=number)


def _token(word: str, kind: str) -> Token:
    if re.fullmatch(LENGTH, word, re.IGNORECASE):
        return Token(names=("#length",))
    if is_count(word) and word not in ("one", "1"):
        return Token(names=("#count",))
    if word in HARD:
        return Token(names=("/line" if word == "\n" else word, "/hard"))
    if word in SOFT:
        return Token(names=(word, "/soft"))
    return Token(names=(stem(word) if word.isalpha() else word, *_OF_CUE.get(word, ())), unknown=kind == "U")
