"""Transitions in small pictures: found beside bars, in the dark and in frames, not where light or things flicker."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from atom_core.media.cuts.run import SIDE

from .conftest import Pictures, found_at, scene, shots, transitions


def _upright(pictures: Pictures) -> Pictures:
    narrow = pictures.copy()
    narrow[:, :, :22] = narrow[:, :, 42:] = 0
    return narrow


def _letterboxed(pictures: Pictures) -> Pictures:
    flat = pictures.copy()
    flat[:, :10] = flat[:, -10:] = 0
    flat[::2, 58:61, 20:44:3] = 220  # subtitles
    return flat


def _framed(pictures: Pictures) -> Pictures:
    whole = np.repeat(scene(99, 1), len(pictures), axis=0)
    whole[:, 6:34, 30:58] = pictures[:, ::2, ::2][:, 2:30, 2:30]
    return whole


@pytest.mark.parametrize(
    "change",
    [
        lambda pictures: pictures,
        _upright,
        _letterboxed,
        _framed,
        lambda pictures: pictures * 0.06,
        lambda pictures: pictures * 0.12 + 150,
        lambda pictures: np.repeat(pictures.mean(axis=3, keepdims=True), 3, axis=3),
    ],
    ids=["plain", "upright", "letterboxed", "in-a-frame", "dark", "fog", "grey"],
)
def test_cuts_of_the_active_picture(change: Callable[[Pictures], Pictures]) -> None:
    """Bars, still frames around it, darkness, fog and missing colour hide no cut."""
    assert found_at(change(shots(20, 26, 31, 22, speed=1.2))) == [20, 46, 77]


def test_dark_shot_after_a_bright_one() -> None:
    """A night shot is no light that went out."""
    pictures = shots(25, 25)
    pictures[25:] *= 0.06
    assert found_at(pictures) == [25]


def _flash(pictures: Pictures) -> None:
    pictures[20:26] = pictures[20:26] * 0.03 + 245


def _strobe(pictures: Pictures) -> None:
    pictures[6:34:4] = pictures[6:34:4] * 1.9 + 60


def _lamp(pictures: Pictures) -> None:
    pictures[12:30] *= 0.15


def _window(pictures: Pictures) -> None:
    pictures[:] = pictures[:1]
    pictures[15:, 10:50, 12:56] = 240
    pictures[15:, 20:40:4, 16:50] = 30


def _sign(pictures: Pictures) -> None:
    pictures[:] = pictures[:1] * 0.3
    for first in range(0, 40, 18):
        pictures[first : first + 9, 20:36, 20:36] = (230, 40, 30)


@pytest.mark.parametrize("happens", [_flash, _strobe, _lamp, _window, _sign])
def test_light_and_things_that_come_are_no_cuts(happens: Callable[[Pictures], None]) -> None:
    """After a flash, a strobe, a lamp that goes off, a window that opens, a sign that blinks the scene is the same."""
    pictures = shots(40, 40)
    happens(pictures[:40])
    assert found_at(pictures) == [40]


def test_fast_motion_after_a_cut() -> None:
    """Something that drives through right after it hides no cut."""
    pictures = shots(20, 25)
    for index in range(21, 32):
        left = 64 - (index - 21) * 12
        pictures[index, 8:, max(left, 0) : max(min(left + 64, 64), 0)] = (210, 210, 215)
    assert found_at(pictures) == [20]


def test_fast_pans_are_no_cuts() -> None:
    """A camera that swings by an eighth of the picture each time shows one scene."""
    assert found_at(np.concatenate([scene(3, 12, 0), scene(3, 16, 8), scene(4, 12, 8)])) == [28]


@pytest.mark.parametrize("length", [6, 12, 25, 50])
def test_dissolves(length: int) -> None:
    """A dissolve is found with where it begins and ends, and nothing else around it."""
    one, two = scene(1, 30 + length), scene(2, 30 + length)
    share = ((np.arange(length) + 1) / (length + 1))[:, None, None, None]
    (found,) = transitions(np.concatenate([one[:30], one[30:] * (1 - share) + two[:length] * share, two[length:]]))
    assert found.at == pytest.approx(30 + length / 2, abs=1 + length // 12)
    assert found.first == pytest.approx(30, abs=1 + length // 6)
    assert found.last == pytest.approx(30 + length, abs=1 + length // 6)


@pytest.mark.parametrize("colour", [0, 128, 255])
@pytest.mark.parametrize(("steps", "hold"), [(0, 3), (4, 4), (10, 8), (10, 120)])
def test_fades_through_a_plain_colour(colour: int, steps: int, hold: int) -> None:
    """A fade is one transition, in the plain pictures or, where the new shot comes at once, at its beginning."""
    share = np.linspace(0, 1, steps + 2)[1:-1, None, None, None]
    one, two = scene(5, 30 + steps), scene(6, 30 + steps)
    out, back = one[30:] * (1 - share) + colour * share, colour * (1 - share) + two[:steps] * share
    plain = np.full((hold, SIDE, SIDE, 3), colour)
    (found,) = transitions(np.concatenate([one[:30], out, plain, back, two[steps:]]))
    assert 30 + steps <= found.at <= 30 + steps + hold
    assert found.first == pytest.approx(30, abs=max(steps / 2, 1))
    assert found.last == pytest.approx(30 + 2 * steps + hold, abs=max(steps / 2, 1))


def test_long_videos_are_looked_through_in_pieces() -> None:
    """What is found does not depend on where the pieces in which pictures are looked at begin and end."""
    lengths = [37, 61, 83, 29, 97, 41, 71, 53, 89, 67, 43, 59]
    assert found_at(shots(*lengths)) == list(np.cumsum(lengths[:-1]))


@pytest.mark.parametrize("fps", [10, 60, 120])
def test_rates(fps: float) -> None:
    """Times that decide are times, not numbers of pictures."""
    assert found_at(shots(2 * fps, fps, 2 * fps), fps) == [2 * fps, 3 * fps]
    pictures = shots(2 * fps, fps)
    pictures[fps : fps + fps // 5] = 255
    assert found_at(pictures, fps) == [2 * fps]


def test_no_pictures_and_one() -> None:
    """There is nothing to find."""
    assert transitions(np.zeros((0, SIDE, SIDE, 3))) == []
    assert transitions(scene(1, 1)) == []


def _drawn(ground: int, num: int, shown: range, colour: tuple[int, int, int] = (220, 200, 40)) -> Pictures:
    """A plain ground on which a square is shown in some of the pictures."""
    pictures = np.full((num, SIDE, SIDE, 3), ground, np.uint8)
    pictures[shown.start : shown.stop, 20:40, 24:44] = colour
    return pictures.astype(np.float64)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (range(0, 50), range(10, 50)),  # nothing is on the new ground yet
        (range(0, 30), range(0, 50)),  # everything has left the old one
        (range(0, 30), range(20, 50)),  # both
    ],
)
def test_drawn_shots_are_told_apart_by_their_ground(before: range, after: range) -> None:
    """A shot may begin before anything is on its ground, and end after all has left."""
    assert found_at(np.concatenate([_drawn(8, 50, before), _drawn(110, 50, after, (40, 90, 220))])) == [50]


def test_a_ground_that_flickers_is_no_cut() -> None:
    """Where the ground is as before after a moment, nothing is cut."""
    pictures = _drawn(30, 100, range(0, 100))
    pictures[48:54] = _drawn(140, 6, range(0, 6))
    assert found_at(pictures) == []


def _bursts(pictures: Pictures, first: int) -> None:
    """A ball of fire that fills the picture within three pictures, blinds, and clears."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    away = np.hypot(rows - 32, columns - 32)[:, :, None]
    for age in range(len(pictures) - first):
        ball = np.clip((14 + 18 * age - away) / 8, 0, 1) * np.exp(-max(age - 3, 0) / 4)
        pictures[first + age] = pictures[first + age] * (1 - ball) + ball * (255, 220, 150)


