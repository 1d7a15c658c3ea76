"""Memory for what was not counted when a model was loaded."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atom_core.decoder.prefix_cache import RadixPrefixCache
    from atom_core.memory.estimate import Plan


class Reserve:
    """What a plan leaves: first what nothing uses, then the room for prefixes. Shared by threads."""

    def __init__(self, plan: Plan, prefixes: RadixPrefixCache | None) -> None:
        """
        :param prefixes: those that may be let go
        """
        self._spare, self._prefixes = plan.spare_bytes, prefixes
        self._lock = threading.Lock()

    def __call__(self, num_bytes: int) -> bool:
        """Reserve `num_bytes`; False, and nothing changed, if there is no room."""
        if self._spare is None:
            return True
        with self._lock:
            kept = self._prefixes.max_bytes if self._prefixes is not None else 0
            if num_bytes > self._spare + kept:
                return False
            taken = max(0, num_bytes - self._spare)
            self._spare -= num_bytes - taken
            if taken and self._prefixes is not None:
                self._prefixes.limit(kept - taken)
            return True
