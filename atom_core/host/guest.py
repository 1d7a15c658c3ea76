"""A host beside another one, whose modules it uses: what a resident server lends to one command of another process."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from atom_core.call_context import Cancel
from atom_core.host.host import Host
from atom_core.host.videos import Videos
from atom_core.protocols import Library
from atom_core.settings import Settings

OWN = ("tasks", "library", "segment", "window_s", "min_clip_s", "stream", "workers", "keep_going", "server")
"""Settings of a guest that may differ: those of tasks and videos, not of the modules that are loaded."""
_FOLDERS = ("cache", "library")
_NAMES = ("model", "embedder")
_OF_VIDEOS = ("segment", "window_s", "min_clip_s", "stream", "reuse", "isolate")


def settled(settings: Settings) -> Settings:
    """`settings` that mean the same wherever the program's current folder is: folders in them are absolute."""
    changed: dict[str, Any] = {name: Path(os.path.abspath(getattr(settings, name))) for name in _FOLDERS}
    for name in _NAMES:
        value = getattr(settings, name)
        if os.path.isdir(os.path.expanduser(value)):
            changed[name] = os.path.abspath(os.path.expanduser(value))
    return attrs.evolve(settings, **changed)


def differing(settings: Settings, host: Host) -> list[str]:
    """The names of settings that a guest of `host` cannot have."""
    own, others = settled(settings), settled(host.settings)
    names = [field.name for field in attrs.fields(Settings) if field.name not in OWN]
    return [name for name in names if getattr(own, name) != getattr(others, name)]


class GuestHost(Host):
    """A host with settings and a library of its own and the modules of another, which stays open when it is closed."""

    def __init__(self, owner: Host, settings: Settings, environ: Mapping[str, str]) -> None:
        """
        :param owner: the host whose modules it uses
        :param settings: as those of `owner`, but for `OWN`
        :param environ: where variables with settings of tasks are looked up
        """
        self.settings, self.plugins, self.ledger = settings, owner.plugins, owner.ledger
        self._owner, self._environ = owner, environ
        self._resident, self._shared = owner._resident, owner._shared
        self._tasks, self._channels = owner._tasks, owner._channels
        self._lock = threading.RLock()
        self._library: Library | None = None
        self._lent_library = False
        alike = all(getattr(settings, name) == getattr(owner.settings, name) for name in _OF_VIDEOS)
        self._videos = owner._videos if alike else Videos(settings, owner.plugins, owner.ledger)
        self._maps: set[Cancel] = set()
        self._told_notice = self._closed = False
        owner._resident.try_again()
        owner._shared.try_again()

    @property
    def library(self) -> Library:
        """The library; that of the owner where it is the same and can be written, else one that is opened for it.

        :raises LibraryError: if it cannot be opened, or was made with another model
        """
        with self._lock:
            if self._library is None and (lent := self._owner.library_at(Path(os.path.abspath(self.settings.library)))):
                self._library, self._lent_library = lent, True
            return super().library

    def expect(self, tasks: Any) -> None:
        """Say nothing: what a task needs that was not counted is counted as it comes."""

    def close(self) -> None:
        """Cancel what still runs, and let go of the library; the modules stay."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        for cancelled in tuple(self._maps):
            cancelled.set()
        if self._library is not None and not self._lent_library:
            self._library.close()
