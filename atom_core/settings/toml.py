"""TOML files of any origin: read within bounds, and told from those that others may have written."""

from __future__ import annotations

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


def is_open_to_all(path: Path) -> bool:
    """Whether every user of the machine may write the file, or put another in its place."""
    folder = path.absolute().parent.stat().st_mode
    return bool(path.stat().st_mode & 0o002 or (folder & 0o002 and not folder & 0o1000))
