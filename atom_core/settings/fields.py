"""The fields of settings, which are attrs classes: their texts, their types, and how one is replaced."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import sys
import textwrap
import types
import typing
from typing import Any, TypeVar

import attrs

from atom_core.errors import SettingsError
from atom_core.settings.values import convert, short, why_unfit

T = TypeVar("T", bound=attrs.AttrsInstance)


@functools.cache
def field_docs(kind: type) -> dict[str, str]:
    """The text under each field of an attrs class, on one line; empty where there is none."""
    return dict.fromkeys((attribute.name for attribute in attrs.fields(kind)), "") | texts_under(kind)


def texts_under(kind: type) -> dict[str, str]:
    """The text under each annotated name of a class, on one line; nothing of a class made at run time."""
    docs: dict[str, str] = {}
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError, SyntaxError):  # made at run time
        return docs
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for line, following in itertools.pairwise(body):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(following, ast.Expr):
            text = following.value.value if isinstance(following.value, ast.Constant) else ""
            docs[line.target.id] = " ".join(str(text).split())
    return docs


def evolve_one(settings: T, name: str, value: object, source: str) -> T:
    """`settings` (any attrs value) with one field replaced by `value`, text converted to the field's type.

    :raises SettingsError: if the value does not fit, naming `source` and `name`
    """
    kind = type_hints(type(settings))[name]
    converted = attrs.fields_dict(type(settings))[name].converter is not None
    try:
        return attrs.evolve(settings, **{name: value if converted else convert(value, kind)})  # type: ignore[misc]
    except Exception as error:  # converters and validators of plugins raise what they like
        raise SettingsError(f"{source}: {name} = {short(value)} does not fit: {why_unfit(error)}") from None


def type_hints(kind: type) -> dict[str, Any]:
    """The types of an attrs class's fields; the text of those that cannot be found out, as names for checkers alone."""
    try:
        return typing.get_type_hints(kind)
    except Exception:  # one of them; the others are found out
        return {attribute.name: _hint(kind, attribute.type) for attribute in attrs.fields(kind)}


def _hint(kind: type, declared: object) -> Any:
    holder = types.SimpleNamespace(__annotations__={"hint": declared})
    try:
        return typing.get_type_hints(holder, vars(sys.modules[kind.__module__]), vars(kind))["hint"]
    except Exception:
        return declared
