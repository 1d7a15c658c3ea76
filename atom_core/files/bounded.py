"""What is kept in mind, up to a bound."""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def keep(known: MutableMapping[K, V], key: K, value: V, most: int) -> None:
    """Keep `value` in mind under `key`, and forget what was kept first until there are at most `most` values."""
    known.pop(key, None)
    known[key] = value
    while len(known) > most:
        del known[next(iter(known))]
