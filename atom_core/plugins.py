"""Find, block, load, check and list plugins: entry points of group ``atom``.

A plugin is *discovered* (installed), then *blocked* (never imported), *broken* (left out, with the reason) or *loaded*.
Order: sorted by name, then by distribution. In that order plugins are imported, declare, and have their hooks called;
built-in plugins come last. Each is imported and asked in isolation, so that every fault is told at once.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from importlib import import_module
from typing import Any, TypeAlias

import attrs
import pluggy

from atom_core import hookspecs
from atom_core.discovery import (
    Fault,
    PluginInfo,
    check_signature,
    core_version,
    discover,
    fault_of,
    import_plugin,
    is_target,
    isolated,
    one_line,
    why_blocked,
    within,
)
from atom_core.errors import AtomError, PluginError
from atom_core.hookspecs import CommandSpec, FamilySpec, ModelSpec, TaskSpec, hook_names
from atom_core.settings import Settings, suggest

Trace: TypeAlias = Callable[[str, str, float], None]
"""Told the plugin, the hook and the milliseconds of each call of a hook implementation."""
Spec: TypeAlias = TaskSpec | ModelSpec | FamilySpec | CommandSpec

Fits: TypeAlias = Callable[[Any], str]
"""What is wrong with the result of a hook, in words such as ``a dict, not Modules``; empty if nothing is."""

_late_errors: ContextVar[list[AtomError] | None] = ContextVar("_late_errors", default=None)
_wanted: ContextVar[tuple[str, Fits] | None] = ContextVar("_wanted", default=None)


class PluginSet:
    """The plugins of one host or one command; made by `load_plugins`."""

    def __init__(self, *, keep_going: bool = False, limit_s: float = 30.0, trace: Trace | None = None) -> None:
        self._manager = pluggy.PluginManager("atom")
        self._manager.add_hookspecs(hookspecs)
        self._infos: list[PluginInfo] = []
        self._keep_going, self._limit_s, self._trace = keep_going, limit_s, trace
        self._absent: tuple[str, ...] = ()
        self._cause: BaseException | None = None
        self.tasks: dict[str, TaskSpec] = {}
        self.models: dict[str, ModelSpec] = {}
        self.families: dict[str, FamilySpec] = {}
        self._commands: dict[str, CommandSpec] | None = None

    @property
    def hook(self) -> pluggy.HookRelay:
        """The hooks, to be called by name. What a plugin raises arrives as a `PluginError` that names it."""
        return self._manager.hook

    @property
    def infos(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, whatever its state, in order; the built-in ones last."""
        return tuple(sorted(self._infos, key=lambda info: (info.builtin, info.name, info.distribution)))

    def call(self, hook_name: str, **arguments: Any) -> Any:
        """The result of a hook. Of a *notify* hook every plugin is called, even where an earlier one raised.

        :raises PluginError: naming each plugin that raised
        """
        errors: list[AtomError] = []
        token = _late_errors.set(errors)
        try:
            result = getattr(self.hook, hook_name)(**arguments)
        finally:
            _late_errors.reset(token)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise PluginError("\n".join(str(error) for error in errors)) from errors[0]
        return result

    def first(self, hook_name: str, fits: Fits, **arguments: Any) -> Any:
        """The result of a *do* hook; each plugin's is looked at by `fits` before it counts.

        :raises PluginError: naming the plugin that raised, or whose result does not fit
        """
        token = _wanted.set((hook_name, fits))
        try:
            return self.call(hook_name, **arguments)
        finally:
            _wanted.reset(token)

    def commands(self) -> dict[str, CommandSpec]:
        """The subcommands of ``atom`` by name; asked for on the first call only.

        :raises PluginError: if a plugin is broken, unless the set was loaded with `keep_going`
        """
        if self._commands is None:
            self._commands = {}
            self._declare("atom_add_commands", CommandSpec, self._commands)
            if not self._keep_going:
                self.check()
        return self._commands

    def task(self, name: str) -> TaskSpec:
        """The task called `name`.

        :raises PluginError: if no loaded plugin has it, naming the nearest
        """
        if name in self.tasks:
            return self.tasks[name]
        known = ", ".join(sorted(self.tasks)) or "none"
        left_out = ", ".join(f"{info.name} ({info.state})" for info in self._infos if info.state != "loaded")
        raise PluginError(
            f"there is no task {name!r}{suggest(name, self.tasks)}; tasks: {known}"
            + (f"; plugins left out: {left_out}" if left_out else "")
            + "; see `atom plugins`"
        )

    def load(self, spec: TaskSpec | CommandSpec) -> Any:
        """The class that `spec` names, imported.

        :raises PluginError: if it cannot be imported, naming the plugin and the next step
        """
        module_name, _, path = spec.target.partition(":")
        owner = self._owner(spec)
        try:
            value: Any = import_module(module_name)
            for part in path.split("."):
                value = getattr(value, part)
        except AttributeError as error:
            near = suggest(path, dir(value))
            raise PluginError(
                f"{owner}: {spec.target} has no {path!r}{near}; repair or update {spec.plugin}"
            ) from error
        except Exception as error:
            fault = fault_of(error, module_name)
            raise PluginError(
                f"{owner} could not be loaded:\n  {fault.reason}\n"
                f"  {fault.advice}, or run without it: ATOM_BLOCK_PLUGINS={spec.plugin}"
            ) from error
        return value

    def trace(self, callback: Trace | None) -> None:
        """Tell `callback` of each call of a hook implementation from now on."""
        self._trace = callback

    def check(self) -> None:
        """Refuse broken plugins.

        :raises PluginError: listing every fault
        """
        names = [info.name for info in self._infos]
        faults = [info.fault for info in self.infos if info.state == "broken"]
        faults += [
            f"load_plugins names {name!r}, which is not installed{suggest(name, names)}; install or unlist it"
            for name in self._absent
        ]
        if faults:
            raise PluginError("\n".join(faults)) from self._cause

    def _owner(self, spec: Spec) -> str:
        kind = {TaskSpec: "task", ModelSpec: "model", FamilySpec: "family", CommandSpec: "command"}[type(spec)]
        info = next((info for info in self._infos if info.name == spec.plugin), None)
        return f"{kind} {spec.name!r} of {info or f'plugin {spec.plugin!r}'}"

    def _update(self, info: PluginInfo, **changes: Any) -> PluginInfo:
        changed = attrs.evolve(info, **changes)
        self._infos = [changed if known == info else known for known in self._infos]
        return changed

    def _break(self, info: PluginInfo, fault: Fault) -> None:
        """Leave a plugin out, with all that it registered."""
        self._cause = self._cause or fault.__cause__
        plugin = self._manager.get_plugin(info.name)
        if plugin is not None and info.hooks:
            self._manager.unregister(plugin)
        tables: tuple[dict[str, Any], ...] = (self.tasks, self.models, self.families, self._commands or {})
        for table in tables:
            for name in [name for name, spec in table.items() if spec.plugin == info.name]:
                del table[name]
        self._update(
            info,
            state="broken",
            reason=fault.reason,
            advice=fault.advice,
            tasks=(),
            models=(),
            families=(),
            commands=(),
            memory_bytes=0,
        )

    def _register(self, info: PluginInfo, plugin: object) -> None:
        """Check what `plugin` implements and connect it."""
        try:
            with isolated():
                guarded = _Guarded(self._guards(info, plugin))
                if self._manager.has_plugin(info.name):
                    raise Fault(f"its name {info.name!r} belongs to a built-in plugin", "rename its entry point")
                try:
                    self._manager.register(guarded, info.name)
                except pluggy.PluginValidationError as error:
                    if self._manager.is_registered(guarded):
                        self._manager.unregister(guarded)
                    raise Fault(str(error).splitlines()[-1], "repair or update it") from error
        except Fault as fault:
            self._break(info, fault)
        else:
            self._update(info, state="loaded", hooks=tuple(sorted(vars(guarded))))

    def _guards(self, info: PluginInfo, plugin: object) -> dict[str, Callable[..., Any]]:
        """Each hook that `plugin` implements, checked, and wrapped so that errors name it and calls are traced."""
        if inspect.isclass(plugin):
            raise Fault("its entry point names a class", "point it at a module or at an instance")
        phases, guards = hook_names(), {}
        for attribute in dir(plugin):
            function = getattr(plugin, attribute, None)
            options = self._manager.parse_hookimpl_opts(plugin, attribute)
            if options is None:
                if attribute in phases and inspect.isroutine(function) and not hasattr(function, "atom_spec"):
                    raise Fault(f"{attribute} is not marked as a hook", "put @atom_core.hookimpl above it")
                continue
            hook = options.get("specname") or attribute
            if hook not in phases:
                near = suggest(hook, phases)
                raise Fault(f"{hook} is not a hook of Atom{near}", "rename it")
            check_signature(hook, function)
            if hook in guards:
                raise Fault(f"it implements {hook} twice", "join the two functions")
            guards[hook] = self._guard(info, hook, function)
        if not guards:
            raise Fault("it implements no hook", "mark its hooks with @atom_core.hookimpl")
        return guards

    def _guard(self, info: PluginInfo, hook: str, function: Any) -> Callable[..., Any]:
        phase = hook_names()[hook]

        @contextlib.contextmanager
        def guard() -> Iterator[None]:
            start = time.perf_counter()
            try:
                yield
            except (Exception, SystemExit) as error:
                named: BaseException = error
                if not isinstance(error, AtomError) and phase != "declare" and not info.builtin:
                    named = PluginError(f"{info} raised in {hook}: {one_line(error)}; {_without(info)}")
                    named.__cause__ = error
                late = _late_errors.get()
                if phase == "notify" and late is not None and isinstance(named, AtomError):
                    late.append(named)
                elif named is error:
                    raise
                else:
                    raise named from error
            finally:
                if self._trace is not None:
                    self._trace(info.name, hook, (time.perf_counter() - start) * 1000)

        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def wrapper(*arguments: Any) -> Any:
                with guard():
                    return _fitting(info, hook, (yield from function(*arguments)))

            return wrapper

        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            with guard():
                return _fitting(info, hook, function(*arguments))

        return call

    def _declare(self, hook: str, kind: type[Any], table: dict[str, Any]) -> None:
        """Ask each plugin in order what it offers through `hook`; a broken one is left out whole."""
        listing = {TaskSpec: "tasks", ModelSpec: "models", FamilySpec: "families", CommandSpec: "commands"}[kind]
        for info in self.infos:
            if info.state != "loaded" or hook not in info.hooks:
                continue
            others = [plugin for name, plugin in self._manager.list_name_plugin() if name != info.name]
            offered: dict[str, Any] = {}
            try:
                with isolated():
                    caller = self._manager.subset_hook_caller(hook, others)
                    offer = functools.partial(self._offer, info, kind, table, offered)
                    within(self._limit_s, f"its {hook}", functools.partial(caller, register=offer))
            except Fault as fault:
                self._break(info, fault)
                continue
            table.update(offered)
            changes: dict[str, Any] = {listing: tuple(offered)}
            if kind is TaskSpec:
                changes["memory_bytes"] = sum(spec.memory_bytes for spec in offered.values())
            self._update(info, **changes)

    def _offer(
        self,
        info: PluginInfo,
        kind: type[Any],
        table: Mapping[str, Spec],
        offered: dict[str, Spec],
        name: str,
        target: Any,
        *,
        summary: str = "",
        **more: Any,
    ) -> None:
        """The `register` function that declare hooks call."""
        word = kind.__name__.removesuffix("Spec").lower()
        place = "source" if kind is ModelSpec else "target"
        known = [attribute.name for attribute in attrs.fields(kind) if attribute.name not in ("name", "plugin", place)]
        for keyword in more:
            if keyword not in known:
                raise Fault(
                    f"{word} {name!r} is registered with {keyword}={suggest(keyword, known)}", "see the hook's text"
                )
        if not isinstance(name, str) or not name or name.startswith("-") or any(letter.isspace() for letter in name):
            raise Fault(f"{name!r} is no name for a {word}", "use lower-case words joined by hyphens")
        if place == "target" and not is_target(target):
            raise Fault(f"{word} {name!r} has target {target!r}", "write it as 'package.module:Class'")
        if not isinstance(summary, str) or not summary or "\n" in summary:
            raise Fault(f"{word} {name!r} needs a summary of one line, got {summary!r}", "add summary='...'")
        memory_bytes = more.get("memory_bytes", 0)
        if not isinstance(memory_bytes, int) or memory_bytes < 0:
            raise Fault(f"{word} {name!r} declares memory_bytes={memory_bytes!r}", "give a whole number of bytes")
        taken = offered.get(name) or table.get(name)
        if taken is not None:
            raise Fault(
                f"{word} {name!r} is already registered: {self._owner(taken)}", "rename or block one of the two"
            )
        offered[name] = kind(name=name, **{place: target}, summary=summary, plugin=info.name, **more)


