"""Written words: what stands in a video's pictures, with its times and places."""

import atom_core as atom


@atom.hookimpl
def atom_register_modules(register: atom.Register) -> None:
    """Share ``reader``."""
    said = "Reads what is written in pictures"
    register.module("reader", "atom_text.reader:Reader", summary=said, memory_bytes=600 * 2**20)


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``read``."""
    said = "Read what is written during a clip"
    register.task("read", "atom_text.task:ReadClip", summary=said, memory_bytes=130 * 2**20)


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom read``."""
    said = "Read what is written in a video, with times and places"
    register.command("read", "atom_text.command:ReadCommand", summary=said, tasks=("read",))