def test_an_explosion_soon_after_a_cut_is_neither_a_fade_nor_a_cut() -> None:
    """What is seen before the cut is not what the light went out of."""
    pictures = shots(40, 40, 40, speed=1.2)
    pictures[40:80] *= 0.5
    _bursts(pictures[40:80], 12)
    assert found_at(pictures) == [40, 80]


@pytest.mark.parametrize("stops", [-1.3, 1.2])
def test_a_camera_that_finds_another_exposure_in_a_pan_dissolves_nothing(stops: float) -> None:
    """Contrast that goes by one factor with the light is not lost as in a mixture."""
    gain = 2 ** (stops * np.clip((np.arange(60) - 20) / 14, 0, 1))[:, None, None, None]
    assert found_at(scene(8, 60, 1.6) * 0.7 * gain) == []


def _page(lines: list[int], box: tuple[int, int], colour: tuple[int, int, int], num: int = 25) -> Pictures:
    """A page with lines of some lengths and a box."""
    page = np.full((SIDE, SIDE, 3), 250.0)
    for number, length in enumerate(lines):
        page[6 + 6 * number : 9 + 6 * number, 4 : 4 + length] = 10
    page[box[0] : box[0] + 18, box[1] : box[1] + 12] = colour
    return np.repeat(page[None], num, axis=0)


