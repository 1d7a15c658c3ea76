"""Requests written in haste say what they mean."""

import pytest
from atom_assembly.requests.read import read_request
from atom_assembly.requests.sloppy import plain_english, without_slips


def lines(text):
    return list(read_request(text).lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok so first a dog then a cat thx", ["a dog", "a cat"]),
        ("hey i want a vid w/ a dog followed by a cat", ["a dog", "a cat"]),
        ("a dog running, finish w a cat", ["a dog running", "a cat"]),
        ("a dog n then a cat pls", ["a dog", "a cat"]),
        ("red ball, blue car, green hat in that order pls", ["a red ball", "a blue car", "a green hat"]),
        ("can u make smth that opens on a dog and closes on a cat", ["a dog", "a cat"]),
        ("last shot should be a dog, before that a cat", ["a cat", "a dog"]),
        ("end on a dog. begin w/ a cat.", ["a cat", "a dog"]),
        ("start: dog barking / end: cat asleep", ["dog barking", "cat asleep"]),
        ("pls show a dog right after a cat", ["a cat", "a dog"]),
        ("hey could you put a dog in front of a cat?", ["a dog", "a cat"]),
        ("put a dog behind a cat", ["a cat", "a dog"]),
        (
            "i need a dog sandwiched between a cat going up and to the left and a cow",
            ["a cat going up and to the left", "a dog", "a cow"],
        ),
        ("a dog comes first, a cat comes last, a cow between", ["a dog", "a cow", "a cat"]),
        ("quick one, max 3s, a dog + a cat", ["a dog", "a cat"]),
        ("so basically a dog; a cat; a cow", ["a dog", "a cat", "a cow"]),
        ("blue car pls", ["blue car"]),
    ],
)
def test_haste_loses_no_order(text, expected):
    """Fillers, abbreviations and short forms of order are read as what they stand for."""
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        ("evry shot that has a ring in it", "a ring", {"num_shots": None}),
        ("only clips w/ red things in them", "red things", {"num_shots": None, "purely": False}),
        ("all the clips where smth shrinks", "something shrinks", {"num_shots": None}),
        ("four orange shots", "orange things", {"num_shots": 4}),
        ("2x star", "star", {"num_shots": 2}),
        ("loop the dog 3 times", "the dog", {"repeats": 3}),
        ("repeat the dog running 4x", "the dog running", {"repeats": 4}),
        ("moons, no purple ones", "moons", {"without": ("purple moons",)}),
        ("all shots of hearts, not the green ones", "hearts", {"without": ("green hearts",)}),
        ("one clip w/o anything red in it", "", {"num_shots": 1, "without": ("anything red",)}),
        ("the red ones, then the blue ones", "red things", {"num_shots": None}),
        ("clips where theres a cat and a dog together", "a cat while a dog", {"num_shots": None}),
    ],
)
def test_haste_loses_no_number(text, line, wanted):
    """How many, which and which not, in short forms."""
    reading = read_request(text)
    found = reading.constraints.wanted[0]
    assert (reading.lines[0], {name: getattr(found, name) for name in wanted}) == (line, wanted)


def test_any_shots_are_counted():
    """A number of shots of anything at all is kept."""
    reading = read_request("any 3 shots, just no dogs")
    assert (reading.lines, reading.constraints.without) == (("",), ("dogs",))
    assert reading.constraints.wanted[0].num_shots == 3


@pytest.mark.parametrize(
    "text",
    [
        "A dog runs on the beach",
        "First a dog, then a cat",
        "the letter W on a sign",
        "1/2 of a cake",
        "C/W duo on a stage",
        "a woman says thank you to a man",
        "Three shots of hearts, then a star",
    ],
)
def test_whole_english_stays(text):
    """What is written out is not touched."""
    assert plain_english(text) == text


def test_slips_of_letters_are_put_right_and_told():
    """Only such as make a word of the library, and of none that may be meant."""
    told = []
    known = {"triangle", "circle", "moon", "beard", "coat"}
    text = "a trianlge, two cirlces, a mooon, a boat, bread and a Circle"
    found = without_slips(text, known, lambda written, meant: told.append((written, meant)))
    assert found == "a triangle, two circles, a moon, a boat, bread and a Circle"
    assert told == [("trianlge", "triangle"), ("cirlces", "circle"), ("mooon", "moon")]
    assert without_slips(text, set(), lambda *_: None) == text
