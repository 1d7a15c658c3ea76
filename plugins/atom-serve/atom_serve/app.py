"""The server as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

import atom_core as atom
from atom_serve.access.guard import LOOPBACK, Guard
from atom_serve.errors import handle
from atom_serve.service import Service

if TYPE_CHECKING:
    from atom_core import Host


def create_app(
    host: Host,
    *,
    token: str,
    token_file: Path | None = None,
    allow: Iterable[Path] = (),
    names: Iterable[str] = LOOPBACK,
    addresses: bool = False,
) -> Starlette:
    """The application around an open host, with the routes of all plugins. The `Service` is its ``state.service``.

    :param token: what callers must know
    :param token_file: where they find it
    :param allow: folders whose files callers may name
    :param names: what the server may be called
    :param addresses: whether it may be called by any address
    :raises SettingsError: if an allowed folder is not there
    :raises PluginError: if a plugin's routes cannot be made
    """
    service = Service(host, token=token, token_file=token_file, allow=allow)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for make in service.whiles:
                await stack.enter_async_context(make())
            yield

    guard = Middleware(
        Guard, token=token, token_file=token_file, passes=service.passes, names=names, addresses=addresses
    )
    app = Starlette(
        routes=list(_routes(service)),
        middleware=[guard],
        lifespan=running,
        exception_handlers=dict.fromkeys(_ALL, handle),
    )
    app.state.service = service
    return app


_ALL = (Exception, HTTPException, atom.AtomError)


def _routes(service: Service) -> Iterable[BaseRoute]:
    plugins = service.host.plugins
    for spec in plugins.routes().values():
        make = plugins.load(spec)
        try:
            routes = list(make(service))
        except atom.AtomError:
            raise
        except Exception as error:
            raise atom.PluginError(
                f"{plugins.owner(spec)} could not be made: {type(error).__name__}: {error}; repair or update it, or run"
                f" without it: ATOM_BLOCK_PLUGINS={spec.plugin}",
                plugin=spec.plugin,
            ) from error
        for route in routes:
            if not isinstance(route, BaseRoute):
                raise atom.PluginError(
                    f"{plugins.owner(spec)} returned {type(route).__name__}, no route of Starlette; repair it",
                    plugin=spec.plugin,
                )
            yield route
