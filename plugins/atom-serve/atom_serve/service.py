"""What every route of the server works with: the open host, the folders that may be read, and who may ask."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from starlette.exceptions import HTTPException

import atom_core as atom
from atom_core.serving import Usage
from atom_serve.access.folders import Folders
from atom_serve.access.guard import Passes
from atom_serve.given import Given
from atom_serve.rest.jobs import Jobs
from atom_serve.rest.uploads import Uploads
from atom_serve.work import Work

LIBRARY = "library:"
"""Before the content hash of a video, where a file is named: the library's."""
While: TypeAlias = Callable[[], AbstractAsyncContextManager[object]]
"""Makes something that is open while the server runs."""


class Service:
    """One server's state; routes get it as they are made. Used by the server's loop and by its working threads."""

    def __init__(
        self, host: atom.Host, *, token: str, token_file: Path | None = None, allow: Iterable[Path] = ()
    ) -> None:
        """
        :param host: the open host; who opened it closes it
        :param token: what callers must know
        :param token_file: where they find it
        :param allow: folders whose files callers may name
        """
        self.host = host
        """The open host, shared by all callers and threads."""
        self.token = token
        """What callers must know."""
        self.token_file = token_file
        """The file that holds the token, where there is one."""
        self.passes = Passes()
        """Links that let people in once."""
        self.folders = Folders(allow)
        """The folders whose files callers may name."""
        self.uploads = Uploads(host.settings.cache / "serve" / "uploads")
        """The files that callers sent."""
        self.given = Given(host, self.folders, self.file)
        """Makes records of what callers send."""
        self.usage = Usage()
        """Told while the host is used."""
        self.work = Work(self.usage)
        """The threads that work for callers, which routes hand everything that takes time."""
        self.jobs = Jobs()
        """What goes on while nobody waits."""
        self.started_s = time.time()
        """When the server started, seconds since 1970."""
        self.whiles: list[While] = [self._working]
        """What is open while the server runs, as `while_running` was given it."""

    def while_running(self, make: While) -> None:
        """Have the asynchronous context manager that `make` makes open as long as the server runs."""
        self.whiles.append(make)

    def file(self, name: str) -> Path:
        """The file that a caller means by `name`: one that was sent, by its id, one of an allowed folder, or a video of
        the library, as `library:` and its content hash.

        :raises Refused: if it lies outside every allowed folder, whether it exists or not
        :raises Missing: if it lies inside, and is not there
        """
        if name.startswith(LIBRARY):
            return self.of_library(name.removeprefix(LIBRARY))
        return self.uploads.find(name).path if name.startswith("file-") else self.folders.file(name)

    def of_library(self, content_hash: str) -> Path:
        """Where a video of the library is, which is the one that was indexed.

        :raises HTTPException: 404, if the library has none
        :raises MediaError: if its file is gone or has changed
        """
        path = self.host.library.videos().get(content_hash)
        if path is None:
            raise HTTPException(404, f"the library has no video {content_hash[:80]!r}")
        if self.host.video(path).content_hash != content_hash:
            raise atom.MediaError(f"'{path}' has changed since it was indexed; index it again", path=path)
        return path

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self.work.close()
