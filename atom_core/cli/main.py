"""The entry point of ``atom``: settings, plugins, the chosen command, exit codes."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO

import attrs

import atom_core
from atom_core.cli.codes import BROKEN_PIPE, INTERRUPTED, MISTAKE, OK, SOME_FAILED
from atom_core.cli.commands import builtin
from atom_core.cli.console import Console, OutputLost, drop
from atom_core.cli.context import Context
from atom_core.cli.options import Parser, add_task_options, common_options, load_settings, split_command
from atom_core.cli.session import Session
from atom_core.cli.stdout_guard import Stray
from atom_core.errors import AtomError, Cancelled, PluginError, SettingsError
from atom_core.exhausted import exhausted
from atom_core.hub import progress
from atom_core.plugins import PluginSet, load_plugins
from atom_core.plugins.discovery import one_line
from atom_core.plugins.task_settings import check_task_settings
from atom_core.quiet import quiet
from atom_core.settings import Settings, suggest
from atom_core.settings.values import short
from atom_core.specs import CommandSpec


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``atom`` with `argv`.

    0: done. 1: some inputs failed, each was named, or Atom itself did. 2: a mistake in the command, one line said
    which. 130: interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    quiet()
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - it was closed; open until the program ends
    if sys.stdout is None:
        Console(out=sys.stderr).error("standard output is closed; send the results to a file, or to /dev/null")
        return MISTAKE
    _never_fail_to_print(sys.stdout, sys.stderr)
    return execute(arguments, Session(Console()), lambda: drop(sys.stdout))


def execute(arguments: list[str], session: Session, drop: Callable[[], None]) -> int:
    """Run the command that `arguments` are, and say what ended it, unless it ended well; its exit code.

    :param drop: lets what is still to be printed go nowhere
    """
    console = session.console
    try:
        _check_here()
        return _run(arguments, session)
    except BrokenPipeError:
        drop()
        return BROKEN_PIPE
    except OutputLost as lost:
        drop()
        console.error(f"the results cannot be written: {lost}; free some space, or send them elsewhere", lost)
        return MISTAKE
    except (KeyboardInterrupt, Cancelled) as stop:
        console.stop(" ".join(["interrupted", *getattr(stop, "__notes__", ())]))
        return INTERRUPTED
    except AtomError as error:
        console.error(str(error), error)
        return MISTAKE
    except SystemExit as stop:  # argparse, after --help
        return stop.code if isinstance(stop.code, int) else OK if stop.code is None else MISTAKE
    except Exception as error:
        by = f", but of {session.by}" if session.by else ""
        told = f"{one_line(error)}; this is no fault of yours{by}: -v shows where"
        console.error(exhausted(error) or told, error)
        return SOME_FAILED


def _run(arguments: list[str], session: Session) -> int:
    console, common = session.console, common_options()
    name, rest = split_command(arguments, common)
    early, unknown = common.parse_known_args(rest)
    console.quiet, console.verbose, console.as_json = early.quiet, early.verbose, early.json
    if name is None and "--version" in unknown:
        console.emit({"version": atom_core.__version__}, f"atom {atom_core.__version__}")
        console.close()
        return OK
    with session.remarks():
        if name is None:
            return _help(early, unknown, common, console)
        return _chosen(name, rest, unknown, early, common, session)


def _chosen(
    name: str, rest: list[str], unknown: list[str], early: argparse.Namespace, common: Parser, session: Session
) -> int:
    """Run the command called `name`."""
    settings, _ = load_settings(common, early, session.environ)
    plugins = session.plugins or _load(settings, session.console)
    commands = plugins.commands()
    if name not in commands:
        raise PluginError(_no_command(name, plugins))
    spec = commands[name]
    if not (spec.keep_going or settings.keep_going or {"-h", "--help"} & set(unknown)):
        plugins.check()
    command = plugins.load(spec)()
    parser = Parser(prog=f"atom {name}", description=spec.summary, parents=[common], allow_abbrev=False)
    _add_arguments(command, parser, spec)
    add_task_options(parser, spec, plugins)
    args = parser.parse_args(rest)
    settings, sources = load_settings(parser, args, session.environ)
    if not spec.keep_going:
        check_task_settings(plugins, settings, origin=sources, environ=session.environ)
    session.chosen(spec, settings, args)
    if any(info.name == spec.plugin and not (info.ours or info.builtin) for info in plugins.infos):
        session.by = plugins.owner(spec)
    return _work(command, spec, args, settings, sources, plugins, session)


def _work(
    command: Any,
    spec: CommandSpec,
    args: argparse.Namespace,
    settings: Settings,
    sources: Mapping[str, str],
    plugins: PluginSet,
    session: Session,
) -> int:
    console = session.console
    shown = progress.bars.set(functools.partial(console.progress, in_bytes=True))
    with session.printing_to(Stray(console.err, console, plugins)):
        try:
            with Context(
                args=args,
                settings=settings,
                sources=sources,
                plugins=plugins,
                console=console,
                tasks=spec.tasks,
                open_host=session.open_host,
            ) as context:
                command.run(context)
        finally:
            progress.bars.reset(shown)
            finished = sys.exc_info()[0] is None
            if finished or console.has_results:
                console.close()
    return SOME_FAILED if context.failed else OK


def _load(settings: Settings, console: Console) -> PluginSet:
    """The plugins, broken ones included; whether those are a mistake depends on the command."""
    trace = None
    if settings.trace_hooks:

        def trace(plugin: str, hook: str, milliseconds: float) -> None:
            console.error(f"{milliseconds:8.2f} ms  {hook}  {plugin}")

    return load_plugins(attrs.evolve(settings, keep_going=True), builtins=_builtins(), trace=trace)


def _builtins() -> list[tuple[str, object]]:
    from atom_core.host import BUILTINS

    return [*BUILTINS, ("commands", builtin)]


def _add_arguments(command: Any, parser: Parser, spec: CommandSpec) -> None:
    try:
        command.add_arguments(parser)
    except (argparse.ArgumentError, ValueError) as error:
        raise PluginError(
            f"command {spec.name!r} of plugin {spec.plugin!r} cannot declare its arguments: {error}"
        ) from error


def _no_command(name: str, plugins: PluginSet) -> str:
    text = f"there is no command {short(name)}{suggest(name, plugins.commands())}; see `atom --help`"
    left_out = [f"{info.name} ({info.state})" for info in plugins.infos if info.state != "loaded"]
    if left_out:
        text += f"; plugins left out: {', '.join(left_out)}; see `atom plugins`"
    try:
        plugins.check()
    except PluginError as faults:
        text += f"\n{faults}"
    return text


def _help(early: argparse.Namespace, unknown: list[str], common: Parser, console: Console) -> int:
    """The commands, without importing any."""
    parser = Parser(
        prog="atom",
        usage="atom COMMAND [options]",
        description="Caption, question, index, search and cut video with one small model.",
        parents=[common],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.parse_args([argument for argument in unknown if argument not in ("-h", "--help")])
    try:
        settings = load_settings(common, early)[0]
    except SettingsError as error:
        console.note(str(error))
        settings = Settings()
    plugins = _load(settings, console)
    commands = plugins.commands()
    width = max(len(name) for name in commands)
    lines = [f"  {name:{width}}  {spec.summary}" for name, spec in sorted(commands.items())]
    parser.epilog = "\n".join(["commands:", *lines, "", "`atom COMMAND --help` tells more of one."])
    for info in plugins.infos:
        if info.state == "broken":
            console.note(f"{info} is left out, see `atom plugins`")
    console.show(parser.format_help())
    return OK


def _check_here() -> None:
    """
    :raises SettingsError: if the current folder was removed; libraries fail there in ways of their own
    """
    try:
        os.getcwd()
    except OSError:
        raise SettingsError("the current folder is not there any more; change to another, with cd") from None


def _never_fail_to_print(*streams: TextIO) -> None:
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
