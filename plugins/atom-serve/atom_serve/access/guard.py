"""Who may call: a page of another site, a name that points here, a program without the token are turned away."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atom_serve.errors import failure

LOOPBACK = ("localhost", "127.0.0.1", "::1")
COOKIE = "atom_session"
PASS_S = 600.0
"""How long a link that lets in once counts, seconds."""
_DOOR = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>Atom Studio</title>
<h1>Atom Studio</h1>
<p>This page opens by the link that <code>atom serve --status</code> prints, or with <code>atom serve --open</code>.</p>
<p>A link lets in once, within ten minutes; the page then stays open to this browser until the server ends.</p>
</html>
"""


class Passes:
    """Links that let a person in once, and soon: what a browser is started with can be seen by other users."""

    def __init__(self, *, for_s: float = PASS_S) -> None:
        self._for_s = for_s
        self._open: dict[str, float] = {}

    def make(self) -> str:
        """A new one, which counts once."""
        for old in [name for name, end_s in self._open.items() if end_s < time.monotonic()]:
            self._open.pop(old, None)
        name = f"once-{secrets.token_urlsafe(32)}"
        self._open[name] = time.monotonic() + self._for_s
        return name

    def take(self, name: str) -> bool:
        """Whether it lets in; it does not anew."""
        return self._open.pop(name, 0.0) >= time.monotonic()


class Guard:
    """Looks at every request before a route sees it.

    The Host must be one of the server's own names, so that a site whose name is made to point here is refused (DNS
    rebinding); an Origin, which browsers send along, must be the server itself; the token comes as ``Authorization:
    Bearer``, never in an address, which histories and logs keep. For people, ``/?token=...`` turns a pass that counts
    once into a cookie, which counts only where the browser says that the server's own page asks.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str,
        token_file: Path | None = None,
        passes: Passes | None = None,
        names: Iterable[str] = LOOPBACK,
        addresses: bool = False,
    ) -> None:
        """
        :param token_file: where callers on this machine find the token; who has no token is told
        :param passes: links that let in once, for browsers
        :param names: what the server may be called in Host
        :param addresses: whether any address may stand there, too; no name can be made to point at one
        """
        self._app, self._token, self._token_file, self._passes = app, token, token_file, passes or Passes()
        self._names, self._addresses = frozenset(name.lower() for name in names), addresses
        self._session = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer that it may not be."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # nothing here speaks over web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        if fault := self._foreign(headers):
            await failure(403, fault)(scope, receive, send)
        elif entering := self._entering(scope):
            await entering(scope, receive, send)
        elif not self._known(headers):
            await _unknown(scope, headers, self._token_file)(scope, receive, send)
        else:
            await self._app(scope, receive, _hardened(send))

    def _foreign(self, headers: Headers) -> str:
        """Why a request is not for this server, or not from its own page; empty if it is."""
        given = headers.getlist("host")
        name = _name(given[0]) if len(given) == 1 else None
        if name is None or not (name in self._names or (self._addresses and _is_address(name))):
            return f"this server is not called {given[0] if given else 'nothing'!r}; use its own address"
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{given[0].lower()}", f"https://{given[0].lower()}"):
            return f"a page of {origin!r} may not use this server"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return "a page of another site may not use this server"
        return ""

    def _entering(self, scope: Scope) -> RedirectResponse | None:
        """Where a person comes with a pass in the address: the same page without it, and a cookie."""
        name = QueryParams(scope["query_string"]).get("token")
        if scope["method"] != "GET" or name is None or not self._passes.take(name):
            return None
        answer = RedirectResponse(scope["path"] if not scope["path"].startswith("//") else "/", 303)
        answer.set_cookie(COOKIE, self._session, httponly=True, samesite="strict", path="/")
        answer.headers["referrer-policy"] = "no-referrer"
        return answer

    def _known(self, headers: Headers) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return _same(token.strip(), self._token)
        return _same(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), self._session)


def _unknown(scope: Scope, headers: Headers, token_file: Path | None) -> Response:
    """The answer to who does not know the token: people who open the page are told how to, programs of this machine
    where the token lies. Only the user can read that file; other machines are not told of its folders."""
    if scope["path"] == "/" and "text/html" in headers.get("accept", ""):
        policy = {"content-security-policy": "default-src 'none'; frame-ancestors 'none'", "cache-control": "no-store"}
        return HTMLResponse(_DOOR, 401, policy)
    place = f"'{token_file}'" if token_file and _is_here(scope) else "the file that `atom serve --status` names"
    answer = failure(401, f"the token is missing or wrong; send that of {place} as 'Authorization: Bearer TOKEN'")
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _is_here(scope: Scope) -> bool:
    """Whether a request comes from this machine."""
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _hardened(send: Send) -> Send:
    """Answers are no page's to frame, to guess the type of, or to keep."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("x-frame-options", "DENY")
            headers.setdefault("referrer-policy", "no-referrer")
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return with_headers


def _name(host: str) -> str | None:
    """The name in a Host header, without the port; None if it is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return None if parts.username is not None or parts.path or parts.query or parts.fragment else parts.hostname


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
