"""A handful of sample videos for `atom demo`: several shots, sizes, rates, and sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from atom_tiny import mp4
from atom_tiny.world import Clip, Thing


def _thing(
    colour: str,
    shape: str,
    action: str,
    x: float,
    y: float,
    *,
    radius: float = 0.21,
    reach: float = 0.0,
    phase: float = 0.3,
    span: tuple[float, float] = (0.0, 1.0),
) -> Thing:
    size = "large" if radius > 0.18 else "small"
    return Thing(
        colour=colour,
        shape=shape,
        size=size,
        action=action,
        x=x,
        y=y,
        radius=radius,
        reach=reach,
        phase=phase,
        start=span[0],
        end=span[1],
    )


def _alone(background: str, aspect: tuple[int, int], thing: Thing) -> Clip:
    return Clip(things=(thing,), relation="alone", background=background, aspect=aspect)


def _playground() -> tuple[mp4.Format, list[Clip]]:
    wide = (16, 9)
    pair = (
        _thing("green", "square", "grows", 0.3, 0.5),
        _thing("blue", "star", "up", 0.76, 0.7, radius=0.15, reach=0.4),
    )
    return mp4.Format(width=320, height=180, fps=Fraction(25)), [
        _alone("black", wide, _thing("red", "circle", "left", 0.72, 0.5, reach=0.45)),
        Clip(things=pair, relation="while", background="navy", aspect=wide),
        _alone("striped", wide, _thing("yellow", "heart", "blinks", 0.5, 0.5)),
    ]


def _relay() -> tuple[mp4.Format, list[Clip]]:
    square = (4, 3)
    relay = (
        _thing("orange", "triangle", "right", 0.22, 0.28, radius=0.15, reach=0.45, span=(0.0, 0.5)),
        _thing("cyan", "ring", "disappears", 0.7, 0.72, radius=0.15, span=(0.5, 1.0)),
    )
    return mp4.Format(width=320, height=240, fps=Fraction(24)), [
        Clip(things=relay, relation="then", background="grey", aspect=square),
        _alone("starry", square, _thing("white", "moon", "circles", 0.5, 0.5, reach=0.17)),
    ]


def _tall() -> tuple[mp4.Format, list[Clip]]:
    tall = (9, 16)
    return mp4.Format(width=180, height=320, fps=Fraction(30)), [
        _alone("gradient", tall, _thing("purple", "cross", "down", 0.5, 0.25, reach=0.45)),
        _alone("black", tall, _thing("green", "star", "appears", 0.5, 0.5, phase=0.5)),
    ]


def _sunset() -> tuple[mp4.Format, list[Clip]]:
    wide = (3, 2)
    return mp4.Format(width=270, height=180, fps=Fraction(30000, 1001)), [
        _alone("starry", wide, _thing("yellow", "circle", "down", 0.5, 0.3, reach=0.4)),
        _alone("navy", wide, _thing("white", "moon", "up", 0.5, 0.7, reach=0.4)),
        _alone("black", wide, _thing("blue", "heart", "shrinks", 0.5, 0.5)),
    ]


def _corner() -> tuple[mp4.Format, list[Clip]]:
    square = (1, 1)
    trio = (
        _thing("red", "square", "still", 0.25, 0.3, radius=0.14),
        _thing("cyan", "triangle", "blinks", 0.75, 0.3, radius=0.14),
        _thing("purple", "ring", "right", 0.25, 0.76, radius=0.14, reach=0.5),
    )
    return mp4.Format(width=240, height=240, fps=Fraction(12)), [
        Clip(things=trio, relation="while", background="grey", aspect=square),
        _alone("striped", square, _thing("orange", "star", "up_right", 0.3, 0.7, reach=0.4)),
    ]


FILMS = {"playground": _playground, "relay": _relay, "tall": _tall, "sunset": _sunset, "corner": _corner}


def render_demo(folder: Path) -> list[Path]:
    """Write the sample videos into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (name, make) in enumerate(FILMS.items()):
        form, clips = make()
        path = folder / f"{name}.mp4"
        shots = [mp4.Shot(clip=clip, num_frames=round(2.4 * form.fps)) for clip in clips]
        mp4.write(path, shots, form, np.random.default_rng(number))
        written.append(path)
    return written
