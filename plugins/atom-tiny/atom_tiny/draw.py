"""Pixels: shapes as signed fields, backgrounds, and whole frames.

A field is positive inside its shape; coordinates are in units of the object's radius, u to the right, v down.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from atom_tiny.words import COLOURS, SHAPES
from atom_tiny.world import Clip

Array = npt.NDArray[Any]

Field = Callable[[Array, Array], Array]


def _circle(u: Array, v: Array) -> Array:
    return 1.0 - np.hypot(u, v)


def _square(u: Array, v: Array) -> Array:
    return 0.86 - np.maximum(np.abs(u), np.abs(v))


def _triangle(u: Array, v: Array) -> Array:
    return np.minimum(0.8 - v, (v + 1.05 - 1.85 * np.abs(u)) / 2.103)


def _star(u: Array, v: Array) -> Array:
    step = math.pi / 5
    angle, rho = np.arctan2(u, -v), np.hypot(u, v)
    fold = np.abs((angle + step) % (2 * step) - step)
    tip, inner = 1.12, (0.46 * math.cos(step), 0.46 * math.sin(step))
    ex, ey = inner[0] - tip, inner[1]
    return -((rho * np.cos(fold) - tip) * ey - rho * np.sin(fold) * ex) / math.hypot(ex, ey)


def _cross(u: Array, v: Array) -> Array:
    u, v = np.abs(u), np.abs(v)
    return np.maximum(np.minimum(1.0 - u, 0.33 - v), np.minimum(0.33 - u, 1.0 - v))


def _ring(u: Array, v: Array) -> Array:
    rho = np.hypot(u, v)
    return np.minimum(1.0 - rho, rho - 0.58)


def _moon(u: Array, v: Array) -> Array:
    return np.minimum(1.0 - np.hypot(u, v), np.hypot(u - 0.55, v) - 0.78)


def _heart(u: Array, v: Array) -> Array:
    u = np.abs(u)
    lobes = 0.56 - np.hypot(u - 0.46, v + 0.32)
    point = np.minimum(v + 0.02, ((1.0 - v) * 0.93 - u * 1.02) / 1.38)
    middle = np.minimum(0.46 - u, np.minimum(v + 0.32, 0.3 - v))
    return np.maximum(np.maximum(lobes, point), middle)


FIELDS: dict[str, Field] = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "cross": _cross,
    "ring": _ring,
    "moon": _moon,
    "heart": _heart,
}
assert tuple(FIELDS) == SHAPES


def _stars(width: int, height: int, rng: np.random.Generator) -> Array:
    """Grey levels of a dark sky with small stars."""
    sky = np.full((height, width), 10.0)
    size = rng.uniform(0.007, 0.011) * math.sqrt(width * height)
    reach = int(1.5 * size) + 1
    for x, y in rng.random((45, 2)) * (width, height):
        top, left = max(0, int(y) - reach), max(0, int(x) - reach)
        box = sky[top : int(y) + reach + 1, left : int(x) + reach + 1]
        rows, columns = np.ogrid[top : top + box.shape[0], left : left + box.shape[1]]
        np.maximum(box, 150.0 * np.clip(1.5 - np.hypot(columns + 0.5 - x, rows + 0.5 - y) / size, 0, 1), out=box)
    return sky


def background(name: str, width: int, height: int, rng: np.random.Generator) -> Array:
    """A still background: float32 [height, width, 3] in 0..255."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    if name == "striped":
        turn, count = rng.choice([0.0, 0.5, 1.0]), rng.uniform(4, 6)
        wave = np.sin(2 * math.pi * (count * (x * turn + y * (1 - turn)) + rng.random()))
        grey = np.where(wave > 0, 62.0, 18.0)
    elif name == "starry":
        grey = _stars(width, height, rng)
    elif name == "gradient":
        grey = 10 + rng.uniform(75, 90) * (y if rng.random() < 0.5 else 1 - y)
    else:
        base = {"black": (8, 8, 8), "grey": (80, 80, 80), "navy": (14, 20, 84)}[name]
        colour = np.array(base, np.float32) + rng.uniform(-5, 5)
        return np.broadcast_to(colour, (height, width, 3)).astype(np.float32).clip(0, 255)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def _stamp(frame: Array, shape: str, colour: tuple[int, int, int], x: float, y: float, radius: float) -> None:
    """Draw one object into `frame`, touching only its bounding box."""
    height, width = frame.shape[:2]
    size = radius * math.sqrt(width * height)
    left, right = max(0, int(x * width - 1.15 * size - 1)), min(width, int(x * width + 1.15 * size + 2))
    top, bottom = max(0, int(y * height - 1.15 * size - 1)), min(height, int(y * height + 1.15 * size + 2))
    if left >= right or top >= bottom:
        return
    u = (np.arange(left, right) + 0.5 - x * width) / size
    v = (np.arange(top, bottom) + 0.5 - y * height) / size
    field = FIELDS[shape](*np.meshgrid(u, v))
    alpha = np.clip(field * size + 0.5, 0.0, 1.0)[..., None].astype(np.float32)
    box = frame[top:bottom, left:right]
    box += alpha * (np.array(colour, np.float32) - box)


def frames(
    clip: Clip, times: Array, width: int, height: int, rng: np.random.Generator, ground: Array | None = None
) -> Array:
    """The clip at each of `times`: uint8 [T, height, width, 3]; on `ground` instead of a new background if given."""
    still = background(clip.background, width, height, rng) if ground is None else ground
    states = clip.states(times)
    drawn = np.empty((len(times), height, width, 3), np.uint8)
    for i in range(len(times)):
        frame = still.copy()
        for thing, state in zip(clip.things, states[:, i], strict=True):
            if state[0] > 0.5:
                _stamp(frame, thing.shape, COLOURS[thing.colour], float(state[1]), float(state[2]), float(state[3]))
        drawn[i] = frame + 0.5
    return drawn
