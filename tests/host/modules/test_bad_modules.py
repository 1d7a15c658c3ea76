"""Modules of plugins that fail: each is named with its plugin and the next step, and all else goes on."""

from __future__ import annotations

import re
import time
from typing import Any, Protocol

import pytest
from attrs import frozen

import atom_core as atom
from atom_core.host.modules import shared_modules
from atom_core.settings import Settings

made: list[Any] = []


class Loud(Protocol):
    """What the module of these tests must have."""

    mark: str

    def shout(self, text: str) -> str: ...


class Shouter:
    """A module that is as it should be."""

    fingerprint = "shouter:1"
    mark = "!"

    def __init__(self, settings: Settings) -> None:
        made.append(self)

    def shout(self, text: str) -> str:
        return text.upper() + self.mark


class Shout:
    """Is lent the module alone."""

    consumes = produces = atom.Query

    def run(self, query: atom.Query, *, shouter: Loud) -> atom.Query:
        return atom.Query(text=shouter.shout(query.text))


class Lost:
    """Asks for a module that nobody declares."""

    consumes = produces = atom.Query

    def run(self, query: atom.Query, *, shoter: Any) -> atom.Query:
        return query


class Perhaps:
    """Does without the module where nobody declares it."""

    consumes = produces = atom.Query

    def run(self, query: atom.Query, *, whisperer: Any = None) -> atom.Query:
        return atom.Query(text=f"{query.text} {whisperer}")


class Broken:
    """A module that cannot be made."""

    def __init__(self, settings: Settings) -> None:
        made.append(self)
        if settings.window_s == 1:
            raise atom.ModelError("its weights are not there; fetch them")
        raise ModuleNotFoundError("No module named 'onnxruntime'")


class Quiet(Shouter):
    """Raises when it is closed."""

    def close(self) -> None:
        raise OSError("the disk is gone")


class Odd(BaseException):
    """No plain exception, as the outcomes of test frameworks and cancelled coroutines are."""


class RaisesOdd(Shouter):
    """Raises what is no plain exception."""

    def __init__(self, settings: Settings) -> None:
        raise Odd("odd")


class Interrupts(Shouter):
    """Raises what only the user should."""

    def __init__(self, settings: Settings) -> None:
        raise KeyboardInterrupt


class ClosesOdd(Shouter):
    """Raises what is no plain exception when it is closed."""

    def close(self) -> None:
        raise Odd("odd")


class ClosesLate(Shouter):
    """Takes long to close."""

    def close(self) -> None:
        time.sleep(0.3)


class BadWeights(Shouter):
    """Cannot list its weights."""

    def weights(self) -> Any:
        raise RuntimeError("no weights today")


class NoArguments:
    """Cannot be made from settings."""


class LooseSettings(Shouter):
    """Has settings that are no attrs class."""

    class Settings:
        times = 3


class NeedsLess(Shouter):
    """Says that it needs less than nothing."""

    @staticmethod
    def needs_bytes(settings: Settings) -> int:
        return -5


class Unnamed(Shouter):
    """Cannot say which it is."""

    fingerprint = property(lambda self: 1 / 0)  # type: ignore[assignment]


class Mute:
    """Lacks what the task calls."""

    def __init__(self, settings: Settings) -> None:
        self.shut = 1


class Late(Shouter):
    """Takes long to load."""

    def __init__(self, settings: Settings) -> None:
        time.sleep(0.5)


def nothing(settings: Settings) -> None:
    """Makes no module."""


@frozen(kw_only=True)
class Case:
    """A bad module, and what is said of it."""

    kind: Any
    said: str
    error: type[atom.AtomError] = atom.ModuleError


CASES = (
    Case(kind=RaisesOdd, said="could not be loaded: Odd: odd .*; repair or update it"),
    Case(kind=Interrupts, said="could not be loaded: KeyboardInterrupt"),
    Case(kind=BadWeights, said="could not be loaded: RuntimeError: no weights today"),
    Case(kind=NoArguments, said="could not be loaded: TypeError: NoArguments.. takes no arguments"),
    Case(kind=nothing, said="is None; repair or update it", error=atom.PluginError),
    Case(kind=LooseSettings, said="its Settings must be an attrs class", error=atom.PluginError),
    Case(kind=NeedsLess, said="cannot say how much memory it needs: .*memory_bytes=-5", error=atom.PluginError),
)


@pytest.fixture
def world(sharing: Any) -> Any:
    """Opens a host whose plugin shares `kind` as ``shouter``; what was made is listed in `made`."""
    made.clear()

    def opens(kind: Any = Shouter, **more: Any) -> Any:
        return sharing("shouter", kind, **more)

    return opens


def queries(*texts: str) -> list[atom.Query]:
    return [atom.Query(text=text) for text in texts]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind.__name__)
def test_whatever_is_wrong_is_named(world: Any, clip: atom.Clip, case: Case) -> None:
    """The error says module and plugin, and how to do without; other tasks and the model go on."""
    with world(case.kind) as (host, _):
        with pytest.raises(case.error, match=case.said) as raised:
            host.run("shout", queries("a")[0])
        assert "module 'shouter'" in str(raised.value)
        assert "plugin 'test'" in str(raised.value) or "ATOM_BLOCK_PLUGINS=test" in str(raised.value)
        assert host.run("echo", queries("a")[0]).text == "a!"
        assert host.run("describe", clip).text


