"""``atom plugins``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from atom_core.cli.console import table
from atom_core.errors import SettingsError
from atom_core.memory.estimate import gib
from atom_core.plugins.discovery import PluginInfo
from atom_core.settings import suggest
from atom_core.specs import KINDS

if TYPE_CHECKING:
    from atom_core.cli.context import Context


class PluginsCommand:
    """List the plugins."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="only these, with a line about all that they offer"
        )
        parser.add_argument("--all", action="store_true", help="the built-in ones and all hooks too")

    def run(self, context: Context) -> None:
        """One result per plugin."""
        for offered in (context.plugins.routes, context.plugins.executors):
            offered()  # which nobody else asks for
        names, known = context.args.names, [info.name for info in context.plugins.infos]
        for name in names:
            if name not in known:
                near = suggest(name, known)
                raise SettingsError(f"there is no plugin {name!r}{near}; `atom plugins --all` lists them")
        infos = [info for info in context.plugins.infos if context.args.all or names or not info.builtin]
        infos = [info for info in infos if not names or info.name in names]
        rows = [("PLUGIN", "STATE", "DISTRIBUTION", "OFFERS")]
        rows += [(info.name, info.state, f"{info.distribution} {info.version}", _offers(info)) for info in infos]
        heading, *lines = table(rows)
        for info, line in zip(infos, lines, strict=True):
            text = f"{heading}\n{line}" if info is infos[0] else line
            if info.reason:
                text += f"\n    {info.reason}"
            if info.advice:
                text += f"\n    {info.advice}, or run without it: ATOM_BLOCK_PLUGINS={info.name}"
            if names:
                text += "".join(f"\n    {detail}" for detail in _details(context, info))
            if (context.args.all or names) and info.hooks:
                text += f"\n    hooks: {', '.join(info.hooks)}"
            context.emit(info.as_dict(), text)
        if not infos and not names:
            context.note("no plugin is installed; for example: python -m pip install atom-captioning")


def _offers(info: PluginInfo) -> str:
    parts = [f"{kind.words} {', '.join(names)}" for kind in KINDS if (names := info.names(kind))]
    if info.memory_bytes:
        parts.append(f"memory {gib(info.memory_bytes)}")
    return "; ".join(parts)


def _details(context: Context, info: PluginInfo) -> list[str]:
    """A line about each thing that a plugin offers."""
    lines = []
    for kind in KINDS:
        for name in info.names(kind):
            spec = context.plugins.find(kind, name)
            size = getattr(spec, "memory_bytes", 0)
            lines.append(f"{kind.word} {name}: {spec.summary}" + (f" ({gib(size)})" if size else ""))
    return lines
