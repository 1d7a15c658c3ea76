"""What the targets of declarations stand for, ``package.module:Name``: imported, and looked at before it is used."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from atom_core.background import is_interrupt
from atom_core.errors import PluginError
from atom_core.plugins.discovery import fault_of
from atom_core.specs import Spec
from atom_core.text.suggestions import suggest


def imported(spec: Spec, target: str, owner: str) -> Any:
    """What `target` of `spec` stands for.

    :param owner: what messages call `spec`
    :raises PluginError: if it cannot be imported, naming the plugin and the next step
    """
    module_name, _, path = target.partition(":")
    try:
        value: Any = import_module(module_name)
    except BaseException as error:
        if is_interrupt(error):
            raise
        fault = fault_of(error, module_name)
        raise PluginError(
            f"{owner} could not be loaded:\n  {fault.reason}\n"
            f"  {fault.advice}, or run without it: ATOM_BLOCK_PLUGINS={spec.plugin}",
            plugin=spec.plugin,
        ) from error
    for part in path.split("."):
        if not hasattr(value, part):
            near = suggest(part, dir(value))
            raise PluginError(
                f"{owner}: {target} has no {part!r}{near}; repair or update {spec.plugin}", plugin=spec.plugin
            )
        value = getattr(value, part)
    return value


def fault_of_run(run: object, known: Sequence[str], left_out: str) -> str:
    """Why a task's `run`, as its class has it, cannot be called; empty if it can.

    :param known: what it can ask for by name
    :param left_out: what there is to say of plugins that are not loaded
    """
    if inspect.iscoroutinefunction(run) or inspect.isasyncgenfunction(run):
        return "is asynchronous; make it a plain function, the host runs many at once"
    if inspect.isgeneratorfunction(run):
        return "yields; return one record, or a tuple of them with produces = tuple[Record, ...]"
    if not inspect.isfunction(run):
        return ""
    for place, parameter in enumerate(inspect.signature(run).parameters.values()):
        needed = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        )
        if needed and (parameter.kind is parameter.KEYWORD_ONLY or place > 1) and parameter.name not in known:
            return (
                f"asks for {parameter.name!r}{suggest(parameter.name, known)}; it can ask for {', '.join(known)};"
                f" install the plugin that shares a module of that name, or correct it{left_out}"
            )
    return ""
