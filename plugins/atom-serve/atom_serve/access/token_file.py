"""The token that callers must know: made at the first start, kept in a file that only the user can read."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

import atom_core as atom
from atom_serve.own_files import open_own

NAME = "token"


def read_token(folder: Path) -> str:
    """The token kept in `folder`; made if there is none.

    :raises SettingsError: if the file cannot be read or written, or others could have read or written it
    """
    path = folder / NAME
    try:
        try:
            file = open_own(path, os.O_RDWR | os.O_EXCL)
        except FileExistsError:
            return _kept(path)
        with os.fdopen(file, "w", encoding="ascii") as opened:
            token = secrets.token_urlsafe(32)
            opened.write(token + "\n")
        return token
    except OSError as error:
        raise atom.SettingsError(f"the token in {path} cannot be used: {error.strerror}; remove the file") from None


def _kept(path: Path) -> str:
    with os.fdopen(
        os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), encoding="ascii", errors="replace"
    ) as file:
        about = os.fstat(file.fileno())
        token = file.read(1000).strip()
    others = stat.S_IMODE(about.st_mode) & 0o077
    if others or (hasattr(os, "geteuid") and about.st_uid != os.geteuid()):
        raise atom.SettingsError(
            f"the token in {path} may be known to other users: it is not the user's alone; remove the file, and a new"
            " one is made"
        )
    if len(token) < 16:
        raise atom.SettingsError(f"{path} holds no token; remove the file, and a new one is made")
    return token
