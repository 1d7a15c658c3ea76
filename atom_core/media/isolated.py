"""The process that `atom_core.media.isolate` asks: it reads videos, and answers in JSON and arrays."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np

from atom_core.errors import AtomError
from atom_core.media import listen, probe, sample
from atom_core.media.isolate import Answer
from atom_core.media.pictures.passes import sharing
from atom_core.media.segment import segment
from atom_core.quiet import quiet
from atom_core.records import Clip, Video
from atom_core.settings import Settings

_MOST_BYTES = 4 * 2**30
"""Address space of the process: the largest pictures in use take a quarter of it."""


def _answer_probe(path: Path, track: int | None) -> Answer:
    return Answer({**attrs.asdict(probe.read(path, track)), "path": str(path)}, [])


def _answer_is_film(path: Path) -> Answer:
    return Answer(probe.is_film(path), [])


def _answer_segment(video: Video, settings: Settings) -> Answer:
    return Answer([[clip.start_s, clip.end_s] for clip in segment(video, settings)], [])


def _answer_frames(clip: Clip, num_frames: int, max_pixels: int | None) -> Answer:
    found = next(sample.read([clip], num_frames, max_pixels))
    pixels: list[np.ndarray] = []
    places: list[int] = []
    for image in found.images:  # a picture that repeats is sent once
        if not pixels or image is not pixels[-1]:
            pixels.append(image)
        places.append(len(pixels) - 1)
    return Answer({"timestamps_s": list(found.timestamps_s), "rule": found.rule, "places": places}, pixels)


def _answer_sound(clip: Clip, rate_hz: int, num_channels: int, wanted: str) -> Answer:
    samples_CS, track = listen.read(clip, rate_hz, num_channels, wanted)
    return Answer(track, [samples_CS])


_ANSWERS: dict[str, Callable[..., Answer]] = {
    "probe": _answer_probe,
    "is_film": _answer_is_film,
    "segment": _answer_segment,
    "frames": _answer_frames,
    "sound": _answer_sound,
}


def _serve() -> None:
    """Answer requests until there are no more."""
    quiet()
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that asks decides
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with sharing():  # the next clip of a video goes on where the one before ended
        while True:
            try:
                what, arguments = pickle.load(requests)
            except EOFError:
                return
            try:
                value, arrays = _ANSWERS[what](*arguments)
            except AtomError as error:
                value, arrays = {"error": str(error)}, []
            kinds = [[array.dtype.str, *array.shape] for array in arrays]
            answers.write(json.dumps({"value": value, "arrays": kinds}).encode() + b"\n")
            for array in arrays:
                answers.write(np.ascontiguousarray(array).data)
            answers.flush()


if __name__ == "__main__":
    _serve()
