"""Shots made up for the tests of this room."""

from __future__ import annotations

import numpy as np

from atom_core.media.cuts.run import SIDE, Transition
from atom_core.media.cuts.transitions import find_transitions

FPS = 25
Pictures = np.ndarray
"""[N, S, S, 3], levels of 255."""


def scene(seed: int, num: int, speed: float = 0.3) -> Pictures:
    """A camera that passes over a landscape with as much detail at every scale as real pictures have."""
    rng = np.random.default_rng(seed)
    side = 4 * SIDE
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    scale = 1 / np.maximum(frequency, 1 / side) ** 1.3
    planes = [np.fft.irfft2(scale * np.exp(2j * np.pi * rng.random(scale.shape)), (side, side)) for _ in range(3)]
    land = np.stack([sum(planes) / 3 + 0.5 * plane for plane in planes], axis=2)
    land = (land - land.mean()) / land.std() * 45 + rng.uniform(80, 160, 3)
    lefts = (20 + speed * np.arange(num)).astype(int)
    return np.stack([land[20 : 20 + SIDE, left : left + SIDE] for left in lefts])


def shots(*lengths: int, first: int = 0, speed: float = 0.3) -> Pictures:
    return np.concatenate([scene(first + number, length, speed) for number, length in enumerate(lengths)])


def transitions(pictures: Pictures, fps: float = FPS) -> list[Transition]:
    return find_transitions(list(np.clip(pictures, 0, 255).astype(np.uint8)), fps)


def found_at(pictures: Pictures, fps: float = FPS) -> list[int]:
    return [one.at for one in transitions(pictures, fps)]
