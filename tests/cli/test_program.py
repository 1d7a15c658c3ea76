"""The program itself: what it imports before a resident server has answered, and how it ends."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HEAVY = (
    "attr attrs typing pathlib logging pluggy platformdirs tempfile importlib.abc atom_core.settings atom_core.errors"
)


def run(code: str, *, out: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """What a fresh interpreter does with `code`."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=out, stderr=subprocess.PIPE, text=True, check=False
    )


def test_asking_a_server_imports_next_to_nothing() -> None:
    """Who only hands a command to a resident server has imported none of the settings, records and libraries."""
    done = run(
        f"""
        import sys
        before = set(sys.modules)
        import atom_core.cli.__main__
        from atom_core.cli import client
        client.request(["ask"])
        client._may_ask(["ask"])
        print(sorted(set({HEAVY!r}.split()) & set(sys.modules) - before))
        """
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs is asked")
@pytest.mark.parametrize("variables", [{}, {"XDG_CACHE_HOME": "/a/b/"}, {"XDG_CACHE_HOME": ""}, {"HOME": "/"}])
def test_the_folder_of_the_server(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the one that platformdirs names, also where that is not asked."""
    from platformdirs import user_cache_dir

    from atom_core.cli import client

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert client.place() == os.path.join(user_cache_dir("atom"), "serve")


PROGRAM = """
    import atexit, os, sys, threading, time, types

    def at_once(code, end=os._exit):
        os.write(1, b"at once")
        end(code)

    os._exit = at_once
    {before}
    from atom_core.cli import __main__

    def work():
        time.sleep(0.1)
        print("thread done")

    def command():
        threading.Thread(target=work).start()
        atexit.register(print, "tidied up")
        sys.stdout.write("result ")
        return {code}

    sys.modules["atom_core.cli.main"] = types.SimpleNamespace(main=command)
    sys.argv = ["atom", "work", "--no-server"]
    __main__.program()
"""


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_program_ends_at_once(code: int) -> None:
    """Threads are waited for, all is printed, what is to be tidied up is; objects are not taken apart one by one."""
    done = run(PROGRAM.format(code=code, before=""))
    assert (done.returncode, done.stdout) == (code, "result thread done\ntidied up\nat once")


@pytest.mark.parametrize(
    "before", ["sys.setprofile(lambda *_: None)", "atexit.register(print, 'noted')"], ids=["profiler", "at exit"]
)
def test_a_watched_program_ends_as_any_other(before: str) -> None:
    """A profiler, a tool that traces lines, and whoever has asked to be called at the end get to their own end."""
    done = run(PROGRAM.format(code=1, before=before))
    assert done.returncode == 1
    assert done.stdout.removeprefix("result thread done\ntidied up\n") in ("", "noted\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_results_that_cannot_be_written_at_the_end() -> None:
    """They are told of: the exit code is not that of a success."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert run(PROGRAM.format(code=0, before=""), out=full.fileno()).returncode != 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_remarks_that_cannot_be_written(tmp_path: Path) -> None:
    """They are lost; results come as ever, and the exit code tells of the work alone."""
    (tmp_path / "a.mp4").write_bytes(b"no video")
    command = [sys.executable, "-m", "atom_core.cli", "--json"]
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([*command, "plugins"], stdout=subprocess.PIPE, stderr=full, check=False)
        failed = subprocess.run([*command, "caption", tmp_path / "a.mp4"], stderr=full, check=False)
    assert (done.returncode, failed.returncode) == (0, 1)
    assert b"caption" in done.stdout


@pytest.mark.parametrize("more", [{}, {"PYTHONIOENCODING": "ascii"}])
def test_letters_are_kept_where_python_reads_ascii(tmp_path: Path, more: dict[str, str]) -> None:
    """With UTF-8 forbidden by variables a name with other letters is found, and told as its letters."""
    (tmp_path / "été").mkdir()
    forbidden = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", **more}
    done = subprocess.run(
        [sys.executable, "-m", "atom_core.cli", "caption", "été"],
        cwd=tmp_path,
        env={**os.environ, **forbidden},
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 1
    assert "no video file in folder" in said
    assert "udcc3" not in said
