"""Many items at once: in order, each failing alone, cancelled together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

import atom_core as atom
from atom_core.call_context import caller
from atom_core.host import Host
from atom_core.testing import wait_until


class Waits:
    """Ends at once for the query "go", else when it is cancelled."""

    consumes, produces = atom.Query, atom.Query
    started, noticed = threading.Event(), threading.Event()

    def run(self, query: atom.Query) -> atom.Query:
        if query.text != "go":
            self.started.set()
        if query.text != "go":
            wait_until(caller.get().cancelled.is_set, 60)
            self.noticed.set()
        return query


class Nested:
    """Asks the host for another task's work, many times at once."""

    consumes, produces = atom.Query, tuple[atom.Query, ...]

    def run(self, query: atom.Query, *, host: Host) -> tuple[atom.Query, ...]:
        items = [atom.Query(text=f"{query.text}{i}") for i in range(20)]
        return tuple(outcome.value for outcome in host.map("echo", items))


def test_outcomes_keep_the_order_and_a_failure_fails_alone(opened: Any) -> None:
    """Every item has its outcome, in the items' order."""
    items: list[Any] = [atom.Query(text=str(i)) for i in range(30)]
    items[7] = "not a record"
    with opened() as (host, _):
        outcomes = list(host.map("echo", items))
    assert [outcome.item for outcome in outcomes] == items
    assert [i for i, outcome in enumerate(outcomes) if outcome.error] == [7]
    assert "takes Query, got str" in str(outcomes[7].error)


def test_an_interrupted_map_cancels_what_runs(opened: Any) -> None:
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


def test_closing_cancels_what_runs(opened: Any) -> None:
    """A host that closes waits for no item that nobody asks for any more."""
    Waits.started.clear()
    Waits.noticed.clear()
    with opened() as (host, _):
        outcomes = host.map("waits", [atom.Query(text="go"), atom.Query(text="wait")])
        assert next(outcomes).value.text == "go"
        assert Waits.started.wait(10)
    assert Waits.noticed.wait(10)
    del outcomes


def test_no_items_need_no_model(opened: Any) -> None:
    """Where there is nothing to do, nothing is loaded."""
    with opened() as (host, plugin):
        assert list(host.map("describe", [])) == []
        assert plugin.loads == 0


def test_items_are_taken_only_as_workers_get_free(opened: Any) -> None:
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


def test_nested_maps_do_not_lock_up(opened: Any) -> None:
    """Tasks that map other tasks finish, however many run at once."""
    with opened(workers=2) as (host, _):
        outcomes = list(host.map("nested", [atom.Query(text="a"), atom.Query(text="b"), atom.Query(text="c")]))
    assert [len(outcome.value) for outcome in outcomes] == [20, 20, 20]


def test_collected_records_keep_the_order_and_the_first_error_is_raised(opened: Any, named: Any) -> None:
    """All records as a list; where an item fails, its error, and what still runs is cancelled."""
    Waits.started.clear()
    Waits.noticed.clear()
    with opened() as (host, _):
        items: list[Any] = [atom.Query(text=str(i)) for i in range(20)]
        assert host.collect("echo", items, mark="?") == [atom.Query(text=f"{i}?") for i in range(20)]
        with pytest.raises(atom.TaskError, match="takes Query, got int"):
            host.collect("waits", [atom.Query(text="go"), 3, "not a record", atom.Query(text="wait")])
        assert not Waits.started.is_set() or Waits.noticed.wait(10)
