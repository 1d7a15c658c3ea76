"""Requests read by the networks: however somebody asks, what is asked for and which words are things."""

from __future__ import annotations

import logging

import atom_assembly.requests.learned.guess as guess
import pytest
from atom_assembly.requests.learned.guess import Networks, mask, networks
from atom_assembly.requests.learned.network import SIGNS, TAGS
from atom_assembly.requests.learned.programs import Named, Unsound, asked, reading
from atom_assembly.requests.learned.read import read_learned
from atom_assembly.requests.learned.words import words
from atom_assembly.requests.read import read_request
from atom_assembly.requests.told import told
from atom_assembly.script import read_against
from atom_assembly_training import __main__ as training
from atom_assembly_training import corpus
from atom_assembly_training.filling import Filler

STAR = Named(words=("star",), kind="noun", article="a")
BLUE = Named(words=("blue",), kind="looks")
MOONS = Named(words=("moons",), kind="nouns")
DOG = Named(words=("dog", "that", "runs"), kind="deed", article="the")
BLINKS = Named(words=("blinks",), kind="does")
SEEN = ("a red circle moves left", "a blue star blinks", "a dog runs on the beach", "a man rides a bicycle")


def test_words_of_a_request():
    """Line ends, marks, ordinals and a number with its unit are words of their own, and each says where it stands."""
    text = "1st: a dog’s tail,\n2x a cat → 8s"
    found = words(text)
    assert [one.text for one in found] == ["1st", ":", "a", "dog", "'s", "tail", ",", "\n", "2", "x", "a", "cat", "→", "8", "s"]  # fmt: skip
    assert text[found[9].start : found[11].end] == "x a cat"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ((1, 2, 1), "'a star'; then 'a blue thing'; then 'a star'"),
        ((1, "*3", "each<="), "3 x 'a star'; 1 s a shot"),
        ((4, "*2", "<="), "'the dog that runs', shown 2 times; at most 2 s"),
        ((1, 4, 1, 4), "'a star'; then 'the dog that runs'; in turns, 2 times"),
        (("all", 1, "&", "!", 2, "@time"), "all 'a star', without 'blue things'; order: recorded"),
        (("all", 3, "|", 1), "all 'moons or a star'"),
        (("all", 1, "&", "!", 2, "|", 3, "&", "!", 2), "all 'a star or moons', without 'blue things'"),
        (("all", "!", 1, "&", "!", 3), "all 'anything', without 'star', without 'moons'"),
        (("longest", 2, ".", 5), "longest 'something blue that blinks'"),
        ((2, ".", 3), "'a blue moon'"),
        (("shortest", "!", 2, ".", 1), "shortest 'anything', without 'blue star'"),
        ((1, "&", 2), "'a star while a blue thing or a blue star'"),
    ],
)
def test_programs(program, said):
    """Each sign of a program is a line, a constraint, or how they are joined."""
    lengths = {"<=": "a film, 2 seconds", "each<=": "a second for each, no more"}
    text = next((said for sign, said in lengths.items() if sign in program), "a film")
    made = reading(program, [STAR, BLUE, MOONS, DOG, BLINKS], text, read_request(""))
    assert made is not None
    assert told(made) == said


def test_orders_that_no_program_says_are_kept():
    """That newest come first is read by the grammar alone."""
    other = read_request("all stars, newest first")
    made = reading(("all", 1, "@time"), [STAR], "all stars, newest first", other)
    assert made is not None
    assert made.constraints.order == "reversed"


@pytest.mark.parametrize(
    "program",
    [(), ("all",), ("!",), (1, "&"), (1, ".", "!"), ("all", 1, 2), ("longest", 1, "*2"), (1, "|", "!", 2), (1, "<=", "<="), ("*2", 1)],
)  # fmt: skip
def test_programs_that_say_nothing(program):
    """What is no program is told from one, and no reading is made of it."""
    with pytest.raises(Unsound):
        asked(program)
    assert reading(program, [STAR, BLUE], "", read_request("")) is None


def test_masks():
    """A thing is one word with a number, and has it again where it is named again; marks within it are not its words."""
    row = ["first", "the", "red", "star", ",", "growing", ",", "then", "a", "moon", "and", "the", "star", "again"]
    tags = ["O", "O", "N", "I", "V", "V", "O", "O", "O", "N", "O", "O", "N", "O"]
    found = mask(row, tags)
    assert found.row == ("first", "the", "<deed>", ",", "then", "a", "<noun>", "and", "the", "<noun>", "again")
    assert found.numbers == (0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0)
    assert [one.words for one in found.things] == [("red", "star", "growing"), ("moon",)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Hiya! Kick off with a red circle, and for the finish it has to be the dog running on the beach, ta", "'a red circle'; then 'the dog running on the beach'"),
        ("keep the dog for the very end, ahead of that a blue star blinks", "'a blue star blinks'; then 'the dog'"),
        ("gimme the lot with a star in, bar anything red, oldest to newest", "all 'a star', without 'red things'; order: recorded"),
        ("whichever dog clip has the most running time, that one on its own", "longest 'a dog'"),
        ("open and close on a red circle and put a man riding a bicycle in the middle", "'a red circle'; then 'a man riding a bicycle'; then 'a red circle'"),
        ("there has to be a dog or a cat in it, else it's not for me; I want all of those", "all 'a dog or a cat'"),
        ("start with the waterfall at the bridge and finish on the wedding cake", "'the waterfall at the bridge'; then 'the wedding cake'"),
        ("the girl with the candles, twice, then the old man", "'the girl with the candles', shown 2 times; then 'the old man'"),
        ("three stars shots please, a second apiece at the most", "3 x 'a star'; 1 s a shot"),
    ],
)  # fmt: skip
def test_persons_ask_as_they_talk(text, said):
    """What stands around a request and how it is built make no difference."""
    assert told(read_against(text, [], SEEN)).split(". passed over")[0] == said


