"""The modules: loaded once, known before they are loaded, lent to all tasks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from attrs import evolve

import atom_core as atom
from atom_core.host import open_host
from atom_core.settings import Settings
from atom_core.testing.fakes import FakeDecoder, FakeEncoder

PARTS = ("encoder", "decoder", "model", "close", "reserve", "weights")


def test_modules_are_loaded_once_for_all_tasks_and_threads(opened: Any, clip: atom.Clip) -> None:
    """Many threads and several tasks make one load; the ledger tells how many were saved."""
    with opened() as (host, plugin):
        assert plugin.loads == 0
        assert all(outcome.error is None for outcome in host.map("describe", [clip] * 12))
        host.run("again", clip)
        assert plugin.loads == 1
        assert host.ledger.as_dict()["loads"] == {"requested": 2, "computed": 1, "reused": 1}


class Engine:
    """A plugin's own object that is a `ModelBackend`, as engines have one."""

    def __init__(self) -> None:
        self.encoder, self.decoder, self.model = FakeEncoder(), FakeDecoder(), "engine@1"
        self.reserved: list[int] = []
        self.closed = 0

    def close(self) -> None:
        self.closed += 1

    def reserve(self, num_bytes: int, /) -> bool:
        self.reserved.append(num_bytes)
        return num_bytes < 2**30

    def weights(self) -> Iterable[torch.Tensor]:
        return ()


def test_a_model_may_be_an_object_of_the_plugin(opened: Any, plugin_type: Any, clip: atom.Clip) -> None:
    """Whatever has what `ModelBackend` says is used as it is, and closed once."""

    class Bringing(plugin_type):
        @atom.hookimpl
        def atom_load_modules(self) -> atom.ModelBackend:
            self.engine = Engine()
            return self.engine

    with opened(Bringing()) as (host, plugin):
        assert host.run("describe", clip).text
        assert host.model == "engine@1"
        assert host._resident.modules() is plugin.engine
    assert plugin.engine.closed == 1


@pytest.mark.parametrize("missing", ["encoder", "model", "close", "weights"])
def test_a_model_that_lacks_a_part_is_told(opened: Any, plugin_type: Any, clip: atom.Clip, missing: str) -> None:
    """The plugin is named with what its object lacks, before a task calls it."""

    class Bringing(plugin_type):
        @atom.hookimpl
        def atom_load_modules(self) -> Any:
            return SimpleNamespace(**{name: getattr(Engine(), name) for name in PARTS if name != missing})

    with opened(Bringing()) as (host, _), pytest.raises(atom.PluginError, match=f"ModelBackend; it has no {missing}"):
        host.run("describe", clip)


def test_a_model_that_cannot_be_loaded_is_tried_once(opened: Any, plugin_type: Any, clip: atom.Clip) -> None:
    """Every use fails with the reason, a map at once; the loader and its notices are not repeated."""

    class Broken(plugin_type):
        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            self.loads += 1
            raise atom.ModelError("no weights; fetch them")

    with opened(Broken()) as (host, plugin):
        with pytest.raises(atom.ModelError, match="no weights") as caught:
            list(host.map("describe", [clip] * 3))
        assert caught.value.source == host.settings.model
        for _ in range(2):
            with pytest.raises(atom.ModelError, match="no weights"):
                host.run("describe", clip)
    assert plugin.loads == 1


def test_a_model_that_cannot_be_loaded_is_told_once(
    opened: Any, plugin_type: Any, clip: atom.Clip, caplog: pytest.LogCaptureFixture
) -> None:
    """A map over many items raises it once, and the model's notice is not repeated."""

    class Broken(plugin_type):
        @atom.hookimpl
        def atom_register_models(self, register: atom.Register) -> None:
            register("lame", "nowhere", summary="A model.", notice="knows nothing")

        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            self.loads += 1
            raise atom.ModelError("no weights")

    with opened(Broken(), model="lame") as (host, plugin):
        with pytest.raises(atom.ModelError, match="no weights"):
            next(host.map("describe", [clip] * 12))
        assert plugin.loads == 1
        with pytest.raises(atom.ModelError):
            host.run("describe", clip)
    assert caplog.text.count("knows nothing") == 1


def test_a_model_that_is_not_what_it_was_taken_for(opened: Any, named: Any) -> None:
    """A library is never searched with vectors of another model than it was opened for."""
    named.known = "other"
    with opened(named) as (host, _):
        assert host.model == "other"
        with pytest.raises(atom.ModelError, match="is fake, but was taken for other"):
            _ = host.decoder


def test_a_loader_that_cannot_identify_is_asked_to_load(opened: Any) -> None:
    """Where a plugin may load the model and cannot say which it is, nobody else speaks for it."""
    with opened() as (host, plugin):
        assert (host.model, plugin.loads) == ("fake", 1)


def test_a_misspelt_model_is_told_with_the_nearest() -> None:
    """A name that nothing can load is refused with the nearest of those that plugins offer."""
    for ask in (lambda host: host.decoder, lambda host: host.model):
        settings = Settings(model="tniy", load_plugins=("tiny",), offline=True)
        with open_host(settings) as host, pytest.raises(atom.ModelError, match="did you mean 'tiny'"):
            ask(host)


class Hungry:
    """A task that declares memory."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip, *, decoder: atom.Decoder) -> atom.Caption:
        return atom.Caption(clip=clip, text=decoder.generate(["What?"]))


def test_a_task_that_was_not_counted_is_counted_when_it_comes(opened: Any, plugin_type: Any, clip: atom.Clip) -> None:
    """Once; without room it is refused with the numbers and the way on; one that was expected is not asked about."""

    class Counting(plugin_type):
        room = 3 * 2**20

        def __init__(self) -> None:
            super().__init__()
            self.asked: list[int] = []

        @atom.hookimpl
        def atom_register_tasks(self, register: atom.Register) -> None:
            register("describe", f"{plugin_type.__module__}:Describe", summary="A task.")
            for name, size in (("hungry", 2), ("hungrier", 4)):
                register(name, f"{__name__}:Hungry", summary="A task.", memory_bytes=size * 2**20)

        def reserve(self, num_bytes: int) -> bool:
            self.asked.append(num_bytes)
            return num_bytes <= self.room

        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            return evolve(super().atom_load_modules(settings), reserve=self.reserve)

    with opened(Counting(), memory="1GiB") as (host, plugin):
        host.expect(["describe"])
        host.run("describe", clip)
        assert plugin.asked == []
        for _ in range(3):
            host.run("hungry", clip)
        assert plugin.asked == [2 * 2**20]
        with pytest.raises(atom.ModelError, match=r"declares 4 MiB, which --memory 1.00 GiB .*expect\(\['hungrier', "):
            host.run("hungrier", clip)
    with opened(Counting(), memory="1GiB") as (host, plugin):
        host.run("hungrier", clip)
        assert plugin.asked == [], "all tasks count where nobody says which will run"


def test_a_late_task_lets_prefixes_go(tmp_path: Path) -> None:
    """With real modules: prefixes have less room, and a task that needs more than there is is refused."""
    mib = 2**20
    with open_host(model="tiny", load_plugins=("tiny",), cache=tmp_path, memory=600 * mib) as host:
        modules = host._resident.modules()
        tree = modules.decoder._engine._prefixes._cache
        before = tree.max_bytes
        assert 50 * mib < before < 200 * mib
        assert modules.reserve(40 * mib)
        assert tree.max_bytes == before - 40 * mib
        assert not modules.reserve(before)
