"""Run a plugin's command over a `FakeHost` and see what it said."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from attrs import evolve, field, frozen

from atom_core.cli.options import Parser, add_task_options, setting_arguments
from atom_core.errors import MediaError
from atom_core.records import Video
from atom_core.settings import GROUPS, Settings
from atom_core.testing.fakes import FakeHost


class FakeProgress:
    """A bar that shows nothing; `done` counts the steps."""

    def __init__(self) -> None:
        self.done = 0

    def __enter__(self) -> FakeProgress:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, steps: int = 1) -> None:
        """Count."""
        self.done += steps


@frozen(kw_only=True)
class FakeContext:
    """A `CommandContext` that keeps what a command says."""

    args: argparse.Namespace
    """The parsed arguments."""
    fake_host: FakeHost
    """The host it lends."""
    values: list[Any] = field(factory=list)
    """What `emit` was given for the JSON list."""
    texts: list[str] = field(factory=list)
    """What `emit` was given to print."""
    notes: list[str] = field(factory=list)
    """The remarks."""
    failures: list[tuple[str, str]] = field(factory=list)
    """What failed, and why."""

    @property
    def settings(self) -> Settings:
        """The host's settings."""
        return self.fake_host.settings

    def host(self) -> FakeHost:
        """The fake host."""
        return self.fake_host

    def videos(self, paths: Sequence[str]) -> list[Video]:
        """The videos of the fake world at `paths`; the others are failures."""
        found: list[Video] = []
        for path in paths:
            try:
                found.append(self.fake_host.video(path))
            except MediaError as error:
                self.fail(path, error)
        return found

    def emit(self, value: object, text: str) -> None:
        """Keep a result."""
        self.values.append(value)
        self.texts.append(text)

    def note(self, text: str) -> None:
        """Keep a remark."""
        self.notes.append(text)

    def fail(self, what: str, error: BaseException | str) -> None:
        """Keep a failure."""
        self.failures.append((what, str(error)))

    def progress(self, label: str, total: int) -> FakeProgress:
        """A bar that shows nothing."""
        del label, total
        return FakeProgress()


def run_command(host: FakeHost, name: str, *arguments: str) -> FakeContext:
    """Run a command of the host's plugins with `arguments`, options for its tasks among them; what it said.

    :raises SettingsError: if the arguments are wrong
    """
    spec = host.plugins.commands()[name]
    command = host.plugins.load(spec)()
    parser = Parser(prog=f"atom {name}", allow_abbrev=False)
    command.add_arguments(parser)
    add_task_options(parser, spec, host.plugins)
    parser.set_defaults(set=[])
    args = parser.parse_args(arguments)
    before = host.settings
    given = {group: {name: dict(table) for name, table in getattr(before, group).items()} for group in GROUPS}
    for setting, value in setting_arguments(args).items():
        group, owner, key = setting.split(".", 2)
        given[group].setdefault(owner, {})[key] = value
    context = FakeContext(args=args, fake_host=host)
    host.settings = evolve(before, tasks=given["tasks"], modules=given["modules"])
    try:
        command.run(context)
    finally:
        host.settings = before
    return context
