"""Modules that plugins share by name: loaded once, lent to all tasks, closed once; whoever breaks one is named."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
import pytest
import torch
from attrs import field, frozen
from attrs.validators import ge

import atom_core as atom
from atom_core.call_context import Caller, Cancel, caller
from atom_core.plugins import PluginSet
from atom_core.settings import Settings, load_with_sources
from atom_core.testing.fakes import FakeHost

MIB = 2**20
made: list[Any] = []


class Loud(Protocol):
    """What the module of these tests must have."""

    mark: str

    def shout(self, text: str) -> str: ...


class Shouter:
    """A module that says who called it and ends what it says with a mark."""

    fingerprint = "shouter:1"

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``shouter``."""

        times: int = field(default=1, validator=ge(1))
        """How many marks."""

    def __init__(self, settings: Settings, options: Shouter.Settings) -> None:
        time.sleep(0.02)
        self.settings, self.mark = settings, "!" * options.times
        self.table, self.words = np.ones(3), ["a"]
        self.net = torch.nn.Linear(2, 2)
        self.callers: list[str] = []
        self.closed = 0
        made.append(self)

    def shout(self, text: str) -> str:
        self.callers.append(caller.get().task)
        return text.upper() + self.mark

    def pieces(self, text: str) -> Any:
        for word in text.split():
            self.callers.append(caller.get().task)
            yield word

    def close(self) -> None:
        self.closed += 1


class Shout:
    """Is lent the module alone."""

    consumes = produces = atom.Query

    def run(self, query: atom.Query, *, shouter: Loud) -> atom.Query:
        return atom.Query(text=shouter.shout(query.text))


class Both:
    """Is lent the model, too."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip, *, encoder: atom.Encoder, decoder: atom.Decoder, shouter: Loud) -> atom.Caption:
        return atom.Caption(clip=clip, text=shouter.shout(decoder.generate([encoder.encode(clip), "What?"])))


class Rude:
    """Does with the module what the query says."""

    consumes = produces = atom.Query

    def run(self, query: atom.Query, *, shouter: Any) -> atom.Query:
        match query.text:
            case "set":
                shouter.mark = "?"
            case "delete":
                del shouter.mark
            case "array":
                shouter.table *= 2
            case "list":
                shouter.words.append("b")
            case "close":
                shouter.close()
            case "weights":
                with torch.no_grad():
                    shouter.net.weight.mul_(2)
        return query


class Asks:
    """Asks the host for the module."""

    consumes = produces = atom.Query

    def run(self, query: atom.Query, *, host: atom.Host) -> atom.Query:
        return atom.Query(text=host.module("shouter").shout(query.text))


class Sized(Shouter):
    """Says itself how much memory it needs."""

    @staticmethod
    def needs_bytes(settings: Settings) -> int:
        return 200 * MIB if settings.frames is None else settings.frames // (settings.frames - 1)


class Slow(Shouter):
    """Waits to be made until it may."""

    go = threading.Event()

    def __init__(self, settings: Settings, options: Shouter.Settings) -> None:
        assert self.go.wait(10)
        super().__init__(settings, options)


@pytest.fixture
def world(sharing: Any) -> Any:
    """Opens a host whose plugin shares `kind` as ``shouter``; what was made is listed in `made`."""
    made.clear()

    def opens(kind: type = Shouter, **more: Any) -> Any:
        return sharing("shouter", kind, **more)

    return opens


def queries(*texts: str) -> list[atom.Query]:
    return [atom.Query(text=text) for text in texts]


def test_one_load_for_all_tasks_and_threads(world: Any, clip: atom.Clip) -> None:
    """Many threads and several tasks make one module, beside the model; the ledger says so, and it is closed once."""
    with world() as (host, plugin):
        assert made == []
        texts = [outcome.value.text for outcome in host.map("shout", queries("a", "b", "c") * 4)]
        assert texts == ["A!", "B!", "C!"] * 4
        assert plugin.loads == 0, "a task that names no half of the model needs none"
        assert host.run("both", clip).text.endswith("!")
        assert host.run("asks", queries("x")[0]).text == "X!"
        assert len(made) == plugin.loads == 1
        assert set(made[0].callers) == {"shout", "both", "asks"}
        data = host.ledger.as_dict()
        assert data["modules"] == {"shouter": {"requested": 3, "computed": 1, "reused": 2}}
        assert data["loads"] == {"requested": 1, "computed": 1, "reused": 0}
        assert "loads of shouter" in host.ledger.table()
        assert {"load", "shouter"} <= data["lanes"].keys()
        assert made[0].closed == 0
    assert made[0].closed == 1
    assert plugin.told[-1] == "modules closed"


def test_the_model_is_two_modules_by_name(world: Any) -> None:
    """A host gives encoder and decoder by name as it gives what plugins share, and names the nearest of others."""
    with world() as (host, _):
        assert host.module("encoder") is host.encoder
        assert host.module("decoder") is host.decoder
        assert host.module("shouter").shout("a") == "A!"
        with pytest.raises(atom.PluginError, match="no module 'shoute', did you mean 'shouter'"):
            host.module("shoute")
    with pytest.raises(atom.ModelError, match="the host is closed"):
        host.module("shouter")


def test_settings_of_a_module(world: Any) -> None:
    """They come from their table, their variables and arguments, and are checked with their source."""
    with world(settings={"modules": {"shouter": {"times": "3"}}}) as (host, _):
        assert host.module("shouter").mark == "!!!"
        assert host.module("shouter").settings == host.settings
    with (
        world(settings={"modules.shouter.times": 0}) as (host, _),
        pytest.raises(atom.SettingsError, match=r"\[modules.shouter\]: times = 0 does not fit"),
    ):
        host.module("shouter")


def test_settings_of_modules_are_read_with_their_place(tmp_path: Any) -> None:
    """A file's line, a variable and an argument are each named; a table that is none is refused."""
    file = tmp_path / "atom.toml"
    file.write_text("[modules.shouter]\ntimes = 2\n")
    settings, origin = load_with_sources({"modules.shouter.mark": "x"}, environ={}, file=file)
    assert settings.modules == {"shouter": {"times": 2, "mark": "x"}}
    assert origin["modules.shouter.times"] == f"{file}:2"
    file.write_text("modules = 3\n")
    with pytest.raises(atom.SettingsError, match=r"modules do not fit: .*\[modules.embedder\]"):
        load_with_sources(environ={}, file=file)


