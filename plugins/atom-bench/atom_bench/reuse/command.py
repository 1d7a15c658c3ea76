"""``atom bench reuse``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures
from atom_bench.reuse.job import EXPERT_BF16, LOOK, PLAIN_WAYS, QUANTISED, WAYS, Done, Job, order, settings_values
from atom_core.kernels.processor import has_bf16

AGAINST = "d"
"""Ratios are of the other ways' seconds to this one's; to those with known features and to the quantised one's too."""
FEATURES_BYTES = 128 * 2**20
"""What `atom_core.encoder.feature_cache` keeps in memory of the features on disk."""


class ReuseBench:
    """Run the standard pipeline several ways, side by side."""

    summary = "The standard pipeline: reloaded models, one plain model, an expert's, Atom without and with reuse"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("paths", nargs="*", metavar="VIDEO", help="video files to use instead of rendered ones")
        parser.add_argument("--videos", type=arguments.count, default=4, metavar="N", help="videos to render (4)")
        parser.add_argument("--rounds", type=arguments.count, default=3, metavar="N", help="times each way runs (3)")
        parser.add_argument(
            "--ways", type=_ways, default=tuple(WAYS), metavar="LETTERS", help=f"which of {','.join(WAYS)} to run (all)"
        )
        arguments.add_model_arguments(parser)

    def run(self, context: atom.CommandContext) -> None:
        """Run the rounds; one result.

        :raises ModelError: if the model cannot be opened
        """
        about = figures.machine()
        settings = evolve(arguments.model_settings(context), segment="whole")
        if context.args.dimensions and settings.quantize in ("fit", "none", "auto"):
            settings = evolve(settings, quantize="int8")  # random weights have no quality that `auto` could keep
        with arguments.workplace() as folder:
            paths = [video.path for video in context.videos(context.args.paths)] if context.args.paths else []
            if context.args.paths and not paths:
                return
            paths = paths or arguments.make_videos(folder / "videos", context.args.videos)
            done = _Rounds(context, settings, [path.absolute() for path in paths], folder).run()
        if done:
            value = {"bench": "reuse", "machine": about, **result(done, settings, len(paths))}
            context.emit(value, text(value))
            if note := figures.busy_note(about):
                context.note(note)


