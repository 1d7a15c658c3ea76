"""What a program that serves others needs of the core: records as JSON, work that can be cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from atom_core.call_context import Caller, Cancel, caller
from atom_core.pipeline.record_json import converter, plain, read_record, schema_of
from atom_core.settings.fields import field_docs, type_hints
from atom_core.specs import RoutesSpec, TaskSpec, record_of

__all__ = [
    "Cancel",
    "RoutesSpec",
    "TaskSpec",
    "converter",
    "field_docs",
    "plain",
    "read_record",
    "record_of",
    "schema_of",
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
