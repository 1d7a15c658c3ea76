"""What the result of a task depends on beside the record it ran on: what is kept counts while that is the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import AttrsInstance, asdict

from atom_core.errors import AtomError
from atom_core.host.modules.shared_modules import SharedModules
from atom_core.plugins import PluginSet
from atom_core.settings import Settings
from atom_core.specs import ChannelSpec, TaskSpec

_RULES = ("quantize", "frames", "frame_pixels", "segment", "window_s", "min_clip_s")
"""The settings that change what any task makes of a video."""


class Dependencies:
    """Tells, as JSON values, what could change what tasks make of their records."""

    def __init__(
        self, settings: Settings, plugins: PluginSet, shared: SharedModules, environ: Mapping[str, str]
    ) -> None:
        """
        :param environ: where variables with settings of tasks are looked up
        """
        self._settings, self._plugins, self._shared, self._environ = settings, plugins, shared, environ

    def of_task(
        self, name: str, run: Callable[..., Any], settings: AttrsInstance | None, *, model: Callable[[], str]
    ) -> dict[str, Any]:
        """See `Host.about`.

        :param run: the task's `run`
        :param settings: the task's own settings; None if it is lent none
        :param model: tells which model it is; asked where the task uses it
        """
        lent = parameters(run)
        about = {
            "task": name,
            "plugin": next((str(info) for info in self._plugins.infos if name in info.names(TaskSpec)), ""),
            "settings": asdict(settings) if settings is not None else {},
            "model": model() if lent & {"encoder", "decoder", "library", "host"} else "",
            "others": self._of_all() if "host" in lent else {},
            **{rule: getattr(self._settings, rule) for rule in _RULES},
        }
        if named := self._plugins.modules_of(run):
            about["modules"] = {module: self._shared.about(module) for module in named}
        return about

    def of_asked(self, what: str, about: Callable[[str], dict[str, Any]]) -> object:
        """What something that a task asked of the host is now, as `Caller.asked` notes it.

        :param about: what a task depends on, by its name
        """
        kind, _, name = what.partition(" ")
        try:
            match kind:
                case "task":
                    return {**about(name), "others": {}} if name in self._plugins.tasks else None
                case "module":
                    return self._shared.about(name) if name in self._plugins.modules else None
                case "tasks":
                    return sorted(self._plugins.tasks)
                case "modules":
                    return sorted(self._plugins.modules)
                case "channels":
                    return [str(info) for info in self._plugins.infos if info.names(ChannelSpec)]
                case "hook":
                    return [str(info) for info in self._plugins.infos if name in info.hooks]
                case "library":
                    return [str(info) for info in self._plugins.infos if "atom_open_library" in info.hooks]
        except AtomError as error:  # it cannot be had, which tasks may do without
            return str(error)
        return self._of_all()

    def _of_all(self) -> dict[str, Any]:
        """What is set for tasks, and the plugins' versions."""
        plugins = [str(info) for info in self._plugins.infos]
        modules = {"modules": self._settings.modules} if self._settings.modules else {}
        return {
            "plugins": plugins,
            "tasks": self._settings.tasks,
            "set": variables(self._plugins, self._environ),
            **modules,
        }


def variables(plugins: PluginSet, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that set something of tasks, and of modules that plugins share."""
    begins = tuple(f"ATOM_{name.upper().replace('-', '_')}_" for name in (*plugins.tasks, *plugins.modules))
    return {name: value for name, value in environ.items() if name.startswith(begins)}


def parameters(run: Callable[..., Any]) -> frozenset[str]:
    """The names that a task's `run` has for what it takes."""
    return frozenset(inspect.signature(run).parameters)
