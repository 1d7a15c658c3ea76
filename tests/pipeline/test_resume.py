"""What an earlier run made counts while all that it depends on is as it was, and no longer."""

from __future__ import annotations

import sys
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import atom_core as atom
from atom_core.host import BUILTINS, Host, open_host
from atom_core.pipeline.graph import Pipeline, Step
from atom_core.pipeline.journal import Journal
from atom_core.pipeline.run import run_pipeline
from atom_core.plugins import load_plugins
from atom_core.settings import Settings
from atom_core.testing.videos import write_video


class Describe:
    """Asks whoever it is set to ask, where that is there."""

    consumes, produces = atom.Clip, atom.Caption
    how = "run"

    def run(self, clip: atom.Clip, *, host: atom.Host) -> atom.Caption:
        text = ""
        match self.how:
            case "run" if "hear" in host.tasks:
                text = host.run("hear", clip).text
            case "map" if "hear" in host.tasks:
                text = host.collect("hear", [clip])[0].text
            case "thread" if "hear" in host.tasks:
                thread = threading.Thread(target=host.run, args=("hear", clip))
                thread.start()
                thread.join(10)
            case "module" if "ear" in host.modules:
                text = host.module("ear").fingerprint
            case "all tasks":
                text = " ".join(sorted(host.tasks))
            case "plugins":
                text = str(len(host.plugins.infos))
            case "channels":
                text = str(len(host.channels()))
            case "clips":
                text = str(len(host.clips(clip.video)))
        return atom.Caption(clip=clip, text=text)


class Hear:
    """Asks another task in its turn."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip, *, host: atom.Host) -> atom.Caption:
        return atom.Caption(clip=clip, text=f"heard {host.run('spell', clip).text}")


class Spell:
    """Asks nobody."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip) -> atom.Caption:
        return atom.Caption(clip=clip, text="spelt")


class Ear:
    """A module."""

    fingerprint = "ear:1"

    def __init__(self, settings: Settings) -> None:
        pass


class Declares:
    """A plugin with tasks and modules of this file."""

    def __init__(self, tasks: tuple[type, ...] = (), modules: tuple[type, ...] = ()) -> None:
        self._tasks, self._modules = tasks, modules

    @atom.hookimpl
    def atom_register_tasks(self, register: atom.Register) -> None:
        for task in self._tasks:
            register.task(task.__name__.lower(), f"{__name__}:{task.__name__}", summary="A task.")

    @atom.hookimpl
    def atom_register_modules(self, register: atom.Register) -> None:
        for module in self._modules:
            register.module(module.__name__.lower(), f"{__name__}:{module.__name__}", summary="A module.")

    @atom.hookimpl
    def atom_identify_model(self, source: str) -> str:
        return "fake@1"


class Unrelated(Declares):
    """A task that nobody asks for."""


PLUGINS = {
    "describes": Declares((Describe,)),
    "hears": Declares((Hear,)),
    "hears better": Declares((Hear,)),
    "spells": Declares((Spell,)),
    "spells better": Declares((Spell,)),
    "has an ear": Declares(modules=(Ear,)),
    "has another ear": Declares(modules=(Ear,)),
    "is new": Declares((Unrelated,)),
}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The targets can be imported by name."""
    Unrelated.consumes = Unrelated.produces = atom.Clip  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(**globals()))


def opened(*plugins: str) -> Host:
    """A host with plugins of `PLUGINS` only."""
    settings = Settings.load({"load_plugins": (), "model": "fake", "segment": "whole"}, environ={})
    named = tuple((name.replace(" ", "-"), PLUGINS[name]) for name in ("describes", *plugins))
    return open_host(settings, plugins=load_plugins(settings, builtins=(*BUILTINS, *named)))


@pytest.fixture
def resumed(tmp_path: Path) -> Any:
    """Runs a pipeline of one step with some plugins; whether its one result was there already."""
    video = write_video(tmp_path / "a.mp4")
    steps = Pipeline(steps=(Step(task="describe"),))

    def run(*plugins: str) -> bool:
        with opened(*plugins) as host, closing(Journal(tmp_path / "journal")) as journal:
            results = list(run_pipeline(steps, host, [video], journal=journal))
        assert [result.error for result in results] == [None]
        return results[0].resumed

    return run


HEARS = ("hears", "spells")


@pytest.mark.parametrize("how", ["run", "map", "thread", "clips"])
def test_a_plugin_that_nobody_asked_changes_nothing(resumed: Any, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """What was done before it was installed is not done again, however the task asks others; nor once it is gone."""
    monkeypatch.setattr(Describe, "how", how)
    assert not resumed(*HEARS)
    assert resumed(*HEARS)
    assert resumed(*HEARS, "is new")
    assert resumed(*HEARS)


@pytest.mark.parametrize("how", ["run", "map", "thread"])
def test_who_was_asked_is_part_of_the_work(resumed: Any, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Another version of a task that was asked, also by one that was asked, is other work; so is one that came."""
    monkeypatch.setattr(Describe, "how", how)
    assert not resumed("spells")
    assert resumed("spells", "is new")
    assert not resumed(*HEARS)
    assert not resumed("hears better", "spells")
    assert not resumed("hears", "spells better")
    assert resumed("hears", "spells better")
    assert not resumed("spells better")


@pytest.mark.parametrize(
    ("how", "before", "after"),
    [
        ("module", [], ["has an ear"]),
        ("module", ["has an ear"], ["has another ear"]),
        ("all tasks", [], ["is new"]),
        ("plugins", [], ["is new"]),
    ],
)
def test_whatever_was_looked_at_counts(
    resumed: Any, monkeypatch: pytest.MonkeyPatch, how: str, before: list[str], after: list[str]
) -> None:
    """Modules by name; all tasks and all plugins, for who looks at all."""
    monkeypatch.setattr(Describe, "how", how)
    assert not resumed(*before)
    assert resumed(*before)
    assert not resumed(*after)


def test_a_module_of_another_content_is_other_work(resumed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a module says it is counts, not only whose it is."""
    monkeypatch.setattr(Describe, "how", "module")
    assert not resumed("has an ear")
    monkeypatch.setattr(Ear, "fingerprint", "ear:2")
    assert not resumed("has an ear")


def test_a_journal_of_before_counts(resumed: Any, tmp_path: Path) -> None:
    """A result that was kept under all plugins' versions is found while those are the same."""
    with opened(*HEARS) as host, closing(Journal(tmp_path / "journal")) as journal:
        clip = host.clips(host.video(tmp_path / "a.mp4"))[0]
        key = journal.key(host.about("describe"), clip)
        assert key is not None
        journal.keep(key, host.run("describe", clip))
    assert resumed(*HEARS)


def test_a_damaged_note_is_done_again(resumed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept without what was asked is no result of such a task."""
    monkeypatch.setattr(
        Journal, "keep", lambda self, key, result, asked=None, keep=Journal.keep: keep(self, key, result)
    )
    assert not resumed(*HEARS)
    assert not resumed(*HEARS)
