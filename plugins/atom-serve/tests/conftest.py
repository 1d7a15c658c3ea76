"""A server's application around the embedded model, and its client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from atom_serve.app import create_app
from atom_serve.server import listen, serve
from starlette.testclient import TestClient

import atom_core as atom
from atom_core.testing.videos import BLUE, RED, Shot, write_video

TOKEN = "a-token-that-only-the-user-knows"


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two videos of two shots each."""
    folder = tmp_path_factory.mktemp("footage")
    for number, colours in enumerate(((RED, BLUE), (BLUE, RED))):
        write_video(folder / f"{number}.mp4", shots=[Shot(24, colour) for colour in colours])
    return folder


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[atom.Host]:
    """A host of the embedded model, with a cache and a library of its own."""
    folder = tmp_path_factory.mktemp("serve")
    with atom.open_host(
        model="tiny", cache=folder / "cache", library=folder / "library", tasks={"caption": {"max_new_tokens": 12}}
    ) as opened:
        yield opened


@pytest.fixture
def client(host: atom.Host, footage: Path) -> Iterator[TestClient]:
    """A client that knows the token, of a server that may read the footage."""
    app = create_app(host, token=TOKEN, allow=[footage])
    with TestClient(app, base_url="http://127.0.0.1:8321", headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture(scope="module")
def address(host, footage):
    """A started server."""
    ends, ready = [], threading.Event()
    listener = listen("127.0.0.1", 0)

    def begin(end):
        ends.append(end)
        ready.set()

    app = create_app(host, token=TOKEN, allow=[footage])
    working = threading.Thread(target=serve, args=(app, listener, begin))
    working.start()
    assert ready.wait(20)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    ends[0]()
    working.join(20)
    assert not working.is_alive()
