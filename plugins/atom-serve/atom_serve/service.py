"""What every route of the server works with: the open host, the folders that may be read, and who may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from atom_serve.folders import Folders

if TYPE_CHECKING:
    import atom_core as atom

While: TypeAlias = Callable[[], AbstractAsyncContextManager[object]]
"""Makes something that is open while the server runs."""


class Service:
    """One server's state; routes get it as they are made. Used by the server's loop and by its working threads."""

    def __init__(self, host: atom.Host, *, token: str, allow: Iterable[Path] = ()) -> None:
        """
        :param host: the open host; who opened it closes it
        :param token: what callers must know
        :param allow: folders whose files callers may name
        """
        self.host = host
        """The open host, shared by all callers and threads."""
        self.token = token
        """What callers must know."""
        self.folders = Folders(allow)
        """The folders whose files callers may name."""
        self.started_s = time.time()
        """When the server started, seconds since 1970."""
        self.whiles: list[While] = []
        """What is open while the server runs, as `while_running` was given it."""

    def while_running(self, make: While) -> None:
        """Have the asynchronous context manager that `make` makes open as long as the server runs."""
        self.whiles.append(make)