class _Rounds:
    """All ways, round after round, each in a process of its own."""

    def __init__(self, context: atom.CommandContext, settings: atom.Settings, paths: list[Path], folder: Path) -> None:
        self._context, self._settings, self._folder = context, settings, folder
        self._paths = [str(path) for path in paths]
        self._known = folder / LOOK
        self._layouts: Sequence[Mapping[str, Any]] = ()

    def run(self) -> dict[str, list[Done]]:
        """What each way did; a way that fails is named and left out."""
        context = self._context
        self._known.mkdir()
        for way in _precisions(context.args.ways):
            self._layouts = self._child(LOOK, self._known, self._known, like=way)
        ways = [way for way in WAYS if way in context.args.ways]
        if EXPERT_BF16 in ways and not has_bf16():
            context.note(f"({EXPERT_BF16}) {WAYS[EXPERT_BF16]}: left out, this processor does not compute bfloat16")
            ways.remove(EXPERT_BF16)
        done: dict[str, list[Done]] = defaultdict(list)
        num_rounds = context.args.rounds
        with context.progress("Measuring", num_rounds * len(ways)) as progress:
            for number in range(1, num_rounds + 1):
                cache = arguments.fresh_cache(self._folder / f"cache-{number}", self._known)
                for way in order([way for way in ways if len(done[way]) == number - 1], number):
                    own = cache if way in "de" else arguments.fresh_cache(self._folder / f"{way}-{number}", self._known)
                    try:
                        done[way].append(self._child(way, own, self._folder / f"{way}-{number}.json"))
                    except atom.TaskError as error:
                        context.fail(f"({way}) {WAYS[way]}", error)
                    else:
                        context.note(f"round {number}: ({way}) {WAYS[way]}: {done[way][-1].seconds:.1f} s")
                    progress.advance()
        return {way: done[way] for way in ways if len(done[way]) == num_rounds}

    def _child(self, way: str, cache: Path, result_path: Path, like: str = "") -> Any:
        """
        :param like: the way whose precision is taken, if not its own
        """
        settings = evolve(
            self._settings,
            cache=cache,
            quantize=precision(like or way, self._settings),
            reuse=way not in PLAIN_WAYS and way != "c",
        )
        if way in PLAIN_WAYS:
            settings = evolve(settings, model=arguments.engine_and_model(settings.model)[1])
        job = Job(way=way, settings=settings_values(settings), videos=self._paths, layouts=self._layouts)
        job_path = self._folder / "job.json"
        job.write(job_path)
        result_path = result_path / "layouts.json" if way == LOOK else result_path
        command = [sys.executable, "-m", "atom_bench.reuse.child", str(job_path), str(result_path)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            said = finished.stderr.strip().splitlines() or [f"ended with code {finished.returncode}"]
            if way == LOOK:
                raise atom.ModelError(said[-1])
            raise atom.TaskError(f"could not be measured: {said[-1]}")
        if way == LOOK:
            return json.loads(result_path.read_text(encoding="utf-8"))
        return Done.read(result_path)


def _precisions(ways: Sequence[str]) -> list[str]:
    """A way for each precision in which Atom is measured with reuse; at least one."""
    quantised = [QUANTISED] if QUANTISED in ways else []
    return quantised + ([AGAINST] if not quantised or {AGAINST, "e"} & set(ways) else [])


def precision(way: str, settings: atom.Settings) -> str:
    """The recipe of a way."""
    if way == EXPERT_BF16:
        return "bf16"
    if way != QUANTISED:
        return "none"
    return "auto" if settings.quantize in ("fit", "none") else settings.quantize


def result(done: Mapping[str, Sequence[Done]], settings: atom.Settings, num_videos: int) -> dict[str, Any]:
    """The JSON value of all rounds."""
    from atom_bench.reuse.compare import compare

    reference = next(way for way in ("b", "a", "c", "d", "e", *done) if way in done)
    said = done[reference][0].said
    ways: dict[str, Any] = {}
    for way, rounds in done.items():
        worst = min((compare(one.said, said) for one in rounds), key=lambda found: (found.same, found.equal_texts))
        ways[way] = {
            "name": WAYS[way],
            "quantize": precision(way, settings),
            "seconds": figures.spread([one.seconds for one in rounds]),
            "stages_s": {
                name: figures.spread([one.stages[name] for one in rounds])["median"] for name in rounds[0].stages
            },
            "peak_bytes": max(one.peak_bytes for one in rounds),
            "loaded_bytes": max(one.loaded_bytes for one in rounds),
            "imported_bytes": max(one.imported_bytes for one in rounds),
            "tokens": rounds[0].tokens,
            "loads": rounds[0].loads,
            "encodes": rounds[0].encodes,
            "answers": worst.as_dict(),
            "ledger": rounds[-1].ledger,
        }
        if lanes := [lanes_of(one) for one in rounds if one.ledger]:
            ways[way]["lanes_s"] = lanes[-1]
            walls = [one.stages["work"] for one in rounds]
            ways[way]["wall_to_busiest_lane"] = figures.ratio(walls, [max(found.values()) for found in lanes])
    seconds = {way: [one.seconds for one in rounds] for way, rounds in done.items()}
    pairs = [(way, base) for base in (AGAINST, "e", QUANTISED) if base in done for way in done if way != base]
    return {
        "model": settings.model,
        "frames": settings.most_frames,
        "videos": num_videos,
        "memory": memory(done, settings),
        "reference": reference,
        "ways": ways,
        "ratios": {f"{way}/{base}": figures.ratio(seconds[way], seconds[base]) for way, base in pairs},
    }


def lanes_of(done: Done) -> dict[str, float]:
    """Seconds that each lane of a run with Atom worked, loading left out."""
    return {name: lane["seconds"] for name, lane in done.ledger["lanes"].items() if name != "load"}


def memory(done: Mapping[str, Sequence[Done]], settings: atom.Settings) -> dict[str, Any]:
    """What (d) may hold: what one loaded model at work takes in (b), and what Atom's caches may grow to."""
    budgets = {"prefixes": settings.prefix_cache_bytes, "features": FEATURES_BYTES}
    model, peak = (max((one.peak_bytes for one in done.get(way, ())), default=None) for way in ("b", AGAINST))
    if model is None or peak is None:
        return {"budgets_bytes": budgets}
    limit = model + sum(budgets.values())
    return {"model_bytes": model, "budgets_bytes": budgets, "limit_bytes": limit, "within": peak <= limit}


def text(value: Mapping[str, Any]) -> str:
    """The result for people."""
    ratios, rows = value["ratios"], []
    bases = [base for base in (AGAINST, QUANTISED) if base in value["ways"]]
    for way, found in value["ways"].items():
        answers = found["answers"]
        rows.append(
            [
                f"({way}) {found['name']}{'' if found['quantize'] == 'none' else ', ' + found['quantize']}",
                f"{found['seconds']['median']:.2f}",
                *(_times(ratios, way, base) for base in bases),
                f"{found['peak_bytes'] / 2**20:.0f}",
                str(found["loads"]),
                str(found["encodes"]),
                str(found["tokens"]),
                f"{lanes['median']:.2f}" if (lanes := found.get("wall_to_busiest_lane")) else "",
                "same" if answers["same"] else f"{answers['equal_texts']}/{answers['texts']} equal",
            ]
        )
    head = [
        "way",
        "seconds",
        *(f"times ({base})" for base in bases),
        "peak MiB",
        "loads",
        "encodes",
        "tokens",
        "wall/lane",
        "answers",
    ]
    title = f"{value['videos']} videos of {value['frames']} frames, model {Path(value['model']).name}, medians"
    said = (
        f"answers are compared with those of ({value['reference']}); wall/lane: time at work to the busiest lane's time"
    )
    if limit := value["memory"].get("limit_bytes"):
        said += f"; (d) may hold {limit / 2**20:.0f} MiB: one model at work, as in (b), and the cache budgets"
    return f"{title}\n{figures.table(head, rows)}\n{said}"


def _times(ratios: Mapping[str, Any], way: str, base: str) -> str:
    return "1.00" if way == base else f"{ratios[f'{way}/{base}']['median']:.2f}"


def _ways(listed: str) -> tuple[str, ...]:
    chosen = arguments.names(listed)
    for way in chosen:
        if way not in WAYS:
            raise argparse.ArgumentTypeError(f"there is no way {way!r}; use some of {','.join(WAYS)}")
    return chosen
