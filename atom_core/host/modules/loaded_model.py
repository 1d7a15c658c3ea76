"""The resident modules of one host: loaded when first needed, lent to tasks, loaded anew where a task spoilt them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import TypeVar

from atom_core.background import aside, waited_for
from atom_core.errors import AtomError, ModelError, ModuleError, PluginError, TaskError
from atom_core.host.modules.closing import close_within
from atom_core.host.modules.task_modules import Loans, weights_stamp
from atom_core.ledger import Ledger
from atom_core.memory.estimate import PROGRAM_BYTES, gib
from atom_core.plugins import PluginSet
from atom_core.protocols import ModelBackend
from atom_core.settings import Settings, suggest
from atom_core.specs import FamilySpec, ModelSpec, ModuleSpec, TaskSpec

log = logging.getLogger("atom")
T = TypeVar("T")


def log_each(error: AtomError) -> None:
    """Log what was raised in a hook that is told of something, a line for each plugin that raised."""
    for one in error.errors if isinstance(error, PluginError) and error.errors else (error,):
        log.warning("%s", one)


def split_provider(name: str, known: Collection[str]) -> tuple[str, str]:
    """What stands before a registered name, such as ``openvino:``, and that name; nothing where none stands there."""
    provider, colon, rest = name.partition(":")
    return (provider + colon, rest) if colon and name not in known and rest in known else ("", name)


class Resident:
    """The encoder and the decoder, shared by threads. What is lent is taken back and looked at."""

    def __init__(self, settings: Settings, plugins: PluginSet, ledger: Ledger) -> None:
        self._settings, self._plugins, self._ledger = settings, plugins, ledger
        self._lock = threading.RLock()
        self._modules: ModelBackend | None = None
        self._identity: str | None = None
        self._stamp = 0
        self._retired: list[ModelBackend] = []
        self._error: ModelError | None = None
        self._borrowers: set[str] = set()
        self._expected: set[str] | None = None
        self._counted: set[str] = set()
        self._modules_bytes: dict[str, int] = {}
        self._shut = False

    @property
    def is_loaded(self) -> bool:
        """Whether there is something to close."""
        return self._modules is not None

    @property
    def model(self) -> str:
        """Name and content of the model, whatever its precision; known without its weights where that can be.

        :raises ModelError: if it cannot be found
        """
        with self._lock:
            if self._modules is None and self._identity is None:
                self._identity = self._identified()
            return self._identity or self.modules().model

    def modules(self) -> ModelBackend:
        """Both modules; loaded on first use.

        :raises ModelError: if they cannot be loaded, which is tried once
        """
        with self._lock:
            if self._modules is None:
                self.check_open()
                if self._error is not None:
                    raise self._error
                try:
                    self._modules = modules = waited_for(aside(self._load, "load"))
                except ModelError as error:
                    self._error = error
                    raise
                self._stamp = weights_stamp(modules)
                self._ledger.count("loads", computed=1)
                self._tell_ready(modules)
            return self._modules

    def _tell_ready(self, modules: ModelBackend) -> None:
        """Tell plugins of the modules; what one of them raises is said, and ends nothing."""
        try:
            self._plugins.modules_ready(modules.encoder, modules.decoder, self._settings)
        except AtomError as errors:
            log_each(errors)

    @property
    def embeds(self) -> bool:
        """Whether the model's decoder was trained to embed, as its registration says, or that of the model that it was
        quantised or exported from."""
        known = self._plugins.of(ModelSpec)
        _, name = split_provider(str(self._settings.model), known)
        if name in known:  # whatever lies beside the footage under that name
            return known[name].embeds
        folder, specs = os.path.realpath(os.path.expanduser(name)), [spec for spec in known.values() if spec.embeds]
        if any(os.path.realpath(spec.source) == folder for spec in specs):
            return True
        try:
            content = self._content()
            return bool(content) and any(content == self._content(spec.source) for spec in specs)
        except ModelError:  # told where it is opened
            return False

    def _content(self, source: str | None = None) -> str:
        """The content of a model as `Modules.model` has it; of this one where none is named; "" if nobody knows it."""
        if source is not None:
            found = self._plugins.identify_model(source, self._settings)
        else:
            # without the lock, which is held while this is asked in the thread that loads
            loaded = self._modules
            found = loaded.model if loaded is not None else self._identity or self._identified()
        return (found or "").rpartition("@")[2]

    def expect(self, tasks: Iterable[str]) -> None:
        """Let only these tasks, and those that are lent the modules, count with what they declare; else all do."""
        with self._lock:
            self._expected = (self._expected or set()).union(tasks)

    def lend(self, spec: TaskSpec) -> Loans:
        """The modules as one run of a task sees them.

        :raises ModelError: if they cannot be loaded, or leave no memory for what the task declares
        """
        with self._lock:
            if self._expected is not None:
                self._expected.add(spec.name)
            modules = self.modules()
            self._count(spec, modules)
            loans = Loans(f"task {spec.name!r} of plugin {spec.plugin!r}", modules, self._stamp)
            new = spec.name not in self._borrowers
            self._borrowers.add(spec.name)
            self._ledger.count("loads", requested=int(new), reused=int(new and len(self._borrowers) > 1))
        return loans

    def take_back(self, spec: TaskSpec, loans: Loans) -> None:
        """Look whether what was lent is as it was; weights that are not are loaded anew for the next task.

        :raises TaskError: if it is not
        """
        if loans.weights_changed:
            with self._lock:
                if self._modules is loans.modules:
                    self._retired.append(loans.modules)
                    self._modules = None
            raise TaskError(
                f"the model's weights were changed while task {spec.name!r} of plugin {spec.plugin!r} ran; its result"
                f" is void and the weights are loaded anew; mend the plugin, or run without it:"
                f" ATOM_BLOCK_PLUGINS={spec.plugin}",
                task=spec.name,
                plugin=spec.plugin,
            )
        loans.check()

    def check_open(self) -> None:
        """
        :raises ModelError: if the host is closed, or closes
        """
        if self._shut:
            raise ModelError("the host is closed; open a new one")

    def shut(self) -> None:
        """Load nothing any more; what is loaded works until it is closed."""
        self._shut = True

    def try_again(self) -> None:
        """Let a model that could not be loaded be tried once more, when it is next wanted."""
        with self._lock:
            self._error = None

    def let_go(self) -> None:
        """Close what is loaded; it is loaded anew when it is next wanted, also where that has failed before."""
        with self._lock:
            self.close()
            self._retired, self._modules, self._error = [], None, None

    def close(self) -> None:
        """Let go of all that was loaded; what is raised then is said, and ends nothing."""
        for modules in (*self._retired, *filter(None, [self._modules])):
            if fault := close_within(self._settings.hook_limit_s, modules.close, "close the model"):
                log.warning("model %s %s, or run without the plugin that loads it", modules.model, fault)

    def count_module(self, spec: ModuleSpec) -> None:
        """Count what a shared module declares that is to be loaded; set it aside where the model is loaded already.

        :raises ModelError: if there is not so much room
        """
        with self._lock:
            if not spec.memory_bytes or spec.name in self._modules_bytes:
                return
            memory, others = self._settings.memory, sum(self._modules_bytes.values())
            if self._modules is None:
                fits = memory is None or PROGRAM_BYTES + others + spec.memory_bytes <= memory
            else:
                fits = self._modules.reserve(spec.memory_bytes)
            if not fits:
                said = "the memory that is free" if memory is None else f"--memory {gib(memory)}"
                beside = "the loaded model" if self._modules is not None else "the program"
                raise ModuleError(
                    f"{self._plugins.owner(spec)} needs {gib(spec.memory_bytes)}, which {said} does not leave beside"
                    f" {beside}; raise --memory, or run without it: ATOM_BLOCK_PLUGINS={spec.plugin}",
                    module=spec.name,
                    plugin=spec.plugin,
                )
            self._modules_bytes[spec.name] = spec.memory_bytes

    def _count(self, spec: TaskSpec, modules: ModelBackend) -> None:
        """Set aside what a task declares that was not expected when the modules were loaded."""
        if not spec.memory_bytes or spec.name in self._counted:
            return
        if not modules.reserve(spec.memory_bytes):
            memory = "" if self._settings.memory is None else f" {gib(self._settings.memory)}"
            raise ModelError(
                f"task {spec.name!r} of plugin {spec.plugin!r} declares {gib(spec.memory_bytes)}, which"
                f" --memory{memory} does not leave beside the loaded model; raise it, or name the task before loading:"
                f" host.expect([{spec.name!r}, ...])",
                source=self._settings.model,
            )
        self._counted.add(spec.name)

    def _count_expected_modules(self) -> None:
        """Count the shared modules that the tasks which are to run name."""
        for name, task in self._plugins.tasks.items():
            if self._expected is not None and name not in self._expected:
                continue
            with suppress(AtomError):  # a task that cannot be imported cannot run either
                for module in self._plugins.modules_of(self._plugins.load(task).run):
                    self._modules_bytes[module] = self._plugins.memory_of(self._plugins.modules[module])

    def _load(self) -> ModelBackend:
        declared = {name: task.memory_bytes for name, task in self._plugins.tasks.items() if task.memory_bytes}
        if self._expected is not None:
            declared = {name: size for name, size in declared.items() if name in self._expected}
        self._counted = set(declared)
        self._count_expected_modules()
        declared |= {f"module {name}": size for name, size in self._modules_bytes.items() if size}
        families = self._plugins.of(FamilySpec)
        modules = self._ask(
            lambda source: self._plugins.load_modules(source, self._settings, self._ledger, families, declared)
        )
        if modules is not None and self.embeds and hasattr(modules.decoder, "embedding"):
            modules.decoder.embedding = ""
        if modules is None:
            raise ModelError(
                f"no plugin loads model {self._settings.model!r}; see `atom models`", source=self._settings.model
            )
        if self._identity not in (None, modules.model):
            modules.close()
            raise ModelError(
                f"model {self._settings.model!r} is {modules.model}, but was taken for {self._identity} before it was"
                " loaded; try again, or mend the plugin that identifies it",
                source=self._settings.model,
            )
        return modules

    def _identified(self) -> str | None:
        """Which model it is, if every plugin that may load it can tell."""
        hooks = [info.hooks for info in self._plugins.infos if info.state == "loaded"]
        if any("atom_load_modules" in names and "atom_identify_model" not in names for names in hooks):
            return None
        return self._ask(lambda source: self._plugins.identify_model(source, self._settings))

    def _ask(self, hook: Callable[[str], T]) -> T:
        """The result of a hook that is asked about the folder or hub id that the setting stands for."""
        models = self._plugins.models
        provider, name = split_provider(str(self._settings.model), models)
        source = provider + (models[name].source if name in models else name)
        try:
            return hook(source)
        except ModelError as error:
            error.source = error.source or name  # a family, kernel or recipe does not know what it is used for
            near = "" if name in models or "/" in name else suggest(name, models)
            if not near:
                raise
            raise ModelError(f"{error}{near}", source=error.source) from error
