"""The resident modules that plugins share: each is loaded once, when a task first names it, and closed once."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial

from attrs import AttrsInstance, asdict, evolve, field, frozen

from atom_core.background import aside, is_interrupt
from atom_core.call_context import Caller, caller
from atom_core.errors import AtomError, ModelError, ModuleError, PluginError
from atom_core.exhausted import exhausted
from atom_core.host.modules.closing import close_within
from atom_core.host.modules.lent_module import LentModule
from atom_core.host.modules.own_settings import own_settings
from atom_core.host.modules.task_modules import Borrower, stamp_of
from atom_core.ledger import Ledger
from atom_core.plugins import PluginSet
from atom_core.plugins.contracts import missing_parts
from atom_core.plugins.discovery import fault_of, one_line
from atom_core.settings import Settings
from atom_core.specs import ModuleSpec

log = logging.getLogger("atom")

_LOOK_S = 0.2
"""How soon a task that was cancelled stops waiting for a module."""
HANGS_S = 10.0
"""A module that is not loaded after this long is named."""


@frozen(kw_only=True)
class _Loaded:
    """A module, and what its weights were when it was loaded."""

    spec: ModuleSpec
    value: object = field(repr=False)
    weights: tuple[object, ...] = field(repr=False)
    stamp: int


class SharedModules:
    """Loads, lends and closes the modules that plugins declared by name; used by several threads at once."""

    def __init__(
        self,
        settings: Settings,
        plugins: PluginSet,
        ledger: Ledger,
        *,
        count: Callable[[ModuleSpec], None],
        environ: Mapping[str, str],
    ) -> None:
        """
        :param count: sets a module's memory aside before it is loaded, or raises
        :param environ: where variables with settings of modules are looked up
        """
        self._settings, self._plugins, self._ledger = settings, plugins, ledger
        self._count, self._environ = count, environ
        self._lock = threading.Lock()
        self._loads: dict[str, Future[_Loaded]] = {}
        self._retired: list[Future[_Loaded]] = []
        self._borrowers: dict[str, set[str]] = {}
        self._told_slow: set[str] = set()
        self._shut = self._closed = False

    @property
    def is_loaded(self) -> bool:
        """Whether there is something to close."""
        return bool(self._loads)

    def give(self, name: str, module: object) -> None:
        """Take `module` for the one called `name`, instead of loading it."""
        loaded: Future[_Loaded] = Future()
        loaded.set_result(_Loaded(spec=self._plugins.modules[name], value=module, weights=(), stamp=0))
        self._loads[name] = loaded

    def lend(self, name: str, borrower: Borrower, task: str = "") -> LentModule:
        """The module called `name` as `borrower` sees it; loaded on first use, by one of all that ask.

        :param task: the task that it is lent to, for the ledger
        :raises PluginError: if no plugin declares it, or it cannot be imported
        :raises ModelError: if it cannot be loaded, which is tried once
        :raises Cancelled: if the caller's result is not wanted any more
        """
        loaded = self._loaded(name)
        with self._lock:
            borrowers = self._borrowers.setdefault(name, set())
            new = task not in borrowers
            borrowers.add(task)
            reused = new and len(borrowers) > 1
        self._ledger.module(name, requested=int(new), reused=int(reused))
        return LentModule(loaded.value, loaded.spec, self._plugins.owner(loaded.spec), borrower, self._ledger)

    def check(self, names: tuple[str, ...], borrower: Borrower) -> None:
        """Look whether the weights of what was lent are as they were; else the module is loaded anew for the next.

        :raises TaskError: if they are not
        """
        for name in names:
            future = self._loads.get(name)
            loaded = future.result() if future is not None and future.done() and not future.exception() else None
            if future is None or loaded is None or stamp_of(loaded.weights) == loaded.stamp:
                continue
            with self._lock:
                if self._loads.get(name) is future:
                    self._retired.append(self._loads.pop(name))
            raise borrower.error(
                f"the weights of {self._plugins.owner(loaded.spec)} were changed while {borrower.borrower} ran; its"
                " result is void and the module is loaded anew; mend the plugin of the task: let it change a copy"
            )

    def about(self, name: str) -> dict[str, object]:
        """Everything of a module that could change what a task makes with it; it is loaded if its class does not say
        in `fingerprint` what it is."""
        spec = self._plugins.modules[name]
        kind = self._plugins.load(spec)
        said = getattr(kind, "fingerprint", None)
        if not isinstance(said, str):
            said = self._fingerprint(self._loaded(name))
        plugin = next((str(info) for info in self._plugins.infos if name in info.names(ModuleSpec)), "")
        options = self._options(spec, kind)
        return {"plugin": plugin, "fingerprint": said, "settings": {} if options is None else asdict(options)}

    def _fingerprint(self, loaded: _Loaded) -> str:
        """What a loaded module says in `fingerprint`; empty where it has none."""
        try:
            return str(getattr(loaded.value, "fingerprint", ""))
        except BaseException as error:
            if is_interrupt(error):
                raise
            raise self._error(loaded.spec, f"cannot say which it is in 'fingerprint': {one_line(error)}") from error

    def try_again(self) -> None:
        """Let modules that could not be loaded be tried once more, when they are next wanted."""
        with self._lock:
            failed = [name for name, future in self._loads.items() if future.done() and future.exception() is not None]
            for name in failed:
                del self._loads[name]

    def let_go(self) -> None:
        """Close each module that is loaded; it is loaded anew when it is next wanted, also where that has failed."""
        with self._lock:
            futures = [future for future in (*reversed(self._loads.values()), *self._retired) if future.done()]
            self._loads = {name: future for name, future in self._loads.items() if not future.done()}
            self._retired = []
        for future in futures:
            self._close(future)

    def shut(self) -> None:
        """Load nothing any more; what is loaded works until it is closed."""
        self._shut = True

    def close(self) -> None:
        """Close each module once, the last that was loaded first; what one raises is said, and ends nothing."""
        with self._lock:
            self._closed = True
            futures = [*reversed(self._loads.values()), *self._retired]
        for future in futures:
            if future.done():
                self._close(future)
            else:
                future.add_done_callback(self._close)

    def _close(self, future: Future[_Loaded]) -> None:
        if future.exception() is not None:
            return
        loaded = future.result()
        close = getattr(loaded.value, "close", None)
        if not callable(close):
            return
        owner, without = self._plugins.owner(loaded.spec), f"or run without it: ATOM_BLOCK_PLUGINS={loaded.spec.plugin}"
        fault = close_within(self._settings.hook_limit_s, close, f"close {loaded.spec.name}")
        if fault:
            log.warning("%s %s, %s", owner, fault, without)

    def _loaded(self, name: str) -> _Loaded:
        spec = self._plugins.find(ModuleSpec, name)
        with self._lock:
            future = self._loads.get(name)
            if self._closed or (future is None and self._shut):
                raise ModelError("the host is closed; open a new one")
            if future is None:
                future = self._loads[name] = aside(partial(self._load, spec), f"load {name}")
        start = time.monotonic()
        while True:
            try:
                return future.result(_LOOK_S)
            except TimeoutError:
                if future.done():
                    return future.result()
                caller.get().check()
                if time.monotonic() - start >= HANGS_S:
                    self._tell_slow(spec)

    def _tell_slow(self, spec: ModuleSpec) -> None:
        """Say once which module is waited for: who wonders what takes so long may do without it."""
        with self._lock:
            new = spec.name not in self._told_slow
            self._told_slow.add(spec.name)
        if new:
            said = f"{self._plugins.owner(spec)} is still being loaded after {HANGS_S:g} s"
            log.warning("%s; if it never is, run without it: ATOM_BLOCK_PLUGINS=%s", said, spec.plugin)

    def _load(self, spec: ModuleSpec) -> _Loaded:
        """The module that `spec` declares, made in a thread that works for no task: it is everybody's."""
        caller.set(Caller(module=spec.name))
        kind = self._plugins.load(spec)
        protocol = self._plugins.imported(spec, spec.protocol) if spec.protocol else None
        if not isinstance(protocol, type | None):
            raise self._misfit(spec, f"has a protocol, {spec.protocol}, that is no class")
        options = self._options(spec, kind)
        self._count(evolve(spec, memory_bytes=self._plugins.memory_of(spec)))
        try:
            with self._ledger.lane("load", f"load {spec.name}"):
                made = kind(self._settings) if options is None else kind(self._settings, options=options)
                weights = tuple(_weights(made))
                missing = missing_parts(protocol, made) if protocol is not None else []
        except AtomError as error:
            raise self._error(spec, f"could not be loaded: {error}", "") from error
        except BaseException as error:  # a `KeyboardInterrupt` too: the user's own reaches the main thread alone
            fault = fault_of(error)
            raise self._error(spec, f"could not be loaded: {exhausted(error) or fault.reason}", fault.advice) from error
        if made is None:
            raise self._misfit(spec, "is None")
        if protocol is not None and missing:
            raise self._misfit(spec, f"has no {', '.join(missing)}, as {protocol.__name__} says")
        self._ledger.module(spec.name, computed=1)
        return _Loaded(spec=spec, value=made, weights=weights, stamp=stamp_of(weights))

    def _error(self, spec: ModuleSpec, what: str, advice: str = "repair or update it") -> ModuleError:
        """The error that says what is the matter with a module, and what to do."""
        without = f"{advice}{', ' if advice else ''}or run without it: ATOM_BLOCK_PLUGINS={spec.plugin}"
        return ModuleError(f"{self._plugins.owner(spec)} {what}; {without}", module=spec.name, plugin=spec.plugin)

    def _misfit(self, spec: ModuleSpec, what: str) -> PluginError:
        """The error that says how a module is not what its plugin declared."""
        return PluginError(str(self._error(spec, what)), plugin=spec.plugin)

    def _options(self, spec: ModuleSpec, kind: type) -> AttrsInstance | None:
        return own_settings(spec, kind, self._settings, self._environ)


def _weights(module: object) -> Iterator[object]:
    """The torch weights of a module: those that its `weights` gives, and those of the networks that it holds."""
    if callable(given := getattr(module, "weights", None)):
        yield from given()
    torch = sys.modules.get("torch")
    if torch is not None:
        for part in (module, *getattr(module, "__dict__", {}).values()):
            if isinstance(part, torch.nn.Module):
                yield from part.parameters()
