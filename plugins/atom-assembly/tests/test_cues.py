"""Requests whose grammar no pattern knows are read by the words around what the library shows."""

import pytest
from atom_assembly.requests.read import read_by_cues
from atom_assembly.script import read_against

SEEN = ["a red dog runs", "a black cat sleeps", "a white cow eats", "a red dog eats while a black cat runs"]
KNOWN = {word for caption in SEEN for word in caption.split()}


def read(text):
    reading = read_by_cues(text, KNOWN)
    return reading and list(reading.lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Cut list: a red dog running; a black cat sleeping.", ["a red dog running", "a black cat sleeping"]),
        ("Lead with a red dog running ahead of a black cat sleeping.", ["a red dog running", "a black cat sleeping"]),
        ("first a red dog running second a black cat sleeping", ["a red dog running", "a black cat sleeping"]),
        ("For the end a white cow, for the beginning a red dog.", ["a red dog", "a white cow"]),
        ("It terminates by a white cow, and in the middle i want a black cat, it starts by a red dog", None),
        ("Bookend the piece with a red dog; a white cow goes in between.", ["a red dog", "a white cow", "a red dog"]),
        ("i want cows and when those are done all the dogs", ["cows", "dogs"]),
    ],
)
def test_order_is_told_by_cues(text, lines):
    """What opens, closes, follows and comes back, whatever the words between."""
    assert read(text) == (lines or ["a red dog", "a black cat", "a white cow"])


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Pull every dog we've got.", {"num_shots": None}),
        ("I desire a film uniquely with dogs.", {"purely": True}),
        ("dogs across the library minus anything with a cat.", {"without": ("cat",)}),
        ("can i get three shots of a dog", {"num_shots": 3}),
        ("a dog must come three times", {"repeats": 3}),
    ],
)
def test_number_is_told_by_cues(text, facts):
    """All, only, without, how many and how often."""
    (wanted,) = read_by_cues(text, KNOWN).constraints.wanted
    assert {name: getattr(wanted, name) for name in facts} == facts


@pytest.mark.parametrize(
    "text",
    [
        "a red dog that is dancing",
        "a red dog goes around",
        "a red dog does not run",
        "a red dog, then a hand holding a phone",
        "Every octagon we've got.",
        "",
    ],
)
def test_what_may_be_something_else_is_not_read(text):
    """A word that neither captions say nor people speak of films with may be what is to be seen."""
    assert read(text) is None


def test_a_request_that_is_met_by_its_grammar_keeps_it():
    """Cues are asked where a line is in no caption, and believed where then all lines are in some."""
    assert read_against("a red dog runs, then a black cat sleeps", [], SEEN).lines == (
        "a red dog runs",
        "a black cat sleeps",
    )
    assert read_against("Pull every dog we've got.", [], SEEN).lines == ("dog",)
    assert read_against("Pull every pig we've got.", [], SEEN).lines == ("Pull every pig",)
    assert read_against("Pull every dog we've got.", [], []).lines == ("Pull every dog",)