def test_memory_beside_the_program(world: Any) -> None:
    """Where no model is loaded, what modules declare must fit beside the program."""
    with world(memory_bytes=100 * MIB, settings={"memory": "500MiB"}) as (host, _):
        with pytest.raises(
            atom.ModelError, match=r"needs 100 MiB, which --memory 500 MiB does not leave beside the pro"
        ):
            host.run("shout", queries("a")[0])
        assert made == []
        assert host.run("echo", queries("a")[0]).text == "a!"
    with world(memory_bytes=100 * MIB, settings={"memory": "600MiB"}) as (host, _):
        assert host.run("shout", queries("a")[0]).text == "A!"


def test_memory_beside_the_model(world: Any, clip: atom.Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is told what the modules of the tasks that are to run declare; another module is set aside when it comes,
    once, or refused with the numbers and the next step."""
    asked: list[int] = []
    told: list[dict[str, int]] = []

    def reserve(num_bytes: int) -> bool:
        asked.append(num_bytes)
        return num_bytes <= 50 * MIB

    for memory_bytes, fits in ((50 * MIB, True), (60 * MIB, False)):
        asked.clear()
        with world(memory_bytes=memory_bytes, settings={"memory": "1GiB"}) as (host, _):
            host.expect(["describe"])
            host.run("describe", clip)
            object.__setattr__(host._resident.modules(), "reserve", reserve)
            for _ in range(2):
                if fits:
                    assert host.run("shout", queries("a")[0]).text == "A!"
                else:
                    with pytest.raises(atom.ModelError, match=r"needs 60 MiB, which --memory 1.00 GiB does not leave"):
                        host.run("shout", queries("a")[0])
            assert asked == [memory_bytes]
    real = PluginSet.first

    def first(self: Any, hook: str, fits: Any, **arguments: Any) -> Any:
        if hook == "atom_load_modules":
            told.append(arguments["tasks_bytes"])
        return real(self, hook, fits, **arguments)

    monkeypatch.setattr(PluginSet, "first", first)
    for expected in (["both"], ["describe"], None):
        with world(memory_bytes=MIB) as (host, _):
            if expected:
                host.expect(expected)
            host.run("describe", clip)
    assert told == [{"module shouter": MIB}, {}, {"module shouter": MIB}]


def test_memory_that_a_class_tells(world: Any, clip: atom.Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes before what was declared, also where a model is told what to leave; a class that fails to is named."""
    told: list[dict[str, int]] = []
    real = PluginSet.load_modules
    monkeypatch.setattr(PluginSet, "load_modules", lambda self, *a: told.append(a[4]) or real(self, *a))
    with world(Sized, memory_bytes=1) as (host, _):
        host.run("describe", clip)
    assert told == [{"module shouter": 200 * MIB}]
    for settings, said in (
        ({"memory": "600MiB"}, "needs 200 MiB, which --memory 600 MiB does not leave"),
        ({"frames": 1}, "module 'shouter' .* cannot say how much memory it needs: ZeroDiv"),
    ):
        with world(Sized, settings=settings) as (host, _), pytest.raises(atom.AtomError, match=said):
            host.run("shout", queries("a")[0])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("set", "task 'rude' of plugin 'test' changes 'mark' of module 'shouter' of plugin 'test'"),
        ("delete", "changes 'mark' of module 'shouter'.*what is its own in its run"),
        ("array", "task 'rude' of plugin 'test' failed: ValueError: .*read-only"),
        ("list", "task 'rude' of plugin 'test' failed: AttributeError: 'tuple'"),
        ("close", "task 'rude' of plugin 'test' asks for 'close' of module 'shouter'.*the host closes it"),
    ],
)
def test_a_task_cannot_change_a_module(world: Any, what: str, said: str) -> None:
    """What it tries fails that run, named; the module is as it was for others."""
    with world() as (host, _):
        with pytest.raises(atom.TaskError, match=said):
            host.run("rude", queries(what)[0])
        assert host.run("shout", queries("a")[0]).text == "A!"
        assert (len(made), made[0].closed, made[0].words) == (1, 0, ["a"])
        assert made[0].table.tolist() == [1, 1, 1]


