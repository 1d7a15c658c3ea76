"""Captions are clauses, and say or do not say that a condition holds."""

import pytest
from atom_reasoning.english.clauses import best_fit, clauses, contradicts, wanted
from atom_reasoning.english.words import meaning


def test_clauses_have_subjects_and_predicates():
    """Clauses are told apart by their joins; which comes after which is kept; numbers count."""
    found = clauses("a red cross moves left while two dogs run, then a ring circles")
    assert [(one.subject, one.predicate, one.follows, one.number) for one in found] == [
        ("a red cross", "moves left", False, 1),
        ("two dogs", "run", False, 2),
        ("a ring", "circles", True, 1),
    ]
    assert [one.subject for one in clauses("A man in a red jacket rides a bicycle down a street.")] == [
        "a man in a red jacket"
    ]


@pytest.mark.parametrize(
    ("caption", "subject", "predicate", "holds"),
    [
        ("a red circle moves left", "red circle", "", True),
        ("a red circle moves left", "circle", "move to the left", True),
        ("a red circle moves up left", "circle", "move up", False),
        ("a red circle moves left while a blue star grows", "red star", "", False),
        ("a blue moon circles", "circle", "", False),
        ("a blue moon circles", "moon", "orbit", True),
        ("a blue moon vanishes", "", "disappear", True),
        ("a red circle does not move", "red circle", "stay still", True),
        ("a man rides a bike", "bicycle", "", True),
        ("a red star grows", "", "red", True),
        ("two stars blink", "star", "flash", True),
    ],
)
def test_what_a_caption_says(caption, subject, predicate, holds):
    """Words count in any form and by what means the same; of one thing, in its place, with all words of direction."""
    assert (best_fit(caption, wanted(subject, predicate)) == 1.0) is holds


def test_partial_fits_are_ordered():
    """What has more of the words fits better, but never wholly."""
    near = best_fit("a red square grows", wanted("red circle", ""))
    assert 0 < near < 1
    assert best_fit("a blue square grows", wanted("red circle", "")) == 0


def test_meaning():
    """Forms of a word, and words that mean the same, are one."""
    assert meaning("moving upwards") == meaning("rises") == meaning("move up")
    assert meaning("the stars") == meaning("star")
    assert meaning("crossing") == meaning("cross")
    assert meaning("gets bigger") == meaning("expanding")


@pytest.mark.parametrize(
    ("caption", "subject", "predicate", "denied"),
    [
        ("a green moon moves up", "moon", "circle", True),
        ("a green moon moves up", "moon", "move left", True),
        ("a green moon moves up", "moon", "blink", False),
        ("a green moon moves up", "star", "circle", False),
        ("a dog grows", "dog", "shrink", True),
        ("a dog runs", "dog", "bark", False),
    ],
)
def test_deeds_that_exclude_each_other(caption, subject, predicate, denied):
    """A caption that says of a thing that it goes up denies that it circles, not that it blinks."""
    want = wanted(subject, predicate)
    assert any(contradicts(clause, want) for clause in clauses(caption)) is denied
