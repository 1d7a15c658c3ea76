"""An ``atom`` with one fake plugin whose commands do what the tests need."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from atom_core.cli.main import main
from atom_core.testing.distributions import write_distribution

PLUGIN = """
from pathlib import Path

import atom_core as atom

@atom.hookimpl
def atom_register_pipelines(register):
    register("echoes", Path(__file__).with_name("echoes.toml"), summary="Return every clip")

@atom.hookimpl
def atom_add_commands(register):
    register("work", "fake_cli.commands:Work", summary="Do what is asked", tasks=("echo",))
    register("twice", "fake_cli.commands:Work", summary="Run two tasks", tasks=("echo", "absent"))
    register("greedy", "fake_cli.commands:Greedy", summary="Redefine a common option")
    register("gone", "fake_cli.missing:Gone", summary="A command whose module is missing")

@atom.hookimpl
def atom_register_tasks(register):
    register("echo", "fake_cli.commands:Echo", summary="Return the clip")
"""
PIPELINE = """
[[steps]]
task = "echo"
settings = { times = 2 }
"""
COMMANDS = '''
import sys
from typing import Any
import attrs
import atom_core as atom

class Echo:
    consumes = produces = atom.Clip

    @attrs.frozen(kw_only=True)
    class Settings:
        times: int = 1
        """How often."""
        model: str = ""
        """Also a common option."""
        loud: bool = False
        """Shout, at 100%."""
        call: Any = None
        """For programs."""

    def run(self, clip):
        return clip

class Work:
    def add_arguments(self, parser):
        parser.add_argument("words", nargs="*")
        parser.add_argument("--model-name")

    def run(self, context):
        print("a library prints")
        for word in context.args.words:
            kind = {"fault": ZeroDivisionError, "mistake": atom.ModelError, "stop": KeyboardInterrupt,
                    "cancel": atom.Cancelled, "pipe": BrokenPipeError}.get(word)
            if kind is not None:
                raise kind("because; do something else")
            if word == "bad":
                context.fail(word, atom.MediaError("cannot be read; try another"))
            elif word == "note":
                context.note("by the way")
            elif word == "host":
                context.host()
            elif word == "tasks":
                context.emit(dict(context.settings.tasks), "")
            elif word == "settings":
                context.emit(context.settings.model, f"{context.settings.model} {context.settings.frames}")
            else:
                context.emit({"word": word}, word.upper())

class Greedy:
    def add_arguments(self, parser):
        parser.add_argument("--model")
    def run(self, context):
        pass
'''


@pytest.fixture
def atom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    """Run ``atom`` with arguments in an empty folder; its exit code. Only the fake plugin is installed."""
    site, work = tmp_path / "site", tmp_path / "work"
    files = {"fake_cli/__init__.py": PLUGIN, "fake_cli/commands.py": COMMANDS, "fake_cli/echoes.toml": PIPELINE}
    write_distribution(site, "dist-cli", plugins={"fakecli": "fake_cli"}, files=files)
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.syspath_prepend(site)
    for name in [name for name in os.environ if name.startswith("ATOM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ATOM_LOAD_PLUGINS", "fakecli")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("ATOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ATOM_LIBRARY", str(tmp_path / "library"))
    yield lambda *arguments: main(arguments)
    for name in [name for name in sys.modules if name.startswith("fake_cli")]:
        del sys.modules[name]
