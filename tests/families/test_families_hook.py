"""A plugin can add a family of models, and replace a built-in one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from atom_core import Settings, hookimpl, open_host
from atom_core.errors import ModelError, PluginError
from atom_core.host import BUILTINS
from atom_core.plugins import PluginSet, load_plugins
from atom_core.specs import FamilySpec, Register
from atom_core.testing.architectures import RECIPES
from atom_core.testing.models import Sizes, make_checkpoint

MODULE = """
from atom_core.families.llava import Llava

class Mine(Llava):
    title = "Mine"

not_a_class = 3
"""


def plugins_with(target: str, **more: str) -> PluginSet:
    """The built-in plugins, and one that registers `target` for LLaVA models."""

    class Plugin:
        @hookimpl
        def atom_register_families(self, register: Register) -> None:
            register("llava", target, **{"summary": "my models", **more})

    return load_plugins(Settings(load_plugins=()), builtins=(("mine", Plugin()), *BUILTINS))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with a family, not imported yet."""
    (tmp_path / "my_families.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_families", raising=False)
    return "my_families"


def test_added_family_serves(tmp_path: Path, module: str) -> None:
    """The class is imported when a model of its type is opened, and goes before the built-in one."""
    folder = make_checkpoint(tmp_path / "model", "llava")
    plugins = plugins_with(f"{module}:Mine")
    assert plugins.of(FamilySpec)["llava"].summary == "my models"
    assert next(info for info in plugins.infos if info.name == "mine").names(FamilySpec) == ("llava",)
    assert module not in sys.modules
    settings = Settings(model=str(folder), cache=tmp_path / "cache", quantize="none", load_plugins=())
    with open_host(settings, plugins=plugins) as host:
        assert host.decoder.name.startswith("model")
        assert sys.modules[module].Mine.title == "Mine"


@pytest.mark.parametrize(
    ("name", "match"),
    [("Missing", "plugin 'mine' could not be loaded.*ATOM_BLOCK_PLUGINS=mine"), ("not_a_class", "no subclass")],
)
def test_broken_family(tmp_path: Path, module: str, name: str, match: str) -> None:
    """A family that cannot be imported, or is none, is told with its plugin's name."""
    folder = make_checkpoint(tmp_path / "model", "llava")
    settings = Settings(model=str(folder), cache=tmp_path / "cache", quantize="none", load_plugins=())
    with (
        open_host(settings, plugins=plugins_with(f"{module}:{name}")) as host,
        pytest.raises(ModelError, match=match),
    ):
        host.decoder.name  # noqa: B018


def test_the_docs_example_splits_faithfully(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The family that the docs add is imported, opened and proved as they say."""
    text = (Path(__file__).parents[2] / "docs" / "families.md").read_text(encoding="utf-8")
    hook, family, proof = (part.partition("```")[0] for part in text.split("```python\n")[1:])
    (tmp_path / "my_plugin").mkdir()
    (tmp_path / "my_plugin" / "__init__.py").write_text(hook)
    (tmp_path / "my_plugin" / "vip.py").write_text(family)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugin = import_module("my_plugin")
    plugins = load_plugins(Settings(load_plugins=()), builtins=(("my-plugin", plugin), *BUILTINS))
    llava = RECIPES["llava"]

    def config(sizes: Sizes, ids: Mapping[str, int]) -> dict[str, Any]:
        raw = llava.config(sizes, ids)
        return {**raw, "model_type": "vipllava", "vision_feature_layers": [-1, -2]}

    folder = make_checkpoint(tmp_path / "model", evolve(llava, config=config))
    names: dict[str, Any] = {"families": plugins.of(FamilySpec)}
    exec(proof, names)
    names["prove"](folder)


def test_bad_registration() -> None:
    """A target that is none and an unknown keyword are told at start."""
    with pytest.raises(PluginError, match=r"family 'llava' has target 'nothing'"):
        plugins_with("nothing")
    with pytest.raises(PluginError, match="sumary"):
        plugins_with("a:B", sumary="x")


def test_no_family_by_accident() -> None:
    """Without plugins there are no added families."""
    plugins = load_plugins(Settings(load_plugins=()), builtins=(("none", SimpleNamespace()), *BUILTINS)[1:])
    assert plugins.of(FamilySpec) == {}
