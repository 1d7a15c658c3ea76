"""A library on a Chroma server: a real one on this machine."""

import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from atom_indexing.library import ChromaLibrary, chroma, erase
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import bag_of_words, fake_clips, fake_video

CHROMA = shutil.which("chroma", path=f"{sysconfig.get_path('scripts')}:{Path(sys.executable).parent}") or shutil.which(
    "chroma"
)
RUN = "import sys; from chromadb.cli.cli import app; sys.argv[0] = 'chroma'; app()"


class Server:
    """`chroma run` on a port of its own."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._folder = folder
        self._process = None
        self.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [CHROMA] if CHROMA else [sys.executable, "-c", RUN]
        place = ["--host", "127.0.0.1", "--port", str(self.port), "--path", str(self._folder)]
        self._process = subprocess.Popen(
            [*command, "run", *place], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            if self._process.poll() is not None:
                self._process = None
                pytest.skip("`chroma run` does not start here")
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        self.stop()
        pytest.skip("`chroma run` does not answer here")

    def stop(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    pytest.importorskip("chromadb.cli.cli")
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def server(running, tmp_path, monkeypatch):
    """The server with an empty library; what this machine keeps of it is at `tmp_path`."""
    monkeypatch.setattr("atom_core.settings.settings.user_data_path", lambda _: tmp_path / "here")
    erase(atom.Settings(library=running.address).library)
    return running


def opened(server, model="tiny@1", **more):
    return closing(ChromaLibrary.open(atom.Settings(library=server.address, model="tiny", **more), model))


def entries(name, texts):
    return [
        atom.Entry(clip=clip, caption=text, vector=bag_of_words(f"clip {text}"), caption_vector=bag_of_words(text))
        for clip, text in zip(fake_clips(fake_video(name), len(texts)), texts, strict=True)
    ]


def found(library, text="a dog"):
    return [moment.caption for moment in library.search(bag_of_words(f"clip {text}"))]


def test_a_server_that_does_not_answer_is_told_by_its_address(server, monkeypatch):
    """Not by the folder of this machine's copy, nor by the room on its disk."""
    free = threading.Event()
    with opened(server) as library:
        library.add(entries("/v/a.mp4", ["a dog"]))
        monkeypatch.setattr(chroma, "LIMIT_S", 0.5)
        try:
            with pytest.raises(atom.LibraryError) as raised:
                library._use(lambda _: free.wait())
        finally:
            free.set()
    said = f"library '{server.address}' does not answer since 0.5 s; check that the server runs, or name another"
    assert str(raised.value).startswith(said)


def test_several_machines_share_it(server, tmp_path, monkeypatch):
    """What one adds, moves or removes all find with their next search, and the same is in each one's own replica."""
    with opened(server) as first:
        first.add(entries("/v/a.mp4", ["a dog", "a cat"]))
        assert found(first) == ["a dog", "a cat"]
        monkeypatch.setattr("atom_core.settings.settings.user_data_path", lambda _: tmp_path / "there")
        with opened(server) as second:
            assert found(second) == ["a dog", "a cat"]
            second.add(entries("/v/b.mp4", ["a red dog"]))
            second.move(fake_video("/v/a.mp4").content_hash, Path("/w/a.mp4"))
            assert set(found(first)) == {"a dog", "a cat", "a red dog"}
            assert {str(path) for path in first.videos().values()} == {"/w/a.mp4", "/v/b.mp4"}
            first.remove(fake_video("/v/a.mp4").content_hash)
            assert found(second) == found(first) == ["a red dog"]
            first.add_texts("e@1", dict.fromkeys(first.not_embedded("e@1"), bag_of_words("x")))
            assert second.not_embedded("e@1") == {}
            assert second.embedder == "e@1"


