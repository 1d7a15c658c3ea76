"""What declare hooks are handed: each thing that a plugin offers is looked at before it counts."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from atom_core.hookspecs import LENT
from atom_core.plugins.discovery import Fault, is_target
from atom_core.settings import suggest
from atom_core.specs import (
    CommandSpec,
    FamilySpec,
    FormatSpec,
    ModelSpec,
    ModuleSpec,
    PipelineSpec,
    PromptSpec,
    Spec,
    TaskSpec,
)

KINDS: Mapping[str, type[Spec]] = {
    "tasks": TaskSpec,
    "models": ModelSpec,
    "modules": ModuleSpec,
    "families": FamilySpec,
    "pipelines": PipelineSpec,
    "prompts": PromptSpec,
    "formats": FormatSpec,
    "commands": CommandSpec,
}
"""What can be offered, by the word for many of it."""


def hook_of(kinds: str) -> str:
    """The hook that offers `kinds`."""
    return "atom_add_commands" if kinds == "commands" else f"atom_register_{kinds}"


def word_for(kind: type[Spec]) -> str:
    """The word for one of it: task, model, module, family, pipeline, prompt, format or command."""
    return kind.__name__.removesuffix("Spec").lower()


def make_spec(kind: type[Spec], plugin: str, name: object, what: Any, summary: object, more: dict[str, Any]) -> Spec:
    """The spec of what a plugin called `register` with; `what` is its target, source or text.

    :raises Fault: if something of it does not fit
    """
    word, place = word_for(kind), attrs.fields(kind)[1].name
    known = [field.name for field in attrs.fields(kind) if field.name not in ("name", "plugin", "summary", place)]
    for given in more:
        if given not in known:
            raise Fault(f"{word} {name!r} is registered with {given}={suggest(given, known)}", "see the hook's text")
    if not isinstance(name, str) or not name or name[0] in "-@" or any(letter.isspace() for letter in name):
        raise Fault(f"{name!r} is no name for a {word}", "use lower-case words joined by hyphens")
    if kind is ModuleSpec and (fault := _fault_of_module(name, more.get("protocol", ""))):
        raise fault
    if not isinstance(summary, str) or not summary or "\n" in summary:
        raise Fault(f"{word} {name!r} needs a summary of one line, got {summary!r}", "add summary='...'")
    if place == "target" and not is_target(what):
        last = "function" if kind is FormatSpec else "Class"
        raise Fault(f"{word} {name!r} has target {what!r}", f"write it as 'package.module:{last}'")
    if kind is PromptSpec and (not isinstance(what, str) or not what.strip()):
        raise Fault(f"{word} {name!r} has text {what!r}", "give the words that the model is to read")
    if kind is PipelineSpec and not Path(what).is_file():
        raise Fault(
            f"{word} {name!r} is to be read from {str(what)!r}, where no file is", "ship the file as package data"
        )
    suffix = more.get("suffix")
    if kind is FormatSpec and not (isinstance(suffix, str) and suffix.startswith(".") and len(suffix) > 1):
        raise Fault(f"{word} {name!r} has suffix {suffix!r}", "say how its files' names end, suffix='.txt'")
    memory_bytes = more.get("memory_bytes", 0)
    if not isinstance(memory_bytes, int) or memory_bytes < 0:
        raise Fault(f"{word} {name!r} declares memory_bytes={memory_bytes!r}", "give a whole number of bytes")
    return kind(name=name, **{place: what}, summary=summary, plugin=plugin, **more)


def _fault_of_module(name: str, protocol: object) -> Fault | None:
    """Why nothing can be a module called `name`, or of `protocol`; None if something can."""
    if name in LENT:
        return Fault(f"module {name!r} has the name of what Atom itself lends to every task", "rename it")
    if not name.isidentifier() or keyword.iskeyword(name):
        return Fault(f"module {name!r} cannot be a parameter of a task's run", "use lower-case words joined by _")
    if protocol and not is_target(protocol):
        return Fault(f"module {name!r} has protocol {protocol!r}", "write it as 'package.module:Class'")
    return None
