"""Records as JSON values, back again, and the JSON Schema that says what they look like."""

from __future__ import annotations

import base64
import sys
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from cattrs import Converter, ForbiddenExtraKeysError, transform_error
from cattrs.gen import make_dict_structure_fn

from atom_core.errors import AtomError, SettingsError
from atom_core.settings.fields import field_docs, type_hints
from atom_core.specs import record_of

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", Path: "string", type(None): "null"}


def plain(value: Any) -> Any:
    """A record, or a tuple of records, as JSON values; what is none stays as it is."""
    if attrs.has(type(value)):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value)) if field.init}
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else _array_to_json(value) if _is_array(type(value)) else value


def converter(*, forbid_extra_keys: bool = False) -> Converter:
    """What makes records of JSON values; more hooks can be registered with it.

    :param forbid_extra_keys: whether an object with a key that the record does not have is refused
    """
    made = Converter(forbid_extra_keys=forbid_extra_keys)
    made.register_structure_hook(Path, lambda value, _: Path(value))
    made.register_structure_hook_func(_is_array, lambda value, _: _array_from_json(value))
    if forbid_extra_keys:
        made.register_structure_hook_factory(attrs.has, lambda kind: _strict(made, kind))
    return made


def structured(value: object, kind: object, by: Converter) -> Any:
    """The record, or tuple of records, of type `kind` that a JSON value stands for.

    Whatever `by` and the records raise where the value does not fit is raised.
    """
    return by.structure(value, resolved(kind))


def read_record(value: object, kind: object, by: Converter) -> Any:
    """As `structured`, for values that come from outside.

    :raises SettingsError: if the value does not fit, in one line that says where and why
    """
    try:
        return structured(value, kind, by)
    except RecursionError:
        raise SettingsError("the record is nested too deeply; send one as its schema says") from None
    except Exception as error:
        own = _own(error)
        if own is not None:
            raise own from None
        name = getattr(record_of(kind)[0], "__name__", str(kind))
        try:
            said = "; ".join(transform_error(error, path="item", format_exception=_why)[:3])
        except Exception:  # which cattrs has no words for
            said = f"{type(error).__name__}: {error}"
        raise SettingsError(f"this is no {name}: {' '.join(said.split())[:500]}") from None


def resolved(kind: object) -> Any:
    """`kind` with its fields' annotations resolved, NumPy's too, which light modules import for type checkers only."""
    import numpy as np

    record, _ = record_of(kind)
    if attrs.has(record):
        attrs.resolve_types(record, vars(sys.modules[record.__module__]), {"np": np})
    return kind


def schema_of(kind: object, found: dict[str, Any] | None = None, place: str = "#/$defs/") -> dict[str, Any]:
    """The JSON Schema of a type: a record, a tuple of records, or what their fields are.

    :param found: where the schemas of records are put by name, to be referred to
    :param place: where `found` will stand in the document
    """
    found = {} if found is None else found
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if isinstance(kind, type) and attrs.has(kind):
        return _record(kind, found, place)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [schema_of(part, found, place) for part in parts]}
    if origin is typing.Literal:
        return {"enum": list(parts)}
    if origin in (tuple, list, set, frozenset) or kind in (tuple, list, set, frozenset):
        if origin is tuple and not (len(parts) == 2 and parts[1] is Ellipsis):
            return {"type": "array", "prefixItems": [schema_of(part, found, place) for part in parts]}
        return {"type": "array", **({"items": schema_of(parts[0], found, place)} if parts else {})}
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema_of(parts[1], found, place)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if _is_array(kind):
        texts: dict[str, Any] = {"type": "string"}
        shape = {"type": "array", "items": {"type": "integer"}}
        return {"type": "object", "properties": {"dtype": texts, "shape": shape, "data": texts | {"format": "byte"}}}
    return {"type": _PLAIN[kind]} if isinstance(kind, type) and kind in _PLAIN else {}


def _record(kind: type, found: dict[str, Any], place: str) -> dict[str, Any]:
    name = kind.__name__
    if name not in found:
        found[name] = {}  # one that holds its own kind refers to it
        try:
            resolved(kind)
            hints = {field.name: field.type for field in attrs.fields(kind)}
        except Exception:  # a name for type checkers alone, such as torch.Tensor
            hints = type_hints(kind)
        docs: dict[str, str] = {}
        for base in reversed(kind.__mro__):
            docs |= {key: text for key, text in (field_docs(base) if attrs.has(base) else {}).items() if text}
        properties = {}
        for field in attrs.fields(kind):
            if field.init:
                described = {"description": docs[field.name]} if field.name in docs else {}
                properties[field.name] = {**schema_of(hints[field.name], found, place), **described}
        required = [field.name for field in attrs.fields(kind) if field.init and field.default is attrs.NOTHING]
        text = (kind.__doc__ or "").strip().partition("\n\n")[0]
        found[name] = {"type": "object", "title": name, "description": " ".join(text.split()), "properties": properties}
        found[name] |= {"required": required, "additionalProperties": False}
    return {"$ref": f"{place}{name}"}


def _strict(made: Converter, kind: type) -> Callable[[Any, Any], Any]:
    resolved(kind)

    @cache
    def function() -> Callable[[Any, Any], Any]:  # made at first use: a record may hold its own kind
        return make_dict_structure_fn(kind, made, _cattrs_forbid_extra_keys=True)

    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f"expected an object, got {type(value).__name__}")
        return function()(value, kind)

    return structure


def _why(error: BaseException, kind: type | None) -> str:
    """What does not fit about one part of a value."""
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r}"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"there is no field {', '.join(map(repr, sorted(error.extra_fields)))}"
    expected = f"expected {getattr(kind, '__name__', kind)}: " if kind is not None else ""
    return f"{expected}{error}"


def _own(error: BaseException) -> AtomError | None:
    """The first of Atom's own errors in what was raised, if there is one: it says more than where it came up."""
    if isinstance(error, AtomError):
        return error
    for part in getattr(error, "exceptions", ()):
        if (own := _own(part)) is not None:
            return own
    return None


def _is_array(kind: object) -> bool:
    return getattr(kind, "__module__", "") == "numpy" and getattr(kind, "__name__", "") == "ndarray"


def _array_to_json(array: Any) -> Any:
    data = base64.b64encode(array.tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def _array_from_json(value: Any) -> Any:
    import numpy as np

    flat = np.frombuffer(base64.b64decode(value["data"]), dtype=value["dtype"])
    return flat.reshape(value["shape"]).copy()