@pytest.mark.parametrize(
    "text",
    [
        "only shots from holiday.mp4 with a dog",
        "a dog for 2 seconds, then a cat for 3 seconds",
        "the first dog that was filmed",
        "zuerst ein Hund, dann eine Katze, und am Ende nochmal der Hund",
        "",
        "word " * 400,
        "a dog, then a " + "c" * 4_000,
        "a film about nothing in particular",
    ],
)
def test_what_no_program_says(text):
    """Videos by name, lengths of single shots, other languages and what tells of no thing are left to the grammar."""
    assert read_learned(text, read_request(text, names=["holiday.mp4"]), ()) is None


@pytest.mark.parametrize("seen", ["the zeppelin lands", "a friend waves"])
def test_what_captions_tell_of_is_not_passed_over(seen):
    """Where the networks take for talk what captions name, or strange words of theirs, they are not believed."""
    text = "for the zeppelin club, from a friend: a dog that runs, then a cat"
    found = read_learned(text, read_request(text), ("a dog runs",))
    assert found is not None
    assert found.lines == ("a dog that runs", "a cat")
    assert read_learned(text, read_request(text), ("a dog runs", seen)) is None


def test_what_is_read_otherwise_is_told(caplog):
    """A request of which the grammar makes something else is told as it is read."""
    with caplog.at_level(logging.WARNING, "atom"):
        read_against("a red circle? nope, keep that for the end, a dog that runs is what it opens with", [], SEEN)
    assert "the request is read as 'a dog that runs'; then 'a red circle'" in caplog.text


def test_persons_that_are_left_out_are_in_no_training():
    """The figures of sets 9 and 10 of `atom bench films --blind` are of wordings that nobody learned from."""
    blind = pytest.importorskip("atom_bench.films.blind")
    held_out = {text for number in (9, 10) for _, _, text in blind.rows(number)}
    assert len(held_out) > 300
    assert not held_out & {one.text for one in corpus.wordings()}


@pytest.mark.parametrize(
    ("label", "made"),
    [
        ("a b a", [1, 2, 1]),
        ("a a b", [1, "*2", 2]),
        ("only s&!c @time <=8", ["all", 3, "&", "!", 4, "<=", "@time"]),
        ("longest:s.c", ["longest", 3, ".", 4]),
        ("!c*2", ["!", 4, "*2"]),
        ("all !c&s", ["all", 3, "&", "!", 4]),
        ("all na&!a", ["all", 1, "&", "!", 1, ".", 5]),
        ("e", None),
    ],
)
def test_labels(label, made):
    """What a writer's label asks for is one program, however it is written."""
    numbers = {"a": [1], "b": [2], "s": [3], "c": [4]}
    if "na" in label:
        numbers |= {"na": [1], "a": [1, 5]}
    assert corpus.program(label, numbers) == made


def test_examples():
    """Each word of a wording is tagged as what stands in its slot; a deed far from its name is of the same thing."""
    filler = Filler(0)
    one = corpus.Wording(person="", label="b a", text="{b_that}, and once {the_a} is done {a_ing}: stop")
    for _ in range(20):
        made = filler.example(one, untidy=False)
        assert made is not None
        assert len(made.row) == len(made.tags)
        assert set(made.tags) <= set(TAGS)
        assert made.program == [1, 2, ".", 3]
        assert [word for word, number in zip(made.masked, made.numbers, strict=True) if number] == [
            "<deed>",
            "<noun>",
            "<does>",
        ]
        found = mask(made.row, made.tags)
        assert list(found.row) == made.masked
    apart = corpus.Wording(person="", label="all s.c", text="all {c} {ss}, I mean {ss} that are {c}")
    assert filler.example(apart) is None


def test_all_wordings_can_be_learned():
    """Nearly every row of every person has slots that are known and a label that is a program that can be read."""
    known, filler = corpus.wordings(), Filler(1)
    made = [filler.example(one, untidy=False) for one in known]
    assert sum(one is not None for one in made) > 0.99 * len(known)
    for one in made:
        assert one is None or set(map(type, one.program or [])) <= {int, str}
        assert one is None or all(isinstance(sign, int) or sign in SIGNS for sign in one.program or [])


def test_learning(tmp_path, monkeypatch):
    """Networks learn what they are shown, and are the same when they are read from their file."""
    monkeypatch.setattr(training, "EPOCHS", {"tagger": 15, "planner": 40})
    monkeypatch.setattr(training, "FORMS", 3)
    known = [one for one in corpus.wordings() if one.label in ("a b", "all s", "longest:s") and len(one.text) < 40]
    monkeypatch.setattr(training, "others", lambda: ["a film of {s} by colour"])
    made = training.learned(known, taggers=1, planners=1)
    training.save(made, tmp_path / "weights.safetensors")
    opened = Networks.opened(tmp_path / "weights.safetensors")
    found = opened.guess("a red circle moves left, then a blue star blinks")
    assert found is not None
    assert found.program == (1, 2)
    said = training.measured(opened, known).splitlines()[0]
    assert float(said.split("right ")[1].split(" %")[0]) > 20


def test_networks_are_opened_once():
    assert networks() is networks()
    assert 0 < guess.networks().guess("a dog, then a cat").probability <= 1
