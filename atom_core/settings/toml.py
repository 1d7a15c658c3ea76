"""TOML files of any origin: read within bounds, and told from those that others may have written."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

_LONGEST_BYTES = 2**17
_MOST_PARTS = 32
_TEXT = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'")
_LONG_KEY = re.compile(rf"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){{{_MOST_PARTS}}}")


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a file, and what it says.

    :raises ValueError: if it is no TOML, too long, too deep, or has numbers of thousands of digits
    :raises OSError: if it cannot be read
    """
    if path.stat().st_size > _LONGEST_BYTES:
        raise ValueError(f"it is longer than {_LONGEST_BYTES // 1024} KiB")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None
    if _LONG_KEY.search(_TEXT.sub("x", text)):  # tables in tables, each of which takes memory
        raise ValueError(f"a key has more than {_MOST_PARTS} parts")
    try:
        return text, tomllib.loads(text)
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deep") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python reads no number that long
        raise ValueError("a number has too many digits") from None


def whose(path: Path) -> str:
    """Who else the file belongs to, in words; empty where it is the user's own or the machine's."""
    if not hasattr(os, "geteuid"):
        return ""
    own = {0, os.geteuid(), int(os.environ.get("SUDO_UID", "0")) if os.geteuid() == 0 else 0}
    others = {os.lstat(path).st_uid, path.stat().st_uid} - own
    return f"belongs to user {_name(others.pop())}" if others else ""


def is_open_to_all(path: Path) -> bool:
    """Whether every user of the machine may write the file, or put another in its place."""
    folder = path.absolute().parent.stat().st_mode
    return bool(path.stat().st_mode & 0o002 or (folder & 0o002 and not folder & 0o1000))


def _name(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return str(number)
