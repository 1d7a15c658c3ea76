"""A resident encoder and decoder in another process or on another machine."""

from __future__ import annotations

import atom_core as atom

PREFIX = "remote:"


@atom.hookimpl
def atom_load_modules(source: str) -> atom.Modules | None:
    """The modules of the server at ``remote:HOST:PORT``; None for other models."""
    if not source.startswith(PREFIX):
        return None
    from atom_remote.client import connect

    return connect(source.removeprefix(PREFIX))


@atom.hookimpl
def atom_identify_model(source: str) -> str | None:
    """Which model the server lends; None for other models."""
    modules = atom_load_modules(source)
    if modules is None:
        return None
    modules.close()
    return modules.model


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom serve``."""
    register.command("serve", "atom_remote.server:ServeCommand", summary="Lend this machine's model to other programs")
