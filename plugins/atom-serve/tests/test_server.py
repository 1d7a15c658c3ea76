"""A started server: clients that are slow, large, many or gone; its start and its end."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from atom_serve.server import listen

import atom_core as atom
from atom_core.serving import Usage
from atom_core.testing import wait_until

TOKEN = "a-token-that-only-the-user-knows"

PROGRAM = Path(sys.executable).with_name("atom")
HEAD = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"


def connected(address):
    """A bare connection to a server."""
    name, port = address.removeprefix("http://").split(":")
    return socket.create_connection((name, int(port)), timeout=20)


def answer(connection):
    """All that comes until the server hangs up."""
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionError:
            return data
        if not piece:
            return data
        data += piece


def test_who_does_not_say_what_is_wanted(address, monkeypatch):
    """A client that sends nothing, or a head bit by bit without end, is hung up on; others are served meanwhile."""
    monkeypatch.setattr("atom_serve.server.HEAD_S", 0.5)
    with connected(address) as silent, connected(address) as slow:
        slow.sendall(b"GET /v1/status HTTP/1.1\r\n")
        with connected(address) as other:
            other.sendall(f"GET /v1/models HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode())
            assert answer(other).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        for _ in range(40):
            time.sleep(0.05)
            try:
                slow.sendall(b"X-A: b\r\n")
            except ConnectionError:
                break
        assert answer(slow) == answer(silent) == b""
        assert time.monotonic() - began < 60


def test_a_body_that_does_not_come(address, monkeypatch):
    """A client that announces a body and does not send it is told that it did not come."""
    monkeypatch.setattr("atom_serve.bodies.PATIENCE_S", 0.3)
    for path in ("/v1/files", "/v1/chat/completions"):
        with connected(address) as slow:
            slow.sendall(f"POST {path} HTTP/1.1\r\n{HEAD}Content-Length: 1000\r\n\r\n{{".encode())
            assert b"408" in slow.recv(65536).splitlines()[0]


def test_ten_gigabytes(address):
    """An upload of ten gigabytes is refused as it is announced; of one that is not announced no more is read than may
    be kept."""
    with connected(address) as large:
        large.sendall(f"POST /v1/files HTTP/1.1\r\n{HEAD}Content-Length: {10 * 2**30}\r\n\r\n".encode())
        assert b"413" in large.recv(65536).splitlines()[0]
    with connected(address) as large:
        large.sendall(f"POST /v1/tasks/caption HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode())
        sent, piece = 0, b"100000\r\n" + b" " * 2**20 + b"\r\n"
        try:
            while sent < 200:
                large.sendall(piece)
                sent += 1
        except ConnectionError:
            pass
        assert sent < 100


@pytest.mark.parametrize(
    "request_",
    [
        b"\0\1\2\3" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 200_000,
        b"\r\n" * 1000,
        b"POST / HTTP/1.1\r\n\r\n",
    ],
    ids=range(5),
)
def test_what_is_no_request(address, request_):
    """What is no request is refused or hung up on, and harms nobody."""
    with connected(address) as odd:
        said = b""
        with suppress(OSError):  # it may hang up meanwhile
            odd.sendall(request_)
            odd.shutdown(socket.SHUT_WR)
            said = answer(odd)
    assert said == b"" or said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403"))
    with connected(address) as other:
        other.sendall(f"GET /v1/models HTTP/1.1\r\n{HEAD}Connection: close\r\n\r\n".encode())
        assert answer(other).startswith(b"HTTP/1.1 200")


def test_a_port_in_use(monkeypatch):
    """Is told in one line, with what to do: to end the server only where it is the user's own that listens there."""
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        for running in (None, {"address": f"http://127.0.0.1:{port % 65535 + 1}"}, {}):
            monkeypatch.setattr("atom_serve.background.running_server", lambda told=running: told)
            with pytest.raises(atom.SettingsError, match=r"in use; another program .*--port") as error:
                listen("127.0.0.1", port)
            assert "--stop" not in str(error.value)
        monkeypatch.setattr("atom_serve.background.running_server", lambda: {"address": f"http://[::1]:{port}"})
        with pytest.raises(atom.SettingsError, match=r"in use; your own server .*--stop"):
            listen("127.0.0.1", port)
    with pytest.raises(atom.SettingsError, match="no address of this machine"):
        listen("no.such.name.invalid", 0)


