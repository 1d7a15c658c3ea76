"""Settings of single tasks and shared modules, which are attrs classes of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import attrs

from atom_core.errors import PluginError, SettingsError
from atom_core.settings.fields import evolve_one
from atom_core.settings.settings import Settings
from atom_core.settings.values import short, why_unfit
from atom_core.text.suggestions import suggest

T = TypeVar("T", bound=attrs.AttrsInstance)


def task_settings(
    kind: type[T],
    task: str,
    settings: Settings,
    overrides: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    origin: Mapping[str, str] | None = None,
    prompts: Mapping[str, str] | None = None,
    label: str = "argument",
) -> tuple[T, dict[str, str]]:
    """The settings of one task, and where each value came from.

    Defaults < ``[tasks.<task>]`` < ``ATOM_<TASK>_<NAME>`` < arguments of `load_with_sources` < `overrides`.

    :param kind: the task's attrs class, every field with a default
    :param origin: what `load_with_sources` said, to name file and line
    :param prompts: the prompts that have names, for values such as ``@name``
    :param label: how `overrides` are called in messages
    :raises SettingsError: for an unknown name or a bad value, naming the source
    """
    return _own_settings("tasks", kind, task, settings, overrides, environ, origin, prompts, label)


def module_settings(
    kind: type[T],
    module: str,
    settings: Settings,
    *,
    environ: Mapping[str, str] = os.environ,
    origin: Mapping[str, str] | None = None,
) -> tuple[T, dict[str, str]]:
    """The settings of one shared module, and where each value came from.

    Defaults < ``[modules.<module>]`` < ``ATOM_<MODULE>_<NAME>`` < arguments of `load_with_sources`.

    :param kind: the module's attrs class, every field with a default
    :param origin: what `load_with_sources` said, to name file and line
    :raises SettingsError: for an unknown name or a bad value, naming the source
    """
    return _own_settings("modules", kind, module, settings, None, environ, origin, None, "argument")


def _own_settings(
    group: str,
    kind: type[T],
    owner: str,
    settings: Settings,
    overrides: Mapping[str, object] | None,
    environ: Mapping[str, str],
    origin: Mapping[str, str] | None,
    prompts: Mapping[str, str] | None,
    label: str,
) -> tuple[T, dict[str, str]]:
    """The settings of the task or module `owner`; of modules no prompt has a name."""
    word = group.removesuffix("s")
    fields, result = task_defaults(kind, owner, word=word)
    prefix = f"ATOM_{owner.upper().replace('-', '_')}_"
    file, place = getattr(settings, group).get(owner, {}), f"{group}.{owner}"
    named = frozenset(name for name in fields if group == "tasks" and _is_prompt(name))
    given = [((origin or {}).get(f"{place}.{name}", f"[{place}]"), name, value) for name, value in file.items()]
    given += [
        (prefix + name.upper(), name, environ[prefix + name.upper()])
        for name in fields
        if prefix + name.upper() in environ and name not in getattr(file, "given", ())
    ]
    given += [(label, name, value) for name, value in (overrides or {}).items() if value is not None]
    sources = dict.fromkeys(fields, "default")
    set_names = {name for _, name, _ in given}
    for name in fields:  # a default may be the name of a prompt, too
        if name in named and name not in set_names:
            text = _named_prompt(getattr(result, name), prompts or {}, f"default of task {owner!r}: {name}")
            result = attrs.evolve(result, **{name: text})  # type: ignore[misc]
    for source, name, value in given:
        if name not in fields:
            known = ", ".join(fields) or "none"
            raise SettingsError(
                f"{source}: {word} {owner!r} has no setting {short(name)}{suggest(name, fields)}; it has: {known}"
            )
        if name in named:
            value = _named_prompt(value, prompts or {}, f"{source}: {name}")
        result, sources[name] = evolve_one(result, name, value, source), source
    return result, sources


def task_defaults(kind: type[T], task: str, *, word: str = "task") -> tuple[dict[str, attrs.Attribute[Any]], T]:
    """The fields of a task's settings, or of a module's, and the settings where nothing is set.

    :raises PluginError: if `kind` is no attrs class, or has a field without a default that fits
    """
    try:
        return attrs.fields_dict(kind), kind()
    except Exception as error:  # factories, converters and validators of plugins raise what they like
        raise PluginError(
            f"{word} {task!r}: its Settings must be an attrs class whose every field has a default that fits:"
            f" {why_unfit(error)}; repair or update its plugin"
        ) from error


def _is_prompt(name: str) -> bool:
    return name.rpartition("_")[2] == "prompt"


def _named_prompt(value: object, prompts: Mapping[str, str], source: str) -> Any:
    """The text that ``@name`` stands for; any other value stands for itself."""
    if not isinstance(value, str) or not re.fullmatch(r"@[\w.-]+", value):
        return value
    name = value[1:]
    if name not in prompts:
        known = ", ".join(f"@{known}" for known in sorted(prompts)) or "none"
        raise SettingsError(
            f"{source} = {short(value)}: there is no prompt {short(name)}{suggest(name, prompts)}; prompts: {known}"
        )
    return prompts[name]
