"""What people say of a film in many ways is read as one."""

import pytest
from atom_assembly.requests.read import read_request

A, B, C = "a dog running", "a cat asleep", "a cow eating"


def lines(text):
    return list(read_request(text).lines)


def wanted(text):
    return read_request(text).constraints.wanted[0]


@pytest.mark.parametrize(
    "text",
    [
        f"The closing shot should be {B} and the opening shot {A}.",
        f"The film must finish by {B} and must begin by {A}.",
        f"{A} opens the film, {B} closes it",
        f"{A} as the opener and {B} as the finale",
        f"After {A} comes {B}.",
        f"Before we see {B}, show {A}.",
        f"I would like {B}, but this only after {A}.",
        f"{B} once {A} is over",
        f"don't show {B} until {A} was shown",
        f"Make sure that {A} comes before {B}.",
        f"{A} followed immediately by {B}",
        f"{A} and right afterwards {B}",
        f"{A} >> {B}",
        f"#1 {A} #2 {B}",
        f"Step 1: {A}, step 2: {B}",
        f"a) {A} b) {B}",
        f"first shot: {A}, last shot: {B}",
        f"{A}... {B}",
    ],
)
def test_an_order_is_read_however_it_is_said(text):
    """What comes first, last, before and after, by any of its names."""
    assert lines(text) == [A, B]


@pytest.mark.parametrize(
    "text",
    [
        f"In the beginning {A}, in the end {C}, between them {B}.",
        f"{A} 1st, {C} last, {B} somewhere in the middle",
        f"At first {A}, secondly {B}, and on the end {C}.",
        f"{A} – {B} – {C}",
    ],
)
def test_three_in_order(text):
    """The middle is what neither opens nor closes."""
    assert lines(text) == [A, B, C]


@pytest.mark.parametrize(
    "text",
    [
        f"{A} then {B} then back to {A}",
        f"It should begin and end with {A}, in the middle is {B}.",
        f"{A}, {B}, then the first one again",
        f"{A}, {B}, and again {A}",
    ],
)
def test_what_is_shown_again(text):
    """A thing may come back without its name, and is then the same shot."""
    assert lines(text) == [A, B, A]
    assert read_request(text).constraints.wanted[2].again


@pytest.mark.parametrize(
    ("text", "line", "facts"),
    [
        ("Please collect every shot in which a dog is visible.", "a dog", {"num_shots": None}),
        ("Take four pieces where is a dog.", "a dog", {"num_shots": 4}),
        ("as many dogs as there are", "dogs", {"num_shots": None}),
        ("dogs, all of them", "dogs", {"num_shots": None}),
        ("at most three dogs", "dogs", {"num_shots": 3, "at_most": True}),
        ("three of the dogs", "dogs", {"num_shots": 3}),
        ("nothing apart from dogs", "dogs", {"num_shots": None, "purely": True}),
        ("I want see only dogs, other things not.", "dogs", {"purely": True}),
        ("dogs or cats, but not the red ones", "dogs or cats", {"without": ("red dogs", "red cats")}),
        ("all dogs unless there's a cat in them", "dogs", {"without": ("cat",)}),
        ("dogs that don't contain a cat", "dogs", {"without": ("cat",)}),
        ("dogs and cats together", "a dog while a cat", {"num_shots": None}),
        ("shots where a dog and a cat are both visible", "a dog while a cat", {"num_shots": None}),
        ("shots w/ red and blue things at the same time", "a red thing while a blue thing", {"num_shots": None}),
        (f"{A}, and this two times, then one time {B}", A, {"repeats": 2}),
        (f"{A} (3x), {B}", A, {"repeats": 3}),
        (f"{A}, 2 seconds, then {B}, 1 second", A, {"length_s": 2.0}),
        ("red ones first then blue", "red ones", {"num_shots": None, "length_s": None}),
    ],
)
def test_number_choice_and_length_are_read_however_they_are_said(text, line, facts):
    """How many, which, which not, what at once, how often and how long."""
    found = wanted(text)
    assert (read_request(text).lines[0], {name: getattr(found, name) for name in facts}) == (line, facts)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Sort the shots of dogs by duration, from the shortest to the longest.", "shortest"),
        ("The dogs, ordered after the length, the short ones at first.", "shortest"),
        ("dogs, getting longer and longer", "shortest"),
        ("all dogs sorted by length, descending", "longest"),
        ("Show the dogs from the old to the new.", "recorded"),
        ("all dogs oldest 1st", "recorded"),
        ("dogs by date, latest at the beginning", "reversed"),
        ("All shots with a dog in the order in which they were filmed, beginning with the most recent.", "reversed"),
        ("the longest dog, then a cat", ""),
        ("a dog walks from left to right", ""),
        ("a long road to a short house", ""),
    ],
)
def test_how_shots_are_sorted(text, order):
    """By time or length, either way round; what only sounds like it stays what is to be seen."""
    assert read_request(text).constraints.order == order


@pytest.mark.parametrize(
    ("text", "most_s", "shot_s"),
    [
        (f"Every scene takes maximal 1,5 seconds: {A}, then {B}.", None, 1.5),
        (f"Each of the following should last no longer than one and a half seconds: {A}, {B}.", None, 1.5),
        (f"{A} and {B}; cut every shot down to one second", None, 1.0),
        (f"10s max!! {A}, {B}", 10.0, None),
    ],
)
def test_a_clause_that_speaks_of_lengths_alone(text, most_s, shot_s):
    """Is read whatever its grammar, and is no line of the script."""
    reading = read_request(text)
    assert list(reading.lines) == [A, B]
    assert (reading.constraints.length_s, reading.constraints.shot_length_s) == (most_s, shot_s)


@pytest.mark.parametrize("piece", ["a dog and ", "the last shot ", "without ", "7 ", "a - ", "red blue ", "x", " "])
def test_a_request_of_ten_thousand_characters_is_read(piece):
    """Whatever it repeats, it is read to its end: no pattern tries all ways to divide it."""
    assert read_request(("a" + piece * 10_000)[:10_000]).lines


def test_pasted_subtitles_are_their_texts():
    """Numbers and times of entries are no lines of a script."""
    entries = f"1\n00:00:01,000 --> 00:00:02,000\n{A}\n\n2\n00:00:03,000 --> 00:00:04,500\n{B}\n"
    assert lines(entries) == [A, B]


def test_none_of_a_thing_is_no_number_of_shots():
    """A zero is no count that a script could have."""
    assert lines("0 dogs") == ["0 dogs"]
