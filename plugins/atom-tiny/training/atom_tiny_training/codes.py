"""The scene code: what the vision tower is taught to write into a frame's token, and the decoder to read from it.

A frame's code has a slot per colour (present, shape, x, y, radius; zero when absent), the background, and a constant by
which attention can tell a frame from a word. A fixed random orthonormal matrix carries it into the decoder's width, so
writing and reading can be trained side by side.

Shape suffixes: B batch, T frames, K code width, D decoder width.
"""

from __future__ import annotations

import numpy as np
from atom_tiny.words import BACKGROUNDS, COLOUR_NAMES, SHAPES
from atom_tiny.world import MIDPOINTS, Clip

SLOT = 1 + len(SHAPES) + 3
SLOTS = SLOT * len(COLOUR_NAMES)
WIDTH = SLOTS + len(BACKGROUNDS) + 1
CONSTANT = 2.0
SPREAD, MIDDLE_RADIUS, RADIUS_STEP = 5.0, 0.17, 0.04
"""A position is coded as SPREAD * (x - 0.5), a radius in steps from the middle one."""


def basis(width: int) -> np.ndarray:
    """The fixed orthonormal matrix [K, D]."""
    matrix = np.random.default_rng(2024).standard_normal((width, WIDTH))
    return np.ascontiguousarray(np.linalg.qr(matrix)[0].T).astype(np.float32)


def slot(shape: int, x: float, y: float, radius: float) -> np.ndarray:
    """The slot of a visible object."""
    values = np.zeros(SLOT, np.float32)
    values[0] = values[1 + shape] = 1.0
    values[-3:] = SPREAD * (x - 0.5), SPREAD * (y - 0.5), (radius - MIDDLE_RADIUS) / RADIUS_STEP
    return values


def encode(clip: Clip, times: np.ndarray = MIDPOINTS) -> np.ndarray:
    """The true codes of a clip's frames: float32 [T, K]."""
    codes_TK = np.zeros((len(times), WIDTH), np.float32)
    for thing, states in zip(clip.things, clip.states(times), strict=True):
        at = SLOT * COLOUR_NAMES.index(thing.colour)
        codes_TK[:, at] = codes_TK[:, at + 1 + SHAPES.index(thing.shape)] = 1.0
        codes_TK[:, at + SLOT - 3 : at + SLOT - 1] = SPREAD * (states[:, 1:3] - 0.5)
        codes_TK[:, at + SLOT - 1] = (states[:, 3] - MIDDLE_RADIUS) / RADIUS_STEP
        codes_TK[:, at : at + SLOT] *= states[:, :1]
    codes_TK[:, SLOTS + BACKGROUNDS.index(clip.background)] = 1.0
    codes_TK[:, -1] = CONSTANT
    return codes_TK


def jittered(rng: np.random.Generator) -> np.ndarray:
    """Frame times of a clip whose bounds are slightly off, as a shot detector's may be."""
    return np.clip((MIDPOINTS - 0.5) * rng.uniform(0.97, 1.03) + 0.5 + rng.uniform(-0.02, 0.02), 0.0, 0.9999)


def noisy(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Codes as an imperfect vision tower writes them: blurred shapes, shaky positions, a lost object now and then."""
    noise = rng.standard_normal(codes.shape).astype(np.float32)
    scale = np.full(codes.shape[-1], 0.07, np.float32)
    steady = (rng.standard_normal((*codes.shape[:-2], 1, codes.shape[-1])) * 0.06).astype(np.float32)
    return codes * rng.uniform(0.9, 1.05) + scale * noise * rng.uniform(0.3, 1.3) + steady
