"""``atom bench cuts``: cuts, dissolves and fades found in footage of known kinds, beside PySceneDetect's detectors."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any

import atom_core as atom
from atom_bench import arguments, figures

HELD_OUT_SEED = 2000
"""First of the seeds that reports are made with; thresholds are set on footage of smaller ones."""


class CutsBench:
    """Measure where shots are told apart, and what that costs."""

    summary = "Precision and recall of cuts, dissolves and fades by kind of footage, and what finding them costs"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--kinds", type=arguments.names, metavar="NAMES", help="kinds whose name holds one of these"
        )
        parser.add_argument("--shots", type=arguments.count, default=12, metavar="N", help="shots in each film (12)")
        parser.add_argument("--films", type=arguments.count, default=2, metavar="N", help="films of each kind (2)")
        parser.add_argument(
            "--seed",
            type=arguments.seed,
            default=HELD_OUT_SEED,
            metavar="N",
            help=f"of the first film ({HELD_OUT_SEED})",
        )

    def run(self, context: atom.CommandContext) -> None:
        """Make footage, look for cuts in it, and compare; one result."""
        from atom_bench.cuts import measure as measuring
        from atom_bench.cuts.kinds import KINDS

        about, args = figures.machine(), context.args
        wanted = [kind for kind in KINDS if not args.kinds or any(name in kind.name for name in args.kinds)]
        if not wanted:
            raise atom.SettingsError(
                f"no kind's name holds any of {', '.join(args.kinds)}; leave --kinds out to see all"
            )
        kinds = [kind for kind in wanted if not kind.missing]
        missing = {kind.missing for kind in wanted if kind.missing}
        detectors = {"atom": partial(measuring.atom_cuts, settings=context.settings)} | measuring.others()
        with arguments.workplace() as folder, context.progress("Looking for cuts", len(kinds) + 1) as progress:
            found = {}
            for kind in kinds:
                seeds = range(args.seed, args.seed + args.films)
                found[kind.name] = measuring.measure(kind, detectors, folder, seeds=seeds, num_shots=args.shots)
                progress.advance()
            cost = measuring.decoding_cost(folder, context.settings)
            progress.advance()
        value = {"bench": "cuts", "machine": about, "kinds": found, "cost": cost}
        context.emit(value, text(value))
        if len(detectors) == 1:
            context.note("PySceneDetect is not compared: install scenedetect")
        if missing:
            context.note(f"some kinds are left out; they need {', '.join(sorted(filter(None, missing)))}")


def text(value: Mapping[str, Any]) -> str:
    """The figures for people: precision and recall, percent."""
    names = list(next(iter(value["kinds"].values()))["detectors"])
    rows = []
    for kind, found in value["kinds"].items():
        cells = [f"{100 * found['detectors'][n][key]:.0f}" for n in names for key in ("precision", "recall")]
        rows.append([kind, str(found["true"]), *cells])
    head = ["kind of footage", "cuts", *(part for name in names for part in (f"{name} P", "R"))]
    ratio = value["cost"]["ratio"]["median"]
    took = f"Finding cuts takes {ratio:.2f} times as long as decoding all of a full HD video (processor time)."
    return f"{figures.table(head, rows)}\n\n{took}"
