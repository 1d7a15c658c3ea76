"""``atom bench films``: films asked for in people's words, against what the footage truly shows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

import atom_core as atom
from atom_bench import arguments, figures
from atom_bench.films.blind import SETS, blind
from atom_bench.films.haste import hasty
from atom_bench.films.requests import Asked, Maker
from atom_bench.films.truth import Shot, fault, read_shots

SEED = 77


@frozen(kw_only=True)
class Made:
    """What became of one request."""

    asked: Asked
    """The request."""
    fault: str
    """What is wrong with its cuts; empty if nothing is, or there are to be none."""
    unmet: tuple[str, ...]
    """What was said not to be there."""
    cuts: tuple[tuple[str, str, str], ...]
    """Of each cut the line, the caption and the reason."""


class FilmsBench:
    """Measure scripts and cuts: requests of many kinds on a rendered library whose truth is known."""

    summary = "Films asked for in people's words: right ones, what is not there and told, and false alarms"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--videos", type=arguments.count, default=60, metavar="N", help="videos rendered (60)")
        parser.add_argument("--each", type=arguments.count, default=1, metavar="N", help="requests of a wording (1)")
        parser.add_argument(
            "--absent", type=arguments.count, default=60, metavar="N", help="for what is not there (60)"
        )
        others = parser.add_mutually_exclusive_group()
        others.add_argument("--haste", action="store_true", help="sixty requests as they are typed in haste, instead")
        others.add_argument(
            "--blind", type=int, choices=SETS, metavar="N", help="a set of three or four persons (1 to 10), instead"
        )
        parser.add_argument(
            "--seed", type=arguments.seed, default=SEED, metavar="N", help=f"of footage and requests ({SEED})"
        )
        parser.add_argument("--folder", metavar="DIR", help="where footage and library are kept for another run")

    def run(self, context: atom.CommandContext) -> None:
        """Render, index and ask; one result.

        :raises MediaError: if atom-tiny is not installed, whose world is rendered
        """
        import numpy as np

        if find_spec("atom_tiny") is None:
            raise atom.MediaError("atom bench films needs atom-tiny, whose world it renders; install it")
        args = context.args
        with arguments.workplace() as empty:
            folder = Path(args.folder) if args.folder else empty
            labels = import_module("atom_tiny.labels")
            if not (folder / "footage" / "labels.jsonl").is_file():
                context.note(f"rendering {args.videos} videos")
                labels.write_folder(
                    folder / "footage", videos=args.videos, seed=args.seed, split="any", max_shots=5, seconds=(1.2, 2.6)
                )
            shots = read_shots(labels.read(folder / "footage"))
            maker = Maker(shots, np.random.default_rng(args.seed))
            if args.blind:
                asked = blind(args.blind, shots, np.random.default_rng(args.seed))
            else:
                good = hasty(shots, np.random.default_rng(args.seed)) if args.haste else maker.good(args.each)
                asked = [*good, *maker.absent(args.absent)]
            settings = evolve(context.settings, library=folder / "library", cache=folder / "cache")
            with atom.open_host(settings) as host, context.progress("Asking", len(asked)) as progress:
                index(host, folder / "footage")
                made = []
                for one in asked:
                    made.append(make(host, shots, one))
                    progress.advance()
                name = host.decoder.name
        value = {"bench": "films", "model": name, "seed": args.seed, "shots": len(shots), **summed(made)}
        context.emit(value, text(value))


def index(host: atom.Host, folder: Path) -> None:
    """Put the videos of a folder into the host's library, those that it has not."""
    known = host.library.videos()
    videos = [host.video(path) for path in sorted(folder.glob("*.mp4"))]
    new = [video for video in videos if video.content_hash not in known]
    host.collect("index-video", new, hear=False, read=False)  # these films are of pictures alone


def make(host: atom.Host, shots: Sequence[Shot], asked: Asked) -> Made:
    """Script and cuts for one request, and what is wrong with them."""
    try:
        timeline = host.run("match", host.run("script", atom.Request(text=asked.text)))
    except (atom.LibraryError, atom.SettingsError) as error:
        said = "" if asked.expected is None else "nothing was found"
        return Made(asked=asked, fault=said, unmet=(str(error),), cuts=())
    wrong = "" if asked.expected is None else fault(timeline, shots, asked.expected)
    unmet = tuple(f"{one.line}: {one.reason}" for one in timeline.unmet)
    cuts = tuple((cut.line, cut.caption, cut.reason) for cut in timeline.cuts)
    return Made(asked=asked, fault=wrong, unmet=unmet, cuts=cuts)


def summed(made: Sequence[Made]) -> dict[str, Any]:
    """The shares, overall and by kind, and what went wrong."""
    good = [one for one in made if one.asked.expected is not None]
    absent = [one for one in made if one.asked.expected is None]
    kinds: dict[str, list[bool]] = {}
    for one in good:
        kinds.setdefault(one.asked.kind, []).append(not one.fault)
    halves = {
        name: [not one.fault for one in good if one.asked.held_out is held_out]
        for name, held_out in (("own_wordings", False), ("held_out_wordings", True))
    }
    return {
        "requests": len(good),
        "right": _share([not one.fault for one in good]),
        **{name: _share(right) for name, right in halves.items()},
        "false_alarms": _share([bool(one.unmet) for one in good]),
        "absent": len(absent),
        "told": _share([bool(one.unmet) for one in absent]),
        "kinds": {name: [sum(right), len(right)] for name, right in kinds.items()},
        "wrong": [
            {"request": one.asked.text, "fault": one.fault, "unmet": list(one.unmet), "cuts": list(one.cuts)}
            for one in [*(one for one in good if one.fault or one.unmet), *(one for one in absent if not one.unmet)]
        ],
    }


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else 0.0


def text(value: dict[str, Any]) -> str:
    """The figures for people."""
    rows = [[name, f"{right} of {count}"] for name, (right, count) in value["kinds"].items()]
    halves = f"own wordings {value['own_wordings']:.1%}, held out {value['held_out_wordings']:.1%}"
    lines = [
        figures.table([value["model"], "right"], rows),
        f"{value['requests']} requests: right {value['right']:.1%} ({halves})",
        f"false alarms {value['false_alarms']:.1%}",
        f"{value['absent']} for what is not there: told {value['told']:.1%}",
    ]
    for one in value["wrong"]:
        said = one["fault"] or ("told not to be there" if one["unmet"] else "not told")
        lines.append(f"  {one['request']!r}: {said}")
    return "\n".join(lines)
