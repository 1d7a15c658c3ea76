"""A pipeline's videos, worked on by the nodes of a Ray cluster."""

import atom_core as atom


@atom.hookimpl
def atom_register_executors(register: atom.Register) -> None:
    """Declare ``ray``."""
    said = "The nodes of a Ray cluster, ray://HOST:PORT; without an address one on this machine"
    register.executor("ray", "atom_ray.executor:RayExecutor", summary=said)
