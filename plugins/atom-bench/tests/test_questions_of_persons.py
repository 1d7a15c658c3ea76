"""Questions of persons, filled with what is there."""

import pytest
from atom_bench.questions.blind import Blind, persons, rows
from atom_bench.questions.truth import Film, Shot, Thing

pytest.importorskip("atom_tiny")

CIRCLE, STAR = Thing(colour="red", shape="circle", action="left"), Thing(colour="blue", shape="star", action="blinks")
MOON = Thing(colour="green", shape="moon", action="grows")


def film(name, *things):
    return Film(
        name=name,
        shots=tuple(
            Shot(things=(thing,), then=False, span=(2.0 * at, 2.0 * at + 2), caption=f"a {thing.name} moves")
            for at, thing in enumerate(things)
        ),
    )


FILMS = [film("a.mp4", CIRCLE, STAR, MOON), film("b.mp4", STAR, MOON), film("c.mp4", MOON, CIRCLE, STAR, CIRCLE)]


@pytest.mark.parametrize("person", persons())
def test_every_row_can_be_asked(person):
    """Each wording is filled, says what answers it, and no answer fits all questions."""
    asked = Blind(1).asked(person, FILMS)
    assert len(asked) >= 0.95 * len(rows(person))
    assert not any("{" in one.text for one in asked)
    assert not all(one.right("yes") for one in asked)
    assert sum(one.absent for one in asked) >= 5


@pytest.mark.parametrize(
    ("label", "wording", "good", "bad"),
    [
        ("shots", "How many?", "3", "2"),
        ("cuts", "How many cuts?", "2", "3"),
        ("first", "What is first?", "a red circle moves left", "a green moon grows"),
        ("last", "What is last?", "a green moon grows", "a red circle moves left"),
        ("order", "In order?", "a red circle, a blue star, a green moon", "a blue star, a red circle, a green moon"),
        ("list colours", "Which colours?", "red, blue and green", "red and blue"),
        ("length", "How long?", "6 s", "4 s"),
        ("never c", "Is nothing {c}?", "no", "yes"),
        ("after a", "What is after {a}?", None, "a purple ring"),
    ],
)
def test_what_answers(label, wording, good, bad, monkeypatch):
    """What is asked decides what is right."""
    monkeypatch.setattr("atom_bench.questions.blind.rows", lambda _: [(label, wording)])
    for seed in range(20):
        (asked,) = Blind(seed).asked("", FILMS[:1])
        if label != "never c" or asked.truth == "no":
            break
    assert good is None or asked.right(good)
    assert not asked.right(bad)
