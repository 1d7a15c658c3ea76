"""Single frames for the vision tower, drawn in batches straight at the model's size, with dense labels.

Shape suffixes: B frames, O objects, H W pixels, P patches.
"""

from __future__ import annotations

import math

import numpy as np
from atom_tiny.draw import FIELDS, background
from atom_tiny.words import BACKGROUNDS, COLOUR_NAMES, COLOURS, SHAPES
from atom_tiny.world import ASPECTS
from attrs import frozen

from atom_tiny_training import codes
from atom_tiny_training.model import IMAGE_SIZE, PATCH

OBJECTS = 4
SIDE = IMAGE_SIZE // PATCH


@frozen(kw_only=True)
class Scenes:
    """A batch of frames and what is true of them."""

    pixels: np.ndarray
    """float32 [B, 3, H, W] in -1..1."""
    codes: np.ndarray
    """float32 [B, K]."""
    weights: np.ndarray
    """float32 [B, K]; zero where an object is mostly hidden."""
    patch_colour: np.ndarray
    """int64 [B, P]; 0 for none, else 1 + colour."""
    patch_shape: np.ndarray
    """int64 [B, P]; -100 where there is no object."""
    patch_offset: np.ndarray
    """float32 [B, P, 3]: from patch to centre (in patches) and the radius, as in the code."""


