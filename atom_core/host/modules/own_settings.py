"""What a module that plugins share is made with beside the settings, and what it lacks on this machine."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping

from attrs import AttrsInstance

from atom_core.background import is_interrupt
from atom_core.errors import AtomError, PluginError
from atom_core.plugins import PluginSet
from atom_core.plugins.discovery import one_line
from atom_core.settings import Settings, module_settings
from atom_core.specs import ModuleSpec


def own_settings(
    spec: ModuleSpec, kind: type, settings: Settings, environ: Mapping[str, str] = os.environ
) -> AttrsInstance | None:
    """The module's own settings; None if its class has none.

    :param kind: its class
    :param environ: where variables are looked up
    :raises SettingsError: for an unknown name or a bad value
    :raises PluginError: if the class's settings are none
    """
    own: type[AttrsInstance] | None = getattr(kind, "Settings", None)
    if own is None:
        return None
    try:
        return module_settings(own, spec.name, settings, environ=environ)[0]
    except PluginError as error:
        said = f"{error}, or run without it: ATOM_BLOCK_PLUGINS={spec.plugin}"
        raise PluginError(said, plugin=spec.plugin) from error


def lacking(spec: ModuleSpec, plugins: PluginSet, settings: Settings) -> str:
    """What a module needs and this machine does not have, with the way to it, as its class says in ``lacking``; empty
    if it has all, or does not say. Nothing is loaded or fetched.

    :raises AtomError: if its class cannot be imported, is set to what cannot be, or fails to say
    """
    kind = plugins.load(spec)
    say = getattr(kind, "lacking", None)
    if not callable(say):
        return ""
    options = own_settings(spec, kind, settings)
    given = {} if options is None or "options" not in inspect.signature(say).parameters else {"options": options}
    try:
        return str(say(settings, **given) or "")
    except AtomError:
        raise
    except BaseException as error:
        if is_interrupt(error):
            raise
        said = f"{plugins.owner(spec)} cannot say what it lacks: {one_line(error)}"
        raise PluginError(f"{said}; repair or update {spec.plugin}", plugin=spec.plugin) from error
