"""Commands that a resident server runs: the same output and exit codes as alone, in a process that loads nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import atom_core as atom
from atom_core.cli import builtin, client
from atom_core.host import BUILTINS
from atom_core.plugins import load_plugins
from atom_core.serving import CommandServer, Usage, ask_server
from atom_core.serving.streams import per_command
from atom_core.testing.distributions import write_distribution
from atom_core.testing.terminal import run_here

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads with folders of their own are Linux's")
PROGRAM = Path(sys.executable).with_name("atom")
PLUGIN = """
import atom_core as atom

@atom.hookimpl
def atom_add_commands(register):
    register("other", "fake_other.work:Other", summary="Somebody else's", tasks=("look",))
    register("apart", "fake_other.work:Other", summary="By itself", alone=True)

@atom.hookimpl
def atom_register_tasks(register):
    register("look", "fake_other.work:Look", summary="Look at a video")
"""
WORK = '''
import os, sys, time
import attrs
import atom_core as atom

class Look:
    consumes = atom.Video
    produces = atom.Clip

    @attrs.frozen(kw_only=True)
    class Settings:
        slow_s: float = 0.0
        """How long it takes."""

    def run(self, video, *, settings, progress):
        print("looking")
        for step in range(round(settings.slow_s * 50)):
            progress(step, 0)
            time.sleep(0.02)
        return atom.Clip.whole(video)

class Other:
    def add_arguments(self, parser):
        parser.add_argument("what")
        parser.add_argument("paths", nargs="*")

    def run(self, context):
        what = context.args.what
        if what == "where":
            context.emit(os.getcwd(), os.getcwd())
        elif what == "process":
            context.emit(os.getpid(), str(os.getpid()))
        elif what == "read":
            context.emit(None, sys.stdin.readline().strip() + "/" + input("more? "))
        elif what == "write":
            with open("written", "w") as file:
                file.write("x")
            context.emit(None, oct(os.stat("written").st_mode & 0o777))
        elif what == "many":
            for number in range(100_000):
                context.emit(number, str(number))
        elif what == "fault":
            1 / 0
        elif what == "some":
            context.emit(None, "first")
            sys.stderr.write("ready\\n")
            sys.stderr.flush()
            time.sleep(60)
        else:
            for video in context.videos(context.args.paths):
                clip = context.host().run("look", video)
                context.emit({"end": clip.end_s}, f"{video.path} {clip.end_s:g}")
'''


@pytest.fixture(scope="module")
def place(tmp_path_factory, footage):
    """Caches, a library and a plugin of this module's own, in the environment; the folder where commands are given."""
    folder = tmp_path_factory.mktemp("commands")
    files = {"fake_other/__init__.py": PLUGIN, "fake_other/work.py": WORK}
    write_distribution(folder / "site", "dist-other", plugins={"other": "fake_other"}, files=files)
    values = {
        "ATOM_MODEL": "tiny",
        "ATOM_CACHE": str(folder / "cache"),
        "ATOM_LIBRARY": str(folder / "library"),
        "ATOM_CAPTION_MAX_NEW_TOKENS": "12",
        "XDG_CACHE_HOME": str(folder / "xdg"),
        "PYTHONPATH": str(folder / "site"),
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("ATOM_", "COV_"))]:
            patch.delenv(name)
        for name, value in values.items():
            patch.setenv(name, value)
        patch.syspath_prepend(folder / "site")
        work = footage / "work"
        work.mkdir()
        for number in range(2):
            (work / f"{number}.mp4").write_bytes((footage / f"{number}.mp4").read_bytes())
        patch.chdir(work)
        yield work
    for name in [name for name in sys.modules if name.startswith("fake_other")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def server(place):
    """A server of commands in this process."""
    told = "import json; from atom_core.cli.client import likeness; print(json.dumps(likeness()))"
    like = json.loads(subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, text=True).stdout)
    settings = atom.Settings.load()
    plugins = load_plugins(settings, builtins=[*BUILTINS, ("commands", builtin)])
    with atom.open_host(settings, plugins=plugins) as host:
        stopped = []
        server = CommandServer(
            host, usage=Usage(), about=lambda: {"process": os.getpid()}, stop=lambda: stopped.append(1), like=like
        )
        server.stopped = stopped
        with server.running():
            yield server