def test_what_one_changes_alone_is_not_read_again(server, monkeypatch):
    """Its replica follows its own changes, also in the next program."""
    from atom_indexing.library.database import Database

    with opened(server) as library:
        monkeypatch.setattr(Database, "_pages", lambda *_: pytest.fail("all clips are read"))
        library.add(entries("/v/a.mp4", ["a dog", "a cat"]))
        library.add(entries("/v/b.mp4", ["a red dog"]))
        assert len(found(library)) == 3
    with opened(server) as library:
        assert len(found(library)) == 3


def test_another_model_is_refused(server):
    """As in a folder; the address is named."""
    with opened(server) as library:
        library.add(entries("/v/a.mp4", ["a dog"]))
    with pytest.raises(atom.LibraryError, match=rf"library '{server.address}' was made with model tiny@1, not with"):
        ChromaLibrary.open(atom.Settings(library=server.address, model="big"), "big@2")


def test_a_server_that_goes_away(running, server):
    """One line says so, whatever is asked; what was stored is there when it is back, and the library goes on."""
    with opened(server) as library:
        library.add(entries("/v/a.mp4", ["a dog"]))
        running.stop()
        try:
            for use in (lambda: found(library), lambda: library.add(entries("/v/b.mp4", ["a cat"])), library.videos):
                with pytest.raises(atom.LibraryError, match=r"127.0.0.1:\d+' cannot be .*; check that the server runs"):
                    use()
        finally:
            running.start()
        assert found(library) == ["a dog"]
        library.add(entries("/v/b.mp4", ["a cat"]))
        assert found(library) == ["a dog", "a cat"]


def test_a_program_that_is_killed_while_it_writes(server, monkeypatch):
    """What it has stored of a video is not found, and the next one makes it whole."""
    from atom_indexing.library.server import ServerDatabase

    with opened(server) as library:
        library.add(entries("/v/a.mp4", ["a dog"]))
        with monkeypatch.context() as killed:
            killed.setattr(ServerDatabase, "_revise", lambda *_: None)
            library.add([evolve(entries("/v/b.mp4", ["a cat", "x"])[0], num_clips=2, segmentation="x")])
    with opened(server) as library:
        assert found(library) == ["a dog"]
        library.add([evolve(one, num_clips=2, segmentation="x") for one in entries("/v/b.mp4", ["a cat", "x"])])
        assert set(found(library)) == {"a dog", "a cat", "x"}


def test_no_server_and_no_chroma(tmp_path, monkeypatch):
    """Nothing that listens, and something else that does, are one line; with --offline other machines are not asked."""
    monkeypatch.setattr("atom_core.settings.settings.user_data_path", lambda _: tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings = atom.Settings(library=f"http://127.0.0.1:{free.getsockname()[1]}", model="tiny")
        with pytest.raises(atom.LibraryError, match=r"cannot be .*; check that the server runs"):
            ChromaLibrary.open(settings, "tiny@1")
    other = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        text=True,
    )
    try:
        port = other.stdout.readline().split(" port ")[1].split()[0]
        with pytest.raises(atom.LibraryError, match=rf"library 'http://127.0.0.1:{port}' cannot be .*; check that"):
            ChromaLibrary.open(evolve(settings, library=f"http://127.0.0.1:{port}"), "tiny@1")
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    with pytest.raises(atom.LibraryError, match="is on the network, which --offline forbids"):
        ChromaLibrary.open(atom.Settings(library="http://192.0.2.1:8000", offline=True), "tiny@1")


def test_the_token(server, monkeypatch):
    """What the variable holds is shown to the server, and to nobody else."""
    import httpx

    shown = []
    send = httpx.Client.send

    def note(self, request, **more):
        shown.append((request.url.port, request.headers.get("authorization")))
        return send(self, request, **more)

    monkeypatch.setattr(httpx.Client, "send", note)
    monkeypatch.setenv("ATOM_LIBRARY_TOKEN", "secret")
    with opened(server) as library:
        assert len(library) == 0
    assert set(shown) == {(server.port, "Bearer secret")}
