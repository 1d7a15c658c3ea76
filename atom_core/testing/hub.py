"""A model hub on this machine, for tests: it speaks what the hub's client asks for, and fails in the ways hubs fail."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import define, field

LARGE_BYTES = 4096
"""Size at which a file is large: known by sha256, and served from elsewhere by way of a redirect."""
_CHUNK_BYTES = 2048

Fault = Callable[["Answer"], bool]
"""Answers in the hub's place, where it returns true."""


@define(eq=False)
class Answer:
    """A request that is being answered."""

    path: str
    """The path asked for, without its query."""
    start: int
    """The first byte asked for."""
    handler: BaseHTTPRequestHandler = field(repr=False)
    """What answers it."""
    authorized: str | None = None
    """The token that came with it."""

    def send(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        total_bytes: int | None = None,
    ) -> None:
        """An answer; `total_bytes` promises more than comes."""
        self.handler.send_response(status)
        for name, value in (headers or {}).items():
            self.handler.send_header(name, value)
        self.handler.send_header("Content-Length", str(len(body) if total_bytes is None else total_bytes))
        self.handler.end_headers()
        if self.handler.command != "HEAD":
            self.handler.wfile.write(body)

    def reset(self) -> None:
        """End the connection as a machine does that has never heard of it."""
        linger = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        for one in (self.handler.wfile, self.handler.rfile, self.handler.connection):
            one.close()
        self.handler.close_connection = True


@define(eq=False)
class MockHub:
    """Models, the faults it has, and what it was asked."""

    models: dict[str, dict[str, dict[str, bytes]]] = field(factory=dict)
    """Files by name, by commit, by hub id."""
    branches: dict[str, dict[str, str]] = field(factory=dict)
    """Commits by branch, by hub id."""
    asked: list[str] = field(factory=list)
    """The path of each request."""
    sent_bytes: int = 0
    """What was sent of files."""
    fault: Fault | None = None
    """What it does instead."""
    pause_s: float = 0.0
    """How long each 2 KiB of a file take."""
    url: str = ""
    """Its address, while it runs."""

    def add(self, model: str, files: Mapping[str, bytes], branch: str = "main") -> str:
        """A commit of a model, which `branch` then is; its hash."""
        commit = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        self.models.setdefault(model, {})[commit] = dict(files)
        self.branches.setdefault(model, {})[branch] = commit
        return commit

    @property
    def fetched(self) -> list[str]:
        """The files that were asked for, in order."""
        return [path.split("/resolve/")[1].partition("/")[2] for path in self.asked if "/resolve/" in path]

    @contextmanager
    def running(self) -> Iterator[MockHub]:
        """Answers on loopback, from threads of its own."""
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub._answer(self)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path)
        start = int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").partition("-")[0])
        answer = Answer(path, start, handler, handler.headers.get("Authorization"))
        self.asked.append(path)
        try:
            if self.fault is not None and self.fault(answer):
                return
            if path.startswith("/api/models/"):
                self._api(answer, path.removeprefix("/api/models/"))
            elif path.startswith("/elsewhere/"):
                self._large(answer, path.rpartition("/")[2])
            else:
                self._resolve(answer, path.strip("/"))
        except (ConnectionError, ValueError):
            handler.close_connection = True

    def _api(self, answer: Answer, path: str) -> None:
        owner, name, kind, revision, *_ = [*path.split("/", 3), "", ""]
        model = f"{owner}/{name}"
        if model not in self.models:
            return answer.send(404, headers={"X-Error-Code": "RepoNotFound"})
        commit = self._commit(model, revision or "main")
        if commit is None:
            return answer.send(404, headers={"X-Error-Code": "RevisionNotFound"})
        if kind == "tree":
            found: Any = list(_tree(self.models[model][commit], deep="recursive=true" in answer.handler.path))
        else:
            found = {"id": model, "sha": commit, "siblings": [{"rfilename": one} for one in self.models[model][commit]]}
        return answer.send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _resolve(self, answer: Answer, path: str) -> None:
        owner, name, _, revision, file = [*path.split("/", 4), "", "", "", ""][:5]
        model = f"{owner}/{name}"
        commit = self._commit(model, revision)
        if commit is None:
            kind = "RevisionNotFound" if model in self.models else "RepoNotFound"
            return answer.send(404, headers={"X-Error-Code": kind})
        body = self.models[model][commit].get(file)
        if body is None:
            return answer.send(404, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        entry = _entry(file, body)
        if "lfs" not in entry:
            return self._body(answer, body, {"ETag": f'"{entry["oid"]}"', "X-Repo-Commit": commit})
        etag = entry["lfs"]["oid"]
        host = self.url.replace("127.0.0.1", "localhost")  # another, as far as clients know
        headers = {"Location": f"{host}/elsewhere/{etag}", "X-Repo-Commit": commit}
        return answer.send(302, headers=headers | {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(body))})

    def _large(self, answer: Answer, etag: str) -> None:
        bodies = (body for commits in self.models.values() for files in commits.values() for body in files.values())
        self._body(answer, next(body for body in bodies if hashlib.sha256(body).hexdigest() == etag), {})

    def _body(self, answer: Answer, body: bytes, headers: dict[str, str]) -> None:
        handler, part = answer.handler, body[answer.start :]
        if answer.start:
            headers["Content-Range"] = f"bytes {answer.start}-{len(body) - 1}/{len(body)}"
        answer.send(206 if answer.start else 200, headers=headers, total_bytes=len(part))
        if handler.command == "HEAD":
            return
        for place in range(0, len(part), _CHUNK_BYTES):
            self.sent_bytes += min(_CHUNK_BYTES, len(part) - place)  # before, as who has it all may look at once
            handler.wfile.write(part[place : place + _CHUNK_BYTES])
            time.sleep(self.pause_s)

    def _commit(self, model: str, revision: str) -> str | None:
        commits = self.models.get(model, {})
        return revision if revision in commits else self.branches.get(model, {}).get(revision)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no fault."""


def _tree(files: Mapping[str, bytes], *, deep: bool) -> Iterator[dict[str, object]]:
    for folder in sorted({name.rpartition("/")[0] for name in files} - {""}):
        yield {"type": "directory", "path": folder, "oid": "0" * 40, "size": 0}
    yield from (_entry(name, body) for name, body in files.items() if deep or "/" not in name)


def _entry(name: str, body: bytes) -> dict[str, Any]:
    """A file as the hub lists it."""
    oid = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": name, "size": len(body), "oid": oid}
    if len(body) >= LARGE_BYTES:
        entry["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 134}
    return entry
