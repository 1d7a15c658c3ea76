"""Why the hub could not be asked, in one line with the next step, and whether asking again may help."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from attrs import frozen

from atom_core.text.first_line import first_line

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.ETIMEDOUT)


@frozen(kw_only=True)
class Fault:
    """What went wrong."""

    text: str
    """The cause, and the next step."""
    kind: Literal["", "network", "refused", "revision"] = ""
    """Whether the network or the hub is at fault, the hub refuses it to this user, or has no such revision."""
    passes: bool = False
    """Whether asking again may help."""
    at_once: bool = False
    """Whether the network was not reached at all: asking again helps only where it was reached before."""
    wait_s: float | None = None
    """What the hub asks to wait."""


class Portal(Exception):
    """Somebody else answered in the hub's place."""


class Cut(Exception):
    """The answer ended too early, or went on for too long."""


def fault_of(error: BaseException, endpoint: str) -> Fault:
    """What an error of the hub's client, or of the files it is to write, means.

    :param endpoint: the hub's address
    """
    host = urlsplit(endpoint).netloc or endpoint
    response = getattr(error, "response", None)
    if response is not None and getattr(response, "status_code", 200) >= 400:
        return _answered(error, response, host)
    if isinstance(error, Portal):
        text = (
            f"something else answered in the place of {host}, with what is not the hub's: sign in to this network where"
            " it asks for that, and check HF_ENDPOINT and the proxy, then try again"
        )
        return _network(text, passes=False)
    return _disk(error) or _unreached(error, host)


def _answered(error: BaseException, response: Any, host: str) -> Fault:
    status, kind = response.status_code, type(error).__name__
    login = "`hf auth login`"
    if kind == "RevisionNotFoundError":
        return Fault(kind="revision", text="")
    if kind == "DisabledRepoError":
        return Fault(text="the hub has disabled it; choose another model, see `atom models`")
    if kind == "GatedRepoError":
        return _refused(f"it is gated; accept its terms on the hub and log in with {login}, then try again")
    if kind == "RemoteEntryNotFoundError":
        return Fault(text=f"{host} does not serve a file that it lists; try again, or name another --revision")
    if kind == "RepositoryNotFoundError" or status in (401, 404):
        return _refused(f"{host} knows no such model, or it is private; check the name, or log in with {login}")
    if status == 403:
        return _refused(f"{host} forbids it to you (403); ask its owner, or use {login} with a token that may read it")
    wait_s = _asked_to_wait_s(response.headers)
    if status == 429:
        asked = "" if wait_s is None else f" and asks to wait {_duration(wait_s)}"
        text = f"{host} has had too many requests from here (429){asked}; try again later, or log in with {login}"
        return _network(text, wait_s=wait_s)
    passes = status in (408, 500, 502, 503, 504)
    return _network(f"{host} is out of order ({status}); try again later", passes=passes, wait_s=wait_s)


def _unreached(error: BaseException, host: str) -> Fault:
    chain = list(_chain(error))
    kinds = {type(one).__name__ for one in chain}
    if any(isinstance(one, socket.gaierror) for one in chain):
        text = f"this network does not know the name {host}; check the connection, and HF_ENDPOINT"
        return _network(text, at_once=True)
    if "ProxyError" in kinds or (_proxies() and {"ConnectError", "ConnectTimeout"} & kinds):
        named = f"named by {_proxies()[0]}" if _proxies() else "of the system's settings"
        text = f"the proxy {named} does not let it through to {host}; correct or unset it, then try again"
        return _network(text, at_once=True)
    if any(isinstance(one, ssl.SSLError) for one in chain):
        text = (
            f"the certificate of {host} is not trusted; sign in to this network where it asks for that, or name the"
            " certificates of your proxy with SSL_CERT_FILE"
        )
        return _network(text, passes=False)
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return _network(f"{host} refuses the connection; check HF_ENDPOINT, or try again later", at_once=True)
    if "ConnectTimeout" in kinds or any(getattr(one, "errno", None) in _NO_ROUTE for one in chain):
        return _network(f"{host} cannot be reached; check the connection and the firewall", at_once=True)
    then = "check the connection and try again, it goes on where it ended"
    if any("Timeout" in kind for kind in kinds):
        return _network(f"{host} has fallen silent; {then}")
    if any(isinstance(one, ConnectionResetError | BrokenPipeError) for one in chain):
        return _network(f"the connection to {host} was reset; {then}")
    if {"Cut", "RemoteProtocolError", "ReadError"} & kinds:
        return _network(f"the connection to {host} was cut; {then}")
    return _network(f"{host} cannot be asked ({first_line(error)}); check HF_ENDPOINT and the connection", passes=False)


def _network(text: str, *, passes: bool = True, at_once: bool = False, wait_s: float | None = None) -> Fault:
    return Fault(text=text, kind="network", passes=passes, at_once=at_once, wait_s=wait_s)


def _refused(text: str) -> Fault:
    return Fault(text=text, kind="refused")


def _disk(error: BaseException) -> Fault | None:
    if not isinstance(error, OSError) or error.errno is None:
        return None
    if error.errno in _NO_SPACE:
        return Fault(text="the disk has filled up; free some space, or name another folder with HF_HOME")
    return unwritable(Path(str(error.filename)), error) if error.filename else None


def unwritable(place: Path, error: OSError) -> Fault:
    """A cache in which nothing can be written."""
    return Fault(
        text=f"the hub's cache cannot be written ({error.strerror}: {place}); make it writable, or name another folder"
        " with HF_HOME"
    )


def _asked_to_wait_s(headers: Any) -> float | None:
    """Seconds that the hub asks to wait: ``Retry-After``, in seconds or as a date, or ``RateLimit``."""
    retry_after = str(headers.get("Retry-After") or "").strip()
    if retry_after.isdigit():
        return float(retry_after)
    if retry_after:
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
        except (TypeError, ValueError):
            return None
    limit = re.search(r"\br=0\s*;\s*t=(\d+)", str(headers.get("RateLimit") or ""))
    return float(limit[1]) if limit else None


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _proxies() -> list[str]:
    return [name for name in _PROXIES if os.environ.get(name)]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
