"""Who is served when: what somebody waits for first, then tasks in turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any

from atom_core.call_context import Caller, caller
from atom_core.host import Host, open_host
from atom_core.records import Features
from atom_core.testing import wait_until


def order_of(host: Host, work: list[tuple[str, bool, str]]) -> list[str]:
    """The tasks in the order in which one row serves them; each item is a task, its urgency and what it asks."""
    told: list[str] = []
    parts: list[str | Features] = ["wait"]
    host.decoder.generate(parts, max_new_tokens=1)

    def ask(task: str, urgent: bool, text: str) -> None:
        caller.set(Caller(task=task, interactive=urgent))
        host.decoder.generate([text], max_new_tokens=6)
        told.append(task)

    engine = host.decoder._engine  # type: ignore[attr-defined]
    admit, open_gate = engine._admit, threading.Event()
    engine._admit = lambda: admit() if open_gate.is_set() else time.sleep(0.01) or []
    with ThreadPoolExecutor(len(work)) as pool:
        futures = []
        for number, item in enumerate(work, 1):
            futures.append(pool.submit(copy_context().run, ask, *item))
            wait_until(lambda: len(engine._waiting) >= number)  # noqa: B023  (waited for at once)
        open_gate.set()
        for future in futures:
            future.result()
    engine._admit = admit
    return told


def test_interactive_requests_go_ahead_of_bulk_work(checkpoint: Path, tmp_path: Path) -> None:
    """Of what waits, what somebody waits for is served first."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, batch=1) as one_row:
        told = order_of(one_row, [("bulk", False, f"red {n}") for n in range(5)] + [("ask", True, "blue")])
    assert told[0] == "ask"


@contextmanager
def watched(checkpoint: Path, cache: Path, batch: int) -> Iterator[tuple[Any, list[list[str]], dict[str, Any]]]:
    """What asks a decoder; its reads and steps, with the tasks in them; what is called in the read of a task. It waits
    in its first read until that is called."""
    done: list[list[str]] = []
    calls: dict[str, Any] = {}
    with (
        open_host(model=str(checkpoint), load_plugins=(), cache=cache, batch=batch) as host,
        ThreadPoolExecutor(8) as pool,
    ):
        engine: Any = host.decoder._engine  # type: ignore[attr-defined]
        read, step = engine._read, engine._step

        def noted(what: str, jobs: list[Any]) -> None:
            done.append([what, *(job.caller.task for job in jobs)])
            if what == "read" and len(done) == 1:
                wait_until(lambda: "first" in calls)
            for task in done[-1][1:] if what == "read" else ():
                calls.pop(task, lambda: None)()

        engine._read = lambda jobs: (noted("read", jobs), read(jobs))
        engine._step = lambda: (noted("step", engine._active), step())

        def ask(task: str, text: str, urgent: bool) -> str:
            caller.set(Caller(task=task, interactive=urgent))
            return host.decoder.generate([text], max_new_tokens=6)

        def later(task: str, text: str, *, urgent: bool = False) -> Any:
            number = len(engine._jobs())
            future = pool.submit(copy_context().run, ask, task, text, urgent)
            wait_until(lambda: len(engine._jobs()) != number and done)
            return future

        yield later, done, calls


def test_who_waits_is_read_next_and_goes_on_while_others_are_read(checkpoint: Path, tmp_path: Path) -> None:
    """Bulk work that has its rows and is not read yet lets a question pass."""
    with watched(checkpoint, tmp_path, batch=8) as (later, done, calls):
        futures = [later("first", "red"), *(later(f"bulk {n}", "red " * 4 * 3**n) for n in range(4))]
        calls["bulk 0"] = lambda: futures.append(later("ask", "blue", urgent=True))
        calls["first"] = lambda: None
        for future in futures:
            future.result()
    at = done.index(["read", "ask"])
    assert done[at - 1] == ["read", "bulk 0"]
    last = done.index(["read", "bulk 3"])
    assert any(what == "step" and "ask" in tasks for what, *tasks in done[at:last])
    assert not any(what == "step" for what, *_ in done[at - 1 : at])


def test_who_waits_has_a_row_of_their_own(checkpoint: Path, tmp_path: Path) -> None:
    """However full the decoder is; bulk work waits for a row, and with one row everybody does."""
    for batch in (2, 1):
        with watched(checkpoint, tmp_path, batch=batch) as (later, done, calls):
            futures = [later(f"bulk {n}", "red") for n in range(4)]
            futures += [later("ask", "blue", urgent=True), later("ask", "green", urgent=True)]
            calls["first"] = lambda: None
            for future in futures:
                future.result()
        rows = [tasks for what, *tasks in done if what == "step"]
        assert max(map(len, rows)) == (3 if batch == 2 else 1)
        assert all("ask" in tasks for tasks in rows if len(tasks) > batch)


def test_tasks_are_served_in_turn(checkpoint: Path, tmp_path: Path) -> None:
    """A task with many requests does not keep another waiting until all are done; nor does one that came earlier."""
    with open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, batch=1) as one_row:
        order_of(one_row, [("early", False, f"red {n}") for n in range(4)])
        told = order_of(one_row, [("early", False, f"red {n}") for n in range(4)] + [("late", False, "blue")] * 4)
    assert set(told[:2]) == set(told[2:4]) == {"early", "late"}