@pytest.fixture(autouse=True)
def all_end(server):
    """After each test nothing runs any more."""
    yield
    wait_for(lambda: server.num_open == 0)


def wait_for(condition, limit_s=60):
    """Wait until `condition` holds."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.02)


def served(server, *arguments, **more):
    """Run ``atom`` in a process of its own, and make sure that the server ran it."""
    before = server.num_served
    with per_command():  # pytest puts streams of its own in place before each test
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120, **more)
    with suppress(AssertionError):  # below is told why
        wait_for(lambda: server.num_served > before, 10)
    assert server.num_served == before + 1, subprocess.run([PROGRAM, "-v", *arguments], stderr=-1, text=True).stderr
    return done


COMMANDS = {
    "ask": ["ask", "0.mp4", "Which colour comes first?", "Is there a dog?"],
    "ask-json": ["ask", ".", "Which colour comes first?", "--json"],
    "caption": ["caption", "0.mp4", "absent.mp4"],
    "caption-srt": ["caption", "--format", "srt", "1.mp4"],
    "caption-setting": ["caption", "0.mp4", "--max-new-tokens", "2"],
    "caption-windows": ["caption", "0.mp4", "--segment", "windows", "--window-s", "0.5"],
    "search-empty": ["search", "a dog", "--library", "nothing-here"],
    "index": ["index", "."],
    "search": ["search", "a red square"],
    "assemble": ["assemble", "something red", "--dry-run"],
    "third": ["other", "look", "0.mp4", "gone.mp4"],
    "third-fault": ["other", "fault"],
    "quiet": ["-q", "other", "look", "0.mp4"],
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_the_same_as_alone(server, kind):
    """Output, remarks and exit code are what the command gives alone, of third parties' commands and tasks too."""
    done = served(server, *COMMANDS[kind])
    alone = run_here(*COMMANDS[kind])
    if kind == "index":  # it was done a moment ago
        assert done.returncode == alone.code == 0
        return
    assert (done.stdout, done.returncode) == (alone.out, alone.code)
    assert sorted(done.stderr.splitlines()) == sorted(alone.err.splitlines())


def test_nothing_is_loaded(server):
    """The process that asks imports neither torch nor NumPy nor PyAV nor the plugins."""
    code = (
        "import sys; sys.argv = ['atom', 'ask', '0.mp4', 'Which colour comes first?']\n"
        "from atom_core.cli.__main__ import program\n"
        "try: program()\n"
        "finally: print([name for name in ('torch', 'numpy', 'av', 'chromadb', 'atom_reasoning', 'pluggy._hooks')"
        " if name in sys.modules], file=sys.stderr)"
    )
    before = server.num_served
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert server.num_served == before + 1
    assert "'torch'" not in done.stderr
    assert "numpy" not in done.stderr
    assert "atom_reasoning" not in done.stderr


def test_it_is_where_the_user_is(server, tmp_path):
    """Relative paths are those of the folder in which the command is given, and several commands have their own."""
    assert served(server, "other", "where", cwd=tmp_path).stdout == f"{tmp_path}\n"
    assert served(server, "other", "where").stdout == f"{os.getcwd()}\n"
    assert served(server, "other", "write", cwd=tmp_path, umask=0o077).stdout == "0o600\n"
    assert served(server, "other", "write", cwd=tmp_path, umask=0o027).stdout == "0o600\n"
    (tmp_path / "written").unlink()
    assert served(server, "other", "write", cwd=tmp_path, umask=0o027).stdout == "0o640\n"


