"""Footage made and looked through: the work of ``atom bench cuts``."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
from attrs import evolve
from PIL import Image

import atom_core as atom
from atom_bench import figures
from atom_bench.cuts import scenes
from atom_bench.cuts.footage import Footage, write
from atom_bench.cuts.kinds import Kind
from atom_bench.cuts.score import Score, score
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.segment import find_cuts

OTHERS = {"content": "ContentDetector", "adaptive": "AdaptiveDetector"}
"""PySceneDetect's detectors, with their own defaults, by the name of their column."""
_SEED = 7
COST_SIZE = (1920, 1080)
COST_PICTURES = 100

Detector = Callable[[Path], list[float]]
"""The times at which shots begin in a file, seconds, less the first."""


def measure(
    kind: Kind, detectors: Mapping[str, Detector], folder: Path, *, seeds: Sequence[int], num_shots: int
) -> dict[str, object]:
    """The figures of each detector on a film for each seed."""
    totals = {name: Score() for name in detectors}
    pictures = 0
    for seed in seeds:
        footage = make(kind, seed, num_shots)
        path = folder / "film.mp4"
        write(path, footage)
        times_s = np.array(footage.ticks) / 1000 if footage.ticks else np.arange(len(footage.pictures)) / footage.fps
        for name, detector in detectors.items():
            places = [int(np.abs(times_s - time_s).argmin()) for time_s in detector(path)]
            totals[name] += score(footage.transitions, places)
        pictures += len(footage.pictures)
    any_score = next(iter(totals.values()))
    scores = {
        name: {"precision": s.precision, "recall": s.recall, "f1": s.f1, "hits": s.hits, "false": s.false}
        for name, s in totals.items()
    }
    return {"true": any_score.true, "pictures": pictures, "natural": kind.natural, "detectors": scores}


def make(kind: Kind, seed: int, num_shots: int) -> Footage:
    """The film of a kind that belongs to a seed."""
    return kind.make(np.random.default_rng([seed, zlib.crc32(kind.name.encode())]), num_shots)


def atom_cuts(path: Path, settings: atom.Settings) -> list[float]:
    """Where Atom takes shots to begin, before those too short for a clip are joined."""
    return [cut.time_s for cut in find_cuts(probe(path), evolve(settings, reuse=False))]


def others() -> dict[str, Detector]:
    """PySceneDetect's detectors, where it is installed."""
    if find_spec("scenedetect") is None:
        return {}
    return {name: partial(_scenes, kind=kind) for name, kind in OTHERS.items()}


def _scenes(path: Path, kind: str) -> list[float]:
    package, ways = import_module("scenedetect"), import_module("scenedetect.detectors")
    manager = package.SceneManager()
    manager.add_detector(getattr(ways, kind)())
    manager.detect_scenes(package.open_video(str(path), backend="pyav"))
    av.logging.set_level(None)  # its PyAV backend has raised it
    return [begin.seconds for begin, _ in manager.get_scene_list()[1:]]


def decoding_cost(folder: Path, settings: atom.Settings, rounds: int = 3) -> dict[str, object]:
    """Processor time of finding the cuts of a full HD film beside that of decoding all of it, in turn."""
    path = _large_film(folder / "large.mp4")

    def decode() -> None:
        with Reader(path) as reader:
            for _ in reader.pictures():
                pass

    decoding: list[float] = []
    finding: list[float] = []
    for _ in range(rounds):
        for work, seconds in ((decode, decoding), (partial(atom_cuts, path, settings), finding)):
            start = time.process_time()
            work()
            seconds.append(time.process_time() - start)
    return {
        "decoding_ms": figures.spread([1000 * s / COST_PICTURES for s in decoding]),
        "finding_ms": figures.spread([1000 * s / COST_PICTURES for s in finding]),
        "ratio": figures.ratio(finding, decoding),
    }


def _large_film(path: Path) -> Path:
    """Full HD with the detail, movement and grain of a camera, four shots."""
    rng = np.random.default_rng(_SEED)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height = COST_SIZE
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "veryfast", "crf": "21", "x264-params": "log=-1"}
        grain = rng.normal(0, 3, (COST_SIZE[1], COST_SIZE[0], 1))
        for scene in (scenes.handheld, scenes.panned, scenes.crowd, scenes.zoomed):
            for picture in scene(rng, COST_PICTURES // 4):
                large = np.asarray(Image.fromarray(picture).resize(COST_SIZE, Image.Resampling.BICUBIC))
                grain = np.roll(grain, 37, axis=(0, 1))
                image = np.clip(large + grain, 0, 255).astype(np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path
