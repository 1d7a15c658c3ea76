"""Measures Atom against its baselines on the user's own machine."""

import atom_core as atom


@atom.hookimpl
def atom_add_commands(register: atom.Register) -> None:
    """Declare ``atom bench``."""
    register.command(
        "bench", "atom_bench.command:BenchCommand", summary="Measure Atom's speed, memory and quality here", alone=True
    )
