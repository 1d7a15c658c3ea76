"""``atom new-plugin``: a complete distribution to start from."""

from __future__ import annotations

import keyword
import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

import atom_core
from atom_core.errors import SettingsError

if TYPE_CHECKING:
    import argparse
    from importlib.resources.abc import Traversable

    from atom_core.cli.context import Context
    from atom_core.plugins import PluginSet

_RESERVED = ("atom", "core", "test", "tests", "plugin", "plugins")


@frozen(kw_only=True)
class Names:
    """What a new plugin and its parts are called."""

    plugin: str
    """The entry point and the task: ``count-people``."""

    @classmethod
    def of(cls, name: str) -> Names:
        """The names that follow from `name`, with or without ``atom-`` before it.

        :raises SettingsError: if it cannot be the name of a distribution, a module and a task
        """
        plain = name.removeprefix("atom-").removeprefix("atom_").replace("_", "-")
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", plain):
            fitting = "-".join(re.findall(r"[a-z0-9]+", name.lower())).lstrip("0123456789-") or "count-people"
            raise SettingsError(
                f"{name!r} is no name for a plugin: use lower-case words joined by hyphens, for example {fitting}"
            )
        if plain in _RESERVED or keyword.iskeyword(plain) or keyword.iskeyword(plain.capitalize()):
            raise SettingsError(f"{name!r} is taken by Python or by Atom itself; choose another name")
        return cls(plugin=plain)

    def check(self, plugins: PluginSet) -> None:
        """Make sure that nothing installed has one of the names.

        :raises SettingsError: if something has
        """
        for info in plugins.infos:
            if self.plugin == info.name or self.words["DISTRIBUTION"] == info.distribution:
                raise SettingsError(
                    f"a plugin {info.name!r} is installed already ({info.distribution}); choose another name"
                )
        if self.plugin in plugins.tasks:
            owner = plugins.tasks[self.plugin].plugin
            raise SettingsError(f"there is a task {self.plugin!r} already, of plugin {owner!r}; choose another name")

    @property
    def words(self) -> dict[str, str]:
        """What stands for each placeholder of the template."""
        return {
            "PLUGIN": self.plugin,
            "DISTRIBUTION": f"atom-{self.plugin}",
            "MODULE": f"atom_{self.plugin}".replace("-", "_"),
            "CLASS": "".join(word.capitalize() for word in self.plugin.split("-")),
            "CORE": ".".join(atom_core.__version__.split(".")[:2]),
        }


class NewPluginCommand:
    """Write the distribution."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", metavar="NAME", help="what the plugin and its task are called, count-people")
        parser.add_argument("folder", metavar="DIR", nargs="?", type=Path, help="where; ./atom-NAME if not given")

    def run(self, context: Context) -> None:
        """One result: the folder, and what to do next."""
        names = Names.of(context.args.name)
        names.check(context.plugins)
        folder = context.args.folder or Path(names.words["DISTRIBUTION"])
        written = write_plugin(names, folder)
        shown = str(folder) if folder.is_absolute() else f"./{folder}"
        lines = [f"{folder}/", *(f"  {path.relative_to(folder).as_posix()}" for path in written)]
        lines += [
            "",
            f"Next:  python -m pip install -e {shlex.quote(f'{shown}[test]')}",
            f"       python -m pytest {shlex.quote(shown)}",
            f"The task is in {folder / names.words['MODULE']}/task.py, its tests are in {folder}/tests.",
        ]
        value = {"name": names.plugin, "folder": str(folder), "files": [str(path) for path in written]}
        context.emit(value, "\n".join(lines))


def write_plugin(names: Names, folder: Path) -> list[Path]:
    """Write the distribution into `folder`, which must be new or empty; the files written, sorted.

    :raises SettingsError: if there is something already, or it cannot be written
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise SettingsError(f"{folder} is no empty folder, and nothing is overwritten: name another one")
        return sorted(_copy(files("atom_core.cli") / "template", folder, names.words))
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror or error}; name another folder") from error


def _copy(source: Traversable, target: Path, words: dict[str, str]) -> list[Path]:
    """Copy a folder of the template with the placeholders filled in, in names and in texts."""
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for item in source.iterdir():
        path = target / _fill(item.name.removesuffix(".in"), words)
        if item.is_dir():
            written += _copy(item, path, words)
        elif item.name.endswith(".in"):
            path.write_text(_fill(item.read_text(encoding="utf-8"), words), encoding="utf-8")
            written.append(path)
    return written


def _fill(text: str, words: dict[str, str]) -> str:
    return re.sub(r"__([A-Z]+)__", lambda match: words[match[1]], text)
