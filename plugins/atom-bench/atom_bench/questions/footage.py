"""Footage of the embedded model's world, rendered small."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve

from atom_bench.questions.truth import Film, Shot, Thing

GROUNDS = ("black", "grey", "navy", "striped", "starry", "gradient")
SIZE = (160, 120)
FPS = Fraction(12)


def sample(rng: np.random.Generator, num_shots: int, *, most_things: int = 2) -> list[Any]:
    """Clips of which each has another ground and other things than its neighbours."""
    sample_clip = import_module("atom_tiny.world").sample_clip
    clips: list[Any] = []
    while len(clips) < num_shots:
        count = 1 if rng.random() < 0.65 else int(rng.integers(1, most_things + 1))
        relation = "alone" if count == 1 else "then" if rng.random() < 0.3 else "while"
        ground = GROUNDS[len(clips) % len(GROUNDS)]
        clip = sample_clip(rng, count=count, relation=relation, aspect=(4, 3), split="train", background=ground)
        before = {(thing.colour, thing.shape) for thing in clips[-1].things} if clips else set()
        if not before & {(thing.colour, thing.shape) for thing in clip.things}:
            clips.append(clip)
    return clips


def render(folder: Path, name: str, clips: list[Any], shot_s: float, seed: int) -> Film:
    """Write a video, unless it is there, and say what is true of it."""
    mp4, caption = import_module("atom_tiny.mp4"), import_module("atom_tiny.language").caption
    path = folder / name
    shots = [mp4.Shot(clip=clip, num_frames=round(shot_s * FPS)) for clip in clips]
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        form = mp4.Format(width=SIZE[0], height=SIZE[1], fps=FPS, sound=False, preset="ultrafast")
        part = path.with_suffix(".part.mp4")
        mp4.write(part, shots, form, np.random.default_rng(seed))
        part.rename(path)
    spans = mp4.spans_s(shots, FPS)
    told = [
        Shot(
            things=tuple(Thing(colour=t.colour, shape=t.shape, action=t.action) for t in clip.things),
            then=clip.relation == "then",
            span=span,
            caption=caption(clip),
        )
        for clip, span in zip(clips, spans, strict=True)
    ]
    return Film(name=name, shots=tuple(told))


def films(folder: Path, num_films: int, seed: int, *, shot_s: float = 2.0) -> list[Film]:
    """Videos of three to six shots."""
    made = []
    for number in range(num_films):
        rng = np.random.default_rng([seed, number])
        clips = sample(rng, int(rng.integers(3, 7)))
        made.append(render(folder, f"film-{seed}-{number:03}.mp4", clips, shot_s, number))
    return made


def long_film(folder: Path, num_shots: int, seed: int, *, shot_s: float) -> Film:
    """One video of many shots; the things of all are drawn from a few, so that counts are worth asking for."""
    rng = np.random.default_rng([seed, 99])
    clips = sample(rng, num_shots, most_things=1)
    clips = [evolve(clip, things=clip.things[:1]) for clip in clips]
    return render(folder, f"long-{seed}-{num_shots}-{shot_s:g}.mp4", clips, shot_s, seed)
