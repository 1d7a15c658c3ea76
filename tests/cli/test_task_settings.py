"""Settings of tasks are checked at start, and what tasks print is told."""

import json
import re
import sys

import pytest

from atom_core.call_context import Caller, caller
from atom_core.cli.stdout_guard import Stray
from atom_core.errors import SettingsError
from atom_core.host import open_host
from atom_core.plugins import load_plugins
from atom_core.plugins.task_settings import check_task_settings
from atom_core.settings import Settings, load_with_sources


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tasks.echo]\n\ntimse = 1", r"atom\.toml:3: task 'echo' has no setting 'timse', did you mean 'times'\?"),
        ("[tasks.echo]\ntimes = 'two'", r"atom\.toml:2: times = 'two' does not fit: expected a whole number"),
    ],
)
def test_file_is_checked_at_start(atom, capsys, tmp_path, monkeypatch, text, said):
    """A mistake about a task ends a command before it works, with file and line, though it needs no task."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "atom.toml").write_text(text)
    assert atom("work", "note") == 2
    shown = capsys.readouterr().err
    assert "by the way" not in shown
    assert re.search(said, shown)


def test_variables_and_options_are_checked(atom, capsys, monkeypatch):
    """So are those of variables and options."""
    assert atom("work", "note", "--set", "echo.times=x") == 2
    assert "--set echo.times: times = 'x' does not fit" in capsys.readouterr().err
    monkeypatch.setenv("ATOM_ECHO_TIMES", "many")
    assert atom("work", "note") == 2
    assert "ATOM_ECHO_TIMES: times = 'many' does not fit" in capsys.readouterr().err


def test_options(atom, capsys, tmp_path, monkeypatch):
    """Each setting of the task that a command runs is an option of it, stronger than file, variable and --set."""
    monkeypatch.setenv("ATOM_ECHO_TIMES", "4")
    (tmp_path / "work" / "atom.toml").write_text("[tasks.echo]\ntimes = 2\nloud = true")
    arguments = ("--set", "echo.times=5", "--times", "3", "--echo-model", "x", "--no-loud", "--json")
    assert atom("work", "tasks", *arguments) == 0
    assert json.loads(capsys.readouterr().out) == [{"echo": {"times": "3", "model": "x", "loud": False}}]
    assert atom("twice", "tasks", "--echo-times", "3", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [{"echo": {"times": "3", "loud": True}}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("work", "--times", "many"), "--times: times = 'many' does not fit: expected a whole number"),
        (("twice", "--echo-times", "many"), "--echo-times: times = 'many' does not fit"),
        (("work", "--tmes", "3"), "there is no option --tmes, did you mean '--times'?"),
        (("work", "--call", "x"), "there is no option --call"),
    ],
)
def test_bad_options(atom, capsys, arguments, said):
    """A mistake in one is told as it was written."""
    assert atom(*arguments) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("A",),
        ("work", "--A"),
        ("work", "--set", "A"),
        ("work", "--segment", "A"),
    ],
)
def test_long_mistakes_are_not_repeated_whole(atom, capsys, arguments):
    """Only the beginning of what was absurd is in the line that names it."""
    assert atom(*(text.replace("A", "a" * 20_000) for text in arguments)) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "aaaa" in said
    assert len(said) < 3000


def test_help_shows_the_options(atom, capsys):
    """The command's help has each with its text and default."""
    assert atom("work", "--help") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "settings of task 'echo'" in shown
    assert "--times N how often (1)" in shown
    assert "--echo-model MODEL also a common option (unset)" in shown
    assert "--loud, --no-loud shout, at 100% (off)" in shown


def test_nothing_is_imported_that_nothing_is_set_for(atom, monkeypatch):
    """Only the tasks that have settings given are imported."""
    settings = load_with_sources({"load_plugins": ("captioning", "assembly")}, environ={})[0]
    plugins = load_plugins(settings)
    loaded = []
    monkeypatch.setattr(type(plugins), "load", lambda self, spec: loaded.append(spec.name))
    check_task_settings(plugins, settings, environ={"ATOM_SCRIPT_MAX_LINES": "3", "ATOM_MODEL": "tiny"})
    assert loaded == ["script"]


def test_host_checks_too():
    """So does a host that is opened from Python."""
    with pytest.raises(SettingsError, match="task 'caption' has no setting 'promt', did you mean 'prompt'"):
        open_host(Settings(load_plugins=("captioning",), tasks={"caption": {"promt": "x"}}))


def test_unknown_task(tmp_path, monkeypatch, caplog):
    """An unknown task is refused with file, line and the nearest name; only said where a plugin is left out."""
    (tmp_path / "atom.toml").write_text("[tasks.captoin]\nprompt = 'x'")
    allowed = {"load_plugins": ("captioning",)}
    settings, origin = load_with_sources(allowed, environ={}, file=tmp_path / "atom.toml")
    plugins = load_plugins(settings)
    check_task_settings(plugins, settings, origin=origin, environ={})
    said = r"atom\.toml:2: there is no task 'captoin', did you mean 'caption'\?; tasks: caption, summarize"
    assert re.search(said, caplog.text)
    loaded = tuple(info for info in plugins.infos if info.state == "loaded")
    monkeypatch.setattr(type(plugins), "infos", loaded)
    with pytest.raises(SettingsError, match=said):
        check_task_settings(plugins, settings, origin=origin, environ={})


def test_printing_task_is_told_once(capsys):
    """What a task prints is passed on, and the task named once; what others print is passed on alone."""

    class Console:
        notes = []

        def note(self, text):
            self.notes.append(text)

    stray = Stray(sys.stderr, Console(), load_plugins(Settings(load_plugins=("captioning",))))
    print("a library", file=stray)
    token = caller.set(Caller(task="caption"))
    for _ in range(3):
        print("a task", file=stray, flush=True)
    caller.reset(token)
    assert capsys.readouterr().err == "a library\n" + "a task\n" * 3
    assert len(Console.notes) == 1
    assert "task 'caption' of plugin 'captioning' prints 'a task'" in Console.notes[0]
