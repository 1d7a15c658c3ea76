"""A plugin with fake modules and a few tasks, and hosts that have it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

import atom_core as atom
from atom_core.host import BUILTINS, Host, open_host
from atom_core.plugins import load_plugins
from atom_core.settings import Settings
from atom_core.testing.fakes import FakeDecoder, FakeEncoder, FakeLibrary
from atom_core.testing.videos import write_video


class Echo:
    """Returns its query with the setting's mark."""

    consumes, produces = atom.Query, atom.Query

    @frozen(kw_only=True)
    class Settings:
        mark: str = "!"
        times: int = field(default=1)

    def run(self, query: atom.Query, *, settings: Echo.Settings) -> atom.Query:
        return atom.Query(text=query.text + settings.mark * settings.times)


class Describe:
    """Uses both modules."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip, *, encoder: atom.Encoder, decoder: atom.Decoder) -> atom.Caption:
        return atom.Caption(clip=clip, text=decoder.generate([encoder.encode(clip), "Describe."]))


class Again(Describe):
    """Another task that uses the modules."""


class Plugin:
    """The tests' plugin: tasks, fake modules, and a list of what it was told."""

    tasks: tuple[type, ...] = ()
    """Those of the test's file, beside the common ones."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.loads = 0

    @atom.hookimpl
    def atom_register_tasks(self, register: atom.Register) -> None:
        for task in (Echo, Describe, Again, *self.tasks):
            limit = getattr(task, "time_limit_s", None)
            name = task.__name__
            register(name.lower(), f"{task.__module__}:{name}", summary="A task.", time_limit_s=limit)

    @atom.hookimpl
    def atom_load_modules(self, settings: Settings) -> atom.Modules:
        self.loads += 1
        time.sleep(0.02)
        return atom.Modules(
            encoder=FakeEncoder(), decoder=FakeDecoder(), model="fake", close=lambda: self.told.append("modules closed")
        )

    @atom.hookimpl
    def atom_modules_ready(self, encoder: atom.Encoder, decoder: atom.Decoder) -> None:
        self.told.append("ready")

    @atom.hookimpl
    def atom_before_task(self, event: atom.TaskEvent) -> None:
        self.told.append(f"before {event.task}")

    @atom.hookimpl
    def atom_after_task(self, event: atom.TaskEvent) -> None:
        self.told.append(f"after {event.task} {type(event.error).__name__}")

    @atom.hookimpl
    def atom_before_close(self, host: Host) -> None:
        self.told.append("closing")


@pytest.fixture
def plugin_type(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Plugin]:
    """The plugin, to derive others from; it has the tasks of the test's file, which can be imported by name."""
    for module in (request.module, sys.modules[Plugin.__module__]):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    own = [value for value in vars(request.module).values() if isinstance(value, type) and hasattr(value, "consumes")]
    monkeypatch.setattr(Plugin, "tasks", tuple(own))
    return Plugin


class Named(Plugin):
    """Knows its model without loading it, and keeps a library."""

    known: str | None = "fake"

    @atom.hookimpl
    def atom_identify_model(self, source: str) -> str | None:
        return self.known

    @atom.hookimpl
    def atom_open_library(self, model: str) -> atom.Library:
        self.told.append(f"library of {model}")
        return FakeLibrary()


@pytest.fixture
def named(plugin_type: type[Plugin]) -> Named:
    """A plugin that knows its model without loading it."""
    return Named()


@pytest.fixture
def opened(plugin_type: type[Plugin]) -> Any:
    """Opens a host with the tests' plugin, or another, and no installed one; a context manager."""

    @contextmanager
    def opened(plugin: Any = None, **arguments: Any) -> Iterator[tuple[Host, Any]]:
        plugin = plugin or plugin_type()
        settings = Settings.load({"model": "fake", "load_plugins": (), **arguments}, environ={})
        with open_host(settings, plugins=load_plugins(settings, builtins=(*BUILTINS, ("test", plugin)))) as host:
            yield host, plugin

    return opened


@pytest.fixture
def sharing(opened: Any, plugin_type: type[Plugin]) -> Any:
    """Opens a host whose plugin shares a class as the module of a name."""

    def opens(name: str, kind: Any, *, settings: dict[str, Any] | None = None, **more: Any) -> Any:
        class Sharing(plugin_type):  # type: ignore[misc, valid-type]
            @atom.hookimpl
            def atom_register_modules(self, register: atom.Register) -> None:
                register(name, f"{kind.__module__}:{kind.__name__}", summary="A module.", **more)

        return opened(Sharing(), **(settings or {}))

    return opens


@pytest.fixture
def clip(opened: Any, tmp_path: Path) -> atom.Clip:
    """A clip of a real file."""
    with opened() as (host, _):
        return host.clips(host.video(write_video(tmp_path / "a.mp4")))[0]
