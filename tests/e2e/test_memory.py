"""A limited memory, on the command line: what does not fit is refused before it is loaded, what is tight works."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from atom_core.testing.distributions import write_distribution
from atom_core.testing.terminal import Atom

PLUGIN = """
import atom_core as atom

@atom.hookimpl
def atom_register_tasks(register):
    register("hungry", "fake_hungry:Hungry", summary="Think long", memory_bytes=40 * 2**30)
    register("modest", "fake_hungry:Hungry", summary="Think little", memory_bytes=2**20)

@atom.hookimpl
def atom_add_commands(register):
    register("think", "fake_hungry:Think", summary="Think", tasks=("hungry",))
    register("ponder", "fake_hungry:Think", summary="Think, and do not say of which tasks")

class Hungry:
    consumes, produces = atom.Clip, atom.Answer

    def run(self, clip, *, decoder):
        return atom.Answer(clip=clip, question="q", text=decoder.generate(["Hello?"], max_new_tokens=1) or "none")

class Think:
    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+")

    def run(self, context):
        for video in context.videos(context.args.paths):
            context.emit({}, context.host().run("modest", context.host().clips(video)[0]).text)
"""


@pytest.fixture
def hungry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed plugin with a task that declares 40 GiB."""
    write_distribution(tmp_path, "dist-hungry", plugins={"hungry": "fake_hungry"}, files={"fake_hungry.py": PLUGIN})
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("fake_hungry", None)


def pipeline(folder: Path, *tasks: str) -> Path:
    """The file of a pipeline of these tasks."""
    file = folder / "pipeline.toml"
    file.write_text("".join(f'[[steps]]\ntask = "{task}"\n' for task in tasks))
    return file


def test_tasks_that_are_not_run_do_not_count(
    atom: Atom, footage: dict[str, Path], hungry: None, tmp_path: Path
) -> None:
    """A command counts the tasks that it names, a pipeline those of its steps, whatever else is installed."""
    video = footage["plain.mp4"]
    assert atom("caption", video, "--memory", "2GiB").code == 0
    assert atom("run", pipeline(tmp_path, "modest"), video, "--memory", "2GiB").code == 0


@pytest.mark.parametrize("name", ["think", "ponder", "run"])
def test_tasks_that_are_run_count(
    atom: Atom, footage: dict[str, Path], hungry: None, tmp_path: Path, name: str
) -> None:
    """They are refused with the numbers, the task and the ways on; a command that does not say counts them all."""
    words = ["run", pipeline(tmp_path, "modest", "hungry")] if name == "run" else [name]
    done = atom(*words, footage["plain.mp4"], "--memory", "2GiB")
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert "--memory is 2.00 GiB" in done.err
    assert 40 <= float(re.search(r"tasks (\d+\.\d+)", done.err)[1]) < 48  # others that are installed take some, too
    assert "raise --memory" in done.err
    assert "hungry" in done.err.partition("leave out")[2]
    assert atom(*words, footage["plain.mp4"], "--memory", "64GiB").code == 0


def test_less_memory_than_the_smallest_recipe_needs(atom: Atom, footage: dict[str, Path]) -> None:
    """The numbers, the smallest recipe and the ways on, in one line."""
    done = atom("caption", footage["plain.mp4"], "--memory", "100MiB")
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    for said in (
        "model tiny as",
        "--memory is 100 MiB",
        "the smallest recipe",
        "raise --memory or use a smaller model",
    ):
        assert said in done.err


def test_tight_memory_shrinks_caches_and_says_the_same(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """Just above what is refused, captions are those of a program without a limit."""
    asked = ("caption", footage["plain.mp4"], footage["plain.mov"], "--cache", tmp_path / "cache", "--quantize", "none")
    runs = (atom(*asked, "--memory", f"{size}MiB") for size in range(300, 2000, 10))
    assert next(run for run in runs if run.code != 2).out == atom(*asked).out
