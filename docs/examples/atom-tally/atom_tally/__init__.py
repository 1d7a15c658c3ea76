"""Counts things in each shot of a video."""

import atom_core as atom


@atom.hookimpl
def atom_register_tasks(register: atom.Register) -> None:
    """Declare ``tally``."""
    register.task("tally", "atom_tally.task:TallyThings", summary="Count things in a clip")
