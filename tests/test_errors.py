"""Errors say what they are about in fields, so that nobody reads it from their text."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from atom_core.errors import (
    AtomError,
    Cancelled,
    LibraryError,
    MediaError,
    ModelError,
    PluginError,
    SettingsError,
    TaskError,
)

FIELDS: list[tuple[type[AtomError], dict[str, object]]] = [
    (MediaError, {"path": Path("a.mp4")}),
    (LibraryError, {"path": Path("library")}),
    (ModelError, {"source": "owner/name"}),
    (PluginError, {"plugin": "captioning", "errors": (SettingsError("bad"),)}),
    (TaskError, {"plugin": "captioning", "task": "caption", "errors": ()}),
    (SettingsError, {}),
    (Cancelled, {}),
]


@pytest.mark.parametrize(("kind", "fields"), FIELDS)
def test_fields(kind: type[AtomError], fields: dict[str, object]) -> None:
    """An error keeps what it is given, says its message and nothing else, and is whole after it was pickled."""
    given = {name: value for name, value in fields.items() if value != ()}
    error = kind("it is bad; mend it", **given)
    copied = pickle.loads(pickle.dumps(error))
    assert str(error) == str(copied) == "it is bad; mend it"
    for name, value in fields.items():
        if name != "errors":
            assert getattr(error, name) == getattr(copied, name) == value
    assert [str(one) for one in getattr(copied, "errors", ())] == [str(one) for one in getattr(error, "errors", ())]


@pytest.mark.parametrize(("kind", "fields"), FIELDS)
def test_nothing_is_known_that_nobody_said(kind: type[AtomError], fields: dict[str, object]) -> None:
    """Whoever raises an error with a message alone leaves its fields empty."""
    assert not any(getattr(kind("it is bad"), name) for name in fields)


def test_paths_may_be_text() -> None:
    """A path that is given as text is a path."""
    assert MediaError("gone", path="a.mp4").path == Path("a.mp4")
