"""How one task runs: what it is lent, what is made of its faults, how long it may take."""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from pathlib import Path
from typing import Any

import pytest

import atom_core as atom


class Fails:
    """Raises what is not an error of Atom."""

    consumes, produces = atom.Query, atom.Query

    def run(self, query: atom.Query) -> atom.Query:
        raise ZeroDivisionError(f"about {query.text}")


class Odd(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


class Outcry:
    """Raises what no task should: what ends threads and programs, and what cannot be printed."""

    consumes, produces = atom.Query, atom.Query

    def run(self, query: atom.Query) -> atom.Query:
        kinds = (KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError, Odd)
        raise {kind.__name__: kind for kind in kinds}[query.text]


class Lies:
    """Returns another type than it declares."""

    consumes, produces = atom.Query, tuple[atom.Query, ...]

    def run(self, query: atom.Query) -> Any:
        return [query]


class Hangs:
    """Never ends by itself; notices when it is cancelled."""

    consumes, produces = atom.Query, atom.Query
    time_limit_s = 0.1
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


def test_a_task_is_lent_what_it_names_and_its_settings(opened: Any) -> None:
    """Settings of a call go over the configured ones, those over the defaults."""
    with opened(tasks={"echo": {"mark": "?"}}) as (host, _):
        assert host.run("echo", atom.Query(text="a")).text == "a?"
        assert host.run("echo", atom.Query(text="a"), times=2).text == "a??"
        with pytest.raises(atom.SettingsError, match="mark"):
            host.run("echo", atom.Query(text="a"), marc="x")


def test_a_fault_of_a_plugin_names_it(opened: Any) -> None:
    """What a task raises arrives as a `TaskError` with task, plugin and cause."""
    with opened() as (host, plugin):
        failed = "task 'fails' of plugin 'test' failed: ZeroDivisionError: about x"
        with pytest.raises(atom.TaskError, match=failed) as caught:
            host.run("fails", atom.Query(text="x"))
        assert (caught.value.task, caught.value.plugin) == ("fails", "test")
        assert plugin.told[-1] == "after fails TaskError"
        assert host.ledger.as_dict()["tasks"]["fails"]["failed"] == 1


def test_whatever_a_task_raises_fails_its_item_alone(opened: Any) -> None:
    """Also what would end a thread or the program: only the main thread is ever interrupted by the user."""
    names = ("KeyboardInterrupt", "SystemExit", "GeneratorExit", "CancelledError", "Odd")
    with opened() as (host, _):
        outcomes = list(host.map("outcry", [atom.Query(text=name) for name in names]))
        assert [type(outcome.error) for outcome in outcomes] == [atom.TaskError] * len(names)
        for name, outcome in zip(names, outcomes, strict=True):
            assert f"task 'outcry' of plugin 'test' failed: {name}" in str(outcome.error)
        with pytest.raises(KeyboardInterrupt):
            host.run("outcry", atom.Query(text="KeyboardInterrupt"))


def test_a_wrong_type_is_told(opened: Any) -> None:
    """A task that returns another type than it declares is named."""
    wrong = r"task 'lies' .* returns tuple.*, got list"
    with opened() as (host, _), pytest.raises(atom.TaskError, match=wrong) as caught:
        host.run("lies", atom.Query(text="x"))
    assert (caught.value.task, caught.value.plugin) == ("lies", "test")


def test_a_task_past_its_limit_is_cancelled_and_the_others_go_on(opened: Any) -> None:
    """The limit ends the wait, the task is told, and the caller's other work is not cancelled."""
    with opened() as (host, _):
        with pytest.raises(atom.TaskError, match=r"ran past its limit of 0.1 s"):
            host.run("hangs", atom.Query(text="x"))
        assert Hangs.noticed.wait(60)
        assert host.run("echo", atom.Query(text="x")).text == "x!"


def test_progress_is_told_to_who_asked(opened: Any) -> None:
    """What a task says of its progress reaches who runs it; nobody need listen."""
    told: list[tuple[int, int]] = []
    with opened() as (host, _):
        host.run("counts", atom.Query(text="x"), progress=lambda done, total: told.append((done, total)))
        host.run("counts", atom.Query(text="x"))
    assert told == [(1, 2), (2, 2)]


def test_an_unknown_task_names_the_nearest(opened: Any) -> None:
    """The message has the nearest name."""
    with opened() as (host, _), pytest.raises(atom.PluginError, match="did you mean 'describe'"):
        host.run("descibe", atom.Query(text="x"))


def test_a_plugin_that_raises_in_a_notify_hook_stops_nothing(
    opened: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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
