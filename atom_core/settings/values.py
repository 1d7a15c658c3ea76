"""Values as ``atom.toml``, variables and options give them, converted to the type that a setting is declared with.

Not by cattrs: it takes ``"3.7"`` and ``True`` for whole numbers, and any text for a tuple of its letters.
"""

from __future__ import annotations

import collections.abc
import enum
import json
import math
import types
import typing
from pathlib import Path
from typing import Any

from atom_core.text.first_line import first_line_of

_UNITS = {"": 1, "B": 1, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_SEQUENCES: dict[Any, type[Any]] = {
    tuple: tuple,
    list: list,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: tuple,
    collections.abc.Set: frozenset,
}
"""What is made of a list for each type that can be declared."""
_WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


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


def convert(value: object, kind: object) -> Any:
    """`value` as a `kind`: numbers, truth values, text, paths, choices, and lists, sets and tables of these.

    Text, as variables and options give it, is read; lists may be written with commas between their parts.

    :param kind: a type as annotations write it; what is not known here takes only values that are of it
    :raises ValueError: if it does not fit, saying what is expected
    """
    while isinstance(kind, typing.NewType):
        kind = kind.__supertype__
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return convert(value, inner[0])
    if kind is Any or isinstance(kind, (str, typing.TypeVar)):
        return value
    if origin in (typing.Union, types.UnionType):
        return _first_that_fits(value, inner)
    if origin is typing.Literal:
        return _choice(value, {str(choice): choice for choice in inner})
    if kind is None or kind is type(None):
        return _none(value)
    base = origin or kind
    if base in _SEQUENCES:
        return _sequence(value, _SEQUENCES[base], inner)
    if base in (dict, collections.abc.Mapping):
        return _table(value, inner)
    return _single(value, base)


def _single(value: object, kind: object) -> Any:
    if kind is bool:
        return _boolean(value)
    if kind in (int, float):
        return _number(value, kind)
    if kind is str:
        if not isinstance(value, str) or "\0" in value:
            raise ValueError("expected text")
        return value
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return value if isinstance(value, kind) else _choice(value, {str(member.value): member for member in kind})
    if kind is Path:
        if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
            raise ValueError("expected the name of a file or folder")
        return Path(value).expanduser()
    if isinstance(kind, type) and not isinstance(value, kind):
        raise ValueError(f"expected a value of type {kind.__name__}")
    return value


def _first_that_fits(value: object, kinds: tuple[Any, ...]) -> Any:
    """The value as the first of several types that it fits; text where that is one of them and no other fits."""
    if value is None and type(None) in kinds:
        return None
    faults = []
    wanted = [kind for kind in kinds if kind is not type(None)]
    for kind in sorted(wanted, key=lambda kind: kind is str):
        try:
            return convert(value, kind)
        except ValueError as fault:
            faults.append(str(fault).removeprefix("expected "))
    raise ValueError("expected " + " or ".join(faults))


def _choice(value: object, choices: dict[str, Any]) -> Any:
    if isinstance(value, bool) or str(value) not in choices:
        raise ValueError(f"expected one of {', '.join(map(repr, choices))}")
    return choices[str(value)]


def _none(value: object) -> None:
    if value is not None:
        raise ValueError("expected nothing")


def _sequence(value: object, made: type, inner: tuple[Any, ...]) -> Any:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise ValueError("expected a list, or its parts joined by commas")
    if made is tuple and inner and inner[-1] is not Ellipsis and len(inner) != 1:
        if len(value) != len(inner):
            raise ValueError(f"expected {len(inner)} parts")
        return tuple(convert(part, kind) for part, kind in zip(value, inner, strict=True))
    kind = inner[0] if inner else Any
    return made(convert(part, kind) for part in value)


def _table(value: object, inner: tuple[Any, ...]) -> dict[Any, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("expected a table, from a variable or option as JSON") from None
    if not isinstance(value, collections.abc.Mapping):
        raise ValueError("expected a table")
    key_kind, kind = inner or (Any, Any)
    return {convert(key, key_kind): convert(part, kind) for key, part in value.items()}


def _number(value: object, kind: type) -> Any:
    expected = "expected a whole number" if kind is int else "expected a number"
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(expected)
    try:
        number = kind(value)
        fits = math.isfinite(number) and (isinstance(value, str) or number == value)
    except (ValueError, OverflowError):
        raise ValueError(expected) from None
    if not fits:
        raise ValueError(expected)
    return number


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _WORDS[str(value).strip().lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def size(num_bytes: float) -> str:
    """A number of bytes for people: ``2.03 GB``."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if num_bytes >= one:
            return f"{num_bytes / one:.3g} {unit}"
    return f"{num_bytes:.0f} bytes"


def why_unfit(error: Exception) -> str:
    """Why a value does not fit, on one line that is not too long; with the error's kind where it is not one of bad
    values."""
    try:
        text = first_line_of(str(error.args[0] if error.args else error))
    except ValueError:
        return "it has too many digits"
    kind = "" if isinstance(error, (TypeError, ValueError, OverflowError)) and text else type(error).__name__
    text = ": ".join(filter(None, (kind, text)))
    return text if len(text) <= 400 else f"{text[:200]}..."


def short(value: object) -> str:
    """What was given, as far as a message has room for it."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # thousands of digits, or lists in lists
        return "what was given"
    return text if len(text) <= 200 else f"{text[:100]}..."
