"""A task's host does what it asks on the task's behalf, in whatever thread it asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import atom_core as atom
from atom_core.call_context import Caller, caller
from atom_core.host import Host


class Whose:
    """Says for whom it works, and how urgently."""

    consumes, produces = atom.Query, atom.Query

    def run(self, query: atom.Query) -> atom.Query:
        Starts.cancels.append(caller.get().cancelled)
        return atom.Query(text=f"{query.text} {caller.get().interactive}")


class Starts:
    """Asks its host in a thread of its own; what it did there is asked for."""

    consumes, produces = atom.Query, atom.Query
    cancels: list[Any] = []
    lent: list[Host] = []

    def run(self, query: atom.Query, *, host: Host) -> atom.Query:
        self.lent.append(host)
        with ThreadPoolExecutor(1) as pool:
            ran = pool.submit(host.run, "whose", query).result()
            mapped = pool.submit(lambda: [outcome.value for outcome in host.map("whose", [query])]).result()
            collected = pool.submit(host.collect, "whose", [query]).result()
            assert pool.submit(caller.get).result().task == "", "only during calls"
        assert [ran] == mapped == collected
        return ran


def test_threads_that_a_task_starts_ask_their_host_for_it(opened: Any) -> None:
    """What they ask for is as urgent as the task and ends with it; once it is cancelled, nothing more is done."""
    Starts.cancels.clear()
    Starts.lent.clear()
    with opened() as (host, _):
        urgent = caller.set(Caller(task="person", interactive=True))
        try:
            assert host.run("starts", atom.Query(text="a")).text == "a True"
        finally:
            caller.reset(urgent)
        (lent,) = Starts.lent
        mine = lent._caller.cancelled  # type: ignore[attr-defined]
        assert len(Starts.cancels) == 3
        assert not any(cancel.is_set() for cancel in Starts.cancels)
        mine.set()
        assert all(cancel.is_set() for cancel in Starts.cancels)
        ended: list[str] = []

        def ask() -> None:
            for call in (lent.run, lent.collect):
                with pytest.raises(atom.Cancelled):
                    call("whose", atom.Query(text="a"))
                ended.append(call.__name__)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(10)
        assert ended == ["run", "collect"]


def test_a_task_cannot_close_its_host(opened: Any) -> None:
    """All else of the host is there; closing it would end everybody's work."""
    Starts.lent.clear()
    with opened() as (host, _):
        host.run("starts", atom.Query(text="a"))
        (lent,) = Starts.lent
        assert lent.settings is host.settings
        assert lent.about("echo") == host.about("echo")
        with pytest.raises(AttributeError, match="everybody's"):
            lent.close()
