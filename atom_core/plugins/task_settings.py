"""Checks settings of tasks and modules at start, before any weight is read; only those concerned are imported."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Mapping

from attrs import frozen

from atom_core.errors import SettingsError
from atom_core.plugins import PluginSet
from atom_core.settings import Settings, module_settings, suggest, task_settings
from atom_core.settings.values import short

log = logging.getLogger("atom")


@frozen
class NoSettings:
    """Of a task or module that has none."""


def check_task_settings(
    plugins: PluginSet,
    settings: Settings,
    *,
    origin: Mapping[str, str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Refuse settings of unknown tasks and modules, unknown settings and bad values.

    If a plugin was left out, an unknown task or module may be its: warn instead of failing.

    :param origin: what `load_with_sources` said, to name file and line
    :raises SettingsError: naming source, task or module, and setting
    :raises PluginError: if a task or module that something is set for cannot be imported
    """
    _check_names("tasks", settings.tasks, plugins.tasks, plugins, origin or {})
    _check_names("modules", settings.modules, plugins.modules, plugins, origin or {})
    for task, spec in plugins.tasks.items():
        if task in settings.tasks or _in_environment(task, environ):
            kind = getattr(plugins.load(spec), "Settings", NoSettings)
            task_settings(kind, task, settings, environ=environ, origin=origin, prompts=plugins.prompt_texts)
    for name, module in plugins.modules.items():
        if name in settings.modules or _in_environment(name, environ):
            kind = getattr(plugins.load(module), "Settings", NoSettings)
            module_settings(kind, name, settings, environ=environ, origin=origin)


def _check_names(
    group: str,
    tables: Mapping[str, Mapping[str, object]],
    known: Collection[str],
    plugins: PluginSet,
    origin: Mapping[str, str],
) -> None:
    """Refuse tables of tasks or modules that are not there."""
    for name, table in tables.items():
        if name not in known:
            source = origin.get(f"{group}.{name}.{next(iter(table), '')}", f"[{group}.{name}]")
            listed = ", ".join(sorted(known)) or "none"
            word = group.removesuffix("s")
            said = f"{source}: there is no {word} {short(name)}{suggest(name, known)}; {group}: {listed}"
            said += "; correct or remove it, or install the plugin it is for"
            if all(info.state == "loaded" for info in plugins.infos):
                raise SettingsError(said)
            log.warning("%s", said)


def _in_environment(task: str, environ: Mapping[str, str]) -> bool:
    prefix = f"ATOM_{task.upper().replace('-', '_')}_"
    return any(name.startswith(prefix) for name in environ)
