"""``atom bench start``: how long it takes until something happens."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import atom_core as atom
from atom_bench import arguments, figures

HEAVY = ("torch", "transformers", "chromadb")
PLUGIN = '''
"""A plugin that only says what it has."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register):
    """Declare a task."""
    register.task("{name}", "{module}.task:Task", summary="Do nothing")


@atom.hookimpl
def atom_add_commands(register):
    """Declare a command."""
    register.command("{name}", "{module}.command:Command", summary="Do nothing")
'''


class StartBench:
    """Measure starts of the program, each in a process of its own, with and without many plugins."""

    summary = "Seconds until help, a listing, an import and a first caption, with and without 40 more plugins"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--plugins", type=arguments.count, default=40, metavar="N", help="plugins to add (40)")
        parser.add_argument("--rounds", type=arguments.count, default=5, metavar="N", help="starts of each kind (5)")
        parser.add_argument(
            "--no-caption", action="store_true", help="leave out the first caption, which reads a model"
        )
        arguments.add_model_arguments(parser)

    def run(self, context: atom.CommandContext) -> None:
        """Start everything, round by round; one result."""
        args, about = context.args, figures.machine()
        with arguments.workplace() as folder:
            write_plugins(folder / "site", args.plugins)
            starts = _starts()
            if not args.no_caption:
                settings = arguments.model_settings(context)
                video = arguments.make_videos(folder / "videos", 1)[0]
                cache = ["--cache", str(folder / "cache"), "--library", str(folder / "library")]
                model = ["--model", settings.model, "--quantize", settings.quantize, "--segment", "whole"]
                starts["first caption"] = [*_ATOM, "caption", str(video), *model, *cache, "-q"]
            seconds: dict[tuple[str, bool], list[float]] = defaultdict(list)
            with context.progress("Starting", args.rounds * 2 * len(starts)) as progress:
                for _ in range(args.rounds):
                    for name, command in starts.items():
                        for many in (False, True):
                            seconds[name, many].append(start(command, folder / "site" if many else None))
                            progress.advance()
            heavy = imported(folder / "site")
        value = {"bench": "start", "machine": about, "plugins": args.plugins, "heavy_imports": heavy}
        value["starts"] = {
            name: {
                "seconds": figures.spread(seconds[name, False]),
                "with_plugins_s": figures.spread(seconds[name, True]),
                "plugins_cost": figures.ratio(seconds[name, True], seconds[name, False]),
            }
            for name in starts
        }
        context.emit(value, text(value))
        if note := figures.busy_note(about):
            context.note(note)


_ATOM = [sys.executable, "-m", "atom_core.cli"]


def _starts() -> dict[str, list[str]]:
    return {
        "python alone": [sys.executable, "-c", "pass"],
        "import atom_core": [sys.executable, "-c", "import atom_core"],
        "atom --help": [*_ATOM, "--help"],
        "atom plugins": [*_ATOM, "plugins"],
    }


def start(command: list[str], site: Path | None) -> float:
    """Seconds until `command` is done.

    :param site: folder with further plugins
    :raises TaskError: if it fails
    """
    seconds, done = figures.timed(
        lambda: subprocess.run(command, env=_environment(site), capture_output=True, text=True, check=False)
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[-1]
        raise atom.TaskError(f"`{' '.join(command[2:4])}` failed: {said}")
    return seconds


def imported(site: Path) -> list[str]:
    """Which heavy packages listing the plugins imports; there should be none."""
    code = (
        "import sys; from atom_core.cli.main import main; main(['plugins', '-q']);"
        f"sys.stderr.write(','.join(sorted(set({HEAVY!r}) & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=_environment(site), capture_output=True, text=True, check=False
    )
    return [name for name in done.stderr.strip().split(",") if name]


def write_plugins(site: Path, num_plugins: int) -> None:
    """Write distributions with one plugin each, as pip would install them."""
    from atom_core.testing.distributions import write_distribution

    for number in range(num_plugins):
        name, module = f"bench-{number}", f"atom_bench_fake_{number}"
        files = {f"{module}/__init__.py": PLUGIN.format(name=name, module=module)}
        dependencies = ["atom-core>=0.1"]  # to be looked at, as those of real plugins are
        write_distribution(
            site, f"atom-bench-fake-{number}", plugins={name: module}, files=files, requires=dependencies
        )


def _environment(site: Path | None) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name != "ATOM_LOAD_PLUGINS"}
    if site is not None:
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(site), environment.get("PYTHONPATH")]))
    return environment


def text(value: Mapping[str, Any]) -> str:
    """The figures for people."""
    rows = [
        [
            name,
            f"{1000 * found['seconds']['median']:.0f}",
            f"{1000 * found['with_plugins_s']['median']:.0f}",
            f"{found['plugins_cost']['median']:.2f}",
        ]
        for name, found in value["starts"].items()
    ]
    table = figures.table(["start", "ms", f"with {value['plugins']} more plugins", "times"], rows)
    heavy = ", ".join(value["heavy_imports"]) or "nothing heavy"
    return f"{table}\n`atom plugins` imports {heavy}"
