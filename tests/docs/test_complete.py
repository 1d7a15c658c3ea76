"""Nothing that users or authors of plugins can use is left out of the documentation."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from atom_core import errors
from atom_core.cli import builtin
from atom_core.hookspecs import hook_names
from atom_core.host import BUILTINS
from atom_core.plugins import load_plugins
from atom_core.settings import Settings
from atom_core.testing.conformance import TaskConformance

DOCS = Path(__file__).parents[2] / "docs"
# fmt: off
PLUGINS = (
    "captioning", "reasoning", "indexing", "assembly", "tiny", "bench", "serve", "speech", "text", "ray", "executorch",
    "openvino", "llamacpp",
)
# fmt: on


def text(page: str) -> str:
    """A page of the documentation."""
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", hook_names())
def test_hooks(name: str) -> None:
    """Each hook is in the reference, and in the picture of when it fires."""
    assert name in text("reference.md")
    assert f"+- {name} " in text("plugin-life-cycle.md")


def test_every_hook_in_the_picture_is_one() -> None:
    """The picture shows no hook that is gone."""
    shown = [line.split("+- ")[1].split()[0] for line in text("plugin-life-cycle.md").splitlines() if "+- " in line]
    assert sorted(shown) == sorted(hook_names())


def test_settings_commands_and_tasks() -> None:
    """Each setting, command and task is in the reference."""
    plugins = load_plugins(Settings(load_plugins=PLUGINS), builtins=[*BUILTINS, ("commands", builtin)])
    names = [field.name for field in attrs.fields(Settings) if field.name not in ("tasks", "modules")]
    assert [name for name in (*names, *plugins.tasks) if f"`{name}`" not in text("reference.md")] == []
    assert [name for name in plugins.commands() if f"### atom {name}\n" not in text("reference.md")] == []


def test_errors() -> None:
    """Each error is in the reference."""
    kinds = [name for name, kind in vars(errors).items() if isinstance(kind, type)]
    assert [name for name in kinds if f"`{name}`" not in text("reference.md")] == []


def test_suite_explains_itself() -> None:
    """Each check of the conformance suite says what it checks."""
    checks = [check for name, check in vars(TaskConformance).items() if name.startswith("test_")]
    assert len(checks) == 15
    assert all(check.__doc__ for check in checks)
