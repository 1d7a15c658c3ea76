"""Requests whose grammar no pattern knows are read by what they mention and the words around that."""

import pytest
from atom_assembly.requests.read import read_by_mentions
from atom_assembly.script import read_against

SEEN = ["a red dog runs", "a black cat sleeps", "a white cow eats", "a red dog eats while a black cat runs"]
KNOWN = {word for caption in SEEN for word in caption.split()}


def read(text):
    reading = read_by_mentions(text, KNOWN)
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
    (wanted,) = read_by_mentions(text, KNOWN).constraints.wanted
    assert {name: getattr(wanted, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a red dog that is dancing", ["a red dog that is dancing"]),
        ("a red dog goes around", ["a red dog goes around"]),
        ("a red dog does not run", ["a red dog does not run"]),
        ("a red dog, then a hand holding a phone", ["a red dog", "a hand holding a phone"]),
        ("Close on a bird singing in a tree, open on a red dog.", ["a red dog", "a bird singing in a tree"]),
        ("Open: a ship in a storm. Close: a white cow.", ["a ship in a storm", "a white cow"]),
        ("a red dog that explodes", ["a red dog that explodes"]),
        ("Every octagon we've got.", None),
        ("", None),
    ],
)
def test_what_captions_do_not_say_is_kept_where_a_thing_stands(text, lines):
    """Unknown words are part of the thing that they stand at, or a thing of their own in its place."""
    assert read(text) == lines


@pytest.mark.parametrize(
    "text",
    [
        "Hi,\ncould you make a film for my class? It should begin with {0}, then we need {1}.\nThanks a lot,\nMaria",
        'We are practising "before" and "after". Please show {0} before {1}, and nothing else.',
        "SHOT LIST\n01 {0}\n02 {1}",
        "{1} should come after {0}, so that they can guess the rest of the story.",
        "Requirements:\n- {0}\n- {1}\n- nothing else",
        "okay can you show me um {0} and after that {1}",
        "Order matters: {1} must come after {0}.",
        "save {1} for last, lead with {0}",
        "{1}, but {0} has to go before it.",
        "Tail: {1}. Head: {0}.",
        "Put {0} in front of {1}, because dogs are fun.",
        "For tonight's programme I need {0}, and right after that {1}. Thanks for the quick turnaround!",
        "Don't show {1} until we have seen {0}.",
        "Go from {0} to {1}.",
        "the little one loves animals so we want {0} first, and then comes {1}",
        "opening shot = {0}, closing shot = {1}",
        "Please note that {0} is to precede {1}.",
        "1/ {0}\n2/ {1}",
        "{1} only makes sense after {0}, so put it after.",
        "ok visuals for tonight: {0}, {1}, in that order",
        "We should like the film to conclude with {1} and to commence with {0}.",
        "drop {1} right after {0}",
        "could you stitch {0} and then {1} together for me?",
        "{1}, but not before {0}.",
    ],
)
def test_talk_does_not_matter(text):
    """Greetings, thanks, names, reasons, headings, list marks and asides are passed over."""
    assert read(text.format("a red dog running", "a black cat sleeping")) == [
        "a red dog running",
        "a black cat sleeping",
    ]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("We will sing along, so: a dog running, four times, please.", {"repeats": 4}),
        ("I am looking for the longest clip that has a dog in it.", {"pick": "longest"}),
        ("Any clip that shows either a dog or a cat is fine; I need five of them.", {"num_shots": 5}),
        ("everything that's running except the black ones", {"without": ("black thing running",)}),
        ("anything at all as long as there is no cat in it make it three clips", {"without": ("cat",), "num_shots": 3}),
        ("We need all scenes with a dog. However, scenes with a cat should not be included.", {"without": ("cat",)}),
        ("can you show all the dogs but no cats because cats are boring", {"num_shots": None, "without": ("cats",)}),
        ("All scenes with a dog; anything with a cat is to be left out.", {"num_shots": None, "without": ("cat",)}),
        ("dogs please, but no cats in the same video", {"num_shots": None, "without": ("cats",)}),
        ("All red dogs, with the exception of those showing a cat.", {"num_shots": None, "without": ("cat",)}),
        ("3 clips free of anything with a cat", {"num_shots": 3, "without": ("cat",)}),
        ("Three recordings with a dog, if you have as many.", {"num_shots": 3}),
        ("just show me one thing that is red", {"num_shots": 1}),
        ("is there one where a dog is with a cat? show me all of them", {"num_shots": None}),
    ],
)
def test_constraints_are_read_from_what_stands_beside_the_mentions(text, facts):
    """How often, which, how many and what not, wherever in the request it is said."""
    (wanted,) = read_by_mentions(text, KNOWN).constraints.wanted
    assert {name: getattr(wanted, name) for name in facts} == facts


def test_turns_and_ends():
    """What takes turns, and what stands at both ends."""
    text = "A-roll: a dog running. Intercut with a cat sleeping, A-B-A-B."
    assert read_by_mentions(text, KNOWN).constraints.rounds == 2
    assert read_by_mentions("Switch between a dog and a cat, do it two times", KNOWN).constraints.rounds == 2
    both = "The film should both begin and end with a red dog; in between, we would like a cat."
    assert read(both) == ["a red dog", "a cat", "a red dog"]
    assert read("red, black, red, black") == ["red things", "black things"] * 2
    assert read("Between a dog and a cow there should be a cat.") == ["a dog", "a cat", "a cow"]


def test_what_captions_say_more_of_is_believed_and_told(caplog):
    """Of two readings the one of which captions say more is taken, and how a request is read is told."""
    plain = "a red dog runs, then a black cat sleeps"
    assert read_against(plain, [], SEEN).lines == tuple(plain.split(", then "))
    assert not caplog.records
    assert read_against("Haul every dog we've got.", [], SEEN).lines == ("dog",)
    assert "all 'dog'" in caplog.records[-1].getMessage()
    assert read_against("Haul every pig we've got.", [], SEEN).lines == ("a pig",)
    assert read_against("Haul every dog we've got.", [], []).lines == ("Haul every dog",)


def test_what_was_not_understood_is_told(caplog):
    """A number, a length or a "not" that belongs to no thing is named in that line, and so is what was passed over."""
    read_against("Hi Maria! a red dog, then a black cat. 17 of those in the garden.", [], SEEN)
    said = caplog.records[-1].getMessage()
    assert "not understood: '17 of those in the garden'" in said
    assert "passed over: 'maria'" in said


def test_requests_longer_than_people_write_keep_to_their_grammar():
    """Each thing is compared with all others: of thousands none is read by what it mentions."""
    assert read("a red dog, then a black cat, then " * 20) is not None
    assert read("a red dog, then " * 2_000) is None
