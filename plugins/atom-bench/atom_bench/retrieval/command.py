"""The subcommand."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures
from atom_bench.retrieval.measure import fill, forms, judged, searched
from atom_bench.retrieval.pairs import FOREIGN, HELD_OUT, HELD_OUT_ABSENT, SHORT, SHORT_ABSENT, read_absent, read_pairs


class RetrievalBench:
    """Measure searches: which captions they find, by channel and kind, and whether it is said that nothing fits."""

    summary = "Which captions searches find, by channel and kind of search, and where it is said that nothing fits"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--pairs", type=Path, metavar="FILE", help="pairs of your own: kind, caption and search")
        parser.add_argument("--absent", type=Path, metavar="FILE", help="searches of your own that nothing fits")
        said = "a second set, which nothing was tuned on, with searches in German and French"
        parser.add_argument("--held-out", action="store_true", help=said)
        parser.add_argument("--short", action="store_true", help="a third set, of searches of a few words")
        parser.add_argument("--foreign", action="store_true", help="searches in German and French, too")
        parser.add_argument("--forms", action="store_true", help="the decoder's own vectors, in each of their forms")
        said = "how many of the best the decoder orders anew, by its odds of yes and by likelihood (0: none)"
        parser.add_argument("--judge", type=int, default=0, metavar="N", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """Fill a library with the captions and search it; one result."""
        args = context.args
        own, nothing = (HELD_OUT, HELD_OUT_ABSENT) if args.held_out else (None, None)
        own, nothing = (SHORT, SHORT_ABSENT) if args.short else (own, nothing)
        foreign = args.foreign or args.held_out
        pairs = [pair for pair in read_pairs(args.pairs or own) if foreign or pair.kind not in FOREIGN]
        absent = read_absent(args.absent or nothing)
        value: dict[str, Any] = {"bench": "retrieval", "machine": figures.machine(), "pairs": len(pairs)}
        with (
            arguments.workplace() as folder,
            atom.open_host(evolve(context.settings, library=folder / "library")) as host,
        ):
            context.note(f"filling a library with {len(pairs)} captions")
            fill(host, [pair.caption for pair in pairs])
            value |= searched(host, pairs, absent)
            if args.forms:
                value["forms"] = forms(host, pairs)
            if args.judge > 0:
                value["judge"] = judged(host, pairs, args.judge)
        context.emit(value, text(value))


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    parts = [_table(value["channels"], "channel")]
    said = value["nothing_fits"]
    parts.append(
        f"nothing fits: said of {100 * said['said']:.0f} % of {said['absent']} searches that nothing fits,"
        f" and of {100 * said['good_refused']:.1f} % of the others; surely, of {100 * said['ruled_out']:.0f} % and"
        f" {100 * said['good_ruled_out']:.1f} %"
    )
    if "forms" in value:
        parts.append(_table(value["forms"], "decoder.embed"))
    if "judge" in value:
        parts.append(_table(value["judge"], "judge"))
    return "\n\n".join(parts)


def _table(found: Mapping[str, Mapping[str, Mapping[str, float]]], head: str) -> str:
    kinds = list(next(iter(found.values())))
    cuts = list(next(iter(found.values()))["all"])
    rows: list[Sequence[str]] = [
        [name, *(" / ".join(f"{kind_values[kind][cut]:.3f}" for cut in cuts) for kind in kinds)]
        for name, kind_values in found.items()
    ]
    return figures.table([head, *(f"{kind} ({', '.join(cuts)})" if kind == "all" else kind for kind in kinds)], rows)
