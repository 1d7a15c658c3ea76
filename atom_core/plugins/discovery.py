"""What plugin loading is made of: find candidates, import one, check one, turn whatever goes wrong into a `Fault`."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import inspect
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from attrs import asdict, field, frozen

from atom_core import hookspecs
from atom_core.background import aside
from atom_core.plugins.stray_output import watched
from atom_core.settings import Settings, suggest
from atom_core.specs import KINDS, Spec, TaskSpec, Unfit
from atom_core.text.first_line import first_line

T = TypeVar("T")
GROUP = "atom"
HEAVY = ("torch", "transformers", "chromadb")
"""Modules that cost seconds to import, so that no plugin may do it while it is loaded."""

_OURS = frozenset(f"atom-{name}" for name in ("assembly", "bench", "captioning", "indexing", "reasoning", "tiny"))

State: TypeAlias = Literal["discovered", "blocked", "broken", "loaded"]


@frozen(kw_only=True)
class PluginInfo:
    """What is known of one plugin."""

    name: str
    """Name of its entry point; what is blocked and allowed by."""
    distribution: str
    """The installed distribution it comes from."""
    version: str
    """The distribution's version."""
    state: State = "discovered"
    """``discovered``, ``blocked``, ``broken`` or ``loaded``."""
    reason: str = ""
    """Why it is blocked or broken, one line."""
    advice: str = ""
    """What to do about a broken one."""
    hooks: tuple[str, ...] = ()
    """The hooks it implements, sorted."""
    offers: Mapping[str, tuple[str, ...]] = field(factory=dict)
    """What it declared, by the word for many of a kind; commands, routes and executors once they were asked for."""
    memory_bytes: int = 0
    """Sum of what its tasks and modules declared that they need beside the model."""
    builtin: bool = False
    """Whether it is part of atom-core itself."""

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.distribution} {self.version})"

    def names(self, kind: type[Spec]) -> tuple[str, ...]:
        """What it declared of a kind."""
        return self.offers.get(kind.words, ())

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks it declared."""
        return self.names(TaskSpec)

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        values = asdict(self, filter=lambda each, _: each.name != "offers")
        return {**values, **{kind.words: list(self.names(kind)) for kind in KINDS}}

    @property
    def ours(self) -> bool:
        """Whether it is one of this project's own distributions."""
        return self.builtin or self.distribution in _OURS

    @property
    def fault(self) -> str:
        """The whole message about a broken plugin, with the next step."""
        step = f"{self.advice}, or run without it" if self.advice else "run without it"
        return f"{self} could not be loaded:\n  {self.reason}\n  {step}: ATOM_BLOCK_PLUGINS={self.name}"