def test_it_reads_what_the_user_types(server):
    """Standard input is the command's own: what it reads, and what it asks for."""
    done = served(server, "other", "read", input="one\ntwo\n")
    assert done.stdout == "one/two\n"
    assert "more? " in done.stderr


@pytest.mark.parametrize(
    "given",
    [
        ["other", "process", "--no-server"],
        ["other", "process", "--frames", "3"],
        ["other", "process", "--offline"],
        ["apart", "process"],
        ["other", "process", "--stats", "-"],
        ["other", "process", {"ATOM_SERVER": "off"}],
        ["other", "process", {"ATOM_MODEL": "none"}],
        ["other", "process", {"HF_HOME": "elsewhere"}],
        ["other", "process", {"PYTHONPATH": "PATH"}],
    ],
    ids=str,
)
def test_what_does_not_fit_runs_alone(server, given, tmp_path, place):
    """With --no-server or its setting, other settings, another environment, or a command that is to be alone, it runs
    in its own process, in silence."""
    *words, last = given
    extra = last if isinstance(last, dict) else {}
    if extra.get("PYTHONPATH"):
        extra = {"PYTHONPATH": f"{os.environ['PYTHONPATH']}{os.pathsep}{tmp_path}"}
    arguments = words if isinstance(last, dict) else given
    before = server.num_served
    done = subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, timeout=120, env={**os.environ, **extra}
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) != os.getpid()
    assert server.num_served == before


