"""The engine obeys its scheduler: what somebody waits for passes bulk work, also in what is computed."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

from atom_core.call_context import Caller, caller
from atom_core.host import open_host
from atom_core.testing import wait_until


def test_a_question_passes_bulk_work_that_is_under_way(checkpoint: Path, tmp_path: Path) -> None:
    """It is prefilled next and decoded while bulk work is prefilled; everybody gets an answer."""
    done: list[list[str]] = []
    first_prefill, go_on = threading.Event(), threading.Event()
    with (
        open_host(model=str(checkpoint), load_plugins=(), cache=tmp_path, batch=8) as host,
        ThreadPoolExecutor(8) as pool,
    ):
        engine: Any = host.decoder._engine  # type: ignore[attr-defined]
        scheduler, prefill, decode = engine._scheduler, engine._prefill, engine._decode

        def noted_prefill(requests: list[Any]) -> None:
            done.append(["prefill", *(request.caller.task for request in requests)])
            first_prefill.set()
            assert go_on.wait(30)
            prefill(requests)

        def noted_decode() -> None:
            done.append(["decode", *(request.caller.task for request in scheduler.running)])
            decode()

        engine._prefill, engine._decode = noted_prefill, noted_decode

        def ask(task: str, text: str, urgent: bool) -> str:
            caller.set(Caller(task=task, interactive=urgent))
            return host.decoder.generate([text], max_new_tokens=6)

        def submit(task: str, text: str, *, urgent: bool = False) -> Future[str]:
            number = len(scheduler.requests)
            future = pool.submit(copy_context().run, ask, task, text, urgent)
            wait_until(lambda: len(scheduler.requests) > number)
            return future

        futures = [submit("first", "red")]
        assert first_prefill.wait(30)
        futures += [submit(f"bulk {n}", "red " * 4 * 3**n) for n in range(4)]
        futures.append(submit("ask", "blue", urgent=True))
        go_on.set()
        assert all(future.result(60) for future in futures)
    assert done[0] == ["prefill", "first"]
    asked, last = done.index(["prefill", "ask"]), done.index(["prefill", "bulk 3"])
    assert asked < done.index(["prefill", "bulk 0"]) < last
    assert any(what == "decode" and "ask" in tasks for what, *tasks in done[asked:last])
