"""What is handed to pluggy in a plugin's place: its hooks, checked, and wrapped so that whatever they do names it."""

from __future__ import annotations

import contextlib
import functools
import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

import pluggy

from atom_core.background import aside, is_interrupt
from atom_core.errors import AtomError, PluginError
from atom_core.hookspecs import Phase, hook_names
from atom_core.plugins.discovery import Fault, PluginInfo, check_signature, one_line
from atom_core.settings import suggest

Trace: TypeAlias = Callable[[str, str, float], None]
"""Told the plugin, the hook and the milliseconds of each call of a hook implementation."""
Fits: TypeAlias = Callable[[Any], str]
"""What is wrong with the result of a hook, in words such as ``a dict, not Modules``; empty if nothing is."""
HANGS_S = 10.0
"""A hook that was interrupted after this long is named: whoever ended the waiting may wonder what it was."""

BOUNDED = ("atom_before_task", "atom_after_task", "atom_before_close")
"""Hooks that are waited for only so long. Others do work of any length: they load, warm up, segment, open."""
log = logging.getLogger("atom")

late_errors: ContextVar[list[AtomError] | None] = ContextVar("late_errors", default=None)
"""Where errors in a *notify* hook are gathered until every plugin was called."""
wanted: ContextVar[tuple[str, Fits] | None] = ContextVar("wanted", default=None)
"""The *do* hook that is being called, and what its result must be."""


class Guarded:
    """An object with guarded hooks and nothing else."""

    def __init__(self, hooks: Mapping[str, Callable[..., Any]]) -> None:
        vars(self).update(hooks)


def guard_hooks(
    info: PluginInfo, plugin: object, manager: pluggy.PluginManager, trace: Trace, limit_s: float
) -> dict[str, Callable[..., Any]]:
    """Each hook that `plugin` implements, checked, and wrapped so that errors name it and calls are traced.

    :param limit_s: time limit of notify hooks of third-party plugins
    :raises Fault: for the first hook that is wrong
    """
    if inspect.isclass(plugin):
        raise Fault("its entry point names a class", "point it at a module or at an instance")
    phases = hook_names()
    guards: dict[str, Callable[..., Any]] = {}
    hangs = threading.Event()
    for attribute in dir(plugin):
        function = getattr(plugin, attribute, None)
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is None:
            if attribute in phases and inspect.isroutine(function) and not hasattr(function, "atom_spec"):
                raise Fault(f"{attribute} is not marked as a hook", "put @atom_core.hookimpl above it")
            continue
        hook = options.get("specname") or attribute
        if hook not in phases:
            raise Fault(f"{hook} is not a hook of Atom{suggest(hook, phases)}", "rename it")
        check_signature(hook, function)
        if hook in guards:
            raise Fault(f"it implements {hook} twice", "join the two functions")
        if hook in BOUNDED and not info.builtin and not inspect.isgeneratorfunction(function):
            function = _bounded(info, hook, function, limit_s, hangs)
        guards[hook] = _guarded(info, hook, phases[hook], function, trace)
    if not guards:
        raise Fault("it implements no hook", "mark its hooks with @atom_core.hookimpl")
    return guards


def _bounded(info: PluginInfo, hook: str, function: Any, limit_s: float, hangs: threading.Event) -> Callable[..., Any]:
    """`function`, waited for no longer than `limit_s`; once one of its plugin's hangs, none of them is called again."""

    @functools.wraps(function)
    def call(*arguments: Any) -> None:
        if hangs.is_set():
            return
        told = aside(functools.partial(function, *arguments), hook)
        try:
            told.result(limit_s)
        except TimeoutError:
            if told.done():
                raise
            first = not hangs.is_set()
            hangs.set()
            if first:
                late = f"{info} is still in {hook} after {limit_s:g} s and is told no more"
                log.warning("%s; raise hook_limit_s, %s", late, _without(info))

    return call


def _guarded(info: PluginInfo, hook: str, phase: Phase, function: Any, trace: Trace) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def wrapper(*arguments: object) -> Any:
            with _guard(info, hook, phase, trace):
                return _fitting(info, hook, (yield from function(*arguments)))

        return wrapper

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        with _guard(info, hook, phase, trace):
            return _fitting(info, hook, function(*arguments))

    return call


@contextlib.contextmanager
def _guard(info: PluginInfo, hook: str, phase: Phase, trace: Trace) -> Iterator[None]:
    """Give what is raised inside the plugin's name; errors meant for the user, and faults of ours, stay as they are."""
    start = time.perf_counter()
    try:
        yield
    except GeneratorExit:  # a wrapper that is given up
        raise
    except BaseException as error:
        if is_interrupt(error):
            if not info.builtin and time.perf_counter() - start >= HANGS_S:
                error.add_note(f"while {info} was in {hook}; run without it: ATOM_BLOCK_PLUGINS={info.name}")
            raise
        named: BaseException = error
        if not isinstance(error, AtomError) and phase != "declare" and not info.builtin:
            named = PluginError(f"{info} raised in {hook}: {one_line(error)}; {_without(info)}", plugin=info.name)
            named.__cause__ = error
        late = late_errors.get()
        if phase == "notify" and late is not None and isinstance(named, AtomError):
            late.append(named)
        elif named is error:
            raise
        else:
            raise named from error
    finally:
        trace(info.name, hook, (time.perf_counter() - start) * 1000)


def _fitting(info: PluginInfo, hook: str, result: object) -> Any:
    """`result`, if it is what the caller of the hook wants."""
    asked = wanted.get()
    fault = asked[1](result) if result is not None and asked is not None and asked[0] == hook else ""
    if fault:
        raise PluginError(f"{info} returned {fault}, from {hook}; {_without(info)}", plugin=info.name)
    return result


def _without(info: PluginInfo) -> str:
    return f"repair or update it, or run without it: ATOM_BLOCK_PLUGINS={info.name}"