class Painter:
    """Draws batches of scenes; keeps a stock of backgrounds."""

    def __init__(self, seed: int, stock: int = 60) -> None:
        self.rng = np.random.default_rng(seed)
        self.stock = [
            np.stack([background(n, IMAGE_SIZE, IMAGE_SIZE, self.rng) for _ in range(stock)]) for n in BACKGROUNDS
        ]
        self.grid = (np.arange(IMAGE_SIZE) + 0.5) / IMAGE_SIZE

    def _layout(self, count: int) -> tuple[np.ndarray, ...]:
        """Objects of every frame: present, colour, shape [B, O]; x, y, radius [B, O]; stretch [B]."""
        rng = self.rng
        present = np.arange(OBJECTS) < rng.choice([1, 2, 3, 4], size=(count, 1), p=[0.2, 0.35, 0.3, 0.15])
        colour = rng.random((count, len(COLOUR_NAMES))).argsort(1)[:, :OBJECTS]
        shape = rng.integers(len(SHAPES), size=(count, OBJECTS))
        stretch = np.array([math.sqrt(ASPECTS[i][0] / ASPECTS[i][1]) for i in rng.integers(len(ASPECTS), size=count)])
        tries = 8
        radius = np.where(
            rng.random((tries, count, OBJECTS)) < 0.75,
            rng.uniform(0.12, 0.235, (tries, count, OBJECTS)),
            rng.uniform(0.084, 0.14, (tries, count, OBJECTS)),
        )
        margin_x, margin_y = (
            np.minimum(0.4, 0.9 * radius / stretch[:, None]),
            np.minimum(0.4, 0.9 * radius * stretch[:, None]),
        )
        x = margin_x + rng.random(radius.shape) * (1 - 2 * margin_x)
        y = margin_y + rng.random(radius.shape) * (1 - 2 * margin_y)
        clear = np.full((tries, count), 9.0)
        for i in range(OBJECTS):
            for j in range(i):
                far = np.hypot((x[..., i] - x[..., j]) * stretch, (y[..., i] - y[..., j]) / stretch)
                near = far / (radius[..., i] + radius[..., j])
                clear = np.where(present[:, i] & present[:, j], np.minimum(clear, near), clear)
        best = np.where(clear > 0.95, 2.0, clear).argmax(0)
        x, y, radius = (a[best, np.arange(count)] for a in (x, y, radius))
        return present, colour, shape, x, y, radius, stretch

    def _alphas(
        self, shape: np.ndarray, x: np.ndarray, y: np.ndarray, radius: np.ndarray, stretch: np.ndarray
    ) -> np.ndarray:
        """Coverage of every pixel by every object: float32 [B, O, H, W]."""
        alphas = np.empty((*shape.shape, IMAGE_SIZE, IMAGE_SIZE), np.float32)
        soft = self.rng.uniform(0.8, 1.5)
        for index, name in enumerate(SHAPES):
            b, o = np.nonzero(shape == index)
            if not len(b):
                continue
            size, wide = radius[b, o, None, None], stretch[b, None, None]
            u = (self.grid[None, None, :] - x[b, o, None, None]) * wide / size
            v = (self.grid[None, :, None] - y[b, o, None, None]) / wide / size
            u, v = np.broadcast_arrays(u.astype(np.float32), v.astype(np.float32))
            alphas[b, o] = np.clip(FIELDS[name](u, v) * size * IMAGE_SIZE / soft + 0.5, 0, 1)
        return alphas

    def _paint(self, alphas: np.ndarray, colour: np.ndarray, ground: np.ndarray) -> np.ndarray:
        """Pixels, float32 [B, 3, H, W] in -1..1, with noise."""
        rng, count = self.rng, len(colour)
        image = np.stack([self.stock[g][rng.integers(len(self.stock[g]))] for g in ground]).transpose(0, 3, 1, 2).copy()
        palette = np.array(list(COLOURS.values()), np.float32)
        for o in range(OBJECTS):
            tint = palette[colour[:, o]] + rng.normal(0, 6, (count, 3))
            alpha = alphas[:, o, None]
            image += alpha * (tint[:, :, None, None].astype(np.float32) - image)
        image *= rng.uniform(0.93, 1.04, (count, 1, 1, 1)).astype(np.float32)
        grain = rng.uniform(0, 5, (count, 1, 1, 1)).astype(np.float32)
        image += rng.standard_normal(image.shape, dtype=np.float32) * grain
        pixels: np.ndarray = np.clip(image, 0, 255) / 127.5 - 1
        return pixels

    def draw(self, count: int) -> Scenes:
        """A batch of `count` frames."""
        present, colour, shape, x, y, radius, stretch = self._layout(count)
        alphas = self._alphas(shape, x, y, radius, stretch) * present[:, :, None, None]
        ground = self.rng.integers(len(BACKGROUNDS), size=count)
        pixels = self._paint(alphas, colour, ground)
        for o in range(OBJECTS - 2, -1, -1):
            alphas[:, o] *= 1 - alphas[:, o + 1 :].max(1)
        patches = alphas.reshape(count, OBJECTS, SIDE, PATCH, SIDE, PATCH).mean((3, 5)).reshape(count, OBJECTS, -1)
        full = self._alphas_area(shape, radius)
        shown = patches.sum(-1) * PATCH**2 / full > 0.4
        truth, weights = self._codes(present, shown, colour, shape, x, y, radius, ground)
        return Scenes(pixels=pixels, codes=truth, weights=weights, **self._dense(patches, colour, shape, x, y, radius))

    def _alphas_area(self, shape: np.ndarray, radius: np.ndarray) -> np.ndarray:
        """Pixels that each object would cover if nothing hid it."""
        share = np.array([3.14, 2.96, 1.85, 1.8, 2.2, 2.08, 1.5, 2.2])
        area: np.ndarray = share[shape] * (radius * IMAGE_SIZE) ** 2
        return area

    def _codes(
        self,
        present: np.ndarray,
        shown: np.ndarray,
        colour: np.ndarray,
        shape: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        radius: np.ndarray,
        ground: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        count = len(present)
        truth, weights = np.zeros((count, codes.WIDTH), np.float32), np.ones((count, codes.WIDTH), np.float32)
        for b, o in zip(*np.nonzero(present), strict=True):
            at = codes.SLOT * colour[b, o]
            truth[b, at : at + codes.SLOT] = codes.slot(shape[b, o], x[b, o], y[b, o], radius[b, o])
            if not shown[b, o]:
                weights[b, at : at + codes.SLOT] = 0.1
        truth[np.arange(count), codes.SLOTS + ground] = 1.0
        truth[:, -1] = codes.CONSTANT
        return truth, weights

    def _dense(
        self,
        patches: np.ndarray,
        colour: np.ndarray,
        shape: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        radius: np.ndarray,
    ) -> dict[str, np.ndarray]:
        owner, covered = patches.argmax(1), patches.max(1) > 0.12
        rows = np.arange(len(colour))[:, None]
        centre = (np.arange(SIDE) + 0.5) / SIDE
        px, py = np.tile(centre, SIDE), np.repeat(centre, SIDE)
        offset = np.stack(
            [
                (x[rows, owner] - px) * SIDE,
                (y[rows, owner] - py) * SIDE,
                (radius[rows, owner] - codes.MIDDLE_RADIUS) / codes.RADIUS_STEP,
            ],
            -1,
        )
        return {
            "patch_colour": np.where(covered, 1 + colour[rows, owner], 0),
            "patch_shape": np.where(covered, shape[rows, owner], -100),
            "patch_offset": offset.astype(np.float32),
        }
