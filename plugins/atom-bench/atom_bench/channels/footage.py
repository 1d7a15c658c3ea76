"""Videos of the embedded model's world in which somebody speaks and titles stand, all of it known."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from importlib import import_module
from itertools import pairwise, product
from pathlib import Path

import av
import numpy as np
from attrs import frozen
from PIL import Image, ImageDraw, ImageFont

from atom_bench.questions import footage as world
from atom_bench.questions.truth import Shot
from atom_bench.titles.footage import fonts
from atom_core.testing.speech import RATE_HZ, SENTENCES, VOICES, Line, spoken

NUM_SHOTS, SHOT_S = 3, 5.0
WIDTH, HEIGHT = 640, 480
_LETTERS = 36
"""Height of titles, pixels."""
_PLACES = ("Harbour", "Windmill", "Castle", "Orchard", "Lighthouse", "Station", "Bakery", "Quarry")
_KINDS = ("Festival 1987", "Road closed", "Museum, Hall 4", "Company Ltd", "opens at nine")
TITLES = tuple(f"{place} {kind}" for kind, place in product(_KINDS, _PLACES))
"""Forty titles, each of which has a pair of words that no other has."""


@frozen(kw_only=True)
class Mixed:
    """A video, and where in it what is shown, said and written."""

    path: Path
    """Its file."""
    shots: tuple[Shot, ...]
    """What is shown."""
    sentence: str
    """What is said."""
    said_at: int
    """In which shot, from 0."""
    title: str
    """What is written."""
    written_at: int
    """In which shot, from 0."""


def films(folder: Path, number: int, seed: int) -> list[Mixed]:
    """Write so many videos, at most 40: each has a sentence in one shot and a title in another.

    :raises ValueError: if more are wanted than there are sentences and titles
    """
    if number > min(len(TITLES), len(SENTENCES)):
        raise ValueError(f"{min(len(TITLES), len(SENTENCES))} videos at most")
    rng = np.random.default_rng(seed)
    sentences, titles = rng.permutation(len(SENTENCES)), rng.permutation(len(TITLES))
    made = []
    for place in range(number):
        plain = world.render(
            folder / "plain", f"plain-{place:02}.mp4", world.sample(rng, NUM_SHOTS, most_things=1), SHOT_S, place
        )
        said_at, written_at = (int(at) for at in rng.permutation(NUM_SHOTS)[:2])
        film = Mixed(
            path=folder / f"video-{place:02}.mp4",
            shots=plain.shots,
            sentence=SENTENCES[sentences[place]],
            said_at=said_at,
            title=TITLES[titles[place]],
            written_at=written_at,
        )
        _write(folder / "plain" / plain.name, film, VOICES[place % len(VOICES)])
        made.append(film)
    return made


def _write(plain: Path, film: Mixed, voice: str) -> None:
    """The plain video with its title over the pictures, and with its sentence."""
    start_s, end_s = film.shots[film.written_at].span
    length_s = film.shots[-1].span[1]
    samples, _ = spoken([Line(film.sentence, film.shots[film.said_at].span[0] + 0.4, voice)], length_s)
    with av.open(str(film.path), "w") as container:
        pictures = container.add_stream("libx264", rate=world.FPS)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        pictures.codec_context.time_base = 1 / world.FPS
        pictures.options = {"crf": "20", "preset": "veryfast", "x264-params": "log=-1:threads=1"}
        sound = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        for index, picture in enumerate(_pictures(plain)):
            if start_s <= index / world.FPS < end_s:
                _draw(picture, film.title)
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame.pts, frame.time_base = index, 1 / world.FPS
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode())
        for begin, end in pairwise([*range(0, len(samples), 1024), len(samples)]):
            block = av.AudioFrame.from_ndarray(samples[None, begin:end], format="fltp", layout="mono")
            block.sample_rate, block.time_base, block.pts = RATE_HZ, Fraction(1, RATE_HZ), begin
            container.mux(sound.encode(block))
        container.mux(sound.encode())


def _pictures(path: Path) -> Iterator[Image.Image]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield Image.fromarray(frame.to_ndarray(format="rgb24")).resize((WIDTH, HEIGHT), Image.Resampling.NEAREST)


def _draw(picture: Image.Image, title: str) -> None:
    found = fonts()
    font = ImageFont.truetype(str(found[0]), _LETTERS) if found else ImageFont.load_default(_LETTERS)
    ImageDraw.Draw(picture).text((30, HEIGHT - 80), title, fill="white", font=font, stroke_width=2, stroke_fill="black")


def phrase(shot: Shot) -> str:
    """What the first thing of a shot is and does: ``a red star that blinks``."""
    thing = shot.things[0]
    verb = import_module("atom_tiny.words").ACTIONS[thing.action][0]
    return f"{'an' if thing.colour[0] in 'aeiou' else 'a'} {thing.name} that {verb}"
