"""What is said around a request is no part of it, and what is said of it in other words counts."""

import pytest
from atom_assembly.requests.forms.talk import without_talk
from atom_assembly.requests.read import read_by_mentions, read_request

SEEN = ["a red dog runs", "a black cat sleeps", "a white cow eats"]
KNOWN = {word for caption in SEEN for word in caption.split()}
A, B = "a red dog", "a black cat"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"My grandson says I should put {B} at the end. So let's begin with {A}.", [A, B]),
        (f"Our teacher thinks we could end with {B}. Let's start with {A}.", [A, B]),
        (f"Sit down with me, dear. We'll watch {A}, afterwards {B}.", [A, B]),
        (f"Two beats. The last one is {B}, the first one {A}.", [A, B]),
        (f"Start with {A}, then {B}, and then, because it's so nice, the red dog again.", [A, B, A]),
        (f"We open on {A}. Cut to {B}. We close on the red dog, same as the opening.", [A, B, A]),
        (f"Please extract the passage in which {A} runs.", [f"{A} runs"]),
        (f"Take a seat. We'll see {A}, next {B}.", [A, B]),
        (f"For the wee ones: {A} and then {B}.", [A, B]),
        (f"Tag: {B}. Cold open: {A}.", [A, B]),
        (f"Our editor wants {A} first, followed by {B}.", [A, B]),
        (f"{A}. {B}. Then we end where we began, on the red dog.", [A, B, A]),
        (f"Open on {A}, go to {B}, and close the way we opened.", [A, B, A]),
        (f"Kindly locate the portion during which {A} runs.", [f"{A} runs"]),
        ("Intro: our tin robot on a shelf\nMain part: a white cow", ["tin robot on a shelf", "a white cow"]),
        (f"{A}, then someone unwrapping the parcel, then {B}", [A, "something unwrapping the parcel", B]),
    ],
)
def test_order_is_read_through_talk(text, lines):
    """Who said so, to whom, why, and how many points follow."""
    assert list(read_by_mentions(text, KNOWN).lines) == lines


@pytest.mark.parametrize(
    ("text", "line", "facts"),
    [
        ("I've always been fond of black cats. Let me have all the shots with one of those.", "black cats", {}),
        ("My late wife couldn't stand dogs. Only shots with no dogs in them.", "", {"without": ("dogs",)}),
        ("Three bits with a cow in them will do for the little ones.", "a cow", {"num_shots": 3}),
        ("Every shot in which a dog or a cow, or both, can be seen.", "a dog or a cow", {}),
        (
            "All shots of a dog, excluding any in which something black appears.",
            "a dog",
            {"without": ("black things",)},
        ),
        ("Every shot where there's a dog, a cow, or both.", "a dog or a cow", {}),
        ("I have a soft spot for black cats. Give me all shots of those.", "black cats", {}),
        ("My heart belongs to black cats. Let me see each shot with one.", "black cats", {}),
        (
            "Black was my sister's colour. All shots of a dog with nothing black.",
            "a dog",
            {"without": ("black things",)},
        ),
        ("Dogs scare my mother. Just shots that have no dogs in them.", "", {"without": ("dogs",)}),
    ],
)
def test_which_shots_is_read_through_talk(text, line, facts):
    """Of what one is fond, what was hated, for whom it is, and what other points say."""
    reading = read_by_mentions(text, KNOWN)
    (wanted,) = reading.constraints.wanted
    assert reading.lines == (line,)
    assert {name: getattr(wanted, name) for name in facts | {"num_shots": None}} == {"num_shots": None} | facts


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("All the shots with dogs, and keep them in the order they have in the footage.", "recorded"),
        ("- all shots with dogs\n- sorted by when they occur in the footage", "recorded"),
        ("All shots with a dog; do not change the order of the footage.", "recorded"),
        ("all shots with a dog, ordered as they appear in the footage", "recorded"),
        ("Rising tension: every shot with a dog, the longest up front, then shorter and shorter.", "longest"),
    ],
)
def test_sorting_is_read_in_other_words(text, order):
    """By their place in the footage, and by which comes up front."""
    for reading in (read_by_mentions(text, KNOWN), read_request(text)):
        assert reading is not None
        assert reading.constraints.order == order


@pytest.mark.parametrize(
    "text",
    [
        "A dog sits down with me. A cat sleeps.",
        "people sit around a table and listen",
        "My sister says hello, then a dog runs",
        "a dog for the first time, then two cats",
        "I love dogs. Three of the cats, please.",
        "The man says we should go home. Then a dog.",
        "My boss hates cats. All dogs.",
        "Three shots. Each of a dog.",
    ],
)
def test_what_is_to_be_seen_is_no_talk(text):
    """Sentences that only begin like talk stay as they are."""
    assert without_talk(text) == text
    assert read_request(text).lines


@pytest.mark.parametrize(
    "piece",
    ["my old friend says ", "I like a fan of dogs. ", "sit with me ", ", because it is ", "all ", "\n", " \n\t"],
)
def test_talk_of_any_length_is_read(piece):
    """No pattern tries all ways to divide it."""
    assert without_talk((piece * 8_000)[:8_000]) is not None