class Fault(Exception):
    """Why a plugin is broken, and what to do about it."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(reason)
        self.reason, self.advice = reason, advice


@frozen(kw_only=True)
class Candidate:
    """An installed plugin, not yet imported."""

    entry: importlib.metadata.EntryPoint
    """What to import."""
    info: PluginInfo
    """What is known of it."""
    requires: tuple[str, ...] = ()
    """What its distribution requires."""


def discover() -> list[Candidate]:
    """Every installed plugin, sorted by name and distribution; nothing is imported."""
    found = []
    for entry in importlib.metadata.entry_points(group=GROUP):
        metadata: Any = entry.dist.metadata if entry.dist is not None else {}  # parsed anew at each access
        distribution, version = metadata.get("Name", "unknown"), metadata.get("Version", "of unknown version")
        info = PluginInfo(name=entry.name, distribution=distribution, version=version)
        requires = tuple(metadata.get_all("Requires-Dist") or ()) if metadata else ()
        found.append(Candidate(entry=entry, info=info, requires=requires))
    return sorted(found, key=lambda candidate: (candidate.info.name, candidate.info.distribution))


def why_blocked(name: str, settings: Settings) -> str:
    """Why `settings` keep a plugin from being imported; empty if they do not."""
    if name in settings.block_plugins:
        return "named in block_plugins"
    if settings.load_plugins is not None and name not in settings.load_plugins:
        return "not named in load_plugins"
    return ""


def import_plugin(candidate: Candidate, found: Sequence[Candidate], limit_s: float) -> object:
    """The object behind an entry point; whatever goes wrong is a `Fault`, taking longer than `limit_s` too."""
    twins = [other.info for other in found if other.info.name == candidate.info.name and other is not candidate]
    if twins:
        others = ", ".join(f"{twin.distribution} {twin.version}" for twin in twins)
        raise Fault(f"its name {candidate.info.name!r} is also that of a plugin of {others}", "uninstall one of them")
    _check_requirement(candidate)
    with isolated(candidate.entry.module):
        return within(limit_s, "importing it", candidate.entry.load)


def _check_requirement(candidate: Candidate) -> None:
    """Refuse a plugin made for another version of atom-core, before it is imported."""
    ours = [line for line in candidate.requires if line.lower().replace("_", "-").startswith("atom-core")]
    if not ours:
        return
    from packaging.requirements import InvalidRequirement, Requirement

    running = core_version()
    for line in ours:
        try:
            requirement = Requirement(line)
        except InvalidRequirement as error:
            raise Fault(f"its metadata cannot be read: Requires-Dist: {line}", "reinstall it") from error
        if requirement.name.lower().replace("_", "-") != "atom-core":
            continue
        applies = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if applies and not requirement.specifier.contains(running, prereleases=True):
            raise Fault(
                f"it needs atom-core {requirement.specifier}, and this is {running}", "update it or change atom-core"
            )


@functools.cache
def core_version() -> str:
    """The version of atom-core that is running."""
    return importlib.metadata.version("atom-core")


@contextlib.contextmanager
def isolated(module: str = "") -> Iterator[None]:
    """Turn whatever happens inside into a `Fault`: an error, heavy imports, printing."""
    try:
        with watched() as seen:
            yield
    except (KeyboardInterrupt, Fault):
        raise
    except Unfit as error:
        raise Fault(error.reason, error.advice) from error
    except BaseException as error:
        raise fault_of(error, module) from error
    if heavy := [name for name in HEAVY if name in seen.imported and name in sys.modules]:
        raise Fault(
            f"it imports {' and '.join(heavy)} while it is loaded, which costs seconds at every start",
            "import inside the functions that need it",
        )
    if printed := seen.printed.getvalue():
        raise Fault(
            f"it prints while it is loaded: {printed.strip()[:80]!r}; standard output is for results",
            "use the logging module",
        )


def within(limit_s: float, what: str, work: Callable[[], T]) -> T:
    """The result of `work`, waited for no longer than `limit_s`; what it raises is raised.

    In the main thread a timer interrupts it, which costs microseconds; elsewhere another thread does the work.
    """
    late = Fault(f"{what} takes longer than {limit_s:g} s", "repair it, raise load_limit_s")
    if _has_alarm():
        try:
            with _alarm(limit_s):
                return work()
        except _TooLong:
            raise late from None
    outcome = aside(work)
    try:
        return outcome.result(limit_s)
    except TimeoutError:
        if outcome.done():
            raise
        raise late from None


def _has_alarm() -> bool:
    """Whether a timer may interrupt this thread; not where a handler is set that Python could not set again."""
    main = threading.current_thread() is threading.main_thread()
    return main and hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) is not None


class _TooLong(BaseException):
    """Raised by the timer; no `except Exception` of a plugin catches it."""


@contextlib.contextmanager
def _alarm(limit_s: float) -> Iterator[None]:
    """Raise `_TooLong` in the main thread after `limit_s`; a timer that was set already is set again afterwards."""

    def ring(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGALRM, ring)
    start_s = time.monotonic()
    rest_s, interval_s = signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if rest_s:  # at least a little, since 0 would set none
            signal.setitimer(signal.ITIMER_REAL, max(rest_s - (time.monotonic() - start_s), 1e-6), interval_s)


def fault_of(error: BaseException, module: str = "") -> Fault:
    """The fault that `error` shows in a plugin; `module` is its own module, whose absence is another matter."""
    reason = one_line(error)
    if isinstance(error, ModuleNotFoundError):
        own = error.name is not None and (module == error.name or module.startswith(error.name + "."))
        return Fault(reason, "reinstall it" if own else "install it")
    return Fault(reason, "repair or update it")


def one_line(error: BaseException) -> str:
    """Type, first line and, but for import and syntax errors that say it, the place."""
    try:
        text = first_line(error)
    except Exception:  # its own code, too
        text = "what it says cannot be told"
    kind = type(error).__name__
    line = kind if text == kind else f"{kind}: {text}"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or isinstance(error, (ImportError, SyntaxError)):
        return line
    return f"{line} ({trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno})"


def check_signature(hook: str, function: Any) -> None:
    """Refuse an implementation that Atom could not call."""
    passed = [name for name in inspect.signature(getattr(hookspecs, hook)).parameters]
    if inspect.iscoroutinefunction(function):
        raise Fault(f"{hook} is asynchronous", "make it a plain function")
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        if name not in passed or parameter.kind is parameter.KEYWORD_ONLY:
            what = f"{hook} takes {name!r}{suggest(name, passed)}"
            raise Fault(f"{what}; Atom passes: {', '.join(passed)}", "correct its arguments")
