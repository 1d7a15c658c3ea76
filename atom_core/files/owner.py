"""Whose files are: what another user keeps is not believed."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("atom")

_told: set[str] = set()


def whose(path: Path) -> str:
    """Who else the file belongs to, in words; empty where it is the user's own or the machine's.

    :raises OSError: if it cannot be looked at
    """
    if not hasattr(os, "geteuid"):
        return ""
    own = {0, os.geteuid()}
    behind = os.environ.get("SUDO_UID", "")
    if os.geteuid() == 0 and behind.isascii() and behind.isdecimal():
        own.add(int(behind))  # who called sudo
    others = {os.lstat(path).st_uid, path.stat().st_uid} - own
    return f"belongs to user {_name(others.pop())}" if others else ""


def read_own(path: Path) -> str:
    """The text of a file that only the user, or the machine, can have written.

    :raises OSError: if it cannot be read, or belongs to another user, which is said once for a folder
    """
    check_own(path)
    return path.read_text(encoding="utf-8")


def check_own(path: Path) -> None:
    """Refuse what another user could have made up: a cache decides what is seen.

    :raises OSError: if the file belongs to another user, which is said once for a folder, or cannot be looked at
    """
    if not (other := whose(path)):
        return
    folder = str(path.parent.parent if path.parent.name == path.name[:2] else path.parent)
    if folder not in _told:
        _told.add(folder)
        log.warning("what is kept in %s %s and is not used; name a cache of your own with --cache", folder, other)
    raise PermissionError(f"{path} {other}")


def _name(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)
