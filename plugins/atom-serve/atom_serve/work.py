"""What callers have done for them: by a bounded number of threads, for a bounded time, no longer than they wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request

import atom_core as atom
from atom_core.serving import Cancel, Usage, working_for

T = TypeVar("T")

THREADS = 12
"""Calls worked on at once, somewhat more than the model takes at a time. The others wait in the order in which they
came; of more threads, each would wait for the model in no order."""
JOBS = 4
"""Jobs worked on at once, beside calls."""
MOST_WAITING = 1000
"""Calls that wait for a thread; more are turned away."""
LIMIT_S = 3600.0
"""Longest that one call may take, seconds, waiting included."""


class Work:
    """The threads that work for callers."""

    def __init__(
        self, usage: Usage, *, threads: int = THREADS, most_waiting: int = MOST_WAITING, limit_s: float = LIMIT_S
    ) -> None:
        self._usage = usage
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="serve")
        self._jobs = ThreadPoolExecutor(JOBS, thread_name_prefix="job")
        self._most, self._limit_s = threads + most_waiting, limit_s
        self._lock = threading.Lock()
        self._open: set[Cancel] = set()

    @property
    def num_open(self) -> int:
        """Calls that wait or are worked on."""
        return len(self._open)

    def submit(self, call: Callable[[], T], cancel: Cancel, *, interactive: bool = True) -> Future[T]:
        """The future result of `call`, in a thread; what it asks of the host is cancelled with `cancel`.

        :param interactive: whether somebody waits for it, rather than for a job
        :raises HTTPException: 503, if too many wait
        """
        with self._lock:
            if len(self._open) >= self._most:
                raise HTTPException(503, f"{self._most} calls are open already; try again later", {"retry-after": "5"})
            self._open.add(cancel)

        def run() -> T:
            if cancel.is_set():
                raise atom.Cancelled("the call was cancelled")
            with self._usage.using(), working_for(cancel, interactive=interactive):
                return call()

        future = (self._pool if interactive else self._jobs).submit(run)
        future.add_done_callback(lambda _: self._open.discard(cancel))
        return future

    async def do(self, request: Request, call: Callable[[], T]) -> T:
        """The result of `call`. It is cancelled as soon as the client is gone, or the time is up.

        :raises HTTPException: 504, if it takes too long
        :raises Cancelled: if the client is gone
        """
        cancel = Cancel()
        async with watched(request, cancel):
            working = asyncio.wrap_future(self.submit(call, cancel))
            try:
                async with asyncio.timeout(self._limit_s):
                    return await working
            except TimeoutError:
                if working.done() and not working.cancelled():
                    raise
                raise HTTPException(504, f"it was not done after {self._limit_s:g} s and is cancelled") from None
            finally:
                cancel.set()

    def close(self) -> None:
        """Cancel what is open; wait for nothing."""
        for cancel in tuple(self._open):
            cancel.set()
        for pool in (self._pool, self._jobs):
            pool.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def watched(request: Request, cancel: Cancel) -> AsyncIterator[None]:
    """Set `cancel` when the client goes away inside the block; the request's body has been read before."""

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        cancel.set()

    watching = asyncio.ensure_future(watch())
    try:
        yield
    finally:
        watching.cancel()
