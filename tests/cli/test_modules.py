"""The command tells of the modules that plugins share: their settings, whether they can be imported, their loads."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from atom_core.testing.distributions import write_distribution
from atom_core.testing.videos import write_video

PLUGIN = """
import atom_core as atom

@atom.hookimpl
def atom_register_modules(register):
    register("counter", "fake_counter.code:Counter", summary="Counts calls", memory_bytes=3 * 2**20)
    register("failing", "fake_counter.code:Failing", summary="Cannot say")
    register("gone", "fake_counter.missing:Gone", summary="Has no code")

@atom.hookimpl
def atom_add_commands(register):
    register("ask-counter", "fake_counter.code:Ask", summary="Ask the module")
"""
CODE = '''
import attrs

class Counter:
    @attrs.frozen(kw_only=True)
    class Settings:
        start: int = 1
        """Where it begins."""

    @staticmethod
    def lacking(settings, *, options):
        if options.start == 5:
            from atom_core import ModelError
            raise ModelError("it cannot begin at 5; begin elsewhere")
        return "its beads are not here; buy some" if options.start == 3 else ""

    def __init__(self, settings, options):
        self.count = options.start

    def next(self):
        self.count += 1
        return self.count

class Failing:
    @staticmethod
    def lacking(settings):
        raise OSError("no disk")

class Ask:
    def add_arguments(self, parser):
        pass
    def run(self, context):
        for _ in range(2):
            context.emit(context.host().module("counter").next(), "")
'''


@pytest.fixture(autouse=True)
def counter(atom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The plugin that shares a module."""
    files = {"fake_counter/__init__.py": PLUGIN, "fake_counter/code.py": CODE}
    write_distribution(tmp_path / "site", "dist-counter", plugins={"counter": "fake_counter"}, files=files)
    monkeypatch.setenv("ATOM_LOAD_PLUGINS", "counter")
    yield
    for name in [name for name in sys.modules if name.startswith("fake_counter")]:
        del sys.modules[name]


def test_settings_and_loads(atom, capsys, monkeypatch):
    """Settings come from an option, before a variable; the ledger has one load."""
    monkeypatch.setenv("ATOM_COUNTER_START", "7")
    assert atom("ask-counter", "--json", "--stats", "stats.json") == 0
    assert json.loads(capsys.readouterr().out) == [8, 9]
    loads = json.loads(Path("stats.json").read_text())["modules"]
    assert loads == {"counter": {"requested": 1, "computed": 1, "reused": 0}}
    assert atom("ask-counter", "--json", "--set", "modules.counter.start=20", "--stats", "-") == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == [21, 22]
    assert "loads of counter" in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[modules.counter]\nstart = 'x'\n", "atom.toml:2: start = 'x' does not fit"),
        (
            "[modules.counter]\nstrat = 1\n",
            "atom.toml:2: module 'counter' has no setting 'strat', did you mean 'start'",
        ),
        ("[modules.conter]\nstart = 1\n", "atom.toml:2: there is no module 'conter', did you mean 'counter'"),
    ],
)
def test_settings_are_checked_at_start(atom, capsys, text, said):
    """What is wrong is named with file and line, before anything is loaded; where plugins were left out, as all but
    this one are here, an unknown module may be theirs."""
    Path("atom.toml").write_text(text)
    assert atom("ask-counter") == (0 if "there is no module" in said else 2)
    assert said in capsys.readouterr().err


def test_config(atom, capsys):
    """`atom config` lists a module's settings; one that cannot be imported is a failure of its own."""
    assert atom("config", "modules.counter.start", "--json") == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == [
        {
            "name": "modules.counter.start",
            "value": 1,
            "source": "default",
            "summary": "Where it begins.",
            "option": "--set modules.counter.start=",
            "variable": "ATOM_COUNTER_START",
        }
    ]
    assert "module 'gone'" in err


def test_plugins(atom, capsys):
    """`atom plugins` lists modules and their memory; with a name it says what each is."""
    assert atom("plugins") == 0
    assert "modules counter, failing, gone; commands ask-counter; memory 3 MiB" in capsys.readouterr().out
    assert atom("plugins", "counter") == 0
    out = capsys.readouterr().out
    assert "module counter: Counts calls (3 MiB)" in out
    assert "command ask-counter: Ask the module" in out
    assert atom("plugins", "countr") == 2
    assert "there is no plugin 'countr', did you mean 'counter'" in capsys.readouterr().err


def test_doctor(atom, capsys):
    """`atom doctor` imports each module's code, and says what to do about one that cannot be."""
    assert atom("doctor", "--json") == 1
    found = {row["found"]: row for row in json.loads(capsys.readouterr().out) if row["name"] == "modules"}
    assert found["counter of plugin counter, 3 MiB"]["state"] == "OK"
    broken = next(row for text, row in found.items() if text.startswith("gone"))
    assert broken["state"] == "FIX"
    assert "fake_counter.missing" in broken["found"]
    assert "ATOM_BLOCK_PLUGINS=counter" in broken["todo"]
    assert "OSError: no disk" in next(text for text in found if text.startswith("failing"))


