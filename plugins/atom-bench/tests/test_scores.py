"""CIDEr-D, right answers, and confidence intervals."""

import numpy as np
import pytest
from atom_bench.quality.answers import clauses, contains, is_right, overlap
from atom_bench.quality.bootstrap import difference, interval, measure_of
from atom_bench.quality.cider import cider_d, words

CAPTIONS = [
    ("a red circle moves left", ["a red circle moves left", "a small red circle goes left"], 6.149040517521805),
    (
        "a blue square grows and a red star blinks",
        ["a blue square grows while a red star blinks", "a red star blinks and a blue square grows"],
        6.6134260188231,
    ),
    ("the cat", ["a yellow heart stays still"], 0.0),
    (
        "a green ring moves up then a white moon shrinks",
        [
            "a green ring moves up, then a white moon shrinks",
            "first a green ring moves up and then a white moon gets smaller",
        ],
        7.556437080324889,
    ),
    ("", ["a dog runs"], 0.0),
]
"""Candidate, references, and the score that pycocoevalcap 1.2's `CiderScorer` gives on the same tokens."""


def test_cider_d_is_the_published_scorers():
    """Every score is that of pycocoevalcap on the same tokens."""
    scores = cider_d([said for said, _, _ in CAPTIONS], [references for _, references, _ in CAPTIONS])
    assert scores == pytest.approx([score for _, _, score in CAPTIONS], abs=1e-9)


def test_cider_d_bounds():
    """A caption equal to its only reference has 10 where its words are its own, and repeating a word gains nothing."""
    references = [["one two three four"], ["five six seven eight"]]
    assert cider_d(["one two three four", "nine"], references) == pytest.approx([10.0, 0.0])
    assert cider_d(["one two three four four four", "nine"], references)[0] < 8
    assert words("It's 2 Circles!") == ["it", "s", "2", "circles"]
    with pytest.raises(ValueError, match="at least one reference"):
        cider_d(["a"], [[]])


@pytest.mark.parametrize(
    ("said", "truth", "right"),
    [
        ("A red circle.", "the red circle", True),
        ("2", "two", True),
        ("red", "blue", False),
        ("It is not shown.", "not shown", True),
        ("not visible", "not shown", True),
        ("red", "not shown", False),
        ("not shown", "red", False),
        ("no", "not shown", False),
        ("the red circle blinks", "red", False),
    ],
)
def test_right_answers(said, truth, right):
    """Case, articles, number words and the wording of a refusal do not count; everything else does."""
    assert is_right(said, truth) is right


def test_contained_answers():
    """A longer answer contains the true one as whole words."""
    assert contains("the red circle blinks", "red")
    assert not contains("the bored circle blinks", "red")
    assert not contains("it is not shown to be red", "not shown") or is_right("it is not shown to be red", "not shown")


def test_clauses_of_a_caption():
    """What a canonical caption says of each object."""
    said = "a red ring grows, then a blue star blinks"
    assert clauses(said) == ["red ring grows", "blue star blinks"]
    assert len(clauses("a red ring grows while a blue star blinks and a white moon rises")) == 3


def test_overlap_of_spans():
    """Intersection over union, over any number of spans."""
    assert overlap([(0, 2)], [(1, 3)]) == pytest.approx(1 / 3)
    assert overlap([(0, 1), (2, 3)], [(0, 3)]) == pytest.approx(2 / 3)
    assert overlap([], [(0, 1)]) == 0.0


def test_intervals_cover():
    """Of many repeated experiments, about 95 in 100 intervals hold the truth."""
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        hits = rng.random(80) < 0.7
        low, high = interval(measure_of("x", range(80), hits), num_draws=400, seed=seed)
        covered += low <= 70.0 <= high
    assert 178 <= covered <= 198


def test_intervals_draw_videos_not_questions():
    """Ten equal questions about one video say no more than one: the interval is that of the videos."""
    hits = np.random.default_rng(1).random(40) < 0.5
    lone = interval(measure_of("x", range(40), hits))
    many = interval(measure_of("x", np.repeat(range(40), 10), np.repeat(hits, 10)))
    assert many == pytest.approx(lone, abs=0.5)


def test_paired_differences():
    """Two settings that do the same differ by exactly nothing; what one always loses is found."""
    rng = np.random.default_rng(2)
    hits = rng.random(100) < 0.8
    same = measure_of("x", range(100), hits)
    assert difference(same, same) == {"difference": 0.0, "low": 0.0, "high": 0.0}
    worse = hits & (rng.random(100) < 0.7)
    found = difference(same, measure_of("x", range(100), worse))
    assert found["low"] < found["difference"] < found["high"] < 0


def test_reductions():
    """Types count alike whatever their size; the worst type; the calibration error of a known case."""
    units, hits, kinds = [0, 0, 1, 1], [True, True, True, False], ["a", "a", "a", "b"]
    assert measure_of("x", units, hits, kinds).value() == 50.0
    assert measure_of("x", units, hits, kinds, reduce="least").value() == 0.0
    gaps = np.array([1, 1, 0, 0]) - np.array([0.9, 0.9, 0.6, 0.6])
    assert measure_of("x", units, gaps, ["09", "09", "06", "06"], reduce="gap").value() == pytest.approx(35.0)
