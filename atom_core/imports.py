"""torch and transformers, imported where they find nothing of the current folder.

While they are imported both look for files by names without a folder, such as ``src`` and ``_ops.py``: whoever made the
current folder decides what is there.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from contextlib import suppress
from functools import partial

from atom_core.background import aside, waited_for
from atom_core.garbage import none_expected

_CLONE_FS = 0x200
"""Linux's flag for a thread that no longer shares its current folder with the others."""
TORCH = ("torch",)
TRANSFORMERS = ("transformers.utils.auto_docstring",)
ALL = (*TORCH, *TRANSFORMERS)
"""Modules that look around."""


def import_apart(names: tuple[str, ...] = ALL) -> None:
    """Import the modules `names` in a thread whose current folder is the root. The program's own stays.

    Where the system has no such threads nothing is done, nor where that fails: who needs them imports them then.
    """
    if sys.platform == "linux" and any(name not in sys.modules for name in names):
        with suppress(Exception), none_expected():
            waited_for(aside(partial(_import_at_root, names), "imports"))


def _import_at_root(names: tuple[str, ...]) -> None:
    if ctypes.CDLL(None).unshare(_CLONE_FS) != 0:  # not permitted
        return
    os.chdir("/")
    for name in names:
        importlib.import_module(name)
