"""Arguments that several benches take, and what they stand for."""

from __future__ import annotations

import argparse
import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import evolve

import atom_core as atom

DIMENSIONS = {
    "toy": None,
    "smolvlm2-256m": "SmolVLM2-256M",
    "smolvlm2-500m": "SmolVLM2-500M",
    "smolvlm2-2.2b": "SmolVLM2-2.2B",
}
"""Sizes of models with random weights, by their name in `atom_core.testing.models.REAL_SIZES`; None is tiny."""


def count(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def seed(text: str) -> int:
    """A whole number, 0 or more, that what is made at random follows from, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, got {text!r}")
    return int(text)


def counts(text: str) -> tuple[int, ...]:
    """Whole numbers joined by commas, for argparse."""
    return tuple(count(part.strip()) for part in text.split(","))


def names(text: str) -> tuple[str, ...]:
    """Names joined by commas, for argparse."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``--dimensions``; ``--model`` and ``--quantize`` are common options."""
    parser.add_argument(
        "--dimensions", choices=tuple(DIMENSIONS), help="measure random weights of this size instead of --model"
    )


def add_recipe_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--recipes``."""
    parser.add_argument(
        "--recipes", type=names, metavar="NAMES", help="precision recipes to compare (none,int8; --quantize adds one)"
    )


def recipes_of(context: atom.CommandContext) -> tuple[str, ...]:
    """The precision recipes to compare.

    :raises ModelError: if there is no such recipe
    """
    from atom_core.checkpoint.recipes import recipe_of

    chosen = context.args.recipes or ("none", "int8", context.settings.quantize)
    for name in chosen:
        if name not in ("auto", "fit"):
            recipe_of(name, "cuda" if context.settings.device.startswith("cuda") else "cpu")
    named = {"auto": "int8", "fit": "none"}
    return tuple(dict.fromkeys(named.get(name, name) for name in chosen))


def engine_and_model(name: str) -> tuple[str, str]:
    """What stands before a model's name for its engine, such as ``openvino:``, or nothing; and the name."""
    found = re.match(r"[a-z][a-z0-9_-]+:(?=.)", name)
    engine = "" if found is None else found[0]
    return engine, name.removeprefix(engine)


def model_settings(context: atom.CommandContext) -> atom.Settings:
    """The settings with `model` as a folder or hub id: names of plugins are resolved, ``--dimensions`` is made; an
    engine that stands before the name stays. Where `frames` is unset it is the most that Atom takes: what is measured
    does not hang on the length of a clip."""
    settings = evolve(context.settings, frames=context.settings.most_frames)
    engine, name = engine_and_model(settings.model)
    if context.args.dimensions is not None:
        return evolve(settings, model=f"{engine}{random_model(context, context.args.dimensions)}")
    known = context.host().plugins.models.get(name)
    return settings if known is None else evolve(settings, model=f"{engine}{known.source}")


def random_model(context: atom.CommandContext, dimensions: str) -> Path:
    """The folder of a model of family ``smolvlm`` with random weights, made once and kept in the cache.

    :raises ModelError: if it cannot be written
    """
    from atom_core.testing.models import REAL_SIZES, make_checkpoint

    folder = context.settings.cache / "bench" / dimensions
    if not folder.is_dir():
        context.note(f"making a model of size {dimensions} in {folder}")
        name = DIMENSIONS[dimensions]
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder.parent) as temporary:
                made = make_checkpoint(Path(temporary) / "model", "smolvlm", sizes=REAL_SIZES[name] if name else None)
                made.rename(folder)
        except OSError as error:
            raise atom.ModelError(f"{folder} cannot be written: {error.strerror}; choose another --cache DIR") from None
    return folder


def make_videos(folder: Path, num_videos: int, *, num_frames: int = 48) -> list[Path]:
    """Short videos of one shot each that differ in every frame."""
    from atom_core.testing.videos import COLOURS, Shot, write_video

    folder.mkdir(parents=True, exist_ok=True)
    return [
        write_video(
            folder / f"video-{number}.mp4",
            shots=[Shot(num_frames + number // len(COLOURS), COLOURS[number % len(COLOURS)])],
            size=(320, 240),
        )
        for number in range(num_videos)
    ]


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    with TemporaryDirectory(prefix="atom-bench-") as name:
        yield Path(name)


def fresh_cache(folder: Path, known: Path) -> Path:
    """An empty cache that only knows the weights' hashes, the fastest precision and what was found of the weights, as
    every second start does."""
    folder.mkdir(parents=True)
    for name in ("hashes.json", "recipes.json"):
        with contextlib.suppress(OSError):
            shutil.copy(known / name, folder)
    for name in ("openvino", "decoder"):
        with contextlib.suppress(OSError):
            shutil.copytree(known / name, folder / name)
    return folder


def whole_clips(host: Any, paths: Sequence[Path]) -> list[atom.Clip]:
    """One clip for each video, all of it."""
    return [atom.Clip.whole(host.video(path)) for path in paths]
