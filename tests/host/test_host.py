"""The host, with fake modules brought by a plugin of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import field, frozen

import atom_core as atom
from atom_core.host import BUILTINS, Host, open_host
from atom_core.modules.caller import caller
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


class Fails:
    """Raises what is not an error of Atom."""

    consumes, produces = atom.Query, atom.Query

    def run(self, query: atom.Query) -> atom.Query:
        raise ZeroDivisionError(f"about {query.text}")


class Lies:
    """Returns another type than it declares."""

    consumes, produces = atom.Query, tuple[atom.Query, ...]

    def run(self, query: atom.Query) -> Any:
        return [query]


class Hangs:
    """Never ends by itself; notices when it is cancelled."""

    consumes, produces = atom.Query, atom.Query
    noticed = threading.Event()

    def run(self, query: atom.Query, *, progress: atom.Tell) -> atom.Query:
        try:
            while True:
                progress(0, 1)
                time.sleep(0.005)
        except atom.Cancelled:
            self.noticed.set()
            raise


class Counts:
    """Says how far it is."""

    consumes, produces = atom.Query, atom.Query

    def run(self, query: atom.Query, *, progress: atom.Tell) -> atom.Query:
        for done in (1, 2):
            progress(done, 2)
        return query


class Waits:
    """Ends at once for the query "go", else when it is cancelled."""

    consumes, produces = atom.Query, atom.Query
    started, noticed = threading.Event(), threading.Event()

    def run(self, query: atom.Query) -> atom.Query:
        if query.text != "go":
            self.started.set()
        while query.text != "go" and not caller.get().cancelled.is_set():
            time.sleep(0.005)
        if query.text != "go":
            self.noticed.set()
        return query


class Nested:
    """Asks the host for another task's work, many times at once."""

    consumes, produces = atom.Query, tuple[atom.Query, ...]

    def run(self, query: atom.Query, *, host: Host) -> tuple[atom.Query, ...]:
        items = [atom.Query(text=f"{query.text}{i}") for i in range(20)]
        return tuple(outcome.value for outcome in host.map("echo", items))


class Plugin:
    """The test's plugin: its tasks, fake modules, and a list of what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.loads = 0

    @atom.hookimpl
    def atom_register_tasks(self, register: atom.Register) -> None:
        for task in (Echo, Describe, Again, Fails, Lies, Hangs, Counts, Waits, Nested):
            limit = {"time_limit_s": 0.1} if task is Hangs else {}
            register(task.__name__.lower(), f"{__name__}:{task.__name__}", summary="A task.", **limit)

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


@contextmanager
def opened(plugin: Any = None, **arguments: Any) -> Iterator[tuple[Host, Plugin]]:
    """A host with the test's plugin and no installed one."""
    plugin = plugin or Plugin()
    settings = Settings.load({"model": "fake", "load_plugins": (), **arguments}, environ={})
    with open_host(settings, plugins=load_plugins(settings, builtins=(*BUILTINS, ("test", plugin)))) as host:
        yield host, plugin


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """This file can be imported by name, as the targets of tasks are."""
    import sys

    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(**globals()))


@pytest.fixture
def clip(tmp_path: Path) -> atom.Clip:
    """A clip of a real file."""
    with opened() as (host, _):
        return host.clips(host.video(write_video(tmp_path / "a.mp4")))[0]


def test_a_task_is_lent_what_it_names_and_its_settings() -> None:
    """Settings of a call go over the configured ones, those over the defaults."""
    with opened(tasks={"echo": {"mark": "?"}}) as (host, _):
        assert host.run("echo", atom.Query(text="a")).text == "a?"
        assert host.run("echo", atom.Query(text="a"), times=2).text == "a??"
        with pytest.raises(atom.SettingsError, match="mark"):
            host.run("echo", atom.Query(text="a"), marc="x")


def test_modules_are_loaded_once_for_all_tasks_and_threads(clip: atom.Clip) -> None:
    """Many threads and several tasks make one load; the ledger tells how many were saved."""
    with opened() as (host, plugin):
        assert plugin.loads == 0
        assert all(outcome.error is None for outcome in host.map("describe", [clip] * 12))
        host.run("again", clip)
        assert plugin.loads == 1
        assert host.ledger.as_dict()["loads"] == {"requested": 2, "computed": 1, "reused": 1}


def test_hooks_fire_in_their_order(clip: atom.Clip) -> None:
    """Ready after loading, before and after each run, closing before the modules close, all once."""
    with opened() as (host, plugin):
        host.run("describe", clip)
    assert plugin.told == [
        "ready",
        "before describe",
        "after describe NoneType",
        "closing",
        "modules closed",
    ] or plugin.told == ["before describe", "ready", "after describe NoneType", "closing", "modules closed"]
    host.close()
    assert plugin.told.count("modules closed") == 1


