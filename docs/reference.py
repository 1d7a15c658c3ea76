"""Write `reference.md` from the live objects: ``python docs/reference.py`` with the core and all plugins installed."""

from __future__ import annotations

import argparse
import inspect
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

import atom_core
from atom_core import hookspecs, records, specs
from atom_core.cli import builtin
from atom_core.cli.options import Parser, add_task_options, option_of
from atom_core.host import BUILTINS, Host
from atom_core.ledger import Ledger
from atom_core.pipeline.graph import Step
from atom_core.plugins import PluginSet, load_plugins
from atom_core.settings import GROUPS, Settings, field_docs, texts_under
from atom_core.specs import record_of

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path(__file__).with_name("reference.md")
HEAD = """# Reference

Settings, commands, tasks, pipelines, models, formats, hooks, what `register` takes, protocols, records and public
names. This page is written by `python docs/reference.py` from the code itself; a test fails when it is stale.
"""
PLACES = {"library": "`library` in the user's data folder", "cache": "`atom` in the user's cache folder"}
"""Defaults that differ from machine to machine."""


def page() -> str:
    """The whole page."""
    plugins = load_plugins(Settings(load_plugins=_ours()), builtins=[*BUILTINS, ("commands", builtin)])
    offers = (tasks(plugins), pipelines(), models(plugins), formats(plugins))
    parts = (settings(), commands(plugins), *offers, hooks(), specs_(), protocols(), records_(), names())
    return "\n".join([HEAD, *(line for part in parts for line in part)]).rstrip() + "\n"


def _ours() -> tuple[str, ...]:
    """The plugins of this repository, whatever else is installed."""
    found: list[str] = []
    for file in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        found += tomllib.loads(file.read_text(encoding="utf-8"))["project"].get("entry-points", {}).get("atom", {})
    return tuple(found)


def settings() -> Iterator[str]:
    """Every setting of the core."""
    yield "## Settings\n"
    yield "Defaults < `atom.toml` < `ATOM_*` variables < arguments. `atom config` shows each value and where it came"
    yield "from.\n"
    yield "| setting | default | option | variable | meaning |\n|---|---|---|---|---|"
    docs = field_docs(Settings)
    for field in attrs.fields(Settings):
        if field.name not in GROUPS:
            default = PLACES.get(field.name) or _value(getattr(Settings(), field.name))
            row = (f"`{field.name}`", default, f"`{option_of(field.name)}`", f"`ATOM_{field.name.upper()}`")
            yield _row(*row, docs[field.name])
    yield ""


def commands(plugins: PluginSet) -> Iterator[str]:
    """Every command with its own arguments."""
    yield "## Commands\n"
    yield "Every command also takes the settings as options, `--set`, `--config`, `--json`, `--stats`, `-q` and `-v`;"
    yield "see `atom --help`. Exit code 0: done; 1: some inputs failed, each was named; 2: a mistake in the command,"
    yield "one line said which; 130: interrupted.\n"
    for name, spec in sorted(plugins.commands().items()):
        parser = Parser(prog=f"atom {name}", add_help=False)
        plugins.load(spec)().add_arguments(parser)
        add_task_options(parser, spec, plugins)
        yield f"### atom {name}\n\n{spec.summary}.{_from(spec.plugin)}\n"
        rows = [action for action in parser._actions if action.help != argparse.SUPPRESS]
        if rows:
            yield "| argument | meaning |\n|---|---|"
        for action in rows:
            yield _row(f"`{_argument(action)}`", (action.help or "").replace("%%", "%"))
        if rows:
            yield ""


def _argument(action: argparse.Action) -> str:
    value = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    if not action.option_strings:
        return {"+": f"{value}...", "*": f"[{value}...]", "?": f"[{value}]"}.get(str(action.nargs), str(value))
    takes = f" {value}" if action.nargs != 0 else ""
    return ", ".join(action.option_strings) + takes


