"""The plugins of one host or one command: loaded, asked what they offer, and called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

import attrs
import pluggy

from atom_core.background import is_interrupt
from atom_core.errors import AtomError, PluginError
from atom_core.plugins.discovery import (
    Fault,
    PluginInfo,
    core_version,
    discover,
    import_plugin,
    isolated,
    one_line,
    why_blocked,
    within,
)
from atom_core.plugins.hook_calls import HookCalls
from atom_core.plugins.hook_wrappers import Guarded, Trace, guard_hooks
from atom_core.plugins.targets import fault_of_run, imported
from atom_core.settings import Settings, suggest
from atom_core.specs import (
    KINDS,
    LENT,
    PROGRAMS,
    ChannelSpec,
    CommandSpec,
    ExecutorSpec,
    FormatSpec,
    ModelSpec,
    ModuleSpec,
    PromptSpec,
    Register,
    RoutesSpec,
    Spec,
    TaskSpec,
    Unfit,
    record_of,
)

if TYPE_CHECKING:
    from atom_core.records import Caption

S = TypeVar("S", bound=Spec)


class PluginSet(HookCalls):
    """The plugins of one host or one command; made by `load_plugins`."""

    def __init__(self, settings: Settings | None = None, *, trace: Trace | None = None) -> None:
        super().__init__()
        self._infos: list[PluginInfo] = []
        self._settings, self._trace = settings or Settings(), trace
        self._absent: tuple[str, ...] = ()
        self._cause: BaseException | None = None
        self._offers: dict[type[Spec], dict[str, Spec]] = {kind: {} for kind in KINDS}
        self._asked_for: set[type[Spec]] = set()
        self.tasks, self.models, self.modules = self.of(TaskSpec), self.of(ModelSpec), self.of(ModuleSpec)

    def of(self, kind: type[S]) -> dict[str, S]:
        """What plugins declared of a kind, by name."""
        return cast("dict[str, S]", self._offers[kind])

    @property
    def infos(self) -> tuple[PluginInfo, ...]:
        """Every plugin found, whatever its state, in order; the built-in ones last."""
        return tuple(sorted(self._infos, key=lambda info: (info.builtin, info.name, info.distribution)))

    def commands(self) -> dict[str, CommandSpec]:
        """The subcommands of ``atom`` by name; asked for on the first call only.

        :raises PluginError: if a plugin is broken, unless the set was loaded with `keep_going`
        """
        return self._asked(CommandSpec)

    def routes(self) -> dict[str, RoutesSpec]:
        """The routes that plugins add to a server, by name; asked for on the first call only.

        :raises PluginError: if a plugin is broken, unless the set was loaded with `keep_going`
        """
        return self._asked(RoutesSpec)

    def executors(self) -> dict[str, ExecutorSpec]:
        """Where pipelines can be run, by name; asked for on the first call only.

        :raises PluginError: if a plugin is broken, unless the set was loaded with `keep_going`
        """
        return self._asked(ExecutorSpec)

    def _asked(self, kind: type[S]) -> dict[str, S]:
        if kind not in self._asked_for:
            self._asked_for.add(kind)
            self._declare(kind)
            if not self._settings.keep_going:
                self.check()
        return self.of(kind)

    def task(self, name: str) -> TaskSpec:
        """The task called `name`.

        :raises PluginError: if no loaded plugin has it, naming the nearest
        """
        return self.find(TaskSpec, name)

    def find(self, kind: type[S], name: str) -> S:
        """What is called `name` of a kind: task, model and so on.

        :raises PluginError: if no loaded plugin has it, naming the nearest
        """
        offers = self.of(kind)
        if name in offers:
            return offers[name]
        known = ", ".join(sorted(offers)) or "none"
        raise PluginError(
            f"there is no {kind.word} {name!r}{suggest(name, offers)}; {kind.words}: {known}{self._left_out};"
            " see `atom plugins`"
        )

    @property
    def _left_out(self) -> str:
        """What messages say of plugins that are not loaded, behind what there is."""
        left_out = ", ".join(f"{info.name} ({info.state})" for info in self._infos if info.state != "loaded")
        return f"; plugins left out: {left_out}" if left_out else ""

    def load(
        self, spec: TaskSpec | ModuleSpec | FormatSpec | ChannelSpec | CommandSpec | RoutesSpec | ExecutorSpec
    ) -> Any:
        """The class or function that `spec` names, imported.

        :raises PluginError: if it cannot be imported, naming the plugin and the next step
        """
        value = self.imported(spec, spec.target)
        owner = self.owner(spec)
        for part in spec.parts:
            if not hasattr(value, part):
                raise PluginError(
                    f"{owner}: it has no {part!r}, as every {spec.word} must; repair or update {spec.plugin}",
                    plugin=spec.plugin,
                )
        for part in ("consumes", "produces") if isinstance(spec, TaskSpec) else ():
            try:
                record_of(getattr(value, part))
            except ValueError as error:
                raise PluginError(
                    f"{owner}: {part} is {error}; repair or update {spec.plugin}", plugin=spec.plugin
                ) from None
        if isinstance(spec, TaskSpec) and (wrong := fault_of_run(value.run, self.lendable, self._left_out)):
            raise PluginError(f"{owner}: its run {wrong}; repair or update {spec.plugin}", plugin=spec.plugin)
        return value

    def imported(self, spec: Spec, target: str) -> Any:
        """What `target`, written ``package.module:Name`` in `spec`, stands for.

        :raises PluginError: if it cannot be imported, naming the plugin and the next step
        """
        return imported(spec, target, self.owner(spec))

    @property
    def lendable(self) -> tuple[str, ...]:
        """What a task's `run` can ask for by name."""
        return (*LENT, *sorted(self.modules))

    def modules_of(self, run: Callable[..., Any]) -> tuple[str, ...]:
        """The shared modules that a task's `run` names."""
        _, *names = inspect.signature(run).parameters
        return tuple(name for name in names if name in self.modules)

    def memory_of(self, spec: ModuleSpec) -> int:
        """Memory that a shared module needs with these settings, bytes: what its class says, else what was declared.

        :raises PluginError: if it cannot be imported, or fails to say
        """
        needs = getattr(self.load(spec), "needs_bytes", None)
        if not callable(needs):
            return spec.memory_bytes
        try:
            return attrs.evolve(spec, memory_bytes=int(needs(self._settings))).memory_bytes
        except AtomError:
            raise
        except BaseException as error:
            if is_interrupt(error):
                raise
            why = error.reason if isinstance(error, Unfit) else one_line(error)
            said = f"{self.owner(spec)} cannot say how much memory it needs: {why}"
            raise PluginError(f"{said}; repair or update {spec.plugin}", plugin=spec.plugin) from error

    @property
    def prompt_texts(self) -> dict[str, str]:
        """The text of each prompt, by its name."""
        return {name: spec.text for name, spec in self.of(PromptSpec).items()}

    def suffix(self, format_name: str) -> str:
        """How the names of files in one of the formats of documents end.

        :raises PluginError: if there is no such format
        """
        return self.find(FormatSpec, format_name).suffix

    def document(self, format_name: str, captions: Sequence[Caption]) -> str:
        """The text of a document in one of `formats` with the captions of one video, in order, at least one.

        :raises PluginError: if there is no such format, or its plugin raises or returns no text
        """
        spec = self.find(FormatSpec, format_name)
        try:
            text = self.load(spec)(list(captions))
        except AtomError:
            raise
        except BaseException as error:
            if is_interrupt(error):
                raise
            raise PluginError(
                f"{self.owner(spec)} failed: {one_line(error)}; choose another --format", plugin=spec.plugin
            ) from error
        if not isinstance(text, str):
            raise PluginError(
                f"{self.owner(spec)} returned {type(text).__name__}, not text; choose another --format",
                plugin=spec.plugin,
            )
        return text

    def trace(self, callback: Trace | None) -> None:
        """Tell `callback` of each call of a hook implementation from now on."""
        self._trace = callback

    def _tell(self, plugin: str, hook: str, milliseconds: float) -> None:
        if self._trace is not None:
            self._trace(plugin, hook, milliseconds)

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

    def owner(self, spec: Spec) -> str:
        """How messages call what a plugin offers: kind, name and plugin."""
        info = next((info for info in self._infos if info.name == spec.plugin), None)
        return f"{spec} of {info or f'plugin {spec.plugin!r}'}"

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
        for offers in self._offers.values():
            for name in [name for name, spec in offers.items() if spec.plugin == info.name]:
                del offers[name]
        self._update(info, state="broken", reason=fault.reason, advice=fault.advice, memory_bytes=0, offers={})

    def _register(self, info: PluginInfo, plugin: object) -> None:
        """Check what `plugin` implements and connect it."""
        try:
            with isolated():
                guarded = Guarded(guard_hooks(info, plugin, self._manager, self._tell, self._settings.hook_limit_s))
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

    def _declare(self, kind: type[Spec]) -> None:
        """Ask each plugin what it offers of a kind; a broken one is left out whole.

        Built-in plugins come first, then this project's own, then others by name: where two offer the same name, the
        later one is at fault, and nobody can take a built-in command away.
        """
        for info in sorted(self.infos, key=lambda info: (not info.builtin, not info.ours)):
            if info.state != "loaded" or kind.hook not in info.hooks:
                continue
            others = [plugin for name, plugin in self._manager.list_name_plugin() if name != info.name]
            offered: dict[str, Spec] = {}
            register = Register(kind, info.name, partial(self._take, kind, offered))
            try:
                with isolated():
                    caller = self._manager.subset_hook_caller(kind.hook, others)
                    within(self._settings.load_limit_s, f"its {kind.hook}", partial(caller, register=register))
            except Fault as fault:
                self._break(info, fault)
                continue
            self._offers[kind].update(offered)
            memory_bytes = info.memory_bytes + sum(getattr(spec, "memory_bytes", 0) for spec in offered.values())
            self._update(info, offers={**info.offers, kind.words: tuple(offered)}, memory_bytes=memory_bytes)

    def _take(self, kind: type[Spec], offered: dict[str, Spec], spec: Spec) -> None:
        """Note what a plugin declares beside what it has `offered` already."""
        taken = offered.get(spec.name) or self._offers[kind].get(spec.name)
        if taken is not None:
            raise Fault(f"{spec} is already registered: {self.owner(taken)}", "rename it in this plugin")
        offered[spec.name] = spec


def load_plugins(
    settings: Settings, *, builtins: Sequence[tuple[str, object]] = (), trace: Trace | None = None
) -> PluginSet:
    """Load the installed plugins that `settings` lets in.

    :param settings: `block_plugins` are never imported; `load_plugins`, if set, is the list of those that may be
    :param builtins: name and object of plugins that come with the program; they can be blocked by name
    :param trace: told of each call of a hook implementation
    :raises PluginError: listing every fault, unless `settings.keep_going`
    """
    plugins = PluginSet(settings, trace=trace)
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
    # pluggy calls the latest first: others' plugins before this project's, and within each by name
    for info, plugin in sorted(reversed(ready), key=lambda one: not one[0].ours):
        plugins._register(info, plugin)
    for kind in KINDS:
        if kind not in PROGRAMS:
            plugins._declare(kind)
    installed = {candidate.info.name for candidate in found}
    plugins._absent = tuple(name for name in settings.load_plugins or () if name not in installed)
    if not settings.keep_going:
        plugins.check()
    return plugins
