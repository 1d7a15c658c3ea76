"""Run a plugin's command over a `FakeHost` and see what it said."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from atom_core.errors import MediaError
from atom_core.records import Video
from atom_core.settings import Settings
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

    def emit(self, value: Any, text: str) -> None:
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
    """Run a command that the host's plugins contribute with `arguments`; what it said.

    :raises SystemExit: if the arguments are wrong
    """
    command = host.plugins.load(host.plugins.commands()[name])()
    parser = argparse.ArgumentParser(prog=f"atom {name}")
    command.add_arguments(parser)
    context = FakeContext(args=parser.parse_args(arguments), fake_host=host)
    command.run(context)
    return context
