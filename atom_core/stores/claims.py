"""The right to make something that others want, too: one thread of one process has it, the others wait for it."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from atom_core.files import private_folder

log = logging.getLogger("atom")

_CHECK_S, _PATIENCE_S = 0.5, 60.0
"""How often a process that waits for another one looks whether it is still wanted, and when it says that it waits."""


class Claims:
    """Locks by key, shared by threads and processes: files in a folder, at most 4,096 of them."""

    def __init__(self, folder: Path, doing: str) -> None:
        """
        :param folder: where the files lie; made on first use
        :param doing: what the one that is waited for does, for messages: ``is encoding this clip``
        """
        self._folder, self._doing = folder, doing

    @contextlib.contextmanager
    def claim(self, key: str, check: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the right to make `key`, hexadecimal digits; others that want it wait, and say so when that takes long.

        :param check: called now and then while waiting; what it raises ends that
        """
        path = self._folder / f"{key[:3]}.lock"
        lock = FileLock(path, mode=0o600, thread_local=False)
        with contextlib.ExitStack() as stack:
            try:
                private_folder(path.parent)
                self._wait(lock, check)
            except OSError:
                pass  # without locks, as on some network disks, it may be made twice
            else:
                stack.callback(lock.release)
            yield

    def _wait(self, lock: FileLock, check: Callable[[], None]) -> None:
        start, told = time.monotonic(), False
        while not lock.is_locked:
            check()
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=_CHECK_S)
            if not told and not lock.is_locked and time.monotonic() > start + _PATIENCE_S:
                told = True
                log.warning("waiting for another process that %s; if it is suspended, resume or kill it", self._doing)
