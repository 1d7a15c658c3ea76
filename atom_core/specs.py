"""What plugins declare by name: one class for each kind of thing, and the object that declare hooks are handed.

A new kind is a class here, with its line in `KINDS` and its method of `Register`, and a hook in `hookspecs`.
"""

from __future__ import annotations

import keyword
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from attrs import NOTHING, Attribute, field, fields, frozen

from atom_core.text.suggestions import suggest

LENT = ("encoder", "decoder", "library", "settings", "host", "frames", "sound", "progress")
"""What a task's `run` can ask for, beside the modules that plugins share."""

_MOST_BYTES = 2**46
"""More memory than a machine has; who declares more has mistaken the unit."""


class Unfit(ValueError):
    """Why something cannot be declared, and what to do about it."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}; {advice}")
        self.reason, self.advice = reason, advice


def is_target(target: object) -> bool:
    """Whether `target` is written ``package.module:Class``."""
    if not isinstance(target, str):
        return False
    module, colon, path = target.partition(":")
    return bool(colon) and all(part.isidentifier() for name in (module, path) for part in name.split("."))


def _check_name(spec: Spec, _: Attribute[str], name: object) -> None:
    if not isinstance(name, str) or not name or name[0] in "-@" or any(letter.isspace() for letter in name):
        raise Unfit(f"{name!r} is no name for a {spec.word}", "use lower-case words joined by hyphens")


def _check_summary(spec: Spec, _: Attribute[str], summary: object) -> None:
    if not isinstance(summary, str) or not summary or "\n" in summary:
        raise Unfit(f"{spec} needs a summary of one line, got {summary!r}", "add summary='...'")


def _check_target(spec: Spec, _: Attribute[str], target: object) -> None:
    if not is_target(target):
        raise Unfit(f"{spec} has target {target!r}", f"write it as 'package.module:{spec.target_is}'")


def _check_bytes(spec: Spec, _: Attribute[int], memory_bytes: object) -> None:
    if isinstance(memory_bytes, bool) or not isinstance(memory_bytes, int) or memory_bytes < 0:
        raise Unfit(f"{spec} declares memory_bytes={memory_bytes!r}", "give a whole number of bytes")
    if memory_bytes > _MOST_BYTES:
        raise Unfit(f"{spec} declares memory_bytes={memory_bytes!r}, more than machines have", "give it in bytes")


@frozen(kw_only=True)
class Spec:
    """What a plugin declared by name; the base of all kinds."""

    word: ClassVar[str]
    """The word for one of the kind: ``task``."""
    words: ClassVar[str]
    """The word for many: ``tasks``."""
    hook: ClassVar[str]
    """The hook that declares them."""
    what: ClassVar[str] = "target"
    """The field that the second argument of `Register` fills."""
    target_is: ClassVar[str] = "Class"
    """What stands behind the colon of a target."""
    parts: ClassVar[tuple[str, ...]] = ()
    """What the class that is named must have."""

    name: str = field(validator=_check_name)
    """How it is called."""
    summary: str = field(validator=_check_summary)
    """One line for listings."""
    plugin: str = ""
    """The plugin that registered it."""

    def __str__(self) -> str:
        return f"{self.word} {self.name!r}"


@frozen(kw_only=True)
class TaskSpec(Spec):
    """A task as a plugin declared it; its code is not imported until the task is used."""

    word, words, hook, parts = "task", "tasks", "atom_register_tasks", ("consumes", "produces", "run")

    name: str = field(validator=_check_name)
    """How users and other tasks call it."""
    target: str = field(validator=_check_target)
    """``package.module:Class``."""
    memory_bytes: int = field(default=0, validator=_check_bytes)
    """Memory it needs beside the modules, for all items that it works on at once; counted where `memory` is set."""
    interactive: bool = False
    """Whether somebody waits for each result; such tasks go ahead of bulk work."""
    pure: bool = True
    """Whether the result is all it does, so that a result already kept can stand for a run."""
    time_limit_s: float | None = None
    """How long one run may take, seconds; it is cancelled and fails after that. None is no limit."""


@frozen(kw_only=True)
class ModelSpec(Spec):
    """A model that a plugin offers by name."""

    word, words, hook, what = "model", "models", "atom_register_models", "source"

    name: str = field(validator=_check_name)
    """How users call it with ``--model``."""
    source: str = field(converter=str)
    """Folder or hub id."""
    notice: str = ""
    """One line shown on first use in a process, for example what the model does not know."""
    embeds: bool = False
    """Whether its decoder was trained to embed, texts and clips in one space: then searches go by its own vectors, and
    no text embedder is needed."""


@frozen(kw_only=True)
class ModuleSpec(Spec):
    """A resident module that a plugin shares; its code is not imported until a task names it."""

    word, words, hook = "module", "modules", "atom_register_modules"

    name: str = field(validator=_check_name)
    """How tasks ask for it: as a parameter of `run`."""
    target: str = field(validator=_check_target)
    """``package.module:Class``, made once as ``Class(settings)``, or as ``Class(settings, options=...)`` where the
    class has an attrs class `Settings`, whose values are those of ``[modules.<name>]``."""
    memory_bytes: int = field(default=0, validator=_check_bytes)
    """Memory it holds while it is loaded, and needs to work; counted where `memory` is set."""
    protocol: str = field(default="")
    """``package.module:Protocol`` whose methods and attributes it must have; empty is not to say."""

    @name.validator
    def _is_parameter(self, _: Attribute[str], name: str) -> None:
        if name in LENT:
            raise Unfit(f"module {name!r} has the name of what Atom itself lends to every task", "rename it")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise Unfit(f"module {name!r} cannot be a parameter of a task's run", "use lower-case words joined by _")

    @protocol.validator
    def _names_a_class(self, _: Attribute[str], protocol: object) -> None:
        if protocol and not is_target(protocol):
            raise Unfit(f"{self} has protocol {protocol!r}", "write it as 'package.module:Class'")


@frozen(kw_only=True)
class FamilySpec(Spec):
    """A family of models that a plugin can split; its code is not imported until such a model is opened."""

    word, words, hook = "family", "families", "atom_register_families"

    name: str = field(validator=_check_name)
    """The `model_type` of the configs it serves."""
    target: str = field(validator=_check_target)
    """``package.module:Class``, a subclass of `atom_core.families.Family`."""


@frozen(kw_only=True)
class PipelineSpec(Spec):
    """A pipeline that a plugin offers by name."""

    word, words, hook, what = "pipeline", "pipelines", "atom_register_pipelines", "source"

    name: str = field(validator=_check_name)
    """How users call it: ``atom run NAME``."""
    source: str = field(converter=str)
    """Its TOML file."""

    @source.validator
    def _is_there(self, _: Attribute[str], source: str) -> None:
        if not Path(source).is_file():
            raise Unfit(f"{self} is to be read from {source!r}, where no file is", "ship the file as package data")


@frozen(kw_only=True)
class PromptSpec(Spec):
    """A prompt that a plugin offers by name, for every task with a setting for one."""

    word, words, hook, what = "prompt", "prompts", "atom_register_prompts", "text"

    name: str = field(validator=_check_name)
    """How users call it: ``@name`` in the place of a prompt's text."""
    text: str = field()
    """The prompt."""

    @text.validator
    def _has_words(self, _: Attribute[str], text: object) -> None:
        if not isinstance(text, str) or not text.strip():
            raise Unfit(f"{self} has text {text!r}", "give the words that the model is to read")