@pytest.mark.parametrize(
    ("start", "row"),
    [
        ("3", {"state": "note", "found": "counter of plugin counter: its beads are not here", "todo": "buy some"}),
        ("5", {"state": "FIX", "found": "counter of plugin counter: it cannot begin at 5", "todo": "begin elsewhere"}),
    ],
)
def test_doctor_tells_what_a_module_lacks(atom, capsys, monkeypatch, start, row):
    """What it lacks on this machine is a note, with the way to it, as it is set; what cannot be is to be mended."""
    monkeypatch.setenv("ATOM_COUNTER_START", start)
    assert atom("doctor", "--json") == 1
    assert {"name": "modules", **row} in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("name", "more", "reason"),
    [
        ("encoder", "", "has the name of what Atom itself lends"),
        ("host", "", "has the name of what Atom itself lends"),
        ("my-module", "", "cannot be a parameter of a task's run"),
        ("fine", ", memory_bytes=-1", "declares memory_bytes=-1"),
        ("fine", ", protocol='x'", "has protocol 'x'"),
        ("fine", ", memory='1'", "did you mean 'memory_bytes'"),
    ],
)
def test_names_that_cannot_be(atom, capsys, tmp_path, name, more, reason):
    """A module is declared with a name that a task can ask for; else its plugin is left out, told why."""
    call = f"register({name!r}, 'fake_odd:Odd', summary='Odd'{more})"
    code = f"import atom_core as atom\n@atom.hookimpl\ndef atom_register_modules(register):\n    {call}\n"
    write_distribution(tmp_path / "site", "dist-odd", plugins={"odd": "fake_odd"}, files={"fake_odd.py": code})
    try:
        assert atom("plugins", "--load", "odd,counter", "--json") == 0
    finally:
        sys.modules.pop("fake_odd", None)
    states = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert states["odd"]["state"] == "broken"
    assert reason in states["odd"]["reason"]
    assert states["counter"]["state"] == "loaded"


FAILING = """
import atom_core as atom

class Thing:
    def __init__(self, settings):
        print("made of glass")
        if settings.window_s == 1:
            raise OSError("its weights are not there")
    def say(self, text):
        print("said aloud")
        return text

class Say:
    consumes = produces = atom.Clip
    def run(self, clip, *, thing):
        thing.say("x")
        return clip

class Pass:
    consumes = produces = atom.Clip
    def run(self, clip):
        return clip

@atom.hookimpl
def atom_register_modules(register):
    register.module("thing", "fragile:Thing", summary="A thing.")

@atom.hookimpl
def atom_register_tasks(register):
    register.task("say", "fragile:Say", summary="Says.")
    register.task("pass", "fragile:Pass", summary="Passes.")
"""


@pytest.fixture
def fragile(atom: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A pipeline over a video of two shots whose step `say` needs a module that may fail; the words of the command."""
    write_distribution(tmp_path / "more", "dist-fragile", plugins={"fragile": "fragile"}, files={"fragile.py": FAILING})
    monkeypatch.syspath_prepend(tmp_path / "more")
    monkeypatch.setenv("ATOM_LOAD_PLUGINS", "fragile")
    monkeypatch.delitem(sys.modules, "fragile", raising=False)
    video = write_video(tmp_path / "a.mp4", shots=[(24, (200, 0, 0)), (24, (0, 0, 200))])
    (tmp_path / "two.toml").write_text('[[steps]]\ntask = "pass"\n[[steps]]\ntask = "say"\nsource = "pass"\n')
    return ["run", str(tmp_path / "two.toml"), str(video), "--json"]


def test_a_run_goes_on_without_a_module(
    atom: Callable[..., int], fragile: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A step whose module cannot be loaded fails, told once for all its records with the plugin; other steps go on."""
    assert atom(*fragile, "--window-s", "1") == 1
    shown = capsys.readouterr()
    assert {row["step"] for row in json.loads(shown.out)} == {"pass"}
    assert shown.err.count("step say, for every record: module 'thing' of plugin 'fragile' (dist-fragile 1.0)") == 1
    assert "OSError: its weights are not there" in shown.err
    assert "ATOM_BLOCK_PLUGINS=fragile" in shown.err


def test_a_module_that_prints_is_named(
    atom: Callable[..., int], fragile: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What it prints, also as it is loaded, is no result; it is named, once, and not the task that it works for."""
    assert atom(*fragile) == 0
    shown = capsys.readouterr()
    assert len(json.loads(shown.out)) == 4
    assert shown.err.count("module 'thing' of plugin 'fragile' prints 'made of glass'") == 1
    assert "said aloud" in shown.err
    assert "task 'say'" not in shown.err
