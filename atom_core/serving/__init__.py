"""What a program that serves others needs of the core: records as JSON, work that can be cancelled, their commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from atom_core.call_context import Caller, Cancel, caller
from atom_core.cli.client import Gone, connected, receive, send
from atom_core.cli.stdout_guard import own_stdout
from atom_core.host.guest import settled
from atom_core.pipeline.record_json import converter, plain, read_record, schema_of
from atom_core.serving.commands import CommandServer
from atom_core.serving.usage import Usage
from atom_core.settings.fields import field_docs, type_hints
from atom_core.specs import RoutesSpec, TaskSpec, record_of

__all__ = [
    "Cancel",
    "CommandServer",
    "RoutesSpec",
    "TaskSpec",
    "Usage",
    "ask_server",
    "converter",
    "field_docs",
    "own_stdout",
    "pause",
    "plain",
    "read_record",
    "record_of",
    "schema_of",
    "settled",
    "type_hints",
    "working_for",
]


@contextmanager
def working_for(cancel: Cancel, *, interactive: bool = False) -> Iterator[None]:
    """What this thread asks of a host inside is cancelled with `cancel`.

    :param interactive: whether somebody waits for it; such work goes ahead of bulk work
    """
    token = caller.set(Caller(interactive=interactive, cancelled=cancel))
    try:
        yield
    finally:
        caller.reset(token)


def pause(seconds: float) -> None:
    """Wait in a command, which a resident server may run for somebody.

    :raises KeyboardInterrupt: once the user interrupts it, there as here
    :raises Cancelled: once the server ends, or nobody is there any longer
    """
    cancel = caller.get().cancelled
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if cancel.is_set() and cancel.interrupted:
            raise KeyboardInterrupt
        caller.get().check()
        time.sleep(min(left, 0.2))


def ask_server(what: str) -> dict[str, Any] | None:
    """What the user's resident server says of itself; None if there is none.

    :param what: ``status``, or ``stop`` to end it
    """
    try:
        with connected(5.0) as server:
            send(server, {"ask": what})
            return receive(server)
    except (Gone, OSError, ValueError):
        return None