@frozen(kw_only=True)
class FormatSpec(Spec):
    """A format of documents with a video's captions; its code is not imported until one is written."""

    word, words, hook, target_is = "format", "formats", "atom_register_formats", "function"

    name: str = field(validator=_check_name)
    """How users call it with ``--format``."""
    target: str = field(validator=_check_target)
    """``package.module:function``: from the list of one video's `Caption` records to the document's text."""
    suffix: str = field()
    """How its files' names end: ``.srt``."""

    @suffix.validator
    def _is_suffix(self, _: Attribute[str], suffix: object) -> None:
        if not (isinstance(suffix, str) and suffix.startswith(".") and len(suffix) > 1):
            raise Unfit(f"{self} has suffix {suffix!r}", "say how its files' names end, suffix='.txt'")


@frozen(kw_only=True)
class ChannelSpec(Spec):
    """A channel of searches; its code is not imported until somebody searches."""

    word, words, hook, parts = "channel", "channels", "atom_register_channels", ("search",)

    name: str = field(validator=_check_name)
    """How moments that it found name it."""
    target: str = field(validator=_check_target)
    """``package.module:Class``, see `Channel`."""


@frozen(kw_only=True)
class CommandSpec(Spec):
    """A subcommand of ``atom`` that a plugin contributes."""

    word, words, hook, parts = "command", "commands", "atom_add_commands", ("add_arguments", "run")

    name: str = field(validator=_check_name)
    """The word after ``atom``."""
    target: str = field(validator=_check_target)
    """``package.module:Class``, see `Command`."""
    tasks: tuple[str, ...] = field(default=())
    """The tasks it runs, whose settings become its options; those that are not installed are passed over."""
    keep_going: bool = False
    """Whether it also runs where plugins are broken, as diagnosis must."""
    alone: bool = False
    """Whether it always runs in a process of its own, also where a resident server could run it: it measures, or has
    hosts of its own."""

    @tasks.validator
    def _are_several(self, _: Attribute[tuple[str, ...]], tasks: object) -> None:
        if not isinstance(tasks, (tuple, list)) or not all(isinstance(name, str) for name in tasks):
            raise Unfit(f"{self} has tasks={tasks!r}", "give their names: tasks=('name',)")