def load_plugins(
    settings: Settings, *, builtins: Sequence[tuple[str, object]] = (), trace: Trace | None = None
) -> PluginSet:
    """Load the installed plugins that `settings` lets in.

    :param settings: `block_plugins` are never imported; `load_plugins`, if set, is the list of those that may be
    :param builtins: name and object of plugins that come with the program; they can be blocked by name
    :param trace: told of each call of a hook implementation
    :raises PluginError: listing every fault, unless `settings.keep_going`
    """
    plugins = PluginSet(keep_going=settings.keep_going, limit_s=settings.load_limit_s, trace=trace)
    ready: list[tuple[PluginInfo, object]] = []
    for name, builtin in builtins:
        info = PluginInfo(name=name, distribution="atom-core", version=core_version(), builtin=True)
        plugins._infos.append(info)
        if name in settings.block_plugins:
            plugins._update(info, state="blocked", reason="named in block_plugins")
        else:
            plugins._register(info, builtin)
    found = discover()
    plugins._infos += [candidate.info for candidate in found]
    for candidate in found:
        reason = why_blocked(candidate.info.name, settings)
        if reason:
            plugins._update(candidate.info, state="blocked", reason=reason)
            continue
        try:
            ready.append((candidate.info, import_plugin(candidate, found, settings.load_limit_s)))
        except Fault as fault:
            plugins._break(candidate.info, fault)
    for info, plugin in reversed(ready):  # pluggy calls the latest first
        plugins._register(info, plugin)
    plugins._declare("atom_register_tasks", TaskSpec, plugins.tasks)
    plugins._declare("atom_register_models", ModelSpec, plugins.models)
    plugins._declare("atom_register_families", FamilySpec, plugins.families)
    installed = {candidate.info.name for candidate in found}
    plugins._absent = tuple(name for name in settings.load_plugins or () if name not in installed)
    if not settings.keep_going:
        plugins.check()
    return plugins


class _Guarded:
    """What is handed to pluggy in a plugin's place: its hooks, guarded."""

    def __init__(self, hooks: Mapping[str, Callable[..., Any]]) -> None:
        vars(self).update(hooks)


def _fitting(info: PluginInfo, hook: str, result: Any) -> Any:
    """`result`, if it is what the caller of the hook wants."""
    wanted = _wanted.get()
    fault = wanted[1](result) if result is not None and wanted is not None and wanted[0] == hook else ""
    if fault:
        raise PluginError(f"{info} returned {fault}, from {hook}; {_without(info)}")
    return result


def _without(info: PluginInfo) -> str:
    return f"repair or update it, or run without it: ATOM_BLOCK_PLUGINS={info.name}"
