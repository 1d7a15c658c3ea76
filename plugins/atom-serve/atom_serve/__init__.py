"""A resident server: ``atom serve`` keeps one host open for commands, programs and agents."""

import atom_core as atom


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom serve``."""
    summary = "Keep the model loaded, for commands, programs and agents"
    register.command("serve", "atom_serve.command:ServeCommand", summary=summary)


@atom.hookimpl
def atom_add_routes(register: atom.Register) -> None:
    """Declare what the server says of itself."""
    register.routes("status", "atom_serve.status:routes", summary="What the server is, and what it has loaded")
