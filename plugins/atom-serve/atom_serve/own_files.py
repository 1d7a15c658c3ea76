"""Files of the server's own, in the cache: its token, its log."""

from __future__ import annotations

import os
from pathlib import Path

import atom_core as atom
from atom_core.files import private_folder


def open_own(path: Path, flags: int) -> int:
    """A file of the server's own, opened to be written; it and its folder are made for the user alone.

    :param flags: how it is opened, as of `os.open`; links are not followed
    :raises SettingsError: if it cannot be written
    :raises FileExistsError: if it is there, and `flags` ask for a new one
    """
    try:
        private_folder(path.parent)
    except OSError as error:
        raise _unwritable(path.parent, error) from None
    try:
        return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from None


def _unwritable(path: Path, error: OSError) -> atom.SettingsError:
    return atom.SettingsError(
        f"the cache cannot be written: {error.strerror or error}: '{path}'; make it writable, or choose another with"
        " --cache DIR"
    )
