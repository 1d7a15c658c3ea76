"""``atom bench titles``: how well titles on moving footage are read, how often, and what that costs."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures


class TitlesBench:
    """Measure what is read of titles of known fonts, sizes and ways to move, on natural footage."""

    summary = "Titles on moving footage: characters read wrong, how often each is read, and what that costs"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--videos", type=arguments.count, default=2, metavar="N", help="videos (2)")
        parser.add_argument("--seconds", type=arguments.count, default=60, metavar="N", help="length of each (60)")
        parser.add_argument("--seed", type=arguments.seed, default=1, metavar="N", help="of the first video (1)")

    def run(self, context: atom.CommandContext) -> None:
        """Make videos, read them, and compare; one result.

        :raises SettingsError: if no plugin reads
        """
        from atom_bench.titles.measure import measured

        args = context.args
        with (
            arguments.workplace() as folder,
            atom.open_host(evolve(context.settings, cache=folder / "cache")) as host,
        ):
            if "read" not in host.tasks:
                raise atom.SettingsError("no plugin reads what is written; install atom-text")
            seeds = range(args.seed, args.seed + args.videos)
            found = measured(host, folder, seeds=seeds, seconds=args.seconds)
        value = {"bench": "titles", "machine": figures.machine(), **found}
        context.emit(value, text(value))


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    heads = ["", "titles", "characters wrong", "read once", "begin off by, s (median)"]
    rows = [_cells("all", value["all"])]
    for kind in ("by_size", "by_move", "by_font"):
        rows += [_cells(name, row) for name, row in value[kind].items()]
    costs = ", ".join(f"{cost:.1f}" for cost in value["processor_s_per_minute"])
    return (
        f"{figures.table(heads, rows)}\n\nread where nothing is: {value['read_where_nothing_is']}\n"
        f"processor seconds for a minute of each video, the first with loading: {costs}"
    )


def _cells(name: str, row: Mapping[str, float]) -> list[str]:
    error, once, off_s = f"{row['character_error']:.3f}", f"{row['read_once']:.2f}", f"{row['begin_off_s']:.2f}"
    return [name, f"{row['titles']:.0f}", error, once, off_s]
