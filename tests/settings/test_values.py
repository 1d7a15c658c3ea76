"""Values from files, variables and options become what a setting is declared as, or are refused in words."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NewType

import pytest
from attrs import field, frozen

from atom_core.errors import PluginError, SettingsError
from atom_core.settings import Settings, task_settings, type_hints
from atom_core.settings.values import convert


class Colour(enum.Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


Name = NewType("Name", str)

GOOD = [
    ("3", int, 3),
    (3.0, int, 3),
    ("0.5", float, 0.5),
    ("on", bool, True),
    ("a,b", tuple[str, ...], ("a", "b")),
    ("ab", tuple[str, ...], ("ab",)),
    (["a"], list[str], ["a"]),
    ("1, 2", tuple[int, int], (1, 2)),
    ("1,2,2", set[int], {1, 2}),
    ("1,2", Sequence[float], (1.0, 2.0)),
    ("fast", Literal["fast", "slow"], "fast"),
    ("2", Literal[1, 2], 2),
    ("red", Colour, Colour.RED),
    (Colour.BLUE, Colour, Colour.BLUE),
    ("/a/b", Path, Path("/a/b")),
    (None, int | None, None),
    ("7", int | None, 7),
    ("x", int | str, "x"),
    ("7", str | int, 7),
    ('{"a": "1"}', Mapping[str, int], {"a": 1}),
    ({"a": 1.5}, dict[str, float], {"a": 1.5}),
    ("x", Name, "x"),
    ("4", Annotated[int, "unit"], 4),
    (object, Any, object),
]
BAD = [
    ("3.5", int, "expected a whole number"),
    (True, int, "expected a whole number"),
    ("nan", float, "expected a number"),
    ("maybe", bool, "expected true or false"),
    (5, tuple[str, ...], "expected a list"),
    ([5], tuple[str, ...], "expected text"),
    ("1", tuple[int, int], "expected 2 parts"),
    ("a,b", list[int], "expected a whole number"),
    ("medium", Literal["fast", "slow"], "expected one of 'fast', 'slow'"),
    ("green", Colour, "expected one of 'red', 'blue'"),
    (5, Path, "expected the name of a file"),
    ("x", int | None, "expected a whole number"),
    ("x", int | float, "expected a whole number or a number"),
    ("[1]", dict[str, int], "expected a table"),
    ("{", dict[str, int], "expected a table"),
    (5, str, "expected text"),
    ("x", bytes, "expected a value of type bytes"),
]


@pytest.mark.parametrize(("value", "kind", "expected"), GOOD)
def test_what_fits(value: Any, kind: Any, expected: Any) -> None:
    """It becomes the declared type."""
    converted = convert(value, kind)
    assert converted == expected
    assert type(converted) is type(expected)


@pytest.mark.parametrize(("value", "kind", "said"), BAD)
def test_what_does_not_fit(value: Any, kind: Any, said: str) -> None:
    """It is refused with what was expected."""
    with pytest.raises(ValueError, match=said):
        convert(value, kind)


@frozen(kw_only=True)
class Raises:
    """Settings whose converter and validator raise what they like."""

    table: str = field(default="a", converter=lambda text: {"a": 1, 1: 1}[text])
    number: int = field(default=1)

    @number.validator
    def _small(self, _: object, value: int) -> None:
        if value > 5:
            raise RuntimeError


@frozen(kw_only=True)
class Unready:
    """Settings that cannot be made."""

    number: int = field(factory=lambda: [][0])


@frozen(kw_only=True)
class Unresolved:
    """Settings one of whose types only checkers know."""

    number: int = 1
    other: Nowhere = None  # type: ignore[name-defined]  # noqa: F821


def test_what_plugins_raise_is_told() -> None:
    """What a converter or validator raises is a value that does not fit; what a default raises, the plugin's fault."""
    for name, value in (("table", "b"), ("number", 9)):
        with pytest.raises(SettingsError, match=f"argument: {name} = .* does not fit: (KeyError: b|RuntimeError)"):
            task_settings(Raises, "odd", Settings(), {name: value}, environ={})
    with pytest.raises(PluginError, match=r"task 'odd': its Settings must be .*IndexError"):
        task_settings(Unready, "odd", Settings(), environ={})


def test_types_that_only_checkers_know() -> None:
    """The other settings are converted as ever; that one is taken as it is."""
    assert type_hints(Unresolved) == {"number": int, "other": "Nowhere"}
    values, _ = task_settings(Unresolved, "odd", Settings(), {"number": "3", "other": "x"}, environ={})
    assert (values.number, values.other) == (3, "x")
