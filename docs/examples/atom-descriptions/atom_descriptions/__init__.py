"""Audio descriptions, timed into the pauses of the sound."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``describe-pauses``."""
    register(
        "describe-pauses",
        "atom_descriptions.task:DescribePauses",
        summary="Say what is shown, in the pauses of a video's sound",
        memory_bytes=8 * 2**20,
    )