def test_slides_with_lines_in_the_same_places() -> None:
    """Where all is still a cut replaces less than where cameras move."""
    one = _page([30, 24, 27, 31, 28], (20, 44), (180, 60, 50))
    two = _page([25, 32, 22, 26, 33, 20, 24], (30, 48), (50, 60, 170))
    assert found_at(np.concatenate([one, two])) == [25]


def test_things_that_take_turns_on_one_ground_are_no_cuts() -> None:
    """One thing is there while the other is not: nothing is cut."""
    pictures = np.full((100, SIDE, SIDE, 3), 60.0)
    turn = (np.arange(100) // 8) % 2 == 0
    pictures[turn, 8:24, 8:20] = (220, 210, 40)
    pictures[~turn, 30:54, 34:54] = (170, 50, 230)
    assert found_at(pictures) == []


def test_a_cut_between_a_thing_that_blinks_and_another_ground() -> None:
    """The moments in which nothing is on the ground do not make it like all that follows."""
    pictures = np.full((60, SIDE, SIDE, 3), 80.0)
    for first in range(3, 60, 14):
        pictures[first : first + 7, 24:56, 18:38] = 240
    stripes = (np.add.outer(np.arange(SIDE), np.arange(SIDE)) // 8 % 2)[None, :, :, None] * 40.0 + 15
    assert found_at(np.concatenate([pictures, np.broadcast_to(stripes, (60, SIDE, SIDE, 3))])) == [60]


def test_two_views_of_one_thing() -> None:
    """A cut to a view that is like the last one stands out of a slow movement."""
    land = scene(12, 1, 0)[0]
    drawn = [
        np.stack([np.roll(land, (-rows, -at // 3 - left), (0, 1)) for at in range(25)])
        for rows, left in ((0, 0), (10, 20))
    ]
    assert found_at(np.concatenate(drawn)) == [25]


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("length", [8, 15, 24])
def test_wipes(length: int, axis: int, back: bool) -> None:
    """A shot that comes behind an edge that crosses the picture is found with where it begins and ends."""
    one, two = scene(21, 40 + length, 1.0), scene(22, 40 + length, 1.0)
    mixed = one[40:].copy()
    for step in range(length):
        reach = round(SIDE * (step + 1) / (length + 1))
        part = slice(SIDE - reach, SIDE) if back else slice(reach)
        at = (part,) if axis == 1 else (slice(None), part)
        mixed[step][at] = two[step][at]
    (found,) = transitions(np.concatenate([one[:40], mixed, two[length:]]))
    assert 40 <= found.at <= 40 + length
    assert found.first == pytest.approx(40, abs=2)
    assert found.last == pytest.approx(40 + length, abs=2)


def test_what_crosses_the_whole_picture_wipes_nothing() -> None:
    """Something large that drives through while the camera pans leaves the shot that was there before."""
    pictures = scene(23, 80, 1.4)
    for index in range(30, 60):
        left = 64 - (index - 30) * 8
        if left + 64 > 0:
            pictures[index, :, max(left, 0) : min(left + 64, 64)] = (210, 205, 200)
    assert found_at(pictures) == []


@pytest.mark.parametrize("seed", [3, 8])
def test_fades_into_fast_pans(seed: int) -> None:
    """A shot that fades in while the camera swings fast is one shot from the first faint picture on."""
    share = np.ones(40)
    share[:15] = np.arange(15) / 15
    weights = share[:, None, None, None]
    old, new = scene(seed, 40), scene(seed + 100, 40, speed=4.3)
    faded_in = new * weights + 255 * (1 - weights)
    faded_out = old * weights[::-1] + 255 * (1 - weights[::-1])
    (fade,) = transitions(np.concatenate([faded_out, np.full((8, SIDE, SIDE, 3), 255.0), faded_in]))
    assert 25 <= fade.first < 40
    assert 48 < fade.last <= 64


@pytest.mark.parametrize("stops", [1.3, -1.3])
def test_exposure_found_within_three_pictures_of_a_pan(stops: float) -> None:
    """Light that grows or falls over several pictures of a fast pan, up to white, is no cut."""
    gains = 2 ** (stops * np.clip((np.arange(50) - 20) / 3, 0, 1)) * (1 if stops > 0 else 2)
    assert found_at(scene(5, 50, speed=3.5) * gains[:, None, None, None]) == []


def test_large_plain_things_beside_bars() -> None:
    """Two shots whose few edges soon come to agree are told apart by their colours."""

    def shot(above: tuple[int, int, int], below: tuple[int, int, int], top: int, speed: float) -> Pictures:
        pictures = np.zeros((30, SIDE, SIDE, 3)) + above
        for index in range(30):
            pictures[index, top + round(speed * index) :] = below
        pictures[:, :, :20] = pictures[:, :, 44:] = 0
        return pictures

    drawn = [shot((120, 70, 30), (90, 30, 120), 20, 0.0), shot((60, 200, 60), (30, 160, 150), 36, -0.8)]
    assert found_at(np.concatenate(drawn)) == [30]


def _before_its_blur(pictures: Pictures) -> Pictures:
    """Upright pictures before a darker, coarse enlargement of themselves."""
    whole = np.repeat(np.repeat(pictures[:, 16:48:8, ::8], 16, axis=1), 8, axis=2) * 0.6
    whole[:, :, 22:42] = pictures[:, :, 22:42]
    return whole


def test_a_cut_to_a_drawing_before_its_blur() -> None:
    """The edges of an upright picture before its blur stay where they are, also when all else is another."""
    drawn = np.full((25, SIDE, SIDE, 3), (40.0, 170.0, 60.0))
    drawn[:, 24:40, 26:38] = (60, 140, 150)
    pictures = _before_its_blur(np.concatenate([scene(3, 25), drawn]))
    assert found_at(pictures) == [25]


def _burning(seed: int, num: int) -> Pictures:
    """Flames that flicker before a dark landscape."""
    rng = np.random.default_rng(seed)
    flames = [scene(seed + 100 * way, 1, 0)[0][..., :1] for way in (1, 2, 3)]
    glows = [sum(np.roll(flame, -3 * at * way, axis=0) for way, flame in enumerate(flames, 1)) for at in range(num)]
    lit = [np.clip((glow / 3 - 90) / 40, 0, 1) * rng.uniform(0.7, 1.3) for glow in glows]
    return np.stack([scene(seed, 1)[0] * 0.25 + glow * (255, 150, 50) for glow in lit])


@pytest.mark.parametrize("seed", [12, 25, 38])
def test_cuts_between_fires(seed: int) -> None:
    """Between two fires, each of which replaces most of what is seen with every picture, there is a cut."""
    assert found_at(np.concatenate([_burning(seed, 24), _burning(seed + 50, 24)])) == [24]
