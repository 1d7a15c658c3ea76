"""Figures of a checkpoint on a labelled folder of MP4 files: `python -m atom_tiny_training.evaluate --help`."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from atom_bench.quality.cider import cider_d, words
from atom_tiny import labels, mp4, prompts
from atom_tiny.words import ACTIONS

from atom_tiny_training.answering import Answerer

Row = dict[str, Any]


def shots_of(folder: Path) -> list[tuple[Row, Row, int]]:
    """Every shot as (video, shot, number)."""
    return [(video, shot, i) for video in labels.read(folder) for i, shot in enumerate(video["shots"])]


def caption_figures(answers: list[str], shots: list[Row]) -> dict[str, float]:
    """Captions against the objects and the references; singles apart."""
    nouns, motions, exact, single = [], [], [], []
    for answer, shot in zip(answers, shots, strict=True):
        text = f" {' '.join(words(answer))} "
        objects = shot["objects"]
        named = [f" {o['colour']} {o['shape']} " in text for o in objects]
        moved = [f" {o['colour']} {o['shape']} {ACTIONS[o['action']][0]} " in text for o in objects]
        nouns.append(all(named))
        motions.append(all(moved))
        exact.append(answer == shot["caption"])
        single.append(len(objects) == 1)
    alone = np.array(single)
    return {
        "caption_objects": float(np.mean(nouns)),
        "caption_objects_and_motion": float(np.mean(motions)),
        "caption_exact": float(np.mean(exact)),
        "cider_d": float(np.mean(cider_d(answers, [s["captions"] for s in shots]))),
        "single_caption_objects": float(np.array(nouns)[alone].mean()),
        "single_caption_objects_and_motion": float(np.array(motions)[alone].mean()),
    }


def question_figures(answerer: Answerer, shots: list[tuple[Row, Row, int]], features: list[Any]) -> dict[str, Any]:
    """Accuracy per question type; `absent` is what is told to be not shown."""
    asked, clips, truth = [], [], []
    for (video, _, number), feature in zip(shots, features, strict=True):
        for q in video["questions"]:
            if q["shot"] == number:
                asked.append(q["question"])
                clips.append([feature])
                truth.append(q)
    answers = answerer.generate(asked, clips, max_new_tokens=16)
    right: dict[str, list[bool]] = defaultdict(list)
    for answer, q in zip(answers, truth, strict=True):
        right[q["type"]].append(answer == q["answer"])
    accuracy = {kind: float(np.mean(r)) for kind, r in sorted(right.items())}
    return {
        "num_questions": len(truth),
        "questions_mean": float(np.mean(list(accuracy.values()))),
        "questions_worst": min(accuracy.values()),
        "questions": accuracy,
    }


def retrieval_figures(answerer: Answerer, shots: list[Row], features: list[Any]) -> tuple[dict[str, float], np.ndarray]:
    """Text to video among clips with distinct captions, and against captions with one motion changed."""
    vectors = answerer.embed([prompts.EMBED] * len(features), [[f] for f in features])
    first: dict[str, int] = {}
    for i, shot in enumerate(shots):
        first.setdefault(shot["caption"], i)
    keep = np.array(list(first.values()))
    texts = answerer.embed([prompts.embed_text(shots[i]["caption"]) for i in keep])
    scores = texts @ vectors[keep].T
    ranks = (scores > np.diag(scores)[:, None]).sum(1)
    changed = answerer.embed([prompts.embed_text(shots[i]["changed"][0]) for i in keep])
    own, other = (texts * vectors[keep]).sum(1), (changed * vectors[keep]).sum(1)
    return {
        "retrieval_pool": len(keep),
        "recall_at_1": float((ranks == 0).mean()),
        "recall_at_5": float((ranks < 5).mean()),
        "beats_changed_motion": float((own > other).mean()),
    }, vectors


def film_figures(
    answerer: Answerer, folder: Path, shots: list[tuple[Row, Row, int]], vectors: np.ndarray
) -> dict[str, float]:
    """Scripts from requests, and shots chosen by matching each script line to the pool by vectors."""
    rows = labels.read(folder, "films")
    if not rows:
        return {}
    place = {(video["video"], number): i for i, (video, _, number) in enumerate(shots)}
    scripts = answerer.generate([prompts.SCRIPT + r["request"] for r in rows], max_new_tokens=96)
    exact = [script == "\n".join(r["script"]) for script, r in zip(scripts, rows, strict=True)]
    ordered = []
    for script, row in zip(scripts, rows, strict=True):
        pool = vectors[[place[p[0], p[1]] for p in row["pool"]]]
        lines = answerer.embed([prompts.embed_text(line) for line in script.split("\n")])
        ordered.append((lines @ pool.T).argmax(1).tolist() == row["order"])
    return {
        "num_films": len(rows),
        "script_exact": float(np.mean(exact)),
        "assembly_order_exact": float(np.mean(ordered)),
    }


def pair_figures(
    answerer: Answerer, folder: Path, shots: list[tuple[Row, Row, int]], features: list[Any]
) -> dict[str, float]:
    """Comparisons of two clips."""
    rows = labels.read(folder, "comparisons")
    if not rows:
        return {}
    place = {(video["video"], number): i for i, (video, _, number) in enumerate(shots)}
    clips = [[features[place[tuple(r[k])]] for k in ("first", "second")] for r in rows]
    answers = answerer.generate([r["question"] for r in rows], clips, max_new_tokens=4)
    return {
        "num_comparisons": len(rows),
        "comparison": float(np.mean([a == r["answer"] for a, r in zip(answers, rows, strict=True)])),
    }


def summary_figures(answerer: Answerer, shots: list[Row], *, count: int = 100) -> dict[str, float]:
    """Summaries of two to four captions, exact."""
    rng = np.random.default_rng(3)
    picked = [
        [shots[int(i)]["caption"] for i in rng.integers(len(shots), size=int(rng.integers(2, 5)))] for _ in range(count)
    ]
    answers = answerer.generate([prompts.SUMMARY + prompts.numbered(p) for p in picked], max_new_tokens=96)
    return {"summary_exact": float(np.mean([a == summary_of(p) for a, p in zip(answers, picked, strict=True)]))}


def summary_of(captions: list[str]) -> str:
    """The reference summary of captions."""
    middle = "".join(f", then {part}" for part in captions[1:-1])
    return f"first {captions[0]}{middle}, and finally {captions[-1]}"


def evaluate(checkpoint: Path, folder: Path, *, examples: int = 0) -> dict[str, Any]:
    """All figures of `checkpoint` on `folder`."""
    answerer, shots = Answerer(checkpoint), shots_of(folder)
    pictures = [mp4.read_frames(folder / video["video"], shot["start_s"], shot["end_s"]) for video, shot, _ in shots]
    features = answerer.features(pictures)
    only = [shot for _, shot, _ in shots]
    captions = answerer.generate([prompts.CAPTION] * len(shots), [[f] for f in features])
    found: dict[str, Any] = {"num_clips": len(shots)} | caption_figures(captions, only)
    found |= question_figures(answerer, shots, features)
    retrieval, vectors = retrieval_figures(answerer, only, features)
    found |= (
        retrieval | film_figures(answerer, folder, shots, vectors) | pair_figures(answerer, folder, shots, features)
    )
    found |= summary_figures(answerer, only)
    wrong = [(s["caption"], c) for s, c in zip(only, captions, strict=True) if s["caption"] != c]
    found["wrong_captions"] = wrong[:examples]
    return found


def main() -> None:
    """Render the folder if it is not there, evaluate, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--render", type=int, metavar="VIDEOS", help="render so many one-shot videos into FOLDER first")
    parser.add_argument("--split", default="train", choices=["train", "unseen", "any"])
    parser.add_argument("--seed", type=int, default=9001)
    parser.add_argument("--examples", type=int, default=0)
    args = parser.parse_args()
    if args.render and not (args.folder / "films.jsonl").exists():
        labels.write_folder(
            args.folder, videos=args.render, seed=args.seed, split=args.split, num_films=150, num_comparisons=200
        )
    found = evaluate(args.checkpoint, args.folder, examples=args.examples)
    print(json.dumps(found, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
