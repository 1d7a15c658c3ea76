"""The labelled-folder format: videos beside JSON-lines files that say what is true of them.

`labels.jsonl` has one object per video:

    {"video": "0003.mp4", "split": "train|unseen|any", "width": 320, "height": 180, "fps": 25.0, "duration_s": 5.2,
     "shots": [{"start_s": 0.0, "end_s": 2.4, "caption": "...", "captions": ["...", ...], "changed": ["...", ...],
                "relation": "alone|while|then", "background": "navy",
                "objects": [{"colour": "red", "shape": "star", "size": "small", "action": "left"}]}],
     "questions": [{"shot": 0, "type": "motion", "question": "...", "answer": "...", "spans_s": [[0.0, 1.2]]}],
     "summary": "one sentence over all shots"}

`caption` is the canonical one and also the first of `captions`; `changed` are captions that differ in one motion and
are false. A question belongs to one shot and is asked about that shot alone; the answer to what is not there is
`not shown`.

`films.jsonl` has requests; `order` holds positions in `pool`:

    {"request": "...", "script": ["...", ...], "words": ["...", ...], "pool": [["0003.mp4", 0], ...], "order": [4, 0]}

`comparisons.jsonl` has questions about two clips:

    {"first": ["0003.mp4", 0], "second": ["0007.mp4", 0], "question": "...", "answer": "..."}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from atom_tiny import films, language, mp4, questions
from atom_tiny.words import BACKGROUNDS
from atom_tiny.world import ASPECTS, Clip, sample_clip

Place = list[Any]
"""A video's name and the number of a shot in it."""


def shot_label(clip: Clip, span: tuple[float, float], rng: np.random.Generator) -> dict[str, object]:
    """What is true of one shot."""
    objects = [{"colour": t.colour, "shape": t.shape, "size": t.size, "action": t.action} for t in clip.things]
    changed = [language.caption(language.change_one(clip, rng, what="action")) for _ in range(2)]
    return {
        "start_s": span[0],
        "end_s": span[1],
        "caption": language.caption(clip),
        "captions": language.references(clip),
        "changed": changed,
        "relation": clip.relation,
        "background": clip.background,
        "objects": objects,
    }


def question_labels(
    clip: Clip, shot: int, span: tuple[float, float], rng: np.random.Generator
) -> list[dict[str, object]]:
    """One question of every type that fits, its spans in seconds of the video."""
    length = span[1] - span[0]
    return [
        {
            "shot": shot,
            "type": q.kind,
            "question": q.text,
            "answer": q.answer,
            "spans_s": [[span[0] + a * length, span[0] + b * length] for a, b in q.spans],
        }
        for q in questions.ask(clip, rng)
    ]


def shots_for_video(
    rng: np.random.Generator,
    count: int,
    fps: float,
    *,
    split: str,
    seconds: tuple[float, float],
    objects: int | None = None,
) -> list[mp4.Shot]:
    """Shots of one aspect; neighbours differ in background, so that every cut is one."""
    aspect = ASPECTS[int(rng.integers(len(ASPECTS)))]
    shots: list[mp4.Shot] = []
    for _ in range(count):
        taken = shots[-1].clip.background if shots else None
        background = str(rng.choice([b for b in BACKGROUNDS if b != taken]))
        clip = sample_clip(rng, split=split, aspect=aspect, background=background, count=objects)
        shots.append(mp4.Shot(clip=clip, num_frames=max(16, round(rng.uniform(*seconds) * fps))))
    return shots


def write_video(
    path: Path, shots: list[mp4.Shot], form: mp4.Format, rng: np.random.Generator, *, split: str
) -> dict[str, object]:
    """Render a video and return its label."""
    mp4.write(path, shots, form, rng)
    spans = mp4.spans_s(shots, form.fps)
    asked = [question_labels(s.clip, i, span, rng) for i, (s, span) in enumerate(zip(shots, spans, strict=True))]
    return {
        "video": path.name,
        "split": split,
        "width": form.width,
        "height": form.height,
        "fps": float(form.fps),
        "duration_s": spans[-1][1],
        "shots": [shot_label(s.clip, span, rng) for s, span in zip(shots, spans, strict=True)],
        "questions": [q for part in asked for q in part],
        "summary": films.summary([s.clip for s in shots]),
    }


def film_label(places: list[tuple[Place, Clip]], rng: np.random.Generator, *, pool: int) -> dict[str, object] | None:
    """A request over a pool of shots, or None where captions in the pool are not distinct.

    Requests are for single objects, now and then for two at once; the pool holds everything.
    """
    chosen = [places[i] for i in rng.permutation(len(places))[:pool]]
    paired = [clip.relation == "while" and len(clip.things) == 2 and rng.random() < 0.2 for _, clip in chosen]
    usable = [i for i, (_, clip) in enumerate(chosen) if len(clip.things) == 1 or paired[i]]
    wanted = [int(usable[i]) for i in rng.permutation(len(usable))[: int(rng.integers(3, 6))]]
    if len({language.caption(clip) for _, clip in chosen}) < pool or len(wanted) < 3:
        return None
    request = films.request([chosen[i][1] for i in wanted], rng)
    return {
        "request": request.text,
        "script": list(request.shots),
        "words": list(request.words),
        "pool": [p for p, _ in chosen],
        "order": wanted,
    }


def write_folder(
    folder: Path,
    *,
    videos: int,
    seed: int,
    split: str = "train",
    num_films: int = 0,
    num_comparisons: int = 0,
    max_shots: int = 1,
    seconds: tuple[float, float] = (1.6, 3.2),
    sound: bool = False,
) -> None:
    """Render a labelled folder. `split="train"` still means new clips; only its combinations occur in training."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, 4242])
    places: list[tuple[Place, Clip]] = []
    with (folder / "labels.jsonl").open("w") as file:
        for number in range(videos):
            form = mp4.random_format((4, 3), rng, sound=sound)
            shots = shots_for_video(
                rng, int(rng.integers(1, max_shots + 1)), float(form.fps), split=split, seconds=seconds
            )
            form = mp4.random_format(shots[0].clip.aspect, rng, sound=sound)
            path = folder / f"{number:04d}.mp4"
            label = write_video(path, shots, form, rng, split=split)
            file.write(json.dumps(label) + "\n")
            places += [([path.name, i], shot.clip) for i, shot in enumerate(shots)]
    found = (film_label(places, rng, pool=int(rng.integers(8, 13))) for _ in range(4 * num_films))
    _lines(folder / "films.jsonl", [f for f in found if f is not None][:num_films])
    pairs = [[places[int(i)] for i in rng.integers(len(places), size=2)] for _ in range(num_comparisons)]
    asked = [(a, b, films.compare(a[1], b[1], rng)) for a, b in pairs]
    _lines(
        folder / "comparisons.jsonl",
        [{"first": a[0], "second": b[0], "question": q.text, "answer": q.answer} for a, b, q in asked],
    )


def _lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def read(folder: Path, name: str = "labels") -> list[dict[str, Any]]:
    """The rows of `labels.jsonl`, `films.jsonl` or `comparisons.jsonl`."""
    path = folder / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