def test_changed_weights_are_loaded_anew(world: Any) -> None:
    """The run is void and named; the next task finds a module as it was; both are closed."""
    with world() as (host, _):
        host.run("rude", queries("nothing")[0])
        with pytest.raises(
            atom.TaskError, match=r"weights of module 'shouter' .* while task 'rude' of plugin 'test' ran"
        ):
            host.run("rude", queries("weights")[0])
        assert host.run("shout", queries("a")[0]).text == "A!"
        assert len(made) == 2
        assert host.ledger.as_dict()["modules"]["shouter"]["computed"] == 2
    assert [each.closed for each in made] == [1, 1]


def test_calls_are_made_for_the_task(world: Any) -> None:
    """Also from threads that it starts itself, and piece by piece; a cancelled one ends at its next call."""
    with world() as (host, _):
        lent: list[Any] = []

        class Keeps:
            consumes = produces = atom.Query

            def run(self, query: atom.Query, *, shouter: Any) -> atom.Query:
                lent.append(shouter)
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(shouter.shout, "a").result()
                assert list(shouter.pieces("b c")) == ["b", "c"]
                return query

        host._tasks["shout"] = Keeps()
        host.run("shout", queries("a")[0])
        assert made[0].callers == ["shout", "shout", "shout"]
        cancelled = Cancel()
        token = caller.set(Caller(task="shout", cancelled=cancelled))
        cancelled.set()
        with pytest.raises(atom.Cancelled):
            lent[0].shout("a")
        caller.reset(token)


def test_who_is_cancelled_does_not_wait_for_a_module(world: Any) -> None:
    """It ends while the module is still being loaded, which others get."""
    Slow.go.clear()
    with world(Slow) as (host, _):
        cancelled = Cancel()

        def ask() -> Any:
            caller.set(Caller(task="x", cancelled=cancelled))
            return host.run("shout", queries("a")[0])

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(ask), pool.submit(host.run, "shout", queries("b")[0])
            time.sleep(0.05)
            cancelled.set()
            with pytest.raises(atom.Cancelled):
                first.result(60)
            Slow.go.set()
            assert second.result(60).text == "B!"
    assert len(made) == 1


def test_what_a_task_depends_on(world: Any) -> None:
    """A module's plugin, fingerprint and settings are among what could change a result; others are not, and nothing is
    loaded where the class says what it is."""
    with world(settings={"modules.shouter.times": 2}) as (host, _):
        about = host.about("shout")["modules"]["shouter"]
        assert about["fingerprint"] == "shouter:1"
        assert about["settings"] == {"times": 2}
        assert about["plugin"].startswith("plugin 'test'")
        assert "modules" not in host.about("describe")
        assert host.about("asks")["others"]["modules"] == {"shouter": {"times": 2}}
        assert made == []


def test_fakes_stand_for_modules(plugin_type: Any) -> None:
    """A test lends what it likes, also where no plugin of it declares the module."""

    class Fake:
        def shout(self, text: str) -> str:
            return f"{text}, faked"

    host = FakeHost(plugin_type(), modules={"shouter": Fake()})
    assert host.run("shout", queries("a")[0]).text == "a, faked"
