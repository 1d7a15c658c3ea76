"""Where settings come from: a file, variables and arguments, in that order."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from atom_core.errors import SettingsError
from atom_core.files.owner import whose
from atom_core.settings.tables import GROUPS, flat
from atom_core.settings.toml import is_open_to_all, read_toml

log = logging.getLogger("atom")
_told: set[Path] = set()
_FETCHED = ("model", "revision", "embedder")
"""Settings on whose word something may be fetched, also where a shared module has one of that name."""


class FromFolder(str):
    """Text that only ``atom.toml`` of the current folder gives: nothing is fetched on its word."""

    __slots__ = ()


class Given(NamedTuple):
    """A value that was given for a setting."""

    source: str
    """Where: ``file:line``, a variable, or what the caller calls its arguments."""
    name: str
    """The setting, those of tasks and modules as ``tasks.<task>.<name>``."""
    value: object
    """As it was written."""
    is_argument: bool = False
    """Whether it was given as an argument, which goes before a variable."""


def gathered(
    names: Collection[str],
    arguments: Mapping[str, object] | None,
    environ: Mapping[str, str],
    file: Path | None,
    label: Callable[[str], str],
) -> list[Given]:
    """Everything that was given, what goes before others after them.

    :param names: the settings, for variables; those in a file and among arguments are taken whatever they are
    :param arguments: values by name; None means "not given"
    :param environ: the environment; ``ATOM_CONFIG`` names another file than ``atom.toml`` in the current folder
    :param file: the file to read instead
    :param label: how an argument is called in messages
    :raises SettingsError: if the file is missing, somebody else's or no TOML, or what should be a table is none
    """
    given = _from_file(file or (Path(environ["ATOM_CONFIG"]) if environ.get("ATOM_CONFIG") else None))
    for name in names:
        variable = f"ATOM_{name.upper()}"
        if variable in environ and name not in GROUPS:
            given.append(Given(variable, name, environ[variable]))
    try:
        named = flat({name: value for name, value in (arguments or {}).items() if value is not None})
    except ValueError as error:
        raise SettingsError(f"{label('tasks')}: {error}") from None
    return given + [Given(label(name), name, value, is_argument=True) for name, value in named]


def _from_file(named: Path | None) -> list[Given]:
    """What a file gives that was named, or else ``atom.toml`` of the current folder if it is there."""
    if named is not None:
        if not named.is_file() and str(named) != os.devnull:
            raise SettingsError(f"settings file {named} does not exist; create it or drop the option that names it")
        return _read_file(named) if named.is_file() else []
    path = Path("atom.toml")
    if not path.is_file():
        return []
    _check_whose(path)
    return [
        given._replace(value=FromFolder(given.value))
        if _is_fetched(given.name) and isinstance(given.value, str)
        else given
        for given in _read_file(path)
    ]


def _is_fetched(name: str) -> bool:
    group, _, inside = name.partition(".")
    return name in _FETCHED or (group == "modules" and inside.rpartition(".")[2] in _FETCHED)


def _read_file(path: Path) -> list[Given]:
    """Each setting in a file."""
    try:
        text, values = read_toml(path)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{path}: cannot be read as TOML: {error}; correct it or name another with --config"
        ) from None
    try:
        return [Given(_place(path, text, name), name, value) for name, value in flat(values)]
    except ValueError as error:
        raise SettingsError(f"{path}: {error}") from None


def _check_whose(path: Path) -> None:
    """Tell of ``atom.toml`` in the current folder where others may write it.

    :raises SettingsError: if it is somebody else's
    """
    if other := whose(path):
        raise SettingsError(
            f"{path} in this folder {other}, so it is not followed; read it, then follow it with --config {path},"
            f" or go on without it: --config {os.devnull}"
        )
    if is_open_to_all(path) and path.absolute() not in _told:
        _told.add(path.absolute())
        log.warning("settings are taken from %s, which every user of this machine may write", path.absolute())


def _place(path: Path, text: str, key: str) -> str:
    """``file:line`` of a key, or the file alone where it is written in a way that this does not follow."""
    (table, _, name), inside = key.rpartition("."), ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            inside = re.sub(r"[\s\"']", "", header[1])
        elif inside == table and re.match(rf"\s*[\"']?{re.escape(name)}[\"']?\s*=", line):
            return f"{path}:{number}"
    return str(path)
