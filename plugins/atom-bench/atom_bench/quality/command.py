"""``atom bench quality``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures
from atom_core.files.outputs import Outputs

if TYPE_CHECKING:
    from atom_bench.quality.collect import Results
    from atom_bench.quality.labels import Labels
    from atom_bench.quality.measures import Judged

AS_SET = "as set"
SEED = 9001
RESULTS: dict[str, tuple[str, ...]] = {"quality.json": ("bench", "settings", "details"), "quality.html": ()}
"""The files of results, and by what keys those are Atom's that are JSON."""


class QualityBench:
    """Evaluate a model on a labelled folder, or two settings on the same clips."""

    summary = "Captions, answers, search and films against labels; two settings paired; a page with the worst mistakes"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("folder", metavar="FOLDER", help="labelled folder, see the README of atom-bench")
        parser.add_argument(
            "--compare", metavar="NAME=VALUE", help="evaluate again with this setting, for example quantize=int8"
        )
        parser.add_argument("--questions", type=arguments.count, metavar="N", help="questions at most (all)")
        parser.add_argument("-o", "--output", metavar="DIR", help="where quality.json and quality.html go (FOLDER)")
        parser.add_argument("--overwrite", action="store_true", help="replace files that Atom did not write")
        parser.add_argument(
            "--render", type=arguments.count, metavar="N", help="make FOLDER first, with N videos of atom-tiny's world"
        )
        parser.add_argument(
            "--seed", type=arguments.seed, default=SEED, metavar="N", help=f"of what --render makes ({SEED})"
        )

    def run(self, context: atom.CommandContext) -> None:
        """Evaluate; one result.

        :raises MediaError: if the folder has no labels or cannot be written to
        :raises SettingsError: if the setting to compare does not fit, or a result would replace another file
        """
        from atom_bench.quality.collect import as_set, collect
        from atom_bench.quality.labels import read_labels
        from atom_bench.quality.measures import judge

        args = context.args
        folder = Path(args.folder)
        if args.render and not (folder / "labels.jsonl").is_file():
            render(folder, args.render, args.seed)
        labels = read_labels(folder)
        labels = labels.with_questions(args.questions) if args.questions else labels
        settings = {AS_SET: evolve(context.settings, keep_going=True)}
        if args.compare:
            settings[args.compare] = as_set(settings[AS_SET], args.compare)
        output = Path(args.output) if args.output else folder
        outputs = Outputs(context.settings.cache)
        if not args.overwrite:
            check_places(output, outputs)
        runs: dict[str, tuple[Results, Judged]] = {}
        with context.progress("Asking", len(settings) * (len(labels.shots) + len(labels.films))) as progress:
            for name, own in settings.items():
                results = collect(own, labels, fail=context.fail, step=progress.advance)
                runs[name] = (results, judge(labels, results))
        value = result(labels, runs, context.settings)
        write(output, value, labels, runs, context.settings, overwrite=args.overwrite)
        context.emit(value, text(value, output))


def check_places(folder: Path, outputs: Outputs) -> None:
    """
    :raises SettingsError: if a result would replace a file that Atom did not write
    """
    try:
        for name, keys in RESULTS.items():
            outputs.check(folder / name, keys=keys)
    except OSError as error:
        said = f"'{error.filename}': {error.strerror}; choose another folder with -o DIR, or say --overwrite"
        raise atom.SettingsError(said) from None


