"""Titles on footage, and what is read of them."""

from itertools import pairwise

import pytest
from atom_bench.titles.footage import HEIGHT, MOVES, SIZES, WIDTH, drawn, titles
from atom_bench.titles.measure import distance, measured

import atom_core as atom
from atom_core.testing.fakes import FakeHost


def test_titles_are_of_each_size_and_move():
    """They stand one after the other, within the picture."""
    shown = titles(1, 150.0)
    assert {title.size for title in shown} == set(SIZES)
    assert {title.move for title in shown} == set(MOVES)
    assert all(one.end_s < two.start_s for one, two in pairwise(shown))
    for title in shown:
        for at_s in (title.start_s, title.end_s):
            left, top = title.place(at_s)
            assert 0 <= left < WIDTH
            assert 0 <= top < HEIGHT - title.size


@pytest.mark.parametrize(
    ("one", "other", "wrong"), [("abc", "abc", 0), ("abc", "abd", 1), ("", "ab", 2), ("kitten", "sitting", 3)]
)
def test_distance(one, other, wrong):
    """Letters put in, left out or changed."""
    assert distance(one, other) == wrong


def test_what_is_read_is_held_against_what_is_known(tmp_path, monkeypatch):
    """Errors, readings of one title and readings of none are counted."""
    shown = titles(1, 12.0)

    class Read:
        consumes, produces = atom.Clip, tuple[atom.WrittenText, ...]

        def run(self, clip):
            first, second = shown
            return tuple(
                atom.WrittenText(text=text, start_s=at_s, end_s=at_s + 1, box=(0, 0, 1, 1))
                for text, at_s in ((first.text[:-1], first.start_s), (second.text, 8.0), ("stray", 11.9))
            )

    monkeypatch.setattr("atom_bench.titles.measure.write", lambda *_: None)
    host = FakeHost(shows={"titles 1.mp4": ["a", "b"]}, tasks={"read": Read()})
    found = measured(host, tmp_path, seeds=[1], seconds=12.0)
    letters = sum(len(title.text) for title in shown)
    assert found["all"]["character_error"] == pytest.approx(1 / letters)
    assert found["all"]["read_once"] == 1.0
    assert found["read_where_nothing_is"] == 1


def test_titles_are_drawn():
    """A picture with a title is another one."""
    import numpy as np

    ground = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    [title] = titles(1, 6.0)
    assert (drawn(ground, [title], 3.0) != ground).any()
    assert drawn(ground, [], 3.0) is ground
