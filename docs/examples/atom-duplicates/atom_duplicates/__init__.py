"""Shots that show nearly the same."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``near-duplicates``."""
    register.task(
        "near-duplicates",
        "atom_duplicates.task:FindDuplicates",
        summary="Group the shots of a video that show nearly the same",
        memory_bytes=16 * 2**20,
    )
