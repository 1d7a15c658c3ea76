"""Answers are worked out from what clips show, and fit the kind of question."""

import pytest
from atom_reasoning.answers.calibration import NO_PART, NO_THING, trust_in
from atom_reasoning.answers.wording import clock, length, listed, merge
from atom_reasoning.reading.record import Condition, Kind, Reading

from atom_core.testing.fakes import fake_clips, fake_video

from .conftest import SHOTS, times


@pytest.mark.parametrize(
    ("question", "text", "spans"),
    [
        ("How many shots are there?", "4", [(0, 20)]),
        ("How many stars are there in total?", "3", [(5, 20)]),
        ("How many shots show a star?", "3", [(5, 20)]),
        ("How many things blink?", "2", [(10, 20)]),
        ("When does the green moon move up?", "0:10 to 0:15", [(10, 15)]),
        ("When is a star first seen?", "0:05 to 0:10", [(5, 10)]),
        ("Which shot shows the red circle?", "shot 1", [(0, 5)]),
        ("Which shots have no star?", "shot 1", [(0, 5)]),
        ("What happens in the second shot?", "a blue star grows", [(5, 10)]),
        ("What happens at 0:07?", "a blue star grows", [(5, 10)]),
        ("What happens first?", "a red circle moves left", [(0, 5)]),
        ("What happens last?", "a red star disappears", [(15, 20)]),
        ("What happens after the blue star grows?", SHOTS[2], [(10, 15)]),
        ("What happens after the yellow ring blinks?", "a red star disappears", [(15, 20)]),
        ("What comes before the blue star?", "a red circle moves left", [(0, 5)]),
        ("What happens while the star blinks?", "a green moon moves up", [(10, 15)]),
        ("Which comes first, the moon or the ring?", "the moon", [(10, 15)]),
        ("In what order do the moon, the circle and the ring appear?", "the circle, then the moon, then the ring", [(0, 5), (10, 20)]),
        ("What blinks?", "white star and yellow ring", [(10, 20)]),
        ("Which colours do the stars have?", "blue, white and red", [(5, 20)]),
        ("Is there a star in every shot?", "no", [(0, 5)]),
        ("Do all stars blink?", "no", [(5, 10), (15, 20)]),
        ("Does the moon never blink?", "yes", []),
        ("Is there never a ring?", "no", [(15, 20)]),
        ("Is there both a moon and a ring?", "yes", [(10, 20)]),
        ("Are the moon and the white star in the same shot?", "yes", [(10, 15)]),
        ("Are the moon and the ring ever shown together?", "no", []),
        ("Are there more stars than moons?", "yes", [(5, 20)]),
        ("Does the circle come before the ring?", "yes", [(0, 5), (15, 20)]),
        ("How long is the blue star visible?", "5 seconds", [(5, 10)]),
        ("Is the video longer than ten seconds?", "yes", [(0, 20)]),
        ("Is there a ring in the first half?", "no", []),
        ("Which shapes never move?", "blue star, white star, yellow ring and red star", [(5, 20)]),
    ],
)  # fmt: skip
def test_over_several_shots(ask, question, text, spans):
    """Counts, times, order, lists and quantifiers follow from the clips, with the times that they come from."""
    answer = ask(question)
    assert (answer.text, sorted(times(answer))) == (text, spans)
    assert 0 < answer.confidence <= 1


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Is there a purple square?", "no"),
        ("When does the purple square blink?", "not shown"),
        ("What colour is the square?", "not shown"),
        ("What does the purple square do?", "not shown"),
        ("How many squares are there?", "0"),
        ("Which shot shows a square?", "not shown"),
        ("What happens after the square grows?", "not shown"),
        ("What happens in the ninth shot?", "not shown"),
        ("What happens after the red star disappears?", "nothing"),
    ],
)
def test_what_is_not_there(ask, question, text):
    """What no clip shows is said not to be there, without evidence."""
    answer = ask(question, replies={"do": "it moves left"})
    assert (answer.text, answer.evidence) == (text, ())


def test_an_answer_is_asked_of_the_clips_that_show_its_topic(ask):
    """A property is told by the clips that show its thing, whatever others say."""
    replies = {"blue star": "it grows", "circle": "it moves", "moon": "it rises", "ring": "it blinks"}
    answer = ask("What does the blue star do?", replies=replies)
    assert (answer.text, times(answer)) == ("it grows", [(5, 10)])


def test_two_questions_at_once(ask):
    """Both are answered, with the evidence of both."""
    answer = ask("Is there a ring, and when does the moon move up?")
    assert (answer.text, times(answer)) == ("yes; 0:10 to 0:15", [(10, 20)])


def test_words_for_people():
    """Times, lengths and lists are written as people do."""
    assert (clock(4.8), clock(65), clock(3723.5)) == ("0:04.8", "1:05", "1:02:03.5")
    assert (length(1), length(125), length(9.6)) == ("1 second", "2 minutes 5 seconds", "9.6 seconds")
    assert (listed(["a"]), listed(["a", "b", "c"])) == ("a", "a, b and c")


def test_neighbours_are_one_span():
    """Adjacent clips of one video are merged; those of another video are not; the best stands first."""
    clips, other = fake_clips(fake_video(duration_s=20), 4), fake_clips(fake_video("b.mp4", duration_s=20), 4)
    merged = merge([clips[3], clips[0], clips[1], other[2]])
    assert [(one.start_s, one.end_s) for one in merged] == [(15, 20), (0, 10), (10, 15)]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Condition(subject="red circle"), 1.0),
        (Condition(subject="brown dog"), 1.0),
        (Condition(subject="red circle", predicate="jump"), 1.0),
        (Condition(subject="red circle incommensurable"), NO_PART),
        (Condition(subject="circle", predicate="frobnicate"), NO_PART),
        (Condition(subject="onset"), NO_THING),
        (Condition(subject="sample size"), NO_THING),
    ],
)
def test_a_reading_that_looks_for_no_thing_is_not_trusted(wanted, left):
    """Words that are in no caption and belong to no name, or tell of no thing, take confidence from every answer."""
    reading = Reading(text="", kind=Kind.WHEN, conditions=(wanted,))
    assert trust_in(reading, ["a red circle blinks", "a star moves up"]) == left
    assert trust_in(reading, [f"{wanted.subject} {wanted.predicate}"]) == trust_in(reading, []) == 1.0