def tasks(plugins: PluginSet) -> Iterator[str]:
    """Every task with its settings."""
    yield "## Tasks\n"
    yield "`host.run(name, record)` runs one; its settings are `[tasks.<name>]` in `atom.toml`, the variables"
    yield "`ATOM_<NAME>_<SETTING>`, options of the commands that run it, `--set NAME.SETTING=VALUE`, or arguments of"
    yield "`host.run`. Where a prompt is set, `@NAME` stands for one that a plugin offers.\n"
    yield "| task | takes | gives | does | settings |\n|---|---|---|---|---|"
    for name, spec in sorted(plugins.tasks.items()):
        kind = plugins.load(spec)
        own = getattr(kind, "Settings", None)
        fields = attrs.fields(own) if own is not None else ()
        listed = ", ".join(f"`{field.name}` = {_default(field)}" for field in fields)
        yield _row(f"`{name}`", _type(kind.consumes), _type(kind.produces), spec.summary, listed)
    yield ""


def _default(field: Any) -> str:
    default = field.default
    return _value(default.factory() if hasattr(default, "factory") else default)


def _type(kind: Any) -> str:
    record, several = record_of(kind)
    return record.__name__ + "s" * several


def pipelines() -> Iterator[str]:
    """What a pipeline file may hold."""
    yield "## Pipelines\n"
    yield "`atom run FILE` takes a TOML file of `[[steps]]`. What a task's `consumes` names flows into its step: a"
    yield "`Video`, `Clip` or `Question` from each video, a `Query` or `Request` once from `texts`, any record from an"
    yield "earlier step that makes it. One that consumes `tuple[Caption, ...]` takes all of a video's captions at once;"
    yield "a tuple that a task produces is handed on record by record.\n"
    yield from _fields(Step, "key")


def models(plugins: PluginSet) -> Iterator[str]:
    """Every model that has a name."""
    yield "## Models\n"
    yield "`--model` also takes a folder in Hugging Face format or a hub id; [families](families.md) says which work.\n"
    yield "| name | summary | notice |\n|---|---|---|"
    for name, spec in sorted(plugins.models.items()):
        yield _row(f"`{name}`", spec.summary, spec.notice)
    yield ""


def formats(plugins: PluginSet) -> Iterator[str]:
    """Every format of documents."""
    yield "## Formats\n"
    yield "`atom caption --format` takes these, and what plugins add.\n"
    yield "| name | files end in | is |\n|---|---|---|"
    for name, spec in plugins.of(specs.FormatSpec).items():
        yield _row(f"`{name}`", f"`{spec.suffix}`", spec.summary)
    yield ""


def hooks() -> Iterator[str]:
    """Every hook with its documentation."""
    yield "## Hooks\n"
    yield (inspect.getdoc(hookspecs) or "").partition("\n\n")[2] + "\n"
    for name, phase in hookspecs.hook_names().items():
        hook = getattr(hookspecs, name)
        arguments = ", ".join(inspect.signature(hook).parameters)
        yield f"### {name}({arguments})\n\n*{phase}.* {inspect.getdoc(hook)}\n"


def specs_() -> Iterator[str]:
    """What declare hooks' `register` takes."""
    yield "## What `register` takes\n"
    yield "Those without a default must be given: the first two in order, the others by name.\n"
    for name, kind in vars(specs).items():
        if inspect.isclass(kind) and issubclass(kind, specs.Spec) and kind is not specs.Spec:
            yield f"### {name}\n\n{inspect.getdoc(kind)}\n"
            yield from _fields(kind, "field", first=("name", kind.what, "summary"), without="plugin")


