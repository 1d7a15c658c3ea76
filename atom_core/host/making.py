"""What a host makes of what plugins declare: tasks and channels, each once; and what it says of those that fail."""

from __future__ import annotations

import logging
from typing import Any

from atom_core.background import is_interrupt
from atom_core.errors import AtomError, TaskError
from atom_core.exhausted import exhausted
from atom_core.plugins import PluginSet
from atom_core.plugins.discovery import one_line
from atom_core.specs import ChannelSpec, TaskSpec


def make_task(plugins: PluginSet, spec: TaskSpec) -> Any:
    """The task that `spec` declares.

    :raises PluginError: if it cannot be imported
    :raises TaskError: if it cannot be made
    """
    kind = plugins.load(spec)
    try:
        return kind()
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise TaskError(
            f"task {spec.name!r} of plugin {spec.plugin!r} cannot be made: {one_line(error)}",
            task=spec.name,
            plugin=spec.plugin,
        ) from error


def make_channels(plugins: PluginSet) -> dict[str, Any]:
    """The channels that plugins bring, by name; one that cannot be had is told of."""
    channels = {}
    for name, spec in plugins.of(ChannelSpec).items():
        try:
            channels[name] = plugins.load(spec)()
        except Exception as error:
            why = str(error) if isinstance(error, AtomError) else one_line(error)
            logging.getLogger("atom").warning("channel %r of plugin %r is left out: %s", name, spec.plugin, why)
    return channels


def failure_of(spec: TaskSpec, error: BaseException) -> TaskError:
    """The error that says why a run of a task failed, where it raised one that is not Atom's."""
    why = exhausted(error) or one_line(error)
    return TaskError(f"task {spec.name!r} of plugin {spec.plugin!r} failed: {why}", task=spec.name, plugin=spec.plugin)
