"""A clip encoded with and without the frames that repeat: the work of ``atom bench repeats``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen

import atom_core as atom

QUESTIONS = ("Describe this clip in one sentence.", "What colour is it?", "What happens first?", "How many are there?")


@frozen(kw_only=True)
class Seen:
    """A clip as it was encoded one way."""

    features: atom.Features
    """Rows for every frame."""
    seconds: float
    """Processor time of reading, preparing and encoding."""
    answers: tuple[str, ...]
    """To `QUESTIONS`."""


def look(host: atom.Host, paths: Mapping[str, Path]) -> dict[str, Seen]:
    """Encode each film once, and ask about it."""
    clips = {name: atom.Clip.whole(host.video(path)) for name, path in paths.items()}
    host.encoder.encode(next(iter(clips.values())))  # the first call packs the weights
    found = {}
    for name, clip in clips.items():
        start = time.process_time()
        features = host.encoder.encode(clip)
        seconds = time.process_time() - start
        answers = host.decoder.generate_many([(features, asked) for asked in QUESTIONS], max_new_tokens=16)
        found[name] = Seen(features=features, seconds=seconds, answers=tuple(map(str, answers)))
    return found


def compared(seen: Seen, other: Seen) -> dict[str, object]:
    """What was spared against `other`, of which every frame was encoded, and how far features and answers differ."""
    frames, others = (found.features.array().reshape(len(found.features.timestamps_s), -1) for found in (seen, other))
    products = (frames * others).sum(1) / (np.linalg.norm(frames, axis=1) * np.linalg.norm(others, axis=1))
    return {
        "encoded": seen.features.num_encoded,
        "frames": len(seen.features.timestamps_s),
        "seconds": round(seen.seconds, 4),
        "ratio": round(seen.seconds / other.seconds, 4),
        "cosine_mean": float(products.mean()),
        "cosine_least": float(products.min()),
        "same_answers": sum(a == b for a, b in zip(seen.answers, other.answers, strict=True)),
        "answers": len(QUESTIONS),
    }
