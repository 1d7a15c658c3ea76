"""How far a download is: the command says what shows it, before anything that fetches is imported."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar

from atom_core.protocols import Progress


class Unseen:
    """Shows nothing."""

    def __init__(self, *of: object) -> None:
        pass

    def __enter__(self) -> Unseen:
        return self

    def __exit__(self, *exc: object) -> None:
        pass

    def advance(self, steps: int = 1) -> None:
        """Nobody looks."""


bars: ContextVar[Callable[[str, int], AbstractContextManager[Progress]]] = ContextVar("bars", default=Unseen)
"""Makes what shows how many bytes have come, of how many; the command sets it."""
