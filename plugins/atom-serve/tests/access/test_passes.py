"""Links that let in once, and who stands before the door, without a model behind it."""

from types import SimpleNamespace

import pytest
from atom_serve.access import guard
from atom_serve.access.guard import Guard, Passes
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

TOKEN = "t" * 32


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still."""
    made = SimpleNamespace(now_s=1000.0)
    monkeypatch.setattr(guard, "time", SimpleNamespace(monotonic=lambda: made.now_s))
    return made


def test_a_pass_counts_once_and_soon(clock):
    """Within its time, and not again; what was never made never counts."""
    passes = Passes(for_s=10)
    first, second, third = (passes.make() for _ in range(3))
    assert len({first, second, third}) == 3
    assert (passes.take(first), passes.take(first), passes.take("once-x")) == (True, False, False)
    clock.now_s += 10
    assert passes.take(second)
    clock.now_s += 1
    assert not passes.take(third)


def test_passes_that_nobody_used_are_forgotten(clock):
    """As new ones are made; those that count still are kept."""
    passes = Passes(for_s=10)
    old = passes.make()
    clock.now_s += 6
    young = passes.make()
    clock.now_s += 6
    passes.make()
    assert old not in passes._open
    assert passes.take(young)


def caller(**about):
    """Who asks a server that answers everybody whom its guard lets in."""
    app = Guard(PlainTextResponse("inside"), token=TOKEN, **about)
    return TestClient(app, base_url="http://127.0.0.1:8321")


@pytest.mark.parametrize(
    ("path", "accept", "is_door"),
    [("/", "text/html,*/*", True), ("/", "application/json", False), ("/v1/status", "text/html", False)],
)
def test_who_stands_before_the_door(path, accept, is_door):
    """People who open the page are told how it opens; programs get a line of JSON."""
    answer = caller().get(path, headers={"accept": accept})
    assert (answer.status_code, "<h1>Atom Studio</h1>" in answer.text) == (401, is_door)
    assert ("content-security-policy" in answer.headers) == is_door
    if not is_door:
        assert "the token is missing or wrong" in answer.json()["error"]["message"]


def test_addresses_count_as_names_where_that_is_said():
    """No name can be made to point at one; other names are none of the server's then, too."""
    token = {"authorization": f"Bearer {TOKEN}"}
    for addresses, host, status in (
        (False, "10.1.2.3", 403),
        (True, "10.1.2.3", 200),
        (True, "[fd00::1]:80", 200),
        (True, "10.1.2.3.example", 403),
        (True, "localhost", 200),
    ):
        answer = caller(addresses=addresses).get("/v1/status", headers={"host": host, **token})
        assert answer.status_code == status
    assert caller().get("/v1/status", headers={"host": "10.1.2.3", **token}).status_code == 403
