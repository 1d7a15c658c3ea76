"""What tells cheaply whether a database is what it was."""

from __future__ import annotations

import os
from pathlib import Path

_COUNTER = slice(18, 28)
"""In the head of a file of SQLite: how it is written, and how many transactions have changed it."""


def stamp_of(file: Path) -> str:
    """Size, time and SQLite's count of changes of a database, and of what is not yet moved into it.

    :raises OSError: if the file is gone
    """
    with file.open("rb") as opened:
        head, about = opened.read(100), os.fstat(opened.fileno())
    parts = [str(about.st_size), str(about.st_mtime_ns), head[_COUNTER].hex()]
    for ending in ("-wal", "-journal"):
        try:
            about = os.stat(f"{file}{ending}")
        except OSError:
            continue
        if about.st_size:
            parts.append(f"{ending}{about.st_size}:{about.st_mtime_ns}")
    return " ".join(parts)
