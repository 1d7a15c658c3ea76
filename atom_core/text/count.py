"""Numbers of things, as they are said."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """``1 clip``, ``2 clips``.

    :param many: the word for several, where it is not ``one`` with an s
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"
