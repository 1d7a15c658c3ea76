"""Whether anybody uses a host now, so that its modules can be let go when nobody has for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Usage:
    """Counts what uses a host. Used by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._since_s = time.monotonic()

    @contextmanager
    def using(self) -> Iterator[None]:
        """The host is in use inside; waits where its modules are just being let go."""
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                self._since_s = time.monotonic()

    def when_idle(self, for_s: float, act: Callable[[], object]) -> bool:
        """Do `act` if nobody has used the host for `for_s` seconds; whoever comes meanwhile waits. Whether it was."""
        with self._lock:
            if self._users or time.monotonic() - self._since_s < for_s:
                return False
            act()
            self._since_s = time.monotonic()
            return True
