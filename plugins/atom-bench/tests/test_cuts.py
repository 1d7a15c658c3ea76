"""Cuts bench: footage is the same each time and true to what it says, scores count what they should."""

import numpy as np
import pytest
from atom_bench.cuts import command, measure
from atom_bench.cuts.footage import Transition, dissolved, faded
from atom_bench.cuts.kinds import KINDS
from atom_bench.cuts.scenes import HEIGHT, WIDTH
from atom_bench.cuts.score import Score, score

import atom_core as atom

BY_NAME = {kind.name: kind for kind in KINDS}
CUT, DISSOLVE = Transition(first=20, last=20), Transition(first=40, last=52)
JUMP = Transition(first=60, last=60, counts=False)


def test_scores():
    """Each boundary stands for one transition, near enough; one that need not be found is neither right nor wrong."""
    assert score([CUT, DISSOLVE, JUMP], [21, 37, 60]) == Score(true=2, hits=2, false=0)
    assert score([CUT, DISSOLVE, JUMP], [19, 20, 56]) == Score(true=2, hits=1, false=2)
    assert score([CUT], []).precision == 1
    assert score([CUT], []).f1 == 0
    found = Score(true=4, hits=3, false=1) + Score(true=4, hits=3, false=1)
    assert (found.precision, found.recall, found.f1) == (0.75, 0.75, 0.75)


def _plain(level, num=20):
    return np.full((num, HEIGHT, WIDTH, 3), level, np.uint8)


def test_transitions_are_where_they_are_said_to_be():
    """The pictures before one are wholly the old shot's, those in it mixed, those after it wholly the new one's."""
    pictures, (found,) = dissolved([_plain(50), _plain(200)], [6])
    levels = pictures.mean(axis=(1, 2, 3))
    assert (found.first, found.last) == (14, 20)
    assert set(levels[: found.first]) == {50}
    assert set(levels[found.last :]) == {200}
    assert all(50 < level < 200 for level in levels[found.first : found.last])
    pictures, (found,) = faded([_plain(50), _plain(200)], (0, 0, 0), steps=[4], holds=[3])
    assert list(pictures[found.first + 4 : found.last - 4].mean(axis=(1, 2, 3))) == [0, 0, 0]
    assert pictures[found.first - 1].mean() == 50
    assert pictures[found.last].mean() == 200


@pytest.mark.parametrize(
    "name",
    [
        "camera in a hand",
        "talking heads",
        "confetti",
        "subtitles in the bars",
        "picture in picture",
        "variable rate",
        "interlaced",
        "near and far",
        "screen recordings",
        "strobe",
        "white pictures between",
    ],
)
def test_footage(name):
    """It is the same each time, and has the transitions that it says, in order, and pictures of one size."""
    footage, again = (measure.make(BY_NAME[name], 3, 2) for _ in range(2))
    assert np.array_equal(footage.pictures, again.pictures)
    places = [place for one in footage.transitions for place in (one.first, one.last)]
    assert places == sorted(places)
    assert 0 < places[0] <= places[-1] < len(footage.pictures)
    assert footage.pictures.shape[1:] == (HEIGHT, WIDTH, 3)
    assert footage.pictures.dtype == np.uint8
    assert footage.ticks is None or len(footage.ticks) == len(footage.pictures)


@pytest.mark.parametrize(
    "name", ["camera in a hand", "upright beside bars", "lights of cameras", "dissolves of 6 to 12"]
)
def test_atom_tells_the_shots_apart(tmp_path, name):
    """Footage goes through a file to Atom's cuts and the figures; the same each time."""
    settings = atom.Settings(cache=tmp_path / "cache")
    detectors = {"atom": lambda path: measure.atom_cuts(path, settings)}
    found = [measure.measure(BY_NAME[name], detectors, tmp_path, seeds=range(5, 6), num_shots=3) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0]["true"] == 2
    assert found[0]["detectors"]["atom"]["f1"] == 1


def test_pyscenedetect_beside(tmp_path):
    """Its detectors are run where it is installed."""
    pytest.importorskip("scenedetect")
    found = measure.measure(BY_NAME["talking heads"], measure.others(), tmp_path, seeds=range(5, 6), num_shots=2)
    assert {name: one["recall"] for name, one in found["detectors"].items()} == {"content": 1, "adaptive": 1}


def test_text():
    """A row for each kind, precision and recall in percent, and what it costs."""
    kind = {"true": 4, "detectors": {"atom": {"precision": 1.0, "recall": 0.75}}}
    told = command.text({"kinds": {"rain": kind}, "cost": {"ratio": {"median": 1.1}}})
    assert "rain                4     100  75" in told
    assert "1.10 times" in told
