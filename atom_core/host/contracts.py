"""What tasks take and return, looked at before it counts."""

from __future__ import annotations

from atom_core.errors import TaskError
from atom_core.specs import TaskSpec, record_of


def check_type(spec: TaskSpec, verb: str, expected: object, value: object) -> None:
    """Make sure that what a task takes or returns is what it declares.

    :raises TaskError: if `value` is not of the declared record type
    """
    kind, several = record_of(expected)
    if several:
        fits = isinstance(value, tuple) and all(isinstance(part, kind) for part in value)
    else:
        fits = isinstance(value, kind)
    if not fits:
        name = getattr(expected, "__name__", str(expected))
        raise TaskError(
            f"task {spec.name!r} of plugin {spec.plugin!r} {verb} {name}, got {type(value).__name__};"
            f" {'give it one' if verb == 'takes' else 'mend the plugin'}",
            task=spec.name,
            plugin=spec.plugin,
        )