def test_a_setting_in_the_file_counts(server, tmp_path):
    """``server = false`` in atom.toml of the command's folder switches it off; other settings there count, too."""
    (tmp_path / "atom.toml").write_text("server = false\n")
    done = subprocess.run([PROGRAM, "other", "process"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert int(done.stdout) != os.getpid()
    (tmp_path / "atom.toml").write_text("[tasks.look]\nslow_s = -1\n")
    assert int(served(server, "other", "process", cwd=tmp_path).stdout) == os.getpid()


def test_mistakes_are_told_as_alone(server):
    """A mistake in the command is told by the command itself: it says the same, with the same exit code."""
    before = server.num_served
    for mistake in (["ohter"], ["other"], ["other", "where", "--colour", "red"], ["other", "where", "--frames", "x"]):
        done = subprocess.run([PROGRAM, *mistake], capture_output=True, text=True, timeout=60)
        alone = run_here(*mistake)
        assert (done.returncode, done.stdout, done.stderr) == (alone.code, alone.out, alone.err)
    assert server.num_served == before


def test_an_interrupt_cancels_it_there(server):
    """Ctrl-C ends the command, and the work in the server with it."""
    slow = {**os.environ, "ATOM_LOOK_SLOW_S": "60"}
    working = subprocess.Popen([PROGRAM, "other", "look", "0.mp4"], stdout=-1, stderr=-1, text=True, env=slow)
    wait_for(lambda: server.num_open == 1)
    time.sleep(0.3)
    working.send_signal(signal.SIGINT)
    _, err = working.communicate(timeout=60)
    assert working.returncode == 130
    assert err.splitlines()[-1] == "atom: interrupted"
    wait_for(lambda: server.num_open == 0)


def test_who_is_killed_is_worked_for_no_more(server):
    """A command that is killed is cancelled in the server."""
    slow = {**os.environ, "ATOM_LOOK_SLOW_S": "60"}
    working = subprocess.Popen([PROGRAM, "other", "look", "0.mp4"], stdout=-1, stderr=-1, env=slow)
    wait_for(lambda: server.num_open == 1)
    working.kill()
    working.communicate()
    wait_for(lambda: server.num_open == 0, 10)


def test_a_reader_that_has_enough(server):
    """Who reads only the first lines ends the command, as alone."""
    working = subprocess.Popen([PROGRAM, "other", "many"], stdout=-1, stderr=-1, text=True)
    assert working.stdout.readline() == "0\n"
    working.stdout.close()
    assert working.wait(20) == 141
    assert working.stderr.read() == ""
    working.stderr.close()


def test_several_at_once(server, tmp_path):
    """Commands run beside each other, and none gets another's output, folder or remarks."""
    folders = [tmp_path / str(number) for number in range(12)]
    for folder in folders:
        folder.mkdir()
    running = [subprocess.Popen([PROGRAM, "other", "where"], stdout=-1, text=True, cwd=folder) for folder in folders]
    assert [one.communicate(timeout=60)[0] for one in running] == [f"{folder}\n" for folder in folders]


def test_one_server_at_a_time(server):
    """A second server is refused, and the first goes on."""
    second = CommandServer(server._host, usage=Usage(), about=dict, stop=lambda: None)
    with pytest.raises(atom.SettingsError, match="runs already"), second.running():
        pass
    assert ask_server("status") == {"process": os.getpid()}


def test_it_is_the_users_alone(server):
    """Socket and folder are nobody else's; what is no request is not answered, and harms nothing."""
    folder = Path(client.place())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / client.SOCKET).stat().st_mode & 0o777 == 0o600
    for nonsense in (b"", b"\0", b"\xff\xff\xff\xff", b"\0\0\0\x02[]", b"\0\0\0\x05nope!", b'\0\0\0\x0b{"run": []}'):
        with client.connected() as connection, suppress(OSError, client.Gone):
            connection.sendall(nonsense)
            connection.shutdown(1)
            client.receive(connection)
    folder.chmod(0o770)
    try:
        with pytest.raises(client.Gone, match="not the user's alone"), client.connected():
            pass
    finally:
        folder.chmod(0o700)


def test_an_older_or_newer_command_runs_alone(server):
    """A process of another version is declined."""
    with client.connected() as connection, open(os.devnull) as nothing:
        request = {**client.request(["other", "process"]), "version": "0.0.1"}
        client.send(connection, request, [os.open(".", os.O_RDONLY), *[nothing.fileno()] * 3])
        assert client.receive(connection) == {"declined": "it is another version"}


def test_stop_is_passed_on(server):
    """Who asks it to stop is heard."""
    ask_server("stop")
    wait_for(lambda: server.stopped)


def test_a_killed_server(server, place, tmp_path):
    """A command whose server is killed goes on alone, and what was printed is not printed twice; a socket that nobody
    listens at is passed over."""
    other = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "xdg")}
    serving = subprocess.Popen(
        [PROGRAM, "serve", "--port", "0"], env=other, stderr=-1, stdout=subprocess.DEVNULL, text=True
    )
    assert "serving tiny" in serving.stderr.readline()
    begun = subprocess.Popen([PROGRAM, "other", "some"], env=other, stdout=-1, stderr=-1, text=True)
    assert begun.stderr.readline() == "ready\n"
    serving.kill()
    serving.communicate()
    assert begun.stderr.readline() == "ready\n"  # the same again, alone
    begun.send_signal(signal.SIGINT)
    out, _ = begun.communicate(timeout=60)
    assert out == "first\n"
    done = subprocess.run([PROGRAM, "other", "where"], env=other, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == (f"{os.getcwd()}\n", "", 0)


@pytest.mark.parametrize("by", ["option", "variable", "job array"])
def test_a_part_of_a_run_runs_alone(server, place, tmp_path, by):
    """Which part of the videos it takes is told by its own process's variables, and its library is its own."""
    pipeline = tmp_path / "steps.toml"
    pipeline.write_text('[[steps]]\ntask = "caption"\n')
    option, more = {
        "option": (["--shard", "1/1"], {}),
        "variable": ([], {"ATOM_SHARD": "1/1"}),
        "job array": (["--shard=auto"], {f"SLURM_ARRAY_TASK_{name}": "1" for name in ("ID", "MIN", "COUNT")}),
    }[by]
    before = server.num_served
    command = [PROGRAM, "run", str(pipeline), *option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **more})
    assert done.returncode == 0, done.stderr
    assert "part 1/1: 0 of 0 videos, library" in done.stderr
    assert server.num_served == before
