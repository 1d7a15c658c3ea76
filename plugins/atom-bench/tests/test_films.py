"""Requests for films and their truth."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from atom_bench.films.blind import SETS, blind
from atom_bench.films.command import Made, summed, text
from atom_bench.films.haste import hasty
from atom_bench.films.requests import WORDINGS, Asked, Maker, clause
from atom_bench.films.truth import Expected, Shot, Thing, fault
from attrs import evolve

import atom_core as atom

SHAPES, COLOURS = ("star", "moon", "heart", "ring"), ("red", "blue", "green", "white", "orange")
ACTIONS = ("blinks", "grows", "shrinks", "left", "up")
SHOTS = [
    Shot(
        video=f"{n}.mp4",
        start_s=2.0 * m,
        end_s=2.0 * m + 2,
        things=(Thing(colour=c, shape=s, action=ACTIONS[(n + m) % 5]),),
    )
    for n, s in enumerate(SHAPES)
    for m, c in enumerate(COLOURS)
]


def timeline(*shots):
    cuts = tuple(
        atom.Cut(
            path=Path(s.video), content_hash="0", start_s=s.start_s, end_s=s.end_s, line="x", caption="", score=1.0
        )
        for s in shots
    )
    return atom.Timeline(request=atom.Request(text="x"), cuts=cuts)


def test_every_wording_makes_a_request():
    """Requests of all wordings name what the library has; what is not there is in none of its shots."""
    maker = Maker(SHOTS, np.random.default_rng(1))
    good = maker.good(1)
    assert len(good) == sum(len(wordings) for both in WORDINGS.values() for wordings in both) >= 60
    assert all(one.expected is not None and "{" not in one.text for one in good)
    shown = {clause(thing, way) for shot in SHOTS for thing in shot.things for way in range(4)}
    assert not any(one.text.rstrip(".").casefold() in shown for one in maker.absent(30))


def test_requests_in_haste():
    """Sixty, each with its truth; the film that lists what is asked for has no fault."""
    asked = hasty(SHOTS, np.random.default_rng(1))
    assert len({one.text for one in asked}) == 60
    assert all(one.expected is not None and "{" not in one.text for one in asked)
    row = asked[0]
    first, second, third = row.expected.each
    film = [next(shot for shot in SHOTS if shows(shot)) for shows in (first, second, third)]
    assert fault(timeline(*film), SHOTS, row.expected) == ""
    assert fault(timeline(*film[::-1]), SHOTS, row.expected) == "wrong cuts [0, 2]"
    every = next(one for one in asked if one.text.startswith("all of the"))
    assert fault(timeline(*filter(every.expected.every, SHOTS)), SHOTS, every.expected) == ""


@pytest.mark.parametrize("number", SETS)
def test_requests_of_persons_unlike_each_other(number):
    """Sixty with their truth, some for what is not there; the film that lists what is asked for has no fault."""
    pair = Shot(video="9.mp4", start_s=0.0, end_s=2.0, things=(SHOTS[0].things[0], SHOTS[6].things[0]))
    more = [
        evolve(pair, video=f"{n}.mp4", things=(a.things[0], b.things[0]))
        for n, (a, b) in enumerate(pairwise(SHOTS), 10)
    ]
    asked = blind(number, [*SHOTS, *more], np.random.default_rng(1))
    good = [one for one in asked if one.expected is not None]
    assert (len(good), len(asked)) == ((60, 80 if number < 7 else 81) if number < 9 else (153, 185))
    assert len({one.kind for one in asked}) == (3 if number < 9 else 4)
    assert not any(sign in one.text for one in asked for sign in "{}")
    rows = [
        one
        for one in good
        if len(one.expected.each) > 1 and one.expected.length_s is None and one.expected.shot_s is None
    ]
    for one in rows:
        film = [next(shot for shot in SHOTS if shows(shot)) for shows in one.expected.each]
        assert fault(timeline(*film), SHOTS, one.expected) == ""
    every = next(one.expected for one in good if one.expected.every is not None)
    assert fault(timeline(*filter(every.every, SHOTS)), SHOTS, every) == ""


@pytest.mark.parametrize(
    ("shots", "expected", "said"),
    [
        (SHOTS[:2], Expected(each=(lambda s: s is SHOTS[0], lambda s: s is SHOTS[1])), ""),
        (SHOTS[:2], Expected(each=(lambda s: s is SHOTS[1], lambda s: s is SHOTS[0])), "wrong cuts [0, 1]"),
        (SHOTS[:1], Expected(each=(lambda _: True,) * 2), "1 cuts instead of 2"),
        (SHOTS[:4], Expected(every=lambda s: s.video == "0.mp4"), "1 of 5 shots missing, 0 wrong"),
        (SHOTS[:5], Expected(every=lambda s: s.video == "0.mp4"), ""),
        (SHOTS[:6], Expected(only=lambda s: s.video == "0.mp4"), "a cut shows what it must not"),
        (SHOTS[:2], Expected(length_s=3.0), "4.0 s long"),
        (SHOTS[:2], Expected(shot_s=1.0), "a cut is too long"),
        (SHOTS[:2], Expected(ordered=lambda shots: shots[0] is SHOTS[1]), "wrong order"),
    ],
)
def test_what_is_wrong_with_cuts(shots, expected, said):
    """Cuts are held to what they truly show, by place, number, order and length."""
    assert fault(timeline(*shots), SHOTS, expected) == said


def test_figures():
    """Right ones, false alarms and what is told to be absent are counted apart."""
    good, absent = Asked(kind="then", text="a", expected=Expected()), Asked(kind="not there", text="b")
    made = [
        Made(asked=good, fault="", unmet=(), cuts=()),
        Made(asked=good, fault="no cuts", unmet=("x",), cuts=()),
        Made(asked=absent, fault="", unmet=("x",), cuts=()),
    ]
    value = {"model": "fake", **summed(made)}
    assert (value["right"], value["false_alarms"], value["told"], value["kinds"]) == (0.5, 0.5, 1.0, {"then": [1, 2]})
    assert "right 50.0%" in text(value)
