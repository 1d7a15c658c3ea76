"""Run the real `atom`, in this process or in one of its own, and see what it said."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple


class Run(NamedTuple):
    """What a command did."""

    code: int
    """Exit code."""
    out: str
    """Standard output."""
    err: str
    """Standard error."""

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def remarks(self) -> list[str]:
        """The lines on standard error but the notice of the embedded model."""
        return [line for line in self.err.splitlines() if not line.startswith("atom: tiny knows only ")]


Atom = Callable[..., Run]
"""`run_here` or `run_process`."""


def run_here(*arguments: object) -> Run:
    """Run `atom` in this process, which imports torch only once."""
    from atom_core.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Run(code, out.getvalue(), err.getvalue())


def run_process(*arguments: object, **variables: str) -> Run:
    """Run the `atom` that is installed beside this Python, with environment variables on top."""
    program = Path(sys.executable).with_name("atom")
    environment = {**os.environ, **variables}
    done = subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True, text=True)
    return Run(done.returncode, done.stdout, done.stderr)