def test_outcomes_keep_the_order_and_a_failure_fails_alone() -> None:
    """Every item has its outcome, in the items' order."""
    items: list[Any] = [atom.Query(text=str(i)) for i in range(30)]
    items[7] = "not a record"
    with opened() as (host, _):
        outcomes = list(host.map("echo", items))
    assert [outcome.item for outcome in outcomes] == items
    assert [i for i, outcome in enumerate(outcomes) if outcome.error] == [7]
    assert "takes Query, got str" in str(outcomes[7].error)


def test_an_interrupted_map_cancels_what_runs() -> None:
    """Ctrl-C ends the map at once; what runs is told that nobody waits for it."""
    Waits.started.clear()
    Waits.noticed.clear()

    def items() -> Iterator[atom.Query]:
        yield atom.Query(text="wait")
        assert Waits.started.wait(10)
        raise KeyboardInterrupt

    with opened() as (host, _), pytest.raises(KeyboardInterrupt):
        list(host.map("waits", items()))
    assert Waits.noticed.wait(10)


def test_closing_cancels_what_runs() -> None:
    """A host that closes waits for no item that nobody asks for any more."""
    Waits.started.clear()
    Waits.noticed.clear()
    with opened() as (host, _):
        outcomes = host.map("waits", [atom.Query(text="go"), atom.Query(text="wait")])
        assert next(outcomes).value.text == "go"
        assert Waits.started.wait(10)
    assert Waits.noticed.wait(10)
    del outcomes


def test_no_items_need_no_model() -> None:
    """Where there is nothing to do, nothing is loaded."""
    with opened() as (host, plugin):
        assert list(host.map("describe", [])) == []
        assert plugin.loads == 0


def test_items_are_taken_only_as_workers_get_free() -> None:
    """A long list of items is not read ahead without bound."""
    taken = []

    def items() -> Iterator[atom.Query]:
        for i in range(1000):
            taken.append(i)
            yield atom.Query(text=str(i))

    with opened(workers=2) as (host, _):
        outcomes = host.map("echo", items())
        next(outcomes)
        assert len(taken) <= 5
        del outcomes


def test_a_fault_of_a_plugin_names_it() -> None:
    """What a task raises arrives as a `TaskError` with task, plugin and cause."""
    with opened() as (host, plugin):
        with pytest.raises(atom.TaskError, match="task 'fails' of plugin 'test' failed: ZeroDivisionError: about x"):
            host.run("fails", atom.Query(text="x"))
        assert plugin.told[-1] == "after fails TaskError"
        assert host.ledger.as_dict()["tasks"]["fails"]["failed"] == 1


def test_a_wrong_type_is_told() -> None:
    """A task that returns another type than it declares is named."""
    with opened() as (host, _), pytest.raises(atom.TaskError, match=r"task 'lies' .* returns tuple.*, got list"):
        host.run("lies", atom.Query(text="x"))


def test_a_task_past_its_limit_is_cancelled_and_the_others_go_on() -> None:
    """The limit ends the wait, the task is told, and the caller's other work is not cancelled."""
    with opened() as (host, _):
        with pytest.raises(atom.TaskError, match=r"ran past its limit of 0.1 s"):
            host.run("hangs", atom.Query(text="x"))
        assert Hangs.noticed.wait(5)
        assert host.run("echo", atom.Query(text="x")).text == "x!"


def test_progress_is_told_to_who_asked() -> None:
    """What a task says of its progress reaches who runs it; nobody need listen."""
    told: list[tuple[int, int]] = []
    with opened() as (host, _):
        host.run("counts", atom.Query(text="x"), progress=lambda done, total: told.append((done, total)))
        host.run("counts", atom.Query(text="x"))
    assert told == [(1, 2), (2, 2)]


def test_nested_maps_do_not_lock_up() -> None:
    """Tasks that map other tasks finish, however many run at once."""
    with opened(workers=2) as (host, _):
        outcomes = list(host.map("nested", [atom.Query(text="a"), atom.Query(text="b"), atom.Query(text="c")]))
    assert [len(outcome.value) for outcome in outcomes] == [20, 20, 20]


def test_an_unknown_task_names_the_nearest() -> None:
    """The message has the nearest name."""
    with opened() as (host, _), pytest.raises(atom.PluginError, match="did you mean 'describe'"):
        host.run("descibe", atom.Query(text="x"))


