"""Programs that are killed while a command writes: nothing is half-written, and the work goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import av
import pytest

from atom_core.testing.videos import BLUE, RED, Shot, write_video

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads with folders of their own are Linux's")
PROGRAM = Path(sys.executable).with_name("atom")
NUM_FRAMES = 900
LIMIT_S = 200


class Server:
    """A server of its own, in a process of its own, and the commands that it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        own = {"XDG_CACHE_HOME": str(folder), "ATOM_CACHE": str(folder / "atom"), "ATOM_MODEL": "tiny"}
        own |= {"ATOM_LIBRARY": str(folder / "library"), "OMP_NUM_THREADS": "1"}
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("ATOM_")} | own
        self.start()

    def start(self) -> None:
        """Start it."""
        done = self.run("serve", "--background", "--port", "0", "--json")
        assert done.returncode == 0, done.stderr
        self.process = int(json.loads(done.stdout)[0]["process"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [PROGRAM, *arguments], env=self._environ, cwd=self.folder, capture_output=True, text=True, timeout=LIMIT_S
        )

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [PROGRAM, *arguments], env=self._environ, cwd=self.folder, stdout=pipe, stderr=pipe, text=True
        )

    def kill(self) -> None:
        """End it without a warning."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    @property
    def num_commands(self) -> int:
        """Commands that it has run."""
        return int(json.loads(self.run("serve", "--status", "--json").stdout)[0]["commands"])

    def films(self) -> list[str]:
        """Whatever lies where films are written."""
        return sorted(path.name for path in (self.folder / "films").iterdir())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose library has a video that takes a while to be rendered."""
    folder = tmp_path_factory.mktemp("kills")
    (folder / "films").mkdir()
    shots = [Shot(NUM_FRAMES, BLUE), Shot(30, RED)]
    write_video(folder / "long.mp4", shots=shots, size=(640, 480), gop=120)
    made = Server(folder)
    done = made.run("index", "long.mp4")
    assert done.returncode == 0, done.stderr
    yield made
    made.kill()


def wait_for(condition: Any, what: str) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end_s, what
        time.sleep(0.02)


def num_frames(path: Path) -> int:
    """How many pictures a film has."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


ASSEMBLE = ("assemble", "blue", "-o", "films/film.mp4", "--otio", "films/film.otio", "--json")


def test_a_command_that_is_killed_while_it_writes(server: Server) -> None:
    """Whoever asked is killed in the middle of a film: the server stops, nothing is left of it, and goes on serving."""
    before = server.num_commands
    asking = server.begin(*ASSEMBLE)
    wait_for(lambda: server.films() or asking.poll() is not None, "no film is begun")
    assert asking.poll() is None, asking.communicate()
    asking.kill()
    asking.communicate(timeout=LIMIT_S)
    wait_for(lambda: not server.films(), "what was begun is not taken away")
    done = server.run(*ASSEMBLE)
    assert done.returncode == 0, done.stderr
    assert server.films() == ["film.mp4", "film.otio"]
    assert num_frames(server.folder / "films" / "film.mp4") == json.loads(done.stdout)[0]["num_frames"] > 100
    assert server.num_commands == before + 2
    for path in (server.folder / "films").iterdir():
        path.unlink()


def test_a_server_that_is_killed_while_it_writes(server: Server) -> None:
    """The server is killed in the middle of a film: the command goes on alone, the film is whole, and nothing else is
    left; so with a video that is indexed. A new server starts where the old one was."""
    asking = server.begin(*ASSEMBLE)
    wait_for(lambda: server.films() or asking.poll() is not None, "no film is begun")
    server.kill()
    out, err = asking.communicate(timeout=LIMIT_S)
    assert asking.returncode == 0, err
    (told,) = json.loads(out)
    assert server.films() == ["film.mp4", "film.otio"]
    assert num_frames(server.folder / "films" / "film.mp4") == told["num_frames"] > 100
    json.loads((server.folder / "films" / "film.otio").read_text(encoding="utf-8"))
    server.start()
    write_video(server.folder / "second.mp4", shots=[Shot(12, colour) for colour in (RED, BLUE) * 12])
    asking = server.begin("index", "second.mp4")
    time.sleep(0.5)
    server.kill()
    _, err = asking.communicate(timeout=LIMIT_S)
    assert asking.returncode == 0, err
    listed = json.loads(server.run("library", "--json").stdout)
    assert {Path(one["video"]).name for one in listed} == {"long.mp4", "second.mp4"}
    again = json.loads(server.run("index", "second.mp4", "--json").stdout)
    assert [one["status"] for one in again] == ["unchanged"]  # it is whole
    server.start()
    assert server.run("search", "blue", "-k", "30", "--json").returncode == 0
    assert server.run("serve", "--stop").returncode == 0
