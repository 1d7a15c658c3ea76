"""``atom config``."""

from __future__ import annotations

import argparse
import os
import textwrap
import typing
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atom_core.cli.console import table
from atom_core.cli.options import option_of
from atom_core.errors import AtomError, PluginError, SettingsError
from atom_core.settings import GROUPS, Settings, field_docs, module_settings, suggest, task_settings, type_hints
from atom_core.text.width import width

if TYPE_CHECKING:
    from atom_core.cli.context import Context


class ConfigCommand:
    """Show every setting, its value and where it came from."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="only these settings")

    def run(self, context: Context) -> None:
        """One result per setting; those of tasks and modules come last."""
        found = [*_core(context), *_of_tasks(context), *_of_modules(context)]
        names = context.args.names
        known = [row["name"] for row in found]
        for name in names:
            if name not in known:
                said = f"there is no setting {name!r}{suggest(name, known)}; `atom config` lists them"
                raise SettingsError(said)
        chosen = [row for row in found if not names or row["name"] in names]
        lines = _laid_out([(row["name"], _shown(row), row["source"], row["summary"]) for row in chosen], context)
        for row, line in zip(chosen, lines, strict=True):
            context.emit(row, line)
        for name in _strays(known):
            context.note(f"{name} is set, but is no setting{suggest(name, map(_variable, known))}")


def _laid_out(rows: list[tuple[str, ...]], context: Context) -> list[str]:
    """A table; on a terminal that is too narrow for one what each setting is stands below it, folded at words."""
    lines, most = table(rows), context.console.result_columns
    if most is None or max(map(width, lines), default=0) <= most:
        return lines
    indent = " " * 4
    fold = partial(
        textwrap.fill, width=max(most, 20), subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )
    heads = table([(name, value, source) for name, value, source, _ in rows])
    if max(map(width, heads), default=0) > most:
        heads = [fold(f"{name} = {value}  ({source})") for name, value, source, _ in rows]
    return [f"{head}\n{fold(row[-1], initial_indent=indent)}" for head, row in zip(heads, rows, strict=True)]


def _core(context: Context) -> Iterator[dict[str, Any]]:
    docs = field_docs(Settings)
    for name in docs:
        if name not in GROUPS:
            value = getattr(context.settings, name)
            yield _row(name, value, context.sources[name], docs[name], option_of(name))


def _of_tasks(context: Context) -> Iterator[dict[str, Any]]:
    """Settings of every task that has some; a task that cannot be imported is a failure of its own."""
    for task, spec in sorted(context.plugins.tasks.items()):
        try:
            kind = getattr(context.plugins.load(spec), "Settings", None)
            if kind is None:
                continue
            texts = context.plugins.prompt_texts
            values, sources = task_settings(kind, task, context.settings, origin=context.sources, prompts=texts)
        except AtomError as error:
            context.fail("" if isinstance(error, PluginError) else f"task {task!r}", error)  # which names the task
            continue
        yield from _rows(f"tasks.{task}", f"--set {task}", values, sources)


def _of_modules(context: Context) -> Iterator[dict[str, Any]]:
    """Settings of every shared module that has some; one that cannot be imported is a failure of its own."""
    for module, spec in sorted(context.plugins.modules.items()):
        try:
            kind = getattr(context.plugins.load(spec), "Settings", None)
            if kind is None:
                continue
            values, sources = module_settings(kind, module, context.settings, origin=context.sources)
        except AtomError as error:
            context.fail(f"module {module!r}", error)
            continue
        yield from _rows(f"modules.{module}", f"--set modules.{module}", values, sources)


def _rows(place: str, option: str, values: object, sources: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """A row for each setting of a task or module."""
    kind: Any = type(values)
    docs, hints = field_docs(kind), type_hints(kind)
    for name in docs:
        if hints[name] is not Any:  # given by programs
            yield _row(f"{place}.{name}", getattr(values, name), sources[name], docs[name], f"{option}.{name}=")


def _row(name: str, value: object, source: str, summary: str, option: str) -> dict[str, object]:
    return {
        "name": name,
        "value": str(value) if isinstance(value, Path) else value,
        "source": source,
        "summary": summary,
        "option": option,
        "variable": _variable(name),
    }


def _variable(name: str) -> str:
    return "ATOM_" + name.removeprefix("tasks.").removeprefix("modules.").upper().replace(".", "_").replace("-", "_")


def _shown(row: dict[str, Any]) -> str:
    """The value for people, as it can be given: sizes in whole units where they are such."""
    value = row["value"]
    is_size = row["name"] == "memory" or row["name"].endswith("_bytes")
    if is_size and value and value % 2**20 == 0:
        return f"{value // 2**30}GiB" if value % 2**30 == 0 else f"{value // 2**20}MiB"
    return _text(value)


def _text(value: object) -> str:
    if value in (None, ""):
        return "unset"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ", ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
    return textwrap.shorten(text, 60, placeholder=" ...")


def _strays(known: typing.Sequence[str]) -> list[str]:
    """Variables that look like settings and are none."""
    variables = {*map(_variable, known), "ATOM_CONFIG", "ATOM_SHARD"}
    return sorted(name for name in os.environ if name.startswith("ATOM_") and name not in variables)