def test_a_plugin_that_raises_in_a_notify_hook_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The task's result arrives; the fault is logged with the plugin's name."""
    code = "import atom_core\n@atom_core.hookimpl\ndef atom_before_task(event):\n    raise RuntimeError('no manners')\n"
    (tmp_path / "rude_plugin.py").write_text(code)
    about = tmp_path / "rude-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: rude\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[atom]\nrude = rude_plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    with opened(load_plugins=("rude",)) as (host, _):
        assert host.run("echo", atom.Query(text="x")).text == "x!"
    assert "'rude' (rude 1.0) raised in atom_before_task: RuntimeError: no manners" in caplog.text


def test_a_model_that_cannot_be_loaded_is_tried_once(clip: atom.Clip) -> None:
    """Every use fails with the reason, a map at once; the loader and its notices are not repeated."""

    class Broken(Plugin):
        @atom.hookimpl
        def atom_load_modules(self, settings: Settings) -> atom.Modules:
            self.loads += 1
            raise atom.ModelError("no weights; fetch them")

    with opened(Broken()) as (host, plugin):
        with pytest.raises(atom.ModelError, match="no weights"):
            list(host.map("describe", [clip] * 3))
        for _ in range(2):
            with pytest.raises(atom.ModelError, match="no weights"):
                host.run("describe", clip)
    assert plugin.loads == 1


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


def test_the_library_is_opened_without_the_model() -> None:
    """Looking into the library loads nothing, and it is opened for the very model that is loaded later."""
    with opened(Named()) as (host, plugin):
        assert len(host.library) == 0
        assert plugin.loads == 0
        assert host.decoder.name
    assert (plugin.loads, plugin.told[0]) == (1, "library of fake")


def test_a_closed_host_opens_no_library() -> None:
    """What nobody would close is not opened."""
    with opened(Named()) as (host, _):
        pass
    with pytest.raises(atom.ModelError, match="is closed"):
        _ = host.library


def test_a_model_that_is_not_what_it_was_taken_for() -> None:
    """A library is never searched with vectors of another model than it was opened for."""
    plugin = Named()
    plugin.known = "other"
    with opened(plugin) as (host, _):
        assert host.model == "other"
        with pytest.raises(atom.ModelError, match="is fake, but was taken for other"):
            _ = host.decoder


def test_a_loader_that_cannot_identify_is_asked_to_load() -> None:
    """Where a plugin may load the model and cannot say which it is, nobody else speaks for it."""
    with opened() as (host, plugin):
        assert (host.model, plugin.loads) == ("fake", 1)


def test_a_host_left_open_is_told() -> None:
    """A host that is dropped with loaded modules and not closed gives a `ResourceWarning`."""
    plugin = Plugin()
    settings = Settings.load({"model": "fake", "load_plugins": ()}, environ={})
    host = open_host(settings, plugins=load_plugins(settings, builtins=(*BUILTINS, ("test", plugin))))
    assert host.decoder.name
    with pytest.warns(ResourceWarning, match="not closed"):
        host.__del__()
    host.close()


def test_settings_by_name_go_over_given_settings() -> None:
    """`open_host(settings, frames=3)` changes that one."""
    settings = Settings.load({"load_plugins": (), "frames": 5}, environ={})
    with open_host(settings, workers=3) as host:
        assert (host.settings.frames, host.settings.workers) == (5, 3)


def test_clips_are_found_once(tmp_path: Path) -> None:
    """The second call segments nothing; another video does."""
    calls: list[Path] = []

    class Segmenter(Plugin):
        @atom.hookimpl
        def atom_segment_video(self, video: atom.Video) -> list[atom.Clip]:
            calls.append(video.path)
            return [atom.Clip.whole(video)]

    with opened(Segmenter()) as (host, _):
        one, other = (host.video(write_video(tmp_path / f"{name}.mp4")) for name in "ab")
        assert host.clips(one) == host.clips(one) == [atom.Clip.whole(one)]
        host.clips(other)
    assert calls == [one.path, other.path]


def test_a_model_that_cannot_be_loaded_is_told_once(clip: atom.Clip, caplog: pytest.LogCaptureFixture) -> None:
    """A map over many items raises it once, and the model's notice is not repeated."""

    class Broken(Plugin):
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


def test_a_misspelt_model_is_told_with_the_nearest() -> None:
    """A name that nothing can load is refused with the nearest of those that plugins offer."""
    for ask in (lambda host: host.decoder, lambda host: host.model):
        settings = Settings(model="tniy", load_plugins=("tiny",), offline=True)
        with open_host(settings) as host, pytest.raises(atom.ModelError, match="did you mean 'tiny'"):
            ask(host)
