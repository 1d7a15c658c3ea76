"""The application, with what plugins add to it."""

import pytest
from atom_serve.app import create_app
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import atom_core as atom
from atom_core.testing.distributions import write_distribution

PLUGIN = """
import atom_core as atom

@atom.hookimpl
def atom_add_routes(register):
    register.routes("hello", "fake_routes.pages:routes", summary="Say hello")
"""
PAGES = """
from starlette.responses import PlainTextResponse
from starlette.routing import Route

def routes(service):
    return [Route("/hello", lambda request: PlainTextResponse(service.host.settings.model))]
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Install a plugin whose pages have this text."""

    def install(pages):
        files = {"fake_routes/__init__.py": PLUGIN, "fake_routes/pages.py": pages}
        write_distribution(tmp_path, "dist-routes", plugins={"fakeroutes": "fake_routes"}, files=files)
        monkeypatch.syspath_prepend(tmp_path)
        return atom.open_host(model="none", load_plugins=("fakeroutes",), cache=tmp_path / "cache")

    yield install
    import sys

    for name in [name for name in sys.modules if name.startswith("fake_routes")]:
        del sys.modules[name]


def test_a_plugin_adds_routes(plugin):
    """What a plugin adds with `atom_add_routes` is served behind the same guard, and nothing of it was imported
    before."""
    with plugin(PAGES) as host:
        app = create_app(host, token="x" * 20)
        with TestClient(app, base_url="http://localhost") as client:
            assert client.get("/hello").status_code == 401
            assert client.get("/hello", headers={"authorization": f"Bearer {'x' * 20}"}).text == "none"


@pytest.mark.parametrize("pages", ["def routes(service): return [1]", "def routes(service): 1 / 0"])
def test_a_plugin_with_bad_routes_is_named(plugin, pages):
    """Routes that cannot be made, or are none, name the plugin."""
    with plugin(pages) as host, pytest.raises(atom.PluginError, match=r"routes 'hello' of .*fakeroutes"):
        create_app(host, token="x" * 20)


def test_what_is_open_while_it_runs(host):
    """What a route asked to have open is open while the server runs, and closed at its end."""
    from contextlib import asynccontextmanager

    seen = []

    @asynccontextmanager
    async def open_it():
        seen.append("open")
        yield
        seen.append("closed")

    app = create_app(host, token="x" * 20)
    app.state.service.while_running(open_it)
    app.router.routes.append(Route("/seen", lambda _: PlainTextResponse(" ".join(seen))))
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/seen", headers={"authorization": f"Bearer {'x' * 20}"}).text == "open"
    assert seen == ["open", "closed"]


def test_errors_are_one_line(client):
    """A page that is not there is a status and one line, in the form that OpenAI's clients read."""
    answer = client.get("/v1/absent")
    assert answer.status_code == 404
    assert "there is no GET /v1/absent" in answer.json()["error"]["message"]
    assert client.post("/v1/status").status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/responses", 404), ("GET", "/nope", 404), ("PUT", "/v1/files", 405), ("POST", "/v1/status", 405)],
)
def test_a_call_that_there_is_not(client, method, path, status):
    """Is named, with where all calls are told."""
    answer = client.request(method, path, content=b"abc")
    assert answer.status_code == status
    assert f"there is no {method} {path}" in answer.json()["error"]["message"]
    assert "/openapi.json" in answer.json()["error"]["message"]
