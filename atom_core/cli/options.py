"""The options that every command has; those of settings are made from the `Settings` class.

They are argparse's, not click's: a plugin's command adds its arguments to a parser of the standard library
(`Command.add_arguments`), and needs no package of ours for that.
"""

from __future__ import annotations

import argparse
import copy
import os
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import attrs

from atom_core.errors import SettingsError
from atom_core.plugins import PluginSet
from atom_core.settings import GROUPS, Settings, field_docs, load_with_sources, suggest, task_defaults, type_hints
from atom_core.settings.values import short
from atom_core.specs import CommandSpec

SHOWN = ("model", "library", "quantize", "device", "threads", "offline", "frames", "segment", "window_s", "keep_going")
"""Settings whose options are in the help; the others work too, and `atom config` lists them."""

OPTIONS = {"block_plugins": "--block", "load_plugins": "--load"}
METAVARS = {"model": "MODEL", "library": "DIR", "cache": "DIR", "block_plugins": "NAME", "load_plugins": "NAME"}
PREFIX = "setting."
_ROOM = 1000
"""Characters."""


class Parser(argparse.ArgumentParser):
    """Raises where argparse would print, and names the nearest option."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; words that name things may stand before, between and behind options.

        :raises SettingsError: for what does not fit; it tells of files that are taken for options how to name them
        """
        try:
            found, left = self.parse_known_args(args, copy.copy(namespace))
            if left and args is not None:
                found, left = self._parse_apart(list(args), namespace)
            if left:
                self.error(f"unrecognized arguments: {' '.join(left)}")
            return found
        except SettingsError as error:
            files = [arg for arg in args or () if arg[:1] == "-" and os.path.exists(arg)]
            if not files:
                raise
            raise SettingsError(f"{error}; write the file as './{files[0]}'") from None

    def _parse_apart(self, args: list[str], namespace: argparse.Namespace | None) -> tuple[Any, list[str]]:
        """Parse the options first, then the words that they leave; what neither takes.

        It is what `parse_known_intermixed_args` does, which takes no ``--`` and no word beside exclusive options.
        """
        options, words = copy.copy(self), copy.copy(self)
        options._actions = [action for action in self._actions if action.option_strings]
        words._actions = [action for action in self._actions if not action.option_strings]
        words._option_string_actions, words._mutually_exclusive_groups = {}, []
        end = args.index("--") if "--" in args else len(args)
        found, left = options.parse_known_args(args[:end], namespace)
        return words.parse_known_args([*left, *args[end:]], found)

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        unknown = "unrecognized arguments: "
        if message.startswith(unknown):
            first = message.removeprefix(unknown).split()[0]
            known = [option for action in self._actions for option in action.option_strings if len(option) > 2]
            if first[0] == "-":
                message = f"there is no option {_cut(first)}{suggest(first.partition('=')[0], known)}"
        raise SettingsError(f"{_cut(message)}; see `{self.prog} --help`")


def _cut(text: str) -> str:
    """What was given, as far as a message has room for it."""
    return text if len(text) <= _ROOM else f"{text[:_ROOM]}..."


def option_of(name: str) -> str:
    """The option that gives the setting `name`."""
    return OPTIONS.get(name, "--" + name.replace("_", "-"))


def common_options() -> Parser:
    """A parser of the options that every command has."""
    parser = Parser(add_help=False, allow_abbrev=False, prog="atom")
    settings = parser.add_argument_group("settings", "`atom config` lists all of them, each is an option too")
    docs, hints = field_docs(Settings), type_hints(Settings)
    for field in attrs.fields(Settings):
        if field.name not in GROUPS:
            text = docs[field.name][:1].lower() + docs[field.name][1:].rstrip(".")
            shown = text if field.name in SHOWN else argparse.SUPPRESS
            _add_setting(settings, field.name, option_of(field.name), hints[field.name], shown)
    settings.add_argument(
        "--set",
        action="append",
        metavar="TASK.NAME=VALUE",
        default=[],
        help="a setting of one task, or modules.MODULE.NAME=VALUE of a module; can be repeated",
    )
    settings.add_argument("--config", type=Path, metavar="FILE", help="settings file instead of ./atom.toml")
    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    output.add_argument(
        "--stats", type=Path, metavar="FILE", help="write the ledger of the run to FILE, as JSON; - shows it"
    )
    output.add_argument("--trace", type=Path, metavar="FILE", help="write what ran when to FILE, for Perfetto")
    output.add_argument("-q", "--quiet", action="store_true", help="no remarks and no progress")
    output.add_argument("-v", "--verbose", action="store_true", help="say more, with tracebacks of what failed")
    return parser