def protocols() -> Iterator[str]:
    """The methods of what tasks and commands are lent."""
    yield "## Protocols\n"
    yield "What tasks and commands are lent, and what plugins write that bring modules, a library or more.\n"
    lent = (hookspecs.Encoder, hookspecs.Decoder, hookspecs.ReadFrames, hookspecs.ReadSound, hookspecs.Library)
    written = (atom_core.Channel, hookspecs.Command)
    for kind in (*lent, *written, hookspecs.CommandContext, hookspecs.Progress, Host, Ledger):
        yield f"### {kind.__name__}\n\n{(inspect.getdoc(kind) or '').partition(chr(10))[0]}\n"
        yield "| call | does |\n|---|---|"
        yield from _attributes(kind)
        for name, method in vars(kind).items():
            if inspect.isfunction(method) and (not name.startswith("_") or name in ("__call__", "__len__")):
                yield _row(f"`{name}{_signature(method)}`", (inspect.getdoc(method) or "").partition("\n\n")[0])
        yield ""


def _attributes(kind: type) -> Iterator[str]:
    if not attrs.has(kind):
        yield from (_row(f"`{name}`", text) for name, text in texts_under(kind).items() if not name.startswith("_"))
    for name, value in vars(kind).items():
        if isinstance(value, property) and not name.startswith("_"):
            yield _row(f"`{name}`", (inspect.getdoc(value) or "").partition("\n\n")[0])


def _signature(method: Any) -> str:
    signature = inspect.signature(method)
    given = [value.replace(annotation=inspect.Parameter.empty) for value in signature.parameters.values()]
    return str(signature.replace(parameters=given[1:], return_annotation=inspect.Signature.empty))


def records_() -> Iterator[str]:
    """Every record with its fields."""
    yield "## Records\n"
    yield "Frozen; made with keywords. Times are seconds from the video's first frame.\n"
    for name in records.__all__:
        kind = getattr(records, name)
        if attrs.has(kind):
            yield f"### {name}\n\n{inspect.getdoc(kind)}\n"
            yield from _fields(kind, "field")


def _fields(kind: type, head: str, *, first: tuple[str, ...] = (), without: str = "") -> Iterator[str]:
    docs = {
        name: text for base in reversed(kind.__mro__) if attrs.has(base) for name, text in texts_under(base).items()
    }
    yield f"| {head} | default | meaning |\n|---|---|---|"
    for field in sorted(attrs.fields(kind), key=lambda field: (*first, field.name).index(field.name)):
        if field.name != without:
            yield _row(f"`{field.name}`", _optional(field), docs[field.name])
    for name, value in vars(kind).items():
        if isinstance(value, property):
            yield _row(f"`{name}`", "derived", inspect.getdoc(value) or "")
    yield ""


def _optional(field: Any) -> str:
    if field.default is attrs.NOTHING:
        return ""
    return "the task's name" if getattr(field.default, "takes_self", False) else _default(field)


def names() -> Iterator[str]:
    """The names of `atom_core`."""
    yield "## Public names\n"
    yield "What `import atom_core as atom` offers; everything else may change without notice.\n"
    yield "| name | is |\n|---|---|"
    for name in sorted(atom_core.__all__):
        text = inspect.getdoc(getattr(atom_core, name)) or ""
        about = text.partition("\n")[0] if not text.startswith(("Represent a PEP 604", "dict(")) else ""
        yield _row(f"`{name}`", _known(name) or about)
    yield ""


def _known(name: str) -> str:
    """Documentation of names that cannot carry a docstring."""
    return {"Parts": "A prompt: text and features, in the order the decoder reads them.",
            "Tell": "What a task calls as `progress(done, total)`: told how much is done, and of how much.",
            "hookimpl": "Marks a function as the implementation of the hook of that name."}.get(name, "")  # fmt: skip


def _value(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value)) or "none"
    return f"`{value}`" if value != "" else "empty"


def _from(plugin: str) -> str:
    return "" if plugin == "commands" else f" From plugin `{plugin}`."


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    for variable in [name for name in os.environ if name.startswith("ATOM_")]:
        del os.environ[variable]
    PAGE.write_text(page(), encoding="utf-8")
