"""Executors: which one is asked, with what, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from atom_core.cli.commands import builtin
from atom_core.errors import PluginError, SettingsError
from atom_core.executors import Job, chosen
from atom_core.executors.local import LocalExecutor
from atom_core.hookspecs import hookimpl
from atom_core.host import BUILTINS, open_host
from atom_core.pipeline.graph import Pipeline, Step
from atom_core.plugins import PluginSet, load_plugins
from atom_core.settings import Settings
from atom_core.specs import Register
from atom_core.testing.terminal import run_here as atom

CODE = """
class Away:
    def __init__(self, address):
        self.address = address
        if address == "nowhere":
            raise OSError("no route")

    def run(self, job):
        return iter(())

class Silly:
    def __init__(self, address): ...
"""


class Others:
    """A plugin that brings executors, of which one cannot run anything."""

    @hookimpl
    def atom_register_executors(self, register: Register) -> None:
        register.executor("away", "others_executors:Away", summary="Other machines")
        register.executor("silly", "others_executors:Silly", summary="Cannot run")


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginSet:
    """Atom's own executor, and those of another plugin."""
    (tmp_path / "others_executors.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    both = [*BUILTINS, ("commands", builtin), ("others", Others())]
    return load_plugins(Settings(load_plugins=()), builtins=both)


def test_which_one(plugins: PluginSet) -> None:
    """A name, and an address behind it; nothing said is this machine."""
    assert isinstance(chosen(plugins, None), LocalExecutor)
    assert isinstance(chosen(plugins, "local"), LocalExecutor)
    assert vars(chosen(plugins, "away")) == {"address": ""}
    assert vars(chosen(plugins, "away://10.0.0.1:6379")) == {"address": "10.0.0.1:6379"}


@pytest.mark.parametrize("option", ["awya", "", "://", "Away://x"])
def test_there_is_none(plugins: PluginSet, option: str) -> None:
    """A name that nobody brings is refused with those that there are."""
    with pytest.raises(SettingsError, match=r"there is no executor '.*'; installed are local, away, silly; name"):
        chosen(plugins, option)


def test_broken(plugins: PluginSet) -> None:
    """One that cannot run, or cannot be made, is refused by the name of its plugin."""
    with pytest.raises(PluginError, match=r"executor 'silly' of plugin 'others'.*has no 'run'"):
        chosen(plugins, "silly")
    with pytest.raises(PluginError, match=r"executor 'away' of plugin 'others'.*no route.*without --on"):
        chosen(plugins, "away://nowhere")
    with pytest.raises(SettingsError, match=r"needs no address"):
        chosen(plugins, "local://here")


def test_local(tmp_path: Path) -> None:
    """This machine: a video that cannot be opened is one failure, by its path."""
    with open_host(model="tiny", cache=tmp_path / "cache", library=tmp_path / "library") as host:
        pipeline = Pipeline(steps=(Step(task="caption"),))
        (result,) = LocalExecutor("").run(Job(pipeline=pipeline, host=host, paths=[tmp_path / "gone.mp4"]))
    assert (result.step, result.path) == ("open", tmp_path / "gone.mp4")
    assert "gone.mp4" in str(result.error)


def test_command(tmp_path: Path) -> None:
    """`atom plugins` lists executors, and `atom run` refuses a name in one line, with nothing made."""
    listed = atom("plugins", "commands").out
    assert "executor local: This machine" in listed
    (tmp_path / "steps.toml").write_text('[[steps]]\ntask = "caption"\n')
    (tmp_path / "footage").mkdir()
    places = ["--library", str(tmp_path / "library"), "--cache", str(tmp_path / "cache")]
    ran = atom("run", str(tmp_path / "steps.toml"), str(tmp_path / "footage"), "--on", "cloud://x", *places)
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "there is no executor 'cloud'; installed are local" in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["footage", "steps.toml"]