def test_an_error_of_a_module_says_which(world: Any) -> None:
    """Code that asks which module and plugin it was need not read the message."""
    with world(RaisesOdd) as (host, _), pytest.raises(atom.ModuleError) as raised:
        host.module("shouter")
    assert (raised.value.module, raised.value.plugin) == ("shouter", "test")


def test_a_module_that_lacks_what_is_called(world: Any) -> None:
    """It is said of the module, with the nearest that it has; not of some object inside Atom."""
    with (
        world(Mute) as (host, _),
        pytest.raises(atom.TaskError, match=r"module .shouter. of plugin .* has no .shout., did you mean .shut."),
    ):
        host.run("shout", queries("a")[0])


def test_a_module_that_cannot_say_which_it_is(world: Any) -> None:
    """What a result depends on cannot be told then: the module is named."""
    with world(Unnamed) as (host, _), pytest.raises(atom.ModuleError, match=r"'fingerprint': ZeroDivisionError"):
        host.about("shout")


def test_a_module_that_loads_for_long_is_named(
    world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, with what to do; it is waited for all the same."""
    monkeypatch.setattr(shared_modules, "HANGS_S", 0.1)
    with world(Late) as (host, _):
        assert host.run("shout", queries("a")[0]).text == "A!"
    assert caplog.text.count("module 'shouter' of plugin 'test' (atom-core") == 1
    assert "is still being loaded after 0.1 s" in caplog.text
    assert "ATOM_BLOCK_PLUGINS=test" in caplog.text


@pytest.mark.parametrize(
    ("kind", "said"),
    [(ClosesOdd, "could not be closed: Odd: odd"), (ClosesLate, "still being closed after 0.05 s.*raise hook_limit_s")],
)
def test_a_module_that_does_not_close(world: Any, kind: Any, said: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is told, whatever it raises and however long it takes, and the model is closed all the same."""
    with world(kind, settings={"hook_limit_s": 0.05}) as (host, plugin):
        host.run("shout", queries("a")[0])
        _ = host.decoder
    text = " ".join(caplog.text.split())
    assert re.search(said, text)
    assert plugin.told[-1] == "modules closed"


@pytest.mark.parametrize("memory_bytes", [True, -1, 10**30, "1GiB"])
def test_memory_that_nothing_has(world: Any, memory_bytes: object) -> None:
    """What is no number of bytes, or more than machines have, is refused when it is declared."""
    with (
        pytest.raises(atom.PluginError, match="declares memory_bytes="),
        world(memory_bytes=memory_bytes),
    ):
        pass


@pytest.mark.parametrize(
    ("window_s", "said"), [(1, "its weights are not there; fetch them"), (2, "'onnxruntime'; ins")]
)
def test_a_module_that_cannot_be_loaded(world: Any, clip: atom.Clip, window_s: float, said: str) -> None:
    """It is tried once, named with its plugin and the next step; tasks that do not need it go on."""
    with world(Broken, settings={"window_s": window_s}) as (host, _):
        for _ in range(2):
            with pytest.raises(atom.ModelError, match=said) as raised:
                host.run("shout", queries("a")[0])
        assert str(raised.value).startswith("module 'shouter' of plugin 'test' (atom-core ")
        assert "ATOM_BLOCK_PLUGINS=test" in str(raised.value)
        with pytest.raises(atom.ModelError, match=said):
            next(host.map("shout", queries("a", "b")))
        assert len(made) == 1
        assert host.run("describe", clip).text
        assert host.ledger.as_dict()["modules"] == {}


def test_a_module_lacks_what_its_protocol_says(world: Any) -> None:
    """What is missing is named when it is loaded."""
    with world(protocol=f"{__name__}:Loud") as (host, _):
        assert host.module("shouter").shout("a") == "A!"
    with (
        world(protocol="atom_core:Decoder") as (host, _),
        pytest.raises(
            atom.PluginError, match=r"module 'shouter' of plugin 'test' .* has no embed, .*stream, as Decoder says"
        ),
    ):
        host.module("shouter")


def test_a_module_that_nobody_declares(world: Any) -> None:
    """The task fails when it is used, naming the nearest and the next step; where it can do without, it does."""
    with world() as (host, _):
        with pytest.raises(atom.PluginError, match=r"asks for 'shoter', did you mean 'shouter'.*install the plugin"):
            host.run("lost", queries("a")[0])
        assert host.run("perhaps", queries("a")[0]).text == "a None"
        assert host.run("shout", queries("a")[0]).text == "A!"


def test_raising_on_close(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is told, named with its plugin and the next step; the model is closed all the same."""
    with world(Quiet) as (host, plugin):
        host.run("shout", queries("a")[0])
        _ = host.decoder
    said = "module 'shouter' of plugin 'test' (atom-core "
    assert said in caplog.text
    assert "could not be closed: OSError: the disk is gone" in caplog.text
    assert "ATOM_BLOCK_PLUGINS=test" in caplog.text
    assert plugin.told[-1] == "modules closed"


def test_a_model_that_raises_on_close(opened: Any, plugin_type: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What a provider's modules raise is told, too, and ends nothing."""

    class Bad(plugin_type):
        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            def close() -> None:
                raise OSError("the card is gone")

            modules: atom.Modules = super().atom_load_modules(settings)
            object.__setattr__(modules, "close", close)
            return modules

    with opened(Bad()) as (host, _):
        _ = host.decoder
    assert "model fake could not be closed: OSError: the card is gone" in caplog.text
