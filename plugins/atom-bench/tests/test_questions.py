"""Questions whose answers are known."""

import pytest
from atom_bench.questions import long, measure, truth, wordings
from atom_bench.questions.ask import Writer
from atom_bench.questions.truth import Film, Shot, Thing

pytest.importorskip("atom_tiny")

CIRCLE, STAR = Thing(colour="red", shape="circle", action="left"), Thing(colour="blue", shape="star", action="blinks")
FILM = Film(
    name="a.mp4",
    shots=(
        Shot(things=(CIRCLE,), then=False, span=(0, 2), caption="a red circle moves left"),
        Shot(things=(STAR,), then=False, span=(2, 4), caption="a blue star blinks"),
        Shot(things=(CIRCLE, STAR), then=True, span=(4, 6), caption="a red circle moves left, then a blue star blinks"),
    ),
)


@pytest.mark.parametrize(
    ("right", "good", "bad"),
    [
        (truth.number(3), ["3", "three"], ["2", "2 or 3", "none"]),
        (truth.says("no"), ["no", "No."], ["yes", "not shown", "nothing"]),
        (truth.shots([1, 3]), ["shots 1 and 3", "the first and third"], ["shot 1", "shots 1, 2 and 3"]),
        (truth.times([(4, 6)]), ["0:04 to 0:06", "at 5 s"], ["0:01 to 0:06", "yes"]),
        (truth.exactly({"red circle"}, {"red circle", "blue star"}), ["a red circle"], ["red circle, blue star", ""]),
        (
            truth.words("red circle", "blue star"),
            ["a red circle, then a blue star"],
            ["a blue star, then a red circle"],
        ),
        (truth.seconds(65), ["1 minute 5 seconds", "65 seconds"], ["5 seconds"]),
        (truth.seconds(3600), ["1 hour", "60 minutes", "3600.0 s"], ["1 minute", "yes"]),
        (truth.refused, ["not shown", "no", "0"], ["a red circle", "noon"]),
    ],
)
def test_what_counts_as_right(right, good, bad):
    """True answers in several forms are right, others are not."""
    assert [right(text) for text in (*good, *bad)] == [True] * len(good) + [False] * len(bad)


def test_truth_about_shots_that_were_found():
    """A shot that was found in two parts is two, two in which no cut was found are one, with the things of both."""
    parted = long.as_found(FILM, [0.0, 1.0, 2.0, 4.0])
    assert [shot.span for shot in parted.shots] == [(0.0, 1.0), (1.0, 2.0), (2.0, 4.0), (4.0, 6)]
    assert parted.having(lambda thing: thing == CIRCLE) == [0, 1, 3]
    (first, last) = long.as_found(FILM, [0.0, 4.1]).shots
    assert (first.things, first.then) == ((CIRCLE, STAR), True)
    assert first.caption == "a red circle moves left, then a blue star blinks"
    assert (last.things, last.span) == ((CIRCLE, STAR), (4.1, 6))


def test_figures_of_a_long_video():
    """Where asking every clip is right, how often a few are, how often clips were looked at, and what it cost."""
    writer = Writer(0, wordings.TUNED)
    asked = writer.questions("shots", [FILM], 3)
    timed = [
        [
            long.Timed(
                answered=measure.Answered(asked=one, text=text, confidence=1.0, overlap=None), cpu_s=s, features=n
            )
            for one, text in zip(asked, texts, strict=True)
        ]
        for texts, s, n in ((("3", "2", "2"), 0.5, 12), (("3", "3", "2"), 2.0, 600), (("3", "2", "2"), 0.1, 0))
    ]
    value = long._figures(*timed)
    assert (value["questions"], value["right"], value["right_by_every_clip"]) == (3, 1 / 3, 2 / 3)
    assert value["right_where_every_clip_is"] == 0.5
    assert (value["features_asked"], value["features_asked_most"], value["few_share"]) == (12, 12, 0.25)
    assert "by every clip" in long.text({"bench": "questions of a long video", **value})


def test_wordings_of_both_sets_differ_and_can_be_filled():
    """Each kind has wordings of both sets, none of them in both; each makes questions."""
    assert wordings.TUNED.keys() == wordings.HELD_OUT.keys()
    assert len(wordings.KINDS) >= 15
    for kind in wordings.KINDS:
        assert not set(wordings.TUNED[kind]) & set(wordings.HELD_OUT[kind])
    writer = Writer(0, wordings.HELD_OUT)
    other = Film(name="b.mp4", shots=FILM.shots[:2])
    for kind in ("shots", "shots with", "ordinal shot", "count", "list", "every", "two videos", "not there"):
        made = writer.questions(kind, [FILM, other], 4)
        assert made, kind
        assert not any("{" in asked.text for asked in made)


def test_figures():
    """Shares by kind, calibration by bins, refusals of what is there."""
    asked = truth.Asked(kind="x", text="?", film=FILM, right=truth.says("yes"), truth="yes", spans=((0, 2),))
    made = [
        measure.Answered(asked=asked, text="yes", confidence=0.95, overlap=1.0),
        measure.Answered(asked=asked, text="not shown", confidence=0.95, overlap=0.0),
    ]
    found = measure.figures(made)
    assert (found["right"], found["evidence_found"], found["refused_wrongly"]) == (0.5, 1.0, 0.5)
    assert found["calibration_error"] == pytest.approx(0.45)
