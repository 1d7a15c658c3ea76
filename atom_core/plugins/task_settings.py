"""Checks the settings of tasks at start, before any weight is read; only the tasks concerned are imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from attrs import frozen

from atom_core.errors import SettingsError
from atom_core.plugins import PluginSet
from atom_core.settings import Settings, suggest, task_settings
from atom_core.settings.values import short

log = logging.getLogger("atom")


@frozen
class NoSettings:
    """Of a task that has none."""


def check_task_settings(
    plugins: PluginSet,
    settings: Settings,
    *,
    origin: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Refuse settings of unknown tasks, unknown settings and bad values.

    Where a plugin was left out, settings of an unknown task may be its own; that is only said.

    :param origin: what `load_with_sources` said, to name file and line
    :raises SettingsError: naming source, task and setting
    :raises PluginError: if a task that something is set for cannot be imported
    """
    complete = all(info.state == "loaded" for info in plugins.infos)
    for task, table in settings.tasks.items():
        if task not in plugins.tasks:
            first = next(iter(table), "")
            source = (origin or {}).get(f"tasks.{task}.{first}", f"[tasks.{task}]")
            known = ", ".join(sorted(plugins.tasks)) or "none"
            said = f"{source}: there is no task {short(task)}{suggest(task, plugins.tasks)}; tasks: {known}"
            said += "; correct or remove it, or install the plugin it is for"
            if complete:
                raise SettingsError(said)
            log.warning("%s", said)
    for task, spec in plugins.tasks.items():
        if task in settings.tasks or _in_environment(task, environ):
            kind = getattr(plugins.load(spec), "Settings", NoSettings)
            task_settings(kind, task, settings, environ=environ, origin=origin, prompts=plugins.prompt_texts)


def _in_environment(task: str, environ: Mapping[str, str]) -> bool:
    prefix = f"ATOM_{task.upper().replace('-', '_')}_"
    return any(name.startswith(prefix) for name in environ)
