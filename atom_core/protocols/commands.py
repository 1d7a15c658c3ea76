"""Commands, and what they are lent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import argparse

    from atom_core.records import Video
    from atom_core.settings import Settings


class Command(Protocol):
    """What the target of `atom_add_commands` must be: made without arguments, then configured and run."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments; the common ones are there already."""

    def run(self, context: CommandContext) -> None:
        """Do the work. Results go to `context.emit`, failures of single inputs to `context.fail`."""


class CommandContext(Protocol):
    """What a command is lent: arguments, settings, the host, and the only way to print."""

    args: argparse.Namespace
    """The parsed arguments."""
    settings: Settings
    """The settings in force."""

    def host(self) -> Any:
        """The open `Host`; opened on first call, closed by the program."""

    def videos(self, paths: Sequence[str]) -> list[Video]:
        """The videos at `paths` (folders are searched); unreadable ones are reported and left out."""

    def emit(self, value: object, text: str) -> None:
        """One result: `value` joins the JSON list under ``--json``, else `text` is printed."""

    def note(self, text: str) -> None:
        """A remark on standard error, silenced by ``-q``."""

    def fail(self, what: str, error: BaseException | str) -> None:
        """One input failed: named on standard error, the exit code becomes 1, the work goes on.

        :param what: the input, as the user wrote it; a `MediaError` whose `path` it is names it already. Empty where
            `error` says what it is about.
        """

    def progress(self, label: str, total: int) -> Progress:
        """A progress bar on standard error, only on a terminal and only past a second."""


class Progress(Protocol):
    """A progress bar; a context manager."""

    def __enter__(self) -> Progress: ...
    def __exit__(self, *exc: object) -> None: ...
    def advance(self, steps: int = 1) -> None:
        """Some more is done."""