def render(folder: Path, num_videos: int, seed: int) -> None:
    """Make a labelled folder of atom-tiny's world.

    :raises MediaError: if atom-tiny is not installed, or the folder cannot be written
    """
    if find_spec("atom_tiny") is None:
        raise atom.MediaError("--render needs atom-tiny, whose world it renders; install it, or name a labelled folder")
    try:
        num_films, num_comparisons = min(150, num_videos // 3), min(200, num_videos)
        import_module("atom_tiny.labels").write_folder(
            folder, videos=num_videos, seed=seed, num_films=num_films, num_comparisons=num_comparisons
        )
    except OSError as error:
        raise atom.MediaError(
            f"{folder} cannot be written: {error.strerror}; name another folder", path=folder
        ) from None


def result(labels: Labels, runs: Mapping[str, tuple[Results, Judged]], settings: atom.Settings) -> dict[str, Any]:
    """The JSON value."""
    from atom_bench.quality.bootstrap import DRAWS, difference, summaries
    from atom_bench.quality.cider import TOKENIZER

    value: dict[str, Any] = {
        "bench": "quality",
        "machine": figures.machine(),
        "model": next(iter(runs.values()))[0].model,
        "folder": str(labels.folder),
        "frames": settings.most_frames,
        "shots": len(labels.shots),
        "questions": len(labels.questions),
        "tokenizer": TOKENIZER,
        "draws": DRAWS,
        "settings": {
            name: {
                "model": results.model,
                "median_rank": judged.median_rank,
                "figures": summaries(judged.measures),
                "ledger": results.ledger,
            }
            for name, (results, judged) in runs.items()
        },
    }
    if len(runs) > 1:
        first, second = (judged.measures for _, judged in runs.values())
        value["differences"] = {name: difference(first[name], second[name]) for name in first if name in second}
    return value


def write(
    folder: Path,
    value: Mapping[str, object],
    labels: Labels,
    runs: Mapping[str, tuple[Results, Judged]],
    settings: atom.Settings,
    *,
    overwrite: bool = False,
) -> None:
    """Write ``quality.json``, with every single answer, and ``quality.html``.

    :param overwrite: whether they may replace files that Atom did not write
    :raises MediaError: if they cannot be written
    """
    from atom_bench.quality.page import page, shown_places, strips_of

    results, judged = list(runs.values())[-1]
    strips = strips_of(settings, labels, shown_places(labels, results, judged))
    details = {name: _details(labels, *run) for name, run in runs.items()}
    whole = json.dumps({**value, "details": details}, indent=1) + "\n"
    texts = {"quality.json": whole, "quality.html": page(value, labels, runs, strips)}
    outputs = Outputs(settings.cache)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in texts.items():
            outputs.write(folder / name, content, keys=RESULTS[name], overwrite=overwrite)
    except OSError as error:
        raise atom.MediaError(
            f"{folder} cannot be written: {error.strerror}; choose another folder with -o DIR",
            path=folder,
        ) from None


def _details(labels: Labels, results: Results, judged: Judged) -> dict[str, object]:
    return {
        "captions": [
            {
                "video": shot.place[0],
                "shot": shot.place[1],
                "said": reply.text,
                "true": shot.captions[0],
                "cider_d": score,
            }
            for shot, reply, score in zip(labels.shots, results.captions, judged.cider, strict=True)
        ],
        "answers": [
            {
                "video": asked.place[0],
                "shot": asked.place[1],
                "type": asked.kind,
                "question": asked.text,
                "said": reply.text,
                "true": asked.answer,
                "confidence": reply.confidence,
                "right": right,
            }
            for asked, reply, right in zip(labels.questions, results.answers, judged.right, strict=True)
        ],
        "ranks": [rank + 1 for rank in judged.ranks],
        "films": [{"script": list(film.script), "order": list(film.order)} for film in results.films],
    }


def text(value: Mapping[str, Any], output: Path) -> str:
    """The figures for people."""
    names = list(value["settings"])
    compared = value.get("differences") or {}
    rows = []
    for key, figure in value["settings"][names[0]]["figures"].items():
        row = [figure["title"]]
        for name in names:
            one = value["settings"][name]["figures"][key]
            row.append(f"{one['value']:.1f} ({one['low']:.1f} to {one['high']:.1f})")
        if compared:
            one = compared[key]
            row.append(f"{one['difference']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})")
        rows.append([*row, str(figure["items"])])
    head = [value["model"], *names, *(["difference"] if compared else []), "items"]
    ranks = ", ".join(f"{one['median_rank']:g}" for one in value["settings"].values())
    table = figures.table(head, rows)
    return f"{table}\nmedian rank {ranks}; intervals are 95 percent\n{output / 'quality.html'}"
