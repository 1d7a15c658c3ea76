"""A server that runs on when its command has come back; and one that is asked, or told to end."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import atom_core as atom
from atom_core.serving import ask_server
from atom_serve.own_files import open_own

_END_S = 30.0
"""How long a server may take to end."""


def running_server() -> dict[str, Any] | None:
    """What the server that runs says of itself; None if none does."""
    return ask_server("status")


def is_ours(port: int) -> bool:
    """Whether it is the user's own server that listens at a port of this machine."""
    told = running_server()
    return told is not None and urlsplit(str(told.get("address"))).port == port


def status() -> dict[str, Any]:
    """What the server that runs says of itself.

    :raises SettingsError: if none runs
    """
    told = running_server()
    if told is None:
        raise atom.SettingsError("no server of yours runs; start one with: atom serve")
    return told


def stop() -> dict[str, Any]:
    """What the server that runs has said of itself; it has ended.

    :raises SettingsError: if none runs, or it does not end
    """
    status()
    told = ask_server("stop") or {}
    end_s = time.monotonic() + _END_S
    while ask_server("status") is not None or _runs(told.get("process")):
        if time.monotonic() > end_s:
            raise atom.SettingsError(
                f"the server does not end; end its process {told.get('process')}: kill {told.get('process')}"
            )
        time.sleep(0.05)
    return told


def _runs(process: object) -> bool:
    if not isinstance(process, int):
        return False
    try:
        os.kill(process, 0)
    except OSError:
        return False
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"  # ended, and not yet noticed by its parent
    except OSError:
        return True


def in_background(
    context: atom.CommandContext, serve: Callable[[Callable[[dict[str, Any]], None]], None]
) -> dict[str, Any] | None:
    """Have `serve` done in a process of its own, which ends with it; what it says once it serves. None in that process.

    :raises SettingsError: if it does not come so far, saying why
    """
    if not hasattr(os, "fork"):
        raise atom.SettingsError("this system has no --background; start `atom serve` in a terminal of its own")
    log = context.settings.cache / "serve" / "log"
    output = open_own(log, os.O_WRONLY | os.O_APPEND | (0 if running_server() else os.O_TRUNC))
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        os.close(output)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            told = json.loads(pipe.readline() or "{}") or {"failed": f"it ended at once; see {log}"}
        if "failed" in told:
            raise atom.SettingsError(str(told["failed"]))
        return dict(told)
    os.close(reading)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number, target in ((0, nothing), (1, output), (2, output)):
        os.dup2(target, number)
    pipe = os.fdopen(writing, "w", encoding="utf-8")

    def say(told: dict[str, Any]) -> None:
        if not pipe.closed:
            pipe.write(json.dumps(told) + "\n")
            pipe.close()

    try:
        serve(say)
    except BaseException as error:
        say({"failed": str(error) or type(error).__name__})
        raise
    return None
