"""What lives on each node: one host, in an actor of Ray."""

from __future__ import annotations

from pathlib import Path

from atom_core import AtomError
from atom_core.executors.node import Node
from atom_core.executors.work import Work


class Worker:
    """One host, whose videos are worked on in the actor's threads. Whatever fails is a value, never raised."""

    def __init__(self) -> None:
        self._node: Node | None = None

    def open(self, work: Work) -> str:
        """Open the host; why that cannot be done here, empty if it is done."""
        try:
            self._node = Node(work)
        except AtomError as error:
            return " ".join(str(error).split())
        except Exception as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())}"
        return ""

    def do(self, path: Path) -> bytes:
        """What becomes of a video, see `Node.do`."""
        assert self._node is not None
        return self._node.do(path)

    def close(self) -> None:
        """Close the host."""
        if self._node is not None:
            self._node.close()
