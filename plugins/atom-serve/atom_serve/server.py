"""uvicorn, told to serve one application on a socket that is open already, and to end gracefully."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

import atom_core as atom
from atom_serve.background import is_ours

GRACE_S = 5.0
"""How long requests in work may go on when the server ends, seconds."""

HEAD_S = 30.0
"""How long a client may take to send the head of a request, seconds."""
MOST_CONNECTIONS = 512
"""Connections that are open at once; more are turned away."""
MOST_HEAD_BYTES = 64 * 2**10
"""Largest head of a request."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens at `host` and `port`; 0 is any free one.

    :raises SettingsError: if it cannot, saying why
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise atom.SettingsError(f"--host {host} is no address of this machine: {error.strerror or error}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(256)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            said = f"port {port} is in use; {_used_by(port)}"
        elif error.errno == errno.EACCES:
            said = f"port {port} needs rights that you do not have; choose one above 1023 with --port"
        else:
            said = f"cannot listen at {host} port {port}: {os.strerror(error.errno or 0)}"
        raise atom.SettingsError(said) from None
    return listener


def _used_by(port: int) -> str:
    if is_ours(port):
        return "your own server listens there: atom serve --status tells of it, atom serve --stop ends it"
    return "another program listens there; choose another with --port, or 0 for a free one"


class _Server(uvicorn.Server):
    """uvicorn's server; ends by Ctrl-C or SIGTERM without raising the signal anew, which would make a failure of it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread
                loop.add_signal_handler(number, self.end)
        yield

    def end(self) -> None:
        """Take no more requests, and end once those in work are done; at the second call at once."""
        self.force_exit, self.should_exit = self.should_exit, True


class _Patient(H11Protocol):
    """Speaks HTTP; hangs up on who does not say in time what is wanted."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._waits = self.loop.call_later(HEAD_S, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._waits.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._waits.cancel()
        self._waits = self.loop.call_later(HEAD_S, self._late)
        super().on_response_complete()

    def _late(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


def serve(app: ASGIApp, listener: socket.socket, ready: Callable[[Callable[[], None]], None]) -> None:
    """Serve until the program is told to end.

    :param ready: called once requests are taken, with a function that ends the server from any thread
    """
    config = uvicorn.Config(
        app,
        http=_Patient,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=MOST_HEAD_BYTES,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(GRACE_S),
    )
    server = _Server(config)

    async def run() -> None:
        loop = asyncio.get_running_loop()

        def end() -> None:
            loop.call_soon_threadsafe(server.end)

        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not (server.started or serving.done()):
            await asyncio.sleep(0.01)
        if server.started:
            ready(end)
        await serving

    asyncio.run(run())
