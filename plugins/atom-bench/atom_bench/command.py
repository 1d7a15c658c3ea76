"""``atom bench``: one subcommand for each thing that is measured."""

from __future__ import annotations

import argparse
import copy
from typing import Protocol

import atom_core as atom
from atom_bench.channels.command import ChannelsBench
from atom_bench.cuts.command import CutsBench
from atom_bench.decoder import DecoderBench
from atom_bench.encoder import EncoderBench
from atom_bench.films.command import FilmsBench
from atom_bench.peers.command import PeersBench
from atom_bench.quality.command import QualityBench
from atom_bench.questions.command import QuestionsBench
from atom_bench.repeats.command import RepeatsBench
from atom_bench.retrieval.command import RetrievalBench
from atom_bench.reuse.command import ReuseBench
from atom_bench.search import SearchBench
from atom_bench.start import StartBench
from atom_bench.titles.command import TitlesBench


class Bench(Protocol):
    """One subcommand."""

    summary: str
    """One line for the help."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments that the common ones lack."""

    def run(self, context: atom.CommandContext) -> None:
        """Measure, and emit one result."""


BENCHES: dict[str, type[Bench]] = {
    "reuse": ReuseBench,
    "encoder": EncoderBench,
    "repeats": RepeatsBench,
    "decoder": DecoderBench,
    "peers": PeersBench,
    "search": SearchBench,
    "retrieval": RetrievalBench,
    "start": StartBench,
    "quality": QualityBench,
    "questions": QuestionsBench,
    "cuts": CutsBench,
    "films": FilmsBench,
    "titles": TitlesBench,
    "channels": ChannelsBench,
}
"""The subcommands by name."""


class BenchCommand:
    """Measure one thing; figures that are to be compared come from one run, side by side."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the subcommands; each takes the common options too."""
        names = parser.add_subparsers(dest="bench", required=True, metavar="WHAT", title="what to measure")
        for name, kind in BENCHES.items():
            summary = kind.summary
            sub = names.add_parser(name, help=summary, description=summary, allow_abbrev=False)
            kind().add_arguments(sub)
            _share_options(parser, sub)

    def run(self, context: atom.CommandContext) -> None:
        """Run the chosen subcommand."""
        BENCHES[context.args.bench]().run(context)


def _share_options(parser: argparse.ArgumentParser, sub: argparse.ArgumentParser) -> None:
    """Let the options of `parser` stand after the subcommand as well; what is not given there changes nothing."""
    for group in parser._action_groups:
        shared = [a for a in group._group_actions if a.option_strings and not isinstance(a, argparse._HelpAction)]
        if shared:
            new = sub.add_argument_group(group.title, group.description)
            for action in shared:
                action = copy.copy(action)
                action.default = argparse.SUPPRESS
                new._add_action(action)
