"""What one run of ``atom`` has of the process that it runs in."""

from __future__ import annotations

import contextlib
import io
import logging
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TextIO

from atom_core.cli.console import Console, Remarks
from atom_core.plugins import PluginSet
from atom_core.settings import Settings
from atom_core.specs import CommandSpec

if TYPE_CHECKING:
    import argparse

    from atom_core.host import Host


class Session:
    """A process of its own. A resident server, which runs commands of other processes, has one for each of them."""

    environ: Mapping[str, str] = os.environ
    """Where variables with settings are looked up."""
    plugins: PluginSet | None = None
    """The plugins that are loaded already; None where they are still to be loaded."""
    by: str = ""
    """What messages call the command that runs, where others than Atom's own wrote it."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def chosen(self, spec: CommandSpec, settings: Settings, args: argparse.Namespace) -> None:
        """Everything is read and fits, and the command is about to run."""

    def open_host(self, settings: Settings, plugins: PluginSet) -> Host:
        """The host of a command."""
        from atom_core.host import open_host

        return open_host(settings, plugins=plugins)

    def printing_to(self, stream: TextIO | io.TextIOBase) -> contextlib.AbstractContextManager[object]:
        """Let what is printed inside go to `stream`."""
        return contextlib.redirect_stdout(stream)

    @contextlib.contextmanager
    def remarks(self) -> Iterator[None]:
        """Show what is logged under ``atom`` as remarks."""
        logger, handler = logging.getLogger("atom"), Remarks(self.console)
        level, propagate = logger.level, logger.propagate
        logger.addHandler(handler)
        logger.setLevel(handler.level)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate
