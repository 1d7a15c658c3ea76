"""What plugins declare by name: one class for each kind of thing."""

from __future__ import annotations

import typing
from typing import Any, TypeAlias

from attrs import field, frozen


@frozen(kw_only=True)
class TaskSpec:
    """A task as a plugin declared it; its code is not imported until the task is used."""

    name: str
    """How users and other tasks call it."""
    target: str
    """``package.module:Class``."""
    summary: str
    """One line for listings."""
    memory_bytes: int = 0
    """Memory it needs beside the modules, for all items that it works on at once; counted where `memory` is set."""
    interactive: bool = False
    """Whether somebody waits for each result; such tasks go ahead of bulk work."""
    pure: bool = True
    """Whether the result is all it does, so that a result already kept can stand for a run."""
    time_limit_s: float | None = None
    """How long one run may take, seconds; it is cancelled and fails after that. None is no limit."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class ModelSpec:
    """A model that a plugin offers by name."""

    name: str
    """How users call it with ``--model``."""
    source: str = field(converter=str)
    """Folder or hub id."""
    summary: str
    """One line for listings."""
    notice: str = ""
    """One line shown on first use in a process, for example what the model does not know."""
    embeds: bool = False
    """Whether its decoder was trained to embed, texts and clips in one space: then searches go by its own vectors, and
    no text embedder is needed."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class ModuleSpec:
    """A resident module that a plugin shares; its code is not imported until a task names it."""

    name: str
    """How tasks ask for it: as a parameter of `run`."""
    target: str
    """``package.module:Class``, made once as ``Class(settings)``, or as ``Class(settings, options=...)`` where the
    class has an attrs class `Settings`, whose values are those of ``[modules.<name>]``."""
    summary: str
    """One line for listings."""
    memory_bytes: int = 0
    """Memory it holds while it is loaded, and needs to work; counted where `memory` is set."""
    protocol: str = ""
    """``package.module:Protocol`` whose methods and attributes it must have; empty is not to say."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class FamilySpec:
    """A family of models that a plugin can split; its code is not imported until such a model is opened."""

    name: str
    """The `model_type` of the configs it serves."""
    target: str
    """``package.module:Class``, a subclass of `atom_core.families.Family`."""
    summary: str
    """One line for listings."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class PipelineSpec:
    """A pipeline that a plugin offers by name."""

    name: str
    """How users call it: ``atom run NAME``."""
    source: str = field(converter=str)
    """Its TOML file."""
    summary: str
    """One line for listings."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class PromptSpec:
    """A prompt that a plugin offers by name, for every task with a setting for one."""

    name: str
    """How users call it: ``@name`` in the place of a prompt's text."""
    text: str
    """The prompt."""
    summary: str
    """One line for listings."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class FormatSpec:
    """A format of documents with a video's captions; its code is not imported until one is written."""

    name: str
    """How users call it with ``--format``."""
    target: str
    """``package.module:function``: from the list of one video's `Caption` records to the document's text."""
    summary: str
    """One line for listings."""
    suffix: str
    """How its files' names end: ``.srt``."""
    plugin: str = ""
    """The plugin that registered it."""


@frozen(kw_only=True)
class CommandSpec:
    """A subcommand of ``atom`` that a plugin contributes."""

    name: str
    """The word after ``atom``."""
    target: str
    """``package.module:Class``, see `Command`."""
    summary: str
    """One line for ``atom --help``."""
    tasks: tuple[str, ...] = ()
    """The tasks it runs, whose settings become its options; those that are not installed are passed over."""
    keep_going: bool = False
    """Whether it also runs where plugins are broken, as diagnosis must."""
    plugin: str = ""
    """The plugin that registered it."""


Spec: TypeAlias = TaskSpec | ModelSpec | ModuleSpec | FamilySpec | PipelineSpec | PromptSpec | FormatSpec | CommandSpec


def record_of(declared: Any) -> tuple[type[Any], bool]:
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
