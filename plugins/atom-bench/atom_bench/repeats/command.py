"""``atom bench repeats``: what it spares not to encode frames that repeat the last encoded one, and what it costs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures

OFF = "off"
"""The way in which every frame is encoded."""


class RepeatsBench:
    """Measure frames that are not encoded since they repeat another."""

    summary = "Encoder seconds spared by frames that repeat, by footage and bound; what features and answers lose"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--kinds", type=arguments.names, metavar="NAMES", help="kinds whose name holds one of these"
        )
        parser.add_argument(
            "--bounds", type=bounds_of, default=(0.0, 1.0, 2.0, 4.0), metavar="LEVELS", help="bounds (0,1,2,4)"
        )
        arguments.add_model_arguments(parser)

    def run(self, context: atom.CommandContext) -> None:
        """Encode the same clips with each bound, and with every frame encoded; one result."""
        from atom_bench.repeats.footage import films
        from atom_bench.repeats.measure import compared, look

        about, args = figures.machine(), context.args
        base = evolve(arguments.model_settings(context), reuse=False, segment="whole")
        ways = {OFF: evolve(base, dedup=False)}
        ways |= {f"{bound:g}": evolve(base, dedup=True, dedup_bound=bound) for bound in args.bounds}
        plugins, seen = context.host().plugins, {}
        with arguments.workplace() as folder, context.progress("Encoding", len(ways)) as progress:
            paths = films(folder, args.kinds)
            for way, settings in ways.items():
                with atom.open_host(evolve(settings, cache=folder / "cache" / way), plugins=plugins) as host:
                    seen[way] = look(host, paths)
                progress.advance()
        value = {"bench": "repeats", "machine": about, "model": base.model, "frames": base.most_frames}
        value["kinds"] = {
            name: {way: compared(found[name], seen[OFF][name]) for way, found in seen.items()} for name in paths
        }
        context.emit(value, text(value))
        if note := figures.busy_note(about):
            context.note(note)


def bounds_of(text: str) -> tuple[float, ...]:
    """Bounds joined by commas, for argparse."""
    try:
        found = tuple(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or not all(0 <= bound <= 255 for bound in found):
        raise argparse.ArgumentTypeError(f"expected numbers from 0 to 255, joined by commas, got {text!r}")
    return found


def text(value: Mapping[str, Any]) -> str:
    """The figures for people; a cell for each bound."""
    kinds = value["kinds"]
    ways = [way for way in next(iter(kinds.values())) if way != OFF]
    rows = []
    for name, found in kinds.items():
        cells = [
            f"{at['encoded']} {at['ratio']:.2f} {at['cosine_least']:.4f} {at['same_answers']}/{at['answers']}"
            for at in (found[way] for way in ways)
        ]
        rows.append([name, f"{found[OFF]['encoded']} in {found[OFF]['seconds']:.2f} s", *cells])
    head = ["kind of footage", "all frames", *(f"bound {way}" for way in ways)]
    told = (
        "Cells: frames encoded, processor time against encoding all, least cosine of a frame's features, answers that"
        " are the same."
    )
    return f"{figures.table(head, rows)}\n\n{told}"
