"""``atom mcp``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atom_core as atom


class McpCommand:
    """Serve one agent over standard input and output, by the Model Context Protocol."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        said = "folder whose videos the agent may read beside the library's, and write into; can be repeated"
        parser.add_argument("--allow", action="append", default=[], type=Path, metavar="FOLDER", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """Serve until standard input ends.

        :raises SettingsError: if the protocol's package is not installed, or a folder is not there
        """
        from atom_core.quiet import quiet
        from atom_core.serving import own_stdout

        quiet()
        from atom_serve.access.folders import Folders
        from atom_serve.agents.protocol import MISSING, is_there, make_server
        from atom_serve.agents.tools import Tools

        if not is_there():
            raise atom.SettingsError(MISSING)
        folders = Folders(context.args.allow)
        if sys.stdin.isatty():
            context.note("this is for programs: name `atom mcp` in the settings of an agent; Ctrl-D ends it")
        server = make_server(Tools(context.host(), folders))
        with own_stdout():  # which the protocol takes for itself: what else is printed goes to standard error
            server.run("stdio")
