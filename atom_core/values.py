"""Values as settings take them, from text, TOML and Python."""

from __future__ import annotations

import math
import typing
from typing import Any

_UNITS = {"": 1, "B": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


def parse_bytes(value: int | str) -> int:
    """A number of bytes from ``6GiB``, ``500 MB`` or a plain number.

    :raises ValueError: if it is neither
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value).strip().replace(" ", "").replace("_", "")
    number = text.rstrip("BbIiKkMmGg")
    try:
        return int(float(number) * _UNITS[text[len(number) :].upper()])
    except (ValueError, KeyError, OverflowError):
        raise ValueError(f"expected a size such as 6GiB, 500MB or 1000000, got {value!r}") from None


def cast(value: Any, kind: Any) -> Any:
    """`value` as one of type `kind`, text converted.

    :raises ValueError: if it cannot be
    """
    options = typing.get_args(kind) if not isinstance(kind, type) else ()
    if type(None) in options:
        kind = next(option for option in options if option is not type(None))
    if kind is bool:
        return _boolean(value)
    if kind in (int, float):
        return _number(value, kind)
    if kind is str and (not isinstance(value, str) or "\0" in value):
        raise ValueError("expected text")
    return value


def _number(value: Any, kind: type[Any]) -> Any:
    expected = "expected a whole number" if kind is int else "expected a number"
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(expected)
    try:
        number = kind(value)
    except (ValueError, OverflowError):
        raise ValueError(expected) from None
    if not math.isfinite(number) or (not isinstance(value, str) and number != value):
        raise ValueError(expected)
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def first_line(error: Exception) -> str:
    """What an error says, on one line that is not too long."""
    try:
        text = str(error.args[0] if error.args else error)
    except ValueError:
        return "it has too many digits"
    text = next(iter(text.splitlines()), type(error).__name__)
    return text if len(text) <= 400 else f"{text[:200]}..."


def short(value: Any) -> str:
    """What was given, as far as a message has room for it."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or lists in lists
        return "what was given"
    return text if len(text) <= 200 else f"{text[:100]}..."
