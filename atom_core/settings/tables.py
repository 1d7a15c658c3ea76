"""Settings that are tables of settings: those of single tasks, and of single shared modules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GROUPS = ("tasks", "modules")
"""Settings that are tables of settings: those of single tasks, and of single shared modules."""


class Table(dict[str, Any]):
    """Settings of one task or module, of which some were given as arguments: variables do not go before those."""

    given: frozenset[str] = frozenset()
    """Their names."""


def as_task_tables(value: object) -> Mapping[str, Mapping[str, Any]]:
    """Settings by task, as a setting holds them.

    :raises ValueError: if it is no table of tables
    """
    if not isinstance(value, Mapping) or not all(isinstance(table, Mapping) for table in value.values()):
        raise ValueError("expected a table for each task, for example [tasks.caption]")
    return {name: table if isinstance(table, Table) else dict(table) for name, table in value.items()}


def as_module_tables(value: object) -> Mapping[str, Mapping[str, Any]]:
    """Settings by shared module, as a setting holds them.

    :raises ValueError: if it is no table of tables
    """
    try:
        return as_task_tables(value)
    except ValueError:
        raise ValueError("expected a table for each module, for example [modules.embedder]") from None


def flat(values: Mapping[str, object]) -> list[tuple[str, Any]]:
    """Names and values, those of tasks and modules as ``tasks.<task>.<name>``.

    :raises ValueError: if what should be a table of tables is none
    """
    flat = [(name, value) for name, value in values.items() if name not in GROUPS]
    for group, converted in (("tasks", as_task_tables), ("modules", as_module_tables)):
        try:
            tables = converted(values.get(group, {}))
        except ValueError as error:
            raise ValueError(f"{group} do not fit: {error}") from None
        flat += [(f"{group}.{own}.{name}", value) for own, table in tables.items() for name, value in table.items()]
    return flat
