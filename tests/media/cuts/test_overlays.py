"""What comes up over a picture that goes on is no cut; another screen is."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import Pictures, found_at, scene, shots


@pytest.mark.parametrize("seed", [0, 2, 5, 9])
def test_a_large_title_before_a_moving_camera_is_no_cut(seed: int) -> None:
    """Part of the picture beside it goes on; where all of it is another one, there is a cut."""
    pictures = np.concatenate([scene(seed, 60, 1.5), scene(seed + 50, 30, 1.5)])
    pictures[22:40, 23:57, 2:62] = np.random.default_rng(seed).integers(0, 255, 3)
    pictures[22:40, 27:54:3, 6:58:3] = 255
    assert found_at(pictures) == [60]


def test_cuts_beneath_a_ticker() -> None:
    """What is laid over all shots and stands still is no part of them."""
    pictures = shots(20, 26, 31, speed=1.2)
    pictures[:, 44:] = 20
    pictures[:, 48:60:2, 4:60:3] = 230
    assert found_at(pictures) == [20, 46]


def _screen(seed: int, num: int, colour: tuple[int, int, int]) -> Pictures:
    """A page of text that scrolls now and then in a window before a wallpaper."""
    rng = np.random.default_rng(seed)
    wall = scene(seed, 1)[0]
    wall = (wall - wall.mean()) * 0.35 + colour
    page = np.where(rng.random((400, 20, 1)) < 0.45, 60.0, 250.0).repeat(2, axis=1)
    page[::4] = 250
    left, top = int(rng.integers(4, 20)), int(rng.integers(2, 6))
    pictures = np.repeat(wall[None], num, axis=0)
    rows = np.cumsum(rng.choice([0, 0, 1, 4, 14], num))
    for picture, row in zip(pictures, rows, strict=True):
        picture[top : top + 56, left : left + 40] = page[row % 340 :][:56]
    return pictures


@pytest.mark.parametrize("seed", range(6))
def test_another_screen(seed: int) -> None:
    """Pages that scroll replace each other as wholly as a cut to another screen does, behind which nothing stays."""
    one, two = _screen(seed, 40, (120, 150, 90)), _screen(seed + 20, 40, (90, 60, 130))
    assert found_at(np.concatenate([one, two])) == [40]


def test_a_window_that_closes_while_the_page_behind_it_scrolls() -> None:
    """What lies around both stays."""
    pictures = _screen(3, 60, (120, 150, 90))
    window = np.full((34, 44, 3), 240.0)
    window[8:30:3, 4:40:2] = 30
    pictures[20:40, 14:48, 8:52] = window
    assert found_at(pictures) == []
