"""The built-in commands, contributed through the same hook as those of plugins."""

from __future__ import annotations

from atom_core.hookspecs import hookimpl
from atom_core.specs import Register


@hookimpl
def atom_add_commands(register: Register) -> None:
    """Add ``config``, ``doctor``, ``models``, ``new-plugin``, ``plugins``, ``quantize`` and ``run``."""
    for name, summary in (
        ("config", "Show every setting, its value and its source"),
        ("doctor", "Check what this machine can do, and say what to do about the rest"),
        ("models", "List the models that can be loaded"),
        ("plugins", "List the plugins, with the reason where one is left out"),
    ):
        register.command(
            name, f"atom_core.cli.commands.{name}:{name.capitalize()}Command", summary=summary, keep_going=True
        )
    said = "Write a new plugin to start from: package, task, tests"
    register.command("new-plugin", "atom_core.cli.commands.new_plugin:NewPluginCommand", summary=said, keep_going=True)
    said = "Write a quantised checkpoint of a model"
    register.command("quantize", "atom_core.cli.commands.quantize:QuantizeCommand", summary=said, alone=True)
    register.command("run", "atom_core.cli.commands.run:RunCommand", summary="Run a pipeline of tasks over videos")


@hookimpl
def atom_register_executors(register: Register) -> None:
    """Add ``local``: this machine."""
    register.executor("local", "atom_core.executors.local:LocalExecutor", summary="This machine, by one host")