def add_task_options(parser: Parser, spec: CommandSpec, plugins: PluginSet) -> None:
    """Add an option for each setting of the tasks that a command runs.

    It is called after the setting where the command runs one task and has no such option itself, else after both.

    :raises PluginError: if a task cannot be imported, or its settings have no defaults
    """
    for task in spec.tasks:
        kind = getattr(plugins.load(plugins.tasks[task]), "Settings", None) if task in plugins.tasks else None
        if kind is None:
            continue
        group = parser.add_argument_group(f"settings of task {task!r}", f"also [tasks.{task}] in atom.toml")
        fields, defaults = task_defaults(kind, task)
        docs, hints = field_docs(kind), type_hints(kind)
        for name in fields:
            if hints[name] is Any:  # given by programs
                continue
            option = option_of(name)
            taken = {option, f"--no-{option.removeprefix('--')}"} & parser._option_string_actions.keys()
            if len(spec.tasks) > 1 or taken:
                option = option_of(f"{task}_{name}")
            text = docs[name][:1].lower() + docs[name][1:].rstrip(".")
            help_text = f"{text} ({shown(getattr(defaults, name))})".replace("%", "%%")
            _add_setting(group, f"tasks.{task}.{name}", option, hints[name], help_text)


def shown(value: object) -> str:
    """A value as the help shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "unset" if value in (None, "") else ", ".join(value) if isinstance(value, tuple) else str(value).strip()


def _add_setting(group: Any, name: str, option: str, kind: Any, text: str) -> None:
    dest = PREFIX + name
    choices = typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else None
    if kind is bool:
        group.add_argument(option, dest=dest, action=argparse.BooleanOptionalAction, default=None, help=text)
    elif name in OPTIONS:
        group.add_argument(option, dest=dest, action="append", metavar="NAME", help=text)
    else:
        metavar = "{" + ",".join(choices) + "}" if choices else METAVARS.get(name) or _metavar(name, kind)
        group.add_argument(option, dest=dest, metavar=metavar, help=text)


def _metavar(name: str, kind: object) -> str:
    for unit, metavar in (("_bytes", "SIZE"), ("memory", "SIZE"), ("_s", "SECONDS")):
        if name.endswith(unit):
            return metavar
    return "N" if kind in (int, float) else name.rpartition(".")[2].upper()


def setting_arguments(namespace: argparse.Namespace) -> dict[str, Any]:
    """What was given, by the name of the setting; an option goes before ``--set`` of the same.

    :raises SettingsError: for a ``--set`` that is not TASK.NAME=VALUE
    """
    given: dict[str, Any] = {}
    for text in namespace.set:
        key, equals, value = text.partition("=")
        group, _, inside = key.partition(".")
        group, inside = (group, inside) if group == "modules" and "." in inside else ("tasks", key)
        owner, dot, name = inside.partition(".")
        if not (equals and dot and owner and name):
            raise SettingsError(f"--set {short(text)} does not fit: write it as TASK.NAME=VALUE, see `atom config`")
        given[f"{group}.{owner}.{name}"] = value
    for name, value in vars(namespace).items():
        if name.startswith(PREFIX) and value is not None:
            given[name.removeprefix(PREFIX)] = ",".join(value) if isinstance(value, list) else value
    return given


def load_settings(
    parser: Parser, namespace: argparse.Namespace, environ: Mapping[str, str] = os.environ
) -> tuple[Settings, dict[str, str]]:
    """The settings with what `namespace` has from `parser` on top, and where each value came from.

    :param environ: where variables are looked up
    :raises SettingsError: for a bad value, naming the option or other source
    """
    options = {action.dest: action.option_strings[0] for action in parser._actions if action.option_strings}

    def label(name: str) -> str:
        if getattr(namespace, PREFIX + name, None) is None and name.partition(".")[0] in GROUPS:
            return f"--set {_cut(name.removeprefix('tasks.'))}"
        return options[PREFIX + name]

    return load_with_sources(setting_arguments(namespace), environ=environ, file=namespace.config, label=label)


def split_command(arguments: Sequence[str], common: Parser) -> tuple[str | None, list[str]]:
    """The command's name and the other arguments; common options may stand before it.

    The name is None where there is none, or where an option before it is unknown.
    """
    takes_value = {option: action.nargs != 0 for action in common._actions for option in action.option_strings}
    skip = False
    for place, argument in enumerate(arguments):
        if skip:
            skip = False
        elif not argument.startswith("-"):
            return argument, [*arguments[:place], *arguments[place + 1 :]]
        elif argument.startswith("--") and argument.partition("=")[0] not in (*takes_value, "--help"):
            break
        else:
            skip = takes_value.get(argument, False)
    return None, list(arguments)
