"""What a request says of its things elsewhere than beside them: in headings, in clauses of their own, once for all."""

import pytest
from atom_assembly.requests.read import read_by_mentions

SEEN = ["a red dog runs", "a black cat sleeps", "a white cow eats", "a black cat appears"]
KNOWN = {word for caption in SEEN for word in caption.split()}
DOG, CAT, COW = "a red dog", "a black cat", "a white cow"


def read(text):
    reading = read_by_mentions(text, KNOWN)
    return reading and [*zip(reading.lines, reading.constraints.wanted, strict=True)]


def lines(text):
    return [line for line, _ in read(text)]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Of all the shots that show something red, I would like only the longest.", {"pick": "longest"}),
        ("From the scenes where something runs, give me the one that is the shortest.", {"pick": "shortest"}),
        ("Among all scenes with a dog, which one is longest? Show only that.", {"pick": "longest", "num_shots": 1}),
        ("Of the clips with a dog, only the one of greatest length.", {"pick": "longest"}),
        ("The clip of least duration in which something runs.", {"pick": "shortest"}),
        ("Be it a dog or a cat, I want every scene that holds one.", {"num_shots": None}),
        ("I used to have a red dog. Show me every clip with one like that.", {"num_shots": None}),
        ("A dog in each, please. Four clips will do.", {"num_shots": 4}),
        ("Everything with a dog or a cat; it does not matter which of the two.", {"num_shots": None}),
        ("From all with a dog I want only most long one.", {"pick": "longest"}),
        ("Of those with something red, give me the least long.", {"pick": "shortest"}),
        ("all the dogs, nothing else, gotta go", {"num_shots": None, "purely": False}),
        ("clips with dogs and nothing else", {"num_shots": None, "purely": True}),
    ],
)
def test_which_and_how_many_is_said_in_a_clause_of_its_own(text, facts):
    """Where one thing is asked for, "only the longest" and "every scene with one" are said of it."""
    ((_, wanted),) = read(text)
    assert {name: getattr(wanted, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("a red dog, and the same once again.", [DOG, DOG]),
        ("I'd like to watch a red dog and then watch it again.", [DOG, DOG]),
        ("a red dog, then a black cat, and the first one again", [DOG, CAT, DOG]),
        ("a red dog, then a black cat, and then that once more", [DOG, CAT, CAT]),
        ("a red dog and a black cat, in the same order", [DOG, CAT]),
        ("Let me see a red dog. Then again. And one more time.", [DOG, DOG, DOG]),
    ],
)
def test_what_is_named_no_more_comes_again(text, again):
    """ "The same once again" is the thing before it, "the first one again" the first."""
    assert lines(text) == again


@pytest.mark.parametrize(
    "text",
    [
        "Highlight reel, three beats: a red dog; a black cat; a white cow.",
        "The film shall consist of three parts: part one shows a red dog, part two shows a black cat, and part three "
        "shows a white cow.",
        "Exhibit one: a red dog. Exhibit two: a black cat. Exhibit three: a white cow.",
        "A film in three parts, a red dog, a black cat and a white cow.",
        "Three stations for the foyer, in this order: a red dog, a black cat, and to finish, a white cow.",
        "It started with a red dog, moved on to a black cat and ended in a white cow.",
        "a red dog, cut away to a black cat, and finally, a white cow",
    ],
)
def test_the_number_of_a_list_is_none_of_its_things(text):
    """ "Three beats: ..." are the three that follow, each once."""
    assert [(line, wanted.num_shots) for line, wanted in read(text)] == [(DOG, 1), (CAT, 1), (COW, 1)]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("A red dog can only be shown once a black cat has been shown.", [CAT, DOG]),
        ("Show a red dog, but let a black cat precede it.", [CAT, DOG]),
        ("A red dog once, then a black cat.", [DOG, CAT]),
        ("A red dog should follow a black cat.", [CAT, DOG]),
        ("A red dog, to follow: a black cat.", [DOG, CAT]),
        ("A red dog follows a black cat.", [CAT, DOG]),
        ("A red dog precedes a black cat.", [DOG, CAT]),
        ("Put a black cat at the end and a red dog at the front.", [DOG, CAT]),
        ("End with a black cat after starting with a red dog.", [DOG, CAT]),
        ("As an opener, a red dog; as a closer, a black cat.", [DOG, CAT]),
        ("A red dog must wait until a black cat has passed.", [CAT, DOG]),
        ("Show a red dog in the run-up to a black cat.", [DOG, CAT]),
        ("a red dog, and on the heels of it a black cat", [DOG, CAT]),
        ("a red dog and a black cat one after the other", [DOG, CAT]),
    ],
)
def test_once_and_precede(text, order):
    """ "A once B was shown" and "A, but B precedes it" put B first."""
    assert lines(text) == order


def test_taking_turns_with():
    """ "Alternate A with B" names two things, not one shot of both; turns that are listed are no more than that."""
    reading = read_by_mentions("Alternate a red dog with a black cat, so that each comes two times.", KNOWN)
    assert (reading.lines, reading.constraints.rounds) == ((DOG, CAT), 2)
    listed = read_by_mentions("Back and forth: a red dog, a black cat, a red dog, a black cat.", KNOWN)
    assert (listed.lines, listed.constraints.rounds) == ((DOG, CAT, DOG, CAT), None)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Show all scenes with a dog, but without those in which there is anything black.", "black things"),
        ("Every clip with a dog, save for those in which a cat is to be seen.", "cat"),
        ("Black must not appear in any clip.", "black things"),
        ("Every shot with a dog, but rule out the ones where something black turns up.", "black things"),
        ("All clips with something running, less those with something red.", "red things"),
        ("All the dogs please, but she's scared of black so nothing with black in it.", "black things"),
    ],
)
def test_what_must_not_be_seen(text, without):
    """It is what stands beside the "not", without what was said of other things."""
    ((_, wanted),) = read(text)
    assert wanted.without == (without,)


