"""A library on a Chroma server, shared by several machines; each keeps its own replica of it.

A word in the metadata of the collection of clips, a new one after each change, tells whether a replica is in step.
While a program writes, and after it was killed in the middle, that word says so, and nobody takes what is there for
final.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import atom_core as atom
from atom_core.files import private_folder
from atom_indexing.library import chroma
from atom_indexing.library.database import Database
from atom_indexing.library.made_by import made_by

T = TypeVar("T")

TOKEN = "ATOM_LIBRARY_TOKEN"
"""The variable with what the server, or a proxy before it, is to be shown."""
_ANSWER_S = 10.0
_REVISION, _UNFINISHED = "revision", "writing-"
_WRITING = ("written", "emptied")


class ServerDatabase(Database):
    """Chroma's collections on a server; `path` is the folder of this machine's replica."""

    def prepare(self) -> None:
        """Make the replica's folder. The server is not asked for anything yet.

        :raises OSError: if there is no room for it
        """
        private_folder(self.path)

    @property
    def home(self) -> Path | None:
        """None: the way from a server to a video is none of files."""
        return None

    def _exists(self) -> bool:
        return True

    def _leave(self) -> None:
        self._collections = None

    def _disconnect(self) -> None:
        client = self._client
        super()._disconnect()
        for part in (client, getattr(client, "_admin_client", None)):  # Chroma leaves their connections open
            if (session := getattr(getattr(part, "_server", None), "_session", None)) is not None:
                session.close()

    def _connect(self) -> None:
        if self._client is not None:
            self._take_in_hand()
            return
        address = chroma.called(self.path)
        parts, token = urlsplit(address), os.environ.get(TOKEN)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        _check_there(address, headers)
        self._client = chroma.connect_server(
            parts.hostname or "",
            parts.port or (443 if parts.scheme == "https" else 80),
            secure=parts.scheme == "https",
            headers=headers,
        )
        self._take_in_hand()

    def _now(self) -> str:
        return chroma.bounded(self.path, self._asked)

    def _asked(self) -> str:
        from chromadb.errors import NotFoundError

        if self._client is None:
            self._connect()
        assert self._client is not None
        try:
            clips = self._client.get_collection(chroma.CLIPS, embedding_function=None)
        except NotFoundError:  # emptied by another program
            self._take_in_hand()
            clips = self._client.get_collection(chroma.CLIPS, embedding_function=None)
        return f"{clips.id}:{(clips.metadata or {}).get(_REVISION, '')}:{clips.count()}"

    def _following(self, work: Callable[[], T], done: str) -> T:
        if self._collections is None or done not in _WRITING:
            if self._collections is not None:
                self._collections.changes.clear()
            return work()
        self._collections.changes.clear()
        token, before = secrets.token_hex(8), self._asked()
        self._revise(_UNFINISHED + token)
        value = work()
        is_alone = f":{_UNFINISHED}{token}:" in self._asked()
        self._revise(token)
        changes = self._collections.changes
        if is_alone and changes:
            self._replica.follow(before, self._asked(), made_by(self._collections), changes)
        return value

    def _revise(self, revision: str) -> None:
        from chromadb.errors import NotFoundError

        assert self._collections is not None
        clips = self._collections.clips
        with suppress(NotFoundError):  # it was what the work has deleted
            clips.modify(metadata={**(clips.metadata or {}), _REVISION: revision})


def _check_there(address: str, headers: dict[str, str]) -> None:
    """
    :raises OSError: if nothing answers at an address, or something else than Chroma
    """
    import httpx

    try:
        said = httpx.get(f"{address}/api/v2/heartbeat", headers=headers, timeout=_ANSWER_S)
    except httpx.HTTPError as error:
        raise OSError(f"nothing answers there ({error or type(error).__name__})") from error
    if said.status_code in (401, 403):
        raise OSError(f"it refuses what {TOKEN} says")
    if said.status_code != httpx.codes.OK or "heartbeat" not in said.text:
        raise OSError(f"what answers there is no Chroma server of this version (status {said.status_code})")


def check_allowed(settings: atom.Settings) -> None:
    """
    :raises LibraryError: if the library is on another machine and the network must not be touched
    """
    name = urlsplit(settings.library_server).hostname or ""
    if settings.library_server and settings.offline and name not in ("localhost", "127.0.0.1", "::1"):
        raise atom.LibraryError(
            f"library '{settings.library_server}' is on the network, which --offline forbids; name a folder with"
            " --library DIR"
        )
