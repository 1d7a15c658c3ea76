"""Titles are found when they come, read once and followed, by an engine that is told what stands where."""

import numpy as np
import pytest
from atom_text.engine import WHOLE, Line, joined
from atom_text.watch import Watcher

from atom_core.testing.titles import HEIGHT, WIDTH, Title, titled_pictures

STEP_S = 0.5


class Engine:
    """Knows the titles; notes how often it looks and reads."""

    def __init__(self, titles):
        self.titles, self.time_s, self.looks, self.reads = titles, 0.0, [], []

    def standing(self):
        return [title for title in self.titles if title.start_s <= self.time_s < title.end_s]

    def look(self, image, part=WHOLE, *, side=640):
        self.looks.append((self.time_s, part))
        lines = []
        for title in self.standing():
            left, top = title.place(self.time_s)
            right, bottom = left + title.width, top + 1.2 * title.size
            if part[0] * WIDTH <= left and right <= part[2] * WIDTH and part[1] * HEIGHT <= top < part[3] * HEIGHT:
                corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)
                lines.append(Line(corners / np.array([WIDTH, HEIGHT], np.float32), 0.8))
        return lines

    def read(self, image, lines):
        found = []
        for line in lines:
            for title in self.standing():
                off = np.array(title.place(self.time_s)) / [WIDTH, HEIGHT] - line.corners[0]
                if np.abs(off).max() < 0.01:
                    found.append((title.text, 0.4 if title.text.startswith("?") else 0.99))
        self.reads += found
        return found


def watched(titles, seconds=8.0):
    engine = Engine(titles)
    watcher = Watcher(engine, least=0.9)
    for number, image in enumerate(titled_pictures(titles, seconds, fps=1 / STEP_S)):
        engine.time_s = number * STEP_S
        watcher.see(image, engine.time_s)
    return watcher, engine


def test_what_stands_is_read_once():
    """However long it stands; and its times are those at which it was to be seen."""
    watcher, engine = watched([Title("Harbour market", 28, 2.0, 7.0)])
    [title] = watcher.titles
    assert (title.text, title.first_s, title.last_s) == ("Harbour market", 2.0, 6.5)
    assert len(engine.reads) == 1


def test_what_moves_is_one():
    """A title that crosses the picture is followed, and is one line that is read once."""
    watcher, engine = watched([Title("The long way home", 36, 0.0, 6.0, 20, 60, 50, 20)])
    assert [title.text for title in watcher.titles] == ["The long way home"]
    assert watcher.titles[0].last_s > 4.5
    assert len(engine.reads) == 1


def test_one_after_the_other_in_one_place():
    """A second title in the place of the first is another line, and so is the first when it comes back."""
    names = [Title("First speaker here", 24, 1.0, 3.0), Title("Another name is this", 24, 3.0, 5.0)]
    watcher, _ = watched([*names, Title("First speaker here", 24, 7.0, 10.0)], 10.0)
    assert [title.text for title in watcher.titles] == [
        "First speaker here",
        "Another name is this",
        "First speaker here",
    ]


def test_what_is_not_read_for_sure_is_counted():
    """It is no line, but it is told of."""
    watcher, _ = watched([Title("?unreadable", 30, 1.0, 6.0)])
    assert watcher.titles == []
    assert watcher.num_unread == 1


def test_footage_without_text_is_looked_at_seldom():
    """Where nothing newly stands there are glances at most."""
    _, engine = watched([], 20.0)
    assert len(engine.looks) <= 6


@pytest.mark.parametrize("gap", [0.5, 3.0])
def test_words_of_a_line_are_put_together(gap):
    """Parts that were found one by one are a line if they lie beside each other."""

    def line(left, right):
        return Line(np.array([[left, 0.5], [right, 0.5], [right, 0.6], [left, 0.6]], np.float32), 0.7)

    lines = joined([line(0.4 + gap * 0.1, 0.9), line(0.1, 0.4)], aspect=1.0)
    assert len(lines) == (1 if gap < 1 else 2)


@pytest.mark.parametrize(("text", "found"), [("C", []), ("O", []), ("7", ["7"]), ("P 2", ["P 2"])])
def test_a_lone_letter_is_as_likely_a_shape(text, found):
    """A moon is read as C, a ring as O: one letter alone is no line, and none that cannot be read; a number is one."""
    watcher, _ = watched([Title(text, 40, 1.0, 6.0)])
    assert [title.text for title in watcher.titles] == found
    assert watcher.num_unread == 0
