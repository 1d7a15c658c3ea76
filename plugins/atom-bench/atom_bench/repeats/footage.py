"""Ten seconds of footage of each kind: some moves, some stands still."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from attrs import frozen

import atom_core as atom
from atom_bench.cuts import scenes
from atom_bench.cuts.footage import Footage, boxed, levels, write
from atom_bench.cuts.scenes import Rng, Shot

SECONDS, FPS, CAMERA_FPS = 10, 25, 5
NUM_PICTURES = SECONDS * FPS
CAMERA = 1280, 720
_SEED = 2000


@frozen(kw_only=True)
class Kind:
    """A kind of footage."""

    make: Callable[[Rng], Shot | None]
    """Makes ten seconds of it; None where what it is made of is not installed."""
    crf: int = 23
    """Compression by x264; more is stronger."""
    fps: int = FPS
    """Pictures a second."""


def lecture(rng: Rng) -> Shot:
    """Two slides, and the speaker in a corner."""
    pictures, speaker = slides(rng), scenes.talking_head(rng, NUM_PICTURES)
    for first in (0, NUM_PICTURES // 2):
        part = slice(first, first + NUM_PICTURES // 2)
        pictures[part] = boxed(speaker[part], pictures[first], 220, 110, 96, 66)
    return pictures


def slides(rng: Rng) -> Shot:
    """One slide after the other."""
    return np.concatenate([scenes.slide(rng, NUM_PICTURES // 2) for _ in range(2)])


def typed(rng: Rng) -> Shot:
    """Text that is written for three seconds, and left alone for the rest; the caret blinks."""
    pictures = scenes.slide(rng, NUM_PICTURES)
    for index, picture in enumerate(pictures):
        end = 24 + 5 * min(index // 4, 18)
        picture[160:168, 24:end] = 90
        if index // 12 % 2:
            picture[158:170, end + 2 : end + 4] = 90
    return pictures


def watched(rng: Rng, *, passer_by: bool) -> Shot:
    """What a fixed camera sees, with the noise of its sensor; for two seconds somebody may pass by."""
    view = np.asarray(scenes.any_view(rng).resize(CAMERA))
    pictures = np.empty((SECONDS * CAMERA_FPS, *view.shape), np.uint8)
    for index, picture in enumerate(pictures):
        seen = view + rng.normal(0, 3, view.shape)
        if passer_by and 20 <= index < 30:
            left = (index - 20) * 110
            seen[300:640, left : left + 110] = (40, 50, 90)
        picture[:] = np.clip(seen, 0, 255)
    return pictures


def _clip(name: str, _: Rng) -> Shot | None:
    return scenes.clip(f"{name}.mp4")


def _handheld(rng: Rng) -> Shot | None:
    return scenes.handheld(rng, NUM_PICTURES, scenes.photograph) if scenes.photographs() else None


def _head(rng: Rng, gain: float = 1.0, offset: float = 0.0) -> Shot:
    return levels(scenes.talking_head(rng, NUM_PICTURES), gain, offset)


KINDS: Mapping[str, Kind] = {
    "clip: cyclists": Kind(make=partial(_clip, "bikes")),
    "clip: call in a car": Kind(make=partial(_clip, "carphone_pristine")),
    "clip: cartoon": Kind(make=partial(_clip, "bigbuckbunny")),
    "photograph, camera in a hand": Kind(make=_handheld),
    "talking head": Kind(make=_head),
    "talking head, dark (6 %)": Kind(make=partial(_head, gain=0.06)),
    "slides": Kind(make=slides),
    "slides, strong compression": Kind(make=slides, crf=34),
    "slides and speaker": Kind(make=lecture),
    "text is typed": Kind(make=typed),
    "fixed camera": Kind(make=partial(watched, passer_by=False), fps=CAMERA_FPS),
    "fixed camera, a passer-by": Kind(make=partial(watched, passer_by=True), fps=CAMERA_FPS),
}
"""Footage that moves, and footage that stands still."""


def films(folder: Path, names: Sequence[str] | None) -> dict[str, Path]:
    """A film of each kind whose name holds one of `names`, all where none are given.

    :raises SettingsError: if there is none
    """
    paths: dict[str, Path] = {}
    for name, kind in KINDS.items():
        if names and not any(part in name for part in names):
            continue
        pictures = kind.make(np.random.default_rng([_SEED, zlib.crc32(name.encode())]))
        if pictures is not None:
            paths[name] = folder / f"{len(paths)}.mp4"
            write(paths[name], Footage(pictures=pictures, transitions=(), fps=kind.fps, crf=kind.crf))
    if not paths:
        raise atom.SettingsError(f"no kind's name holds any of {', '.join(names or ())}; leave --kinds out to see all")
    return paths
