"""Who writes a plugin is told what is wrong with it, by name, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from atom_core.testing.distributions import write_distribution

PLUGIN = """
import atom_core as atom

@atom.hookimpl
def atom_register_tasks(register):
    register.task("mood", "moody:Mood", summary="Tells moods")

@atom.hookimpl
def atom_register_channels(register):
    register.channel("mood", "moody:Mood", summary="Finds moods")

@atom.hookimpl
def atom_add_commands(register):
    register.command("mood", "moody:MoodCommand", summary="Tells moods", tasks=("mood",))

class Mood:
    consumes = produces = atom.Clip

    def run(self, clip):
        return clip

class MoodCommand:
    def add_arguments(self, parser):
        pass

    def run(self, context):
        context.host().channels()
        context.emit({}, "fine")
"""


@pytest.fixture
def moody(
    atom: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str, str], tuple[int, str]]:
    """Runs the command of a plugin in which one text stands in the place of another; exit code and what is said."""

    def run(old: str, new: str) -> tuple[int, str]:
        assert old in PLUGIN
        files = {"moody.py": PLUGIN.replace(old, new)}
        write_distribution(tmp_path / "more", "dist-moody", plugins={"moody": "moody"}, files=files)
        monkeypatch.syspath_prepend(tmp_path / "more")
        monkeypatch.setenv("ATOM_LOAD_PLUGINS", "moody")
        monkeypatch.delitem(sys.modules, "moody", raising=False)
        try:
            return atom("mood"), capsys.readouterr().err
        finally:
            sys.modules.pop("moody", None)

    return run


def test_a_command_that_fails_is_named(moody: Callable[[str, str], tuple[int, str]]) -> None:
    """A fault in a plugin of others is told with the command's and the plugin's name."""
    code, said = moody("def run(self, context)", "def run(self)")
    assert code == 1
    assert "atom: TypeError: MoodCommand.run()" in said
    assert "this is no fault of yours, but of command 'mood' of plugin 'moody' (dist-moody 1.0): -v shows where" in said


def test_settings_that_are_no_attrs_class(moody: Callable[[str, str], tuple[int, str]]) -> None:
    """They are told as such, not as a fault of Atom's."""
    code, said = moody("    def run(self, clip)", "    class Settings:\n        x = 1\n\n    def run(self, clip)")
    assert code == 2
    assert "task 'mood': its Settings must be an attrs class" in said


def test_names_of_tasks_are_several(moody: Callable[[str, str], tuple[int, str]]) -> None:
    """One name in the place of several is no list of letters."""
    code, said = moody('tasks=("mood",)', 'tasks="mood"')
    assert code == 2
    assert "has tasks='mood'" in said
    assert "tasks=('name',)" in said


def test_a_channel_without_a_search(moody: Callable[[str, str], tuple[int, str]]) -> None:
    """It is left out, and told with what it lacks; the command goes on."""
    code, said = moody("Finds", "Finds")
    assert code == 0
    assert "channel 'mood' of plugin 'moody' is left out: channel 'mood' of plugin 'moody' (dist-moody 1.0): it" in said
    assert "has no 'search', as every channel must; repair or update moody\n" in said