def test_nothing_but_loopback(own, footage):
    """A started server, and what it does for its callers, connects to and listens at loopback alone."""
    code = """
import json, sys
places = []
def look(event, args):
    if event in ("socket.connect", "socket.bind", "socket.sendto"):
        places.append(args[1])
    elif event == "socket.getaddrinfo":
        places.append(args[0])
sys.addaudithook(look)
import atexit
names = lambda: [str(place if isinstance(place, (str, bytes)) else place[0]) for place in places]
atexit.register(lambda: print(json.dumps(names()), file=sys.stderr))
sys.argv = ["atom", "serve", "--model", "tiny", "--port", "0", "--allow", sys.argv[1]]
from atom_core.cli.main import main
sys.exit(main())
"""
    serving = subprocess.Popen([sys.executable, "-c", code, str(footage)], env=own, stderr=-1, text=True)
    line, page, file = (serving.stderr.readline() for _ in range(3))
    assert "serving tiny at http://127.0.0.1:" in line, line
    place, token = line.split()[4], Path(file.partition("token file: ")[2].rstrip()).read_text().strip()
    assert token not in line + page
    import httpx

    with httpx.Client(base_url=place, headers={"authorization": f"Bearer {token}"}, timeout=120) as client:
        clip = client.get("/v1/clips", params={"path": "0.mp4"}).json()["clips"][0]
        assert client.post("/v1/tasks/caption", json={"item": clip}).status_code == 200
        assert client.post("/v1/embeddings", json={"model": "tiny", "input": "a dog"}).status_code in (200, 503)
    serving.terminate()
    _, err = serving.communicate(timeout=60)
    assert serving.returncode == 0, err
    places = set(json.loads(err.splitlines()[-1]))
    assert places
    assert [name for name in places if not name.startswith(("127.", "/", "::1", "localhost"))] == []


@pytest.fixture
def own(tmp_path):
    """The environment of a server of its own, which ends with the test."""
    values = {"XDG_CACHE_HOME": str(tmp_path), "ATOM_CACHE": str(tmp_path / "atom"), "ATOM_MODEL": "tiny"}
    environ = {**{name: value for name, value in os.environ.items() if not name.startswith("ATOM_")}, **values}
    yield environ
    if (tmp_path / "atom" / "serve" / "socket").exists():  # a test that failed has left it
        subprocess.run([PROGRAM, "serve", "--stop"], env=environ, capture_output=True, timeout=120)


def test_in_the_background(own):
    """A server is started, asked and stopped by commands; a second one is refused, and none is told as that."""

    def command(*arguments):
        return subprocess.run([PROGRAM, "serve", *arguments], env=own, capture_output=True, text=True, timeout=120)

    assert "no server of yours runs" in command("--status").stderr
    assert command("--stop").returncode == 2
    for other in (["--port", "8321"], ["--host", "127.0.0.1"], ["--allow", "."], ["--keep", "2h"], ["--open"]):
        refused = command("--stop", *other)
        assert (refused.returncode, f"{other[0]} counts when a server is started" in refused.stderr) == (2, True)
    started = command("--background", "--port", "0", "--json")
    assert started.returncode == 0, started.stderr
    told = json.loads(started.stdout)[0]
    status = json.loads(command("--status", "--json").stdout)[0]
    assert status["token_file"] == f"{own['ATOM_CACHE']}/serve/token"
    assert (status["process"], status["model"], status["loaded"]) == (told["process"], "tiny", False)
    second = command("--background", "--port", "0")
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "runs already" in second.stderr
    taken = command("--background", "--port", told["address"].rsplit(":", 1)[1])
    assert (taken.returncode, "is in use; your own server" in taken.stderr) == (2, True)
    assert command("--stop").returncode == 0
    assert "no server of yours runs" in command("--status").stderr
    wait_until(lambda: has_ended(told["process"]), 30)