@frozen(kw_only=True)
class RoutesSpec(Spec):
    """Pages or calls that a plugin adds to what ``atom serve`` serves; their code is imported when a server starts."""

    word, words, hook, target_is = "routes", "routes", "atom_add_routes", "function"

    name: str = field(validator=_check_name)
    """How they are called in listings and messages."""
    target: str = field(validator=_check_target)
    """``package.module:function``: from the server's `atom_serve.service.Service` to its Starlette routes."""


@frozen(kw_only=True)
class ExecutorSpec(Spec):
    """Where pipelines can be run; its code is not imported until a user asks for it."""

    word, words, hook, parts = "executor", "executors", "atom_register_executors", ("run",)

    name: str = field(validator=_check_name)
    """How users call it: ``atom run --on NAME``."""
    target: str = field(validator=_check_target)
    """``package.module:Class``, see `atom_core.executors.Executor`."""


KINDS: tuple[type[Spec], ...] = (
    TaskSpec,
    ModelSpec,
    ModuleSpec,
    FamilySpec,
    PipelineSpec,
    PromptSpec,
    FormatSpec,
    ChannelSpec,
    CommandSpec,
    RoutesSpec,
    ExecutorSpec,
)
"""Every kind of thing that can be declared, in the order in which plugins are asked."""
PROGRAMS: tuple[type[Spec], ...] = (CommandSpec, RoutesSpec, ExecutorSpec)
"""Kinds that are asked for by the program which needs them, never by a host."""
S = TypeVar("S", bound=Spec)


