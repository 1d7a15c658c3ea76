"""``atom bench channels``: searches for what is shown, said and written."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_bench import arguments, figures


class ChannelsBench:
    """Render videos with pictures, speech and titles that are known, index them as `atom index` does, and search."""

    summary = "Searches for what is shown, said and written: whether the right shot comes first"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--videos", type=arguments.count, default=40, metavar="N", help="videos, at most 40 (40)")
        parser.add_argument("--each", type=arguments.count, default=20, metavar="N", help="searches of each kind (20)")
        parser.add_argument("--seed", type=arguments.seed, default=1, metavar="N", help="of footage and searches (1)")

    def run(self, context: atom.CommandContext) -> None:
        """Index everything twice, with and without what is said and written; one result.

        :raises SettingsError: if a plugin, the embedded model's world or espeak-ng is missing
        """
        from atom_bench.channels import footage, measure
        from atom_core.testing.speech import has_espeak

        if find_spec("atom_tiny") is None:
            raise atom.SettingsError("the videos are of the embedded model's world; install atom-tiny")
        if not has_espeak():
            raise atom.SettingsError("what is said is said by espeak-ng, which is not installed")
        args, found = context.args, {}
        if args.videos > len(footage.TITLES):
            raise atom.SettingsError(f"--videos {args.videos}: there are titles for {len(footage.TITLES)}")
        with arguments.workplace() as folder:
            films = footage.films(folder / "videos", args.videos, args.seed)
            asked = measure.searches(films, args.each, args.seed)
            for way, words in (("pictures", False), ("all", True)):
                settings = evolve(context.settings, cache=folder / "cache", library=folder / way)
                with atom.open_host(settings) as host:
                    if missing := {"transcribe", "read"} - set(host.tasks):
                        raise atom.SettingsError(
                            f"no plugin has the task {min(missing)!r}; install atom-speech, atom-text"
                        )
                    seconds = _index(host, [film.path for film in films], words=words)
                    wanted = [one for one in asked if words or one.kind == "shown"]
                    found[way] = {"processor_s": seconds, **measure.ask(host, wanted)}
        value = {"bench": "channels", "machine": figures.machine(), "videos": args.videos, **found}
        context.emit(value, text(value))


def _index(host: atom.Host, paths: list[Path], *, words: bool) -> float:
    """Index videos; the processor seconds that it took."""
    before = time.process_time()
    for path in paths:
        host.run("index-video", host.video(path), hear=words, read=words)
    return time.process_time() - before


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows = [
        [kind, f"{row['searches']}", f"{row['first']:.2f}", f"{row['first_5']:.2f}"]
        for kind, row in value["all"].items()
        if isinstance(row, Mapping)
    ]
    alone = value["pictures"]["shown"]
    rows.append(
        ["shown, nothing heard or read", f"{alone['searches']}", f"{alone['first']:.2f}", f"{alone['first_5']:.2f}"]
    )
    plain_s, words_s = value["pictures"]["processor_s"], value["all"]["processor_s"]
    return (
        f"{figures.table(['what is searched for', 'searches', 'first', 'in the first 5'], rows)}\n\n"
        f"{value['videos']} videos indexed in {plain_s:.0f} processor seconds, "
        f"and {words_s:.0f} more to hear and read them"
    )
