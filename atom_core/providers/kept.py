"""What a model of a plugin has made, kept on disk by content: made once, for all tasks and processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator

from atom_core.call_context import caller
from atom_core.settings import Settings
from atom_core.stores.claims import Claims
from atom_core.stores.json_store import KeptValues

MOST_BYTES = 256 * 2**20


class KeptAnswers:
    """JSON values in a folder of the cache. What cannot be kept or read costs making it again, never a result."""

    def __init__(self, settings: Settings, name: str, *, version: str, doing: str, max_bytes: int = MOST_BYTES) -> None:
        """
        :param settings: `cache` says where; nothing is kept nor read where `reuse` is off
        :param name: the folder's name below `cache`
        :param version: names all but the key that decides the values; those of another version are not known
        :param doing: what another process does that is waited for, for messages: ``is transcribing this video``
        :param max_bytes: most disk space; what was not read for the longest time goes first
        """
        folder = settings.cache / name
        self._on = settings.reuse
        self._values = KeptValues(folder, version, max_bytes=max_bytes)
        self._claims = Claims(folder / "locks", doing)

    @staticmethod
    def key(*parts: object) -> str:
        """The key of an answer by everything that decides it, as JSON values."""
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> object:
        """The value kept under `key`; None if there is none."""
        return self._values.get(key) if self._on else None

    def put(self, key: str, value: object) -> None:
        """Keep a value, JSON but None."""
        if self._on:
            self._values.put(key, value)

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold the right to make what is kept under `key`; others wait. Look again once it is held.

        :raises Cancelled: if the caller was cancelled while it waited
        """
        with self._claims.claim(key, caller.get().check) if self._on else contextlib.nullcontext():
            yield
