"""What travels between client and server: pickled calls and replies, once both have shown that they know the key."""

from __future__ import annotations

import os
import pickle
from multiprocessing.connection import Connection
from typing import Any

from attrs import field, frozen

import atom_core as atom

KEY = "REMOTE_ATOM_KEY"


@frozen
class Clipped:
    """Stands for features on their way to the server, which has them: only the clip travels."""

    clip: atom.Clip
    """What was encoded."""
    key: str
    """The features' content address, which tells how many frames of it."""


@frozen
class Call:
    """A request."""

    method: str
    """``about``, or a method of the encoder or the decoder."""
    arguments: tuple[Any, ...] = ()
    """Its arguments."""
    options: dict[str, Any] = field(factory=dict)
    """Its keyword arguments."""


@frozen
class Reply:
    """An answer, or a piece of one."""

    value: Any = None
    """The result."""
    error: str = ""
    """The class of the error that there was; empty if there was none."""
    more: bool = False
    """Whether further pieces follow."""


def key() -> bytes:
    """The key that both sides know.

    :raises SettingsError: if it is not set
    """
    if not os.environ.get(KEY):
        raise atom.SettingsError(f"{KEY} is not set; give client and server the same secret text")
    return os.environ[KEY].encode()


def parse(address: str) -> tuple[str, int]:
    """Host and port.

    :raises SettingsError: if `address` is not written so
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise atom.SettingsError(f"{address!r} is no address; write it as HOST:PORT, 127.0.0.1:7007")
    return host, int(port)


def send(connection: Connection, value: Any) -> None:
    """Send a call or a reply."""
    connection.send_bytes(pickle.dumps(value))


def receive(connection: Connection) -> Any:
    """The next call or reply; waits for it."""
    return pickle.loads(connection.recv_bytes())
