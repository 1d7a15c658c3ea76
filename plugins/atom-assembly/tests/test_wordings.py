"""Requests that no form reads are read by the known wordings they are most like; what is sure is not lost."""

from __future__ import annotations

import pytest
from atom_assembly.requests.read import Reading
from atom_assembly.requests.told import told
from atom_assembly.requests.wordings.likeness import Likeness, known_examples, likeness
from atom_assembly.requests.wordings.ridge import Ridge
from atom_assembly.requests.wordings.rows import example_row, example_runs, row_of
from atom_assembly.requests.wordings.spelled import Words, spelled
from atom_assembly.requests.wordings.structure import structure_of
from atom_assembly.requests.wordings.weighing import weighed
from atom_assembly.script import read_against
from attrs import evolve

import atom_core as atom

SEEN = [
    "a dog runs on the beach",
    "a cat sleeps on a sofa",
    "a man rides a bicycle",
    "a red car drives through the rain",
    "a woman plays the piano",
    "children play football",
    "a white cat jumps off a table",
    "a train leaves the station",
]
NOT_READ = Reading(lines=("?",), constraints=atom.Constraints(wanted=(atom.Wanted(),)), ordered=False)


def structure(text: str) -> str:
    """The likeliest structure of a wording about `SEEN`."""
    words = Words.of(SEEN)
    return next(iter(likeness().structures(row_of(spelled(text, words), words)))).text


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "Let the dog on the beach greet us, and the cat bid us farewell.",
            ("the dog on the beach", "the cat"),
        ),
        (
            "kick off on a man riding a bicycle, follow it up with a woman playing the piano, and the final whistle"
            " goes on children playing football",
            ("a man riding a bicycle", "a woman playing the piano", "children playing football"),
        ),
        (
            "Two beats. The last one is a train leaving the station, the first one a dog running.",
            ("a dog running", "a train leaving the station"),
        ),
    ],
)
def test_unknown_frames(text: str, lines: tuple[str, ...]) -> None:
    """Things are found, in their order, whatever unknown verbs and nouns stand around them."""
    assert read_against(text, [], SEEN).lines == lines


def test_unknown_things_stay() -> None:
    """What no caption has words for stays asked for where a thing stands, and is so told to be missing."""
    text = "a dog runs on the beach, then someone unboxing the new sneakers, then a cat sleeps on a sofa"
    reading = read_against(text, [], SEEN)
    assert len(reading.lines) > 2
    assert reading.lines[0] == "a dog runs on the beach"


def test_what_both_readers_say_is_not_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the two readings of a request ask for the same, known wordings are not asked."""
    monkeypatch.setattr("atom_assembly.script.weighed", lambda *_, **__: pytest.fail("weighed"))
    assert read_against("a dog, then a cat", [], SEEN).lines == ("a dog", "a cat")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("my piece opens on a dog and after that shows a cat", "1 2"),
        ("it closes with a dog and it opens with a cat", "2 1"),
        ("give me every single clip with a dog, but none with a cat in it", "all 1&!2"),
        ("whichever shots have a dog or a cat", "all 1|2"),
        ("of all the clips with a dog just the longest one", "longest 1"),
    ],
)
def test_structures(text: str, written: str) -> None:
    """The likeliest structure of a wording is what it says, whatever its things are."""
    assert structure(text) == written


def test_a_sure_reading_is_kept() -> None:
    """A reading that says what its wording is like is given back as it is."""
    reading = read_against("a dog, then a cat", [], SEEN)
    assert weighed(reading, "a dog, then a cat", SEEN) is reading


def test_what_a_structure_cannot_say_is_kept() -> None:
    """A reading of which a structure cannot say all is not replaced: the first shots of something, spoken lines."""
    first = evolve(NOT_READ, lines=("a dog",), constraints=atom.Constraints(wanted=(atom.Wanted(pick="first"),)))
    assert weighed(first, "after some talk the first shot with a dog, would you", SEEN) is first


@pytest.mark.parametrize(
    "text",
    [
        "Any clip that shows either a dog or a cat is fine; I need five of them.",
        "I am in need of three scenes, and in all of them there must be a cat.",
    ],
)
def test_stated_counts_stay(text: str) -> None:
    """How many shots a request says it wants is not read as all that there are."""
    (wanted,) = read_against(text, [], SEEN).constraints.wanted
    assert wanted.num_shots in (3, 5)


@pytest.mark.parametrize(
    ("text", "told_as"),
    [
        ("Four cuts, zero cats in the frame.", "4 x 'anything', without 'cats'"),
        ("Do you still have a dog that runs? Let me see it.", "'a dog that runs'"),
        ("a dog that runs, to be presented in duplicate", "'a dog that runs', shown 2 times"),
        ("All shots with the dog, sorted as in the footage.", "all 'the dog'; order: recorded"),
        ("All the dogs, but bench the ones with a cat.", "all 'dogs', without 'cat'"),
        (
            "we're about to leave so a dog that runs and then a cat that sleeps",
            "'a dog that runs'; then 'a cat that sleeps'",
        ),
    ],
)
def test_words_of_persons(text: str, told_as: str) -> None:
    """What persons say in their own words is read, and no error."""
    assert told(read_against(text, [], SEEN)).startswith(told_as)


def test_long_requests_are_left_alone() -> None:
    """A request that is longer than people write is not weighed."""
    assert weighed(NOT_READ, "a dog and " * 1000, SEEN) is NOT_READ


def test_rows_do_not_depend_on_their_things() -> None:
    """Two wordings that differ only in their things have the same row."""
    words = Words.of(SEEN)
    rows = [row_of(spelled(text, words), words) for text in ("first a dog, then a cat", "first a train, then a woman")]
    assert rows[0].tokens == rows[1].tokens
    assert rows[0].tokens == example_row("first a {1 noun}, then a {2 noun}").tokens


def test_examples_are_structures_of_their_things() -> None:
    """Each known wording has the things that its structure speaks of."""
    for one in known_examples():
        if one.structure != "-":
            row = example_row(one.text)
            assert structure_of(one.structure).numbers == frozenset(range(1, row.num_things + 1)), one


def test_what_was_learned_is_of_these_examples() -> None:
    """The file that the package carries says what learning anew says: else `python -m` the module `likeness`."""
    anew = Likeness.fitted(known_examples())
    for one in known_examples()[::15]:
        for thing, row, at, words in example_runs(one.text):
            assert likeness().is_thing(row, at, words) == pytest.approx(anew.is_thing(row, at, words), abs=1e-3), thing
        if one.structure != "-":
            found, wanted = (known.structures(example_row(one.text)) for known in (likeness(), anew))
            assert found == pytest.approx(wanted, abs=1e-2)


def test_ridge_tells_what_it_was_told() -> None:
    """What a wording is known to mean is the likeliest answer for it, and the shares sum to 1."""
    ridge = Ridge.fitted([("yes", {"good": 1.0}), ("no", {"bad": 1.0}), ("no", {"bad": 1.0, "worse": 1.0})])
    shares = ridge.of({"good": 1.0})
    assert max(shares, key=lambda answer: shares[answer]) == "yes"
    assert sum(shares.values()) == pytest.approx(1.0)