@pytest.mark.parametrize(
    ("text", "line", "facts"),
    [
        ("No clip may be included unless something red can be seen in it.", "red things", {"num_shots": None}),
        ("Nothing that doesn't have something red in it.", "red things", {"num_shots": None}),
        ("Spare me no shot with a dog: I wish to see them all.", "a dog", {"num_shots": None}),
        ("All shots where a dog shares the screen with a cat.", "a dog while a cat", {"num_shots": None}),
        ("Wherever a dog is joined by a cat, I wish to see it.", "a dog while a cat", {"num_shots": None}),
        ("A shot with a dog and also something red.", "a dog while a red thing or a red dog", {}),
        ("all the bits where something's running", "something running", {"num_shots": None}),
        ("all the shots in which something black appears", "something black that appears", {"num_shots": None}),
        ("red animals that run, all of them", "red animals that run", {"num_shots": None}),
        ("two black cats sleeping", "black cats sleeping", {"num_shots": 2}),
        ("two portions of a red dog", DOG, {"num_shots": 2}),
        ("all the dogs pleeease", "dogs", {"num_shots": None}),
    ],
)
def test_what_a_thing_is_called(text, line, facts):
    """ "Something black appears", plurals that do something, portions of a thing."""
    ((said, wanted),) = read(text)
    assert said == line
    assert {name: getattr(wanted, name) for name in facts} == facts


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("I'd like people dancing as the closing shot, with a red dog before it.", "people dancing"),
        ("Start with a red dog, cut to the couple's first dance, end on a black cat.", "the couple's first dance"),
        ("a red dog, and a clip of my professor", "professor"),
        ("a red dog then my headshot from last night", "headshot"),
        ("Roses first, then a red dog.", "roses"),
        ("a red dog, then the penalty kick, then a black cat.", "the penalty"),
    ],
)
def test_what_nobody_has_seen_is_asked_for(text, absent):
    """Unknown words in a thing's place are a thing, which the library has not."""
    assert absent in lines(text)


def test_what_is_said_of_others_is_talk():
    """ "My eyes get tired" asks for nothing."""
    assert lines("a red dog and a black cat, my eyes get tired") == [DOG, CAT]


@pytest.mark.parametrize(
    ("text", "most_s", "least_s", "shot_s"),
    [
        ("a red dog, a black cat, and the whole thing mustn't run over 10 seconds.", 10, None, None),
        ("a red dog, a black cat, never more than 10 seconds.", 10, None, None),
        ("a red dog, a black cat, over 10 seconds.", None, 10, None),
        ("Take no more than two seconds from each shot that shows a dog.", None, None, 2),
        ("All scenes with a dog, but cut each down to two seconds.", None, None, 2),
    ],
)
def test_lengths(text, most_s, least_s, shot_s):
    """What must not be over a length is at most that long; "each" speaks of the cuts."""
    constraints = read_by_mentions(text, KNOWN).constraints
    assert (constraints.length_s, constraints.min_length_s, constraints.shot_length_s) == (most_s, least_s, shot_s)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("a red dog twice, with a black cat in the middle", [DOG, CAT, DOG]),
        ("a red dog on both ends, a black cat in the centre", [DOG, CAT, DOG]),
        ("a red dog at the start and again at the end, a black cat in between", [DOG, CAT, DOG]),
        ("a red dog, interrupted by a black cat, then a red dog once more", [DOG, CAT, DOG]),
        ("Show a red dog and replay it once, then a black cat, also with one replay.", [DOG, DOG, CAT, CAT]),
        (
            "a red dog running then a black cat then the red dog one more time",
            ["a red dog running", CAT, "a red dog running"],
        ),
        ("a red dog, then a black cat, then the red dog once again because it is so pretty", [DOG, CAT, DOG]),
        ("Preceding a red dog there should be a black cat.", [CAT, DOG]),
        ("a drone shot over the harbour, then a red dog", ["a drone", DOG]),
        ("Red is the only colour I want: every shot must have something red in it.", ["red things"]),
    ],
)
def test_what_stands_at_both_ends_and_what_is_said_twice(text, order):
    """A thing that is shown twice around another one is at both ends; one that is only spoken of again is one."""
    assert lines(text) == order


@pytest.mark.parametrize(
    ("text", "line", "facts"),
    [
        ("I only need three clips, and there should be a dog in every one.", "a dog", {"num_shots": 3}),
        ("All shots with a dog unless there's black in them as well.", "a dog", {"without": ("black things",)}),
        ("dog + cat in the same shot, all you got", "a dog while a cat", {"num_shots": None}),
        ("2 random clips, just no dogs", "", {"num_shots": 2, "without": ("dogs",)}),
    ],
)
def test_number_and_exclusion_wherever_they_are_said(text, line, facts):
    """ "Every one" of three is no more than three; "unless" excludes."""
    ((said, wanted),) = read(text)
    assert said == line
    assert {name: getattr(wanted, name) for name in facts} == facts


@pytest.mark.parametrize("text", ["", " ", "!!!", "no " * 1_600, "pleeee" * 800, "(" * 5_000])
def test_what_says_nothing_is_left_to_other_readers(text):
    """Empty, long and senseless requests have no reading."""
    assert read_by_mentions(text, KNOWN) is None


def test_a_word_said_over_and_over_is_one_thing():
    """However long the request."""
    found = read_by_mentions("red " * 1_250, KNOWN)
    assert found is not None
    assert found.lines == ("red things",)