def test_links_that_are_printed_let_in_once(own):
    """What is printed of a server that starts, runs or serves on its own lets in once; what lets in for good is in no
    output or log, and the file that holds it is named."""
    import httpx

    def command(*arguments):
        return subprocess.run([PROGRAM, "serve", *arguments], env=own, capture_output=True, text=True, timeout=120)

    outputs = [command("--background", "--port", "0"), command("--status"), command("--status", "--json")]
    token = Path(own["ATOM_CACHE"], "serve", "token").read_text().strip()
    for done in outputs:
        assert done.returncode == 0, done.stderr
        (link,) = re.findall(r"http\S+?/\?token=[\w-]+", done.stdout)
        assert [httpx.get(link).status_code for _ in range(2)] == [303, 401]
    shown = [done.stdout + done.stderr for done in outputs]
    assert all(f"{own['ATOM_CACHE']}/serve/token" in text for text in shown)
    assert token not in "".join(shown) + Path(own["ATOM_CACHE"], "serve", "log").read_text()
    assert command("--stop").returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="browsers are named by BROWSER as on Linux")
def test_the_browser_takes_no_link_that_is_printed(own, tmp_path):
    """With --open the link that is printed still counts once the browser has shown the page."""
    import httpx

    program, shown = tmp_path / "browser", tmp_path / "shown"
    program.write_text(f'#!/bin/sh\necho "$1" >> {shown}\n')
    program.chmod(0o700)
    own["BROWSER"] = f"{program} %s"

    def links(*arguments):
        done = subprocess.run([PROGRAM, "serve", *arguments], env=own, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return re.findall(r"http\S+?/\?token=[\w-]+", done.stdout + done.stderr)

    printed = [*links("--background", "--open", "--port", "0"), *links("--open")]
    wait_until(lambda: shown.exists() and shown.read_text().count("\n") == 2, 30)
    several = [*printed, *shown.read_text().split()]
    assert (len(several), len(set(several))) == (4, 4)
    assert {httpx.get(link).status_code for link in several} == {303}


@pytest.mark.parametrize(
    ("cut", "given"),
    [("cache", []), ("serve", []), ("cache", ["--background"]), ("serve", ["--background"]), ("log", ["--background"])],
)
def test_a_cache_that_cannot_be_written(own, tmp_path, cut, given):
    """Is one line that says so and what to do, whether it is the cache, its folder or the file that cannot be made."""
    place = tmp_path / "other"
    if cut == "cache":
        place.touch()
    elif cut == "serve":
        place.mkdir()
        (place / "serve").touch()
    else:
        (place / "serve" / "log").mkdir(parents=True)
    command = [PROGRAM, "serve", "--port", "0", "--cache", str(place), *given]
    done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, ""), done.stderr
    assert "the cache cannot be written" in done.stderr
    assert "--cache DIR" in done.stderr


def has_ended(process):
    """Whether a process works no more, though nobody may have asked yet how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("given", [["--port", "70000"], ["--keep", "soon"], ["--allow", "no"], ["--host", "8.8.8.8"]])
def test_mistakes(own, given):
    """What cannot be is one line and exit code 2, before anything is served."""
    done = subprocess.run([PROGRAM, "serve", *given], env=own, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, ""), done.stderr


def test_idle_modules_are_let_go(tmp_path, footage):
    """Modules that nobody uses are let go, and loaded anew for the next; never while they are used."""
    usage = Usage()
    with atom.open_host(model="tiny", cache=tmp_path, reuse=False) as host:
        clip = host.clips(host.video(footage / "0.mp4"))[0]
        with usage.using():
            first = host.run("caption", clip, max_new_tokens=4)
            assert usage.when_idle(0, host.let_go) is False
        assert host.is_loaded
        assert usage.when_idle(60, host.let_go) is False
        assert usage.when_idle(0, host.let_go) is True
        assert not host.is_loaded
        assert host.run("caption", clip, max_new_tokens=4).text == first.text
        assert host.ledger.as_dict()["loads"]["computed"] == 2


def test_who_comes_while_modules_are_let_go_waits():
    """A call that begins while modules are let go begins after that."""
    usage, order = Usage(), []
    entered = threading.Event()

    def let_go():
        entered.set()
        time.sleep(0.2)
        order.append("gone")

    letting = threading.Thread(target=usage.when_idle, args=(0, let_go))
    letting.start()
    entered.wait()
    with usage.using():
        order.append("used")
    letting.join()
    assert order == ["gone", "used"]
