"""Footage of the embedded model's world, rendered small."""

from __future__ import annotations

from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from atom_bench.questions.truth import Film, Shot, Thing

GROUNDS = ("black", "grey", "navy", "striped", "starry", "gradient")
SIZE = (160, 120)
FPS = Fraction(12)
RARE = 25
NEVER = 8
Name = tuple[str, str]
"""Colour and shape."""


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
    """One video of many shots of one thing each: most things come again and again, one in `RARE` shots is the only one
    of its kind, and `NEVER` are never shown."""
    words = import_module("atom_tiny.words")
    rng = np.random.default_rng([seed, 99])
    names = [(colour, shape) for colour in words.COLOUR_NAMES for shape in words.SHAPES]
    names = [names[at] for at in rng.permutation(len(names))]
    rare = names[: min(num_shots // RARE, len(names) // 3)]
    places = {int(at): name for at, name in zip(rng.permutation(num_shots), rare, strict=False)}
    return render(
        folder,
        f"long-{seed}-{num_shots}-{shot_s:g}.mp4",
        _drawn(rng, num_shots, places, {*rare, *names[-NEVER:]}),
        shot_s,
        seed,
    )


def _drawn(rng: np.random.Generator, num_shots: int, places: dict[int, Name], elsewhere: set[Name]) -> list[Any]:
    """Clips of one thing each, those named in `places` where they are to be and nowhere else."""
    sample_clip = import_module("atom_tiny.world").sample_clip
    clips: list[Any] = []
    before: Name | None = None
    while len(clips) < num_shots:
        ground = GROUNDS[len(clips) % len(GROUNDS)]
        clip = sample_clip(rng, count=1, relation="alone", aspect=(4, 3), split="train", background=ground)
        name = (clip.things[0].colour, clip.things[0].shape)
        if name != before and (name == places[len(clips)] if len(clips) in places else name not in elsewhere):
            clips.append(clip)
            before = name
    return clips