class Register:
    """What declare hooks are handed, to be called once for each thing that a plugin offers.

    ``register.task(name, target, summary=...)`` declares a task, and so on for each kind; each hook takes its own kind.
    ``register(name, target, summary=..., ...)`` declares one of the kind that the hook is for.
    """

    def __init__(self, kind: type[Spec], plugin: str, take: Callable[[Spec], None]) -> None:
        """
        :param kind: what the hook declares
        :param take: called with each
        """
        self._kind, self._plugin, self._take = kind, plugin, take

    def __call__(self, name: str, target: str | Path, *, summary: str = "", **more: object) -> None:
        """Declare `name`; which further keywords there are is said at each hook."""
        self._declare(self._kind, name, target, summary, more)

    def task(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        memory_bytes: int = 0,
        interactive: bool = False,
        pure: bool = True,
        time_limit_s: float | None = None,
    ) -> None:
        """Declare a task, see `TaskSpec`."""
        limits = {"memory_bytes": memory_bytes, "time_limit_s": time_limit_s}
        self._declare(TaskSpec, name, target, summary, {"interactive": interactive, "pure": pure, **limits})

    def model(self, name: str, source: str | Path, *, summary: str, notice: str = "", embeds: bool = False) -> None:
        """Declare a model, see `ModelSpec`."""
        self._declare(ModelSpec, name, source, summary, {"notice": notice, "embeds": embeds})

    def module(self, name: str, target: str, *, summary: str, memory_bytes: int = 0, protocol: str = "") -> None:
        """Declare a resident module, see `ModuleSpec`."""
        self._declare(ModuleSpec, name, target, summary, {"memory_bytes": memory_bytes, "protocol": protocol})

    def family(self, model_type: str, target: str, *, summary: str) -> None:
        """Declare a family of models, see `FamilySpec`."""
        self._declare(FamilySpec, model_type, target, summary, {})

    def pipeline(self, name: str, file: str | Path, *, summary: str) -> None:
        """Declare a pipeline, see `PipelineSpec`."""
        self._declare(PipelineSpec, name, file, summary, {})

    def prompt(self, name: str, text: str, *, summary: str) -> None:
        """Declare a prompt, see `PromptSpec`."""
        self._declare(PromptSpec, name, text, summary, {})

    def format(self, name: str, target: str, *, summary: str, suffix: str) -> None:
        """Declare a format of documents, see `FormatSpec`."""
        self._declare(FormatSpec, name, target, summary, {"suffix": suffix})

    def channel(self, name: str, target: str, *, summary: str) -> None:
        """Declare a channel of searches, see `ChannelSpec`."""
        self._declare(ChannelSpec, name, target, summary, {})

    def command(
        self,
        name: str,
        target: str,
        *,
        summary: str,
        tasks: tuple[str, ...] = (),
        keep_going: bool = False,
        alone: bool = False,
    ) -> None:
        """Declare a subcommand of ``atom``, see `CommandSpec`."""
        more = {"tasks": tasks, "keep_going": keep_going, "alone": alone}
        self._declare(CommandSpec, name, target, summary, more)

    def routes(self, name: str, target: str, *, summary: str) -> None:
        """Declare routes of the server, see `RoutesSpec`."""
        self._declare(RoutesSpec, name, target, summary, {})

    def executor(self, name: str, target: str, *, summary: str) -> None:
        """Declare a place where pipelines can be run, see `ExecutorSpec`."""
        self._declare(ExecutorSpec, name, target, summary, {})

    def _declare(self, kind: type[Spec], name: str, what: str | Path, summary: str, more: dict[str, object]) -> None:
        """
        :raises Unfit: if something of it does not fit
        """
        if kind is not self._kind:
            raise Unfit(f"{kind.word} {name!r} is declared in {self._kind.hook}", f"declare it in {kind.hook}")
        known = {each.name for each in fields(kind)} - {"name", "summary", "plugin", kind.what}
        for given in more:
            if given not in known:
                wrong = f"{kind.word} {name!r} is registered with {given}={suggest(given, sorted(known))}"
                raise Unfit(wrong, "see the hook's text")
        required = {
            each.name: None for each in fields(kind) if each.default is NOTHING
        }  # validators name what is missing
        values: dict[str, Any] = {**required, kind.what: what, "name": name, "summary": summary, **more}
        self._take(kind(plugin=self._plugin, **values))


def record_of(declared: object) -> tuple[type[Any], bool]:
    """The record that a task's `consumes` or `produces` names, and whether it is of any number of them.

    :param declared: a record's class, or ``tuple[class, ...]``
    :raises ValueError: if it is neither, saying what it is and what to write
    """
    several = typing.get_origin(declared) is tuple
    parts = typing.get_args(declared)
    if several and not (len(parts) == 2 and parts[1] is Ellipsis):
        one = getattr(parts[0], "__name__", "Record") if parts else "Record"
        raise ValueError(f"{declared}, which names one record after another: write tuple[{one}, ...] for any number")
    kind = parts[0] if several else declared
    if not isinstance(kind, type):
        raise ValueError(f"{declared!r}, which is no class: name a record, or tuple[such a record, ...]")
    return kind, several
