"""Who may call the server."""

import pytest
from atom_serve.app import create_app
from starlette.testclient import TestClient

PAGE = "/v1/status"


def test_who_knows_the_token_is_answered(client):
    """A program of this machine that sends the token is served, and its answer is nobody's to frame or to keep."""
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert answer.json()["model"] == "tiny"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", [None, "Bearer ", "Bearer wrong", "Basic YTpi", "a-token-that-only-the-user-knows"])
def test_without_the_token_nothing_is_told(client, given):
    """No token, a wrong one, or one sent in another way: 401 and one line."""
    client.headers.pop("authorization")
    answer = client.get(PAGE, headers={} if given is None else {"authorization": given})
    assert answer.status_code == 401
    assert "Authorization: Bearer" in answer.json()["error"]["message"]


def test_who_has_no_token_is_told_where_it_lies(host, tmp_path):
    """A program of this machine is told which file holds the token, another machine where that is said; no one the
    token itself."""
    token, place = "t" * 40, tmp_path / "token"
    app = create_app(host, token=token, token_file=place, names=("127.0.0.1",))
    for caller, told in (("127.0.0.1", True), ("::1", True), ("10.1.2.3", False), ("odd", False)):
        client = TestClient(app, base_url="http://127.0.0.1:8321", client=(caller, 5000))
        answer = client.get(PAGE, headers={"authorization": "Bearer old"})
        said = answer.json()["error"]["message"]
        assert (answer.status_code, str(place) in said, "atom serve --status" in said) == (401, told, not told)
        assert token not in answer.text


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "user@127.0.0.1", "127.0.0.1/x", "10.0.0.1", "", "[::1", "a:b:c"]
)
def test_a_foreign_host_is_refused(client, name):
    """A site whose name was made to point at this machine is not answered, though its page sends the token."""
    assert client.get(PAGE, headers={"host": name}).status_code == 403


@pytest.mark.parametrize("name", ["localhost:8321", "127.0.0.1:9999", "[::1]:8321", "LOCALHOST"])
def test_its_own_names(client, name):
    """The server answers to the names of this machine, at whatever port it is reached."""
    assert client.get(PAGE, headers={"host": name}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://localhost:8321", ""])
def test_another_origin_is_refused(client, origin):
    """A page of another site, or of another server on this machine, is refused, though it knows the token."""
    assert client.get(PAGE, headers={"origin": origin}).status_code == 403


def test_its_own_origin(client):
    """The server's own page may ask."""
    assert client.get(PAGE, headers={"origin": "http://127.0.0.1:8321"}).status_code == 200


def test_the_token_is_not_taken_from_an_address(client):
    """Histories and logs keep addresses: who has the token in one is not let in, and is told the way."""
    token = client.headers.pop("authorization").split()[1]
    answer = client.get(f"/?token={token}", headers={"accept": "text/html"}, follow_redirects=False)
    assert (answer.status_code, "atom serve --status" in answer.text) == (401, True)
    assert "Authorization: Bearer" in client.get(f"{PAGE}?token={token}").json()["error"]["message"]


def test_a_person_enters_with_a_pass_once(client):
    """The address with a pass sets a cookie that scripts cannot read and leads to the page without it; a page of
    another site, which the browser names, does not get in with that cookie."""
    client.headers.pop("authorization")
    token = client.app.state.service.passes.make()
    assert client.get("/?token=wrong", follow_redirects=False).status_code == 401
    entered = client.get(f"{PAGE}?token={token}", follow_redirects=False)
    client.cookies.clear()
    assert client.get(f"{PAGE}?token={token}", follow_redirects=False).status_code == 401
    assert (entered.status_code, entered.headers["location"]) == (303, PAGE)
    said = entered.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert token not in said
    cookie = {"cookie": entered.headers["set-cookie"].partition(";")[0]}
    assert client.get(PAGE, headers=cookie).status_code == 200
    assert client.get(PAGE, headers={**cookie, "sec-fetch-site": "same-origin"}).status_code == 200
    for other in ("cross-site", "same-site"):
        assert client.get(PAGE, headers={**cookie, "sec-fetch-site": other}).status_code == 403


def test_the_way_in_leads_to_no_other_site(client):
    """A path that a browser would take for another site is not followed."""
    token = client.app.state.service.passes.make()
    answer = client.get(f"http://127.0.0.1:8321//evil.example/?token={token}", follow_redirects=False)
    assert answer.headers["location"] == "/"
