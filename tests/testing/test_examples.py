"""The example plugins of ``docs/examples`` work, alone and together with Atom's own tasks over one encode."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from atom_core.pipeline.graph import Pipeline
from atom_core.pipeline.run import run_pipeline
from atom_core.testing.distributions import write_distribution
from atom_core.testing.terminal import run_here
from atom_core.testing.videos import BLUE, RED, Shot, write_video
from atom_core.testing.world import fake_world, real_world

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
EXAMPLES = sorted(path.parent.name for path in FOLDER.glob("*/pyproject.toml"))
PARTS = ("captioning", "indexing", "reasoning", "assembly", "duplicates", "highlights", "descriptions")
SHOWS = {"a.mp4": ("a red circle", "a blue square"), "b.mp4": ("a red circle", "a red circle")}
STEPS = {"caption", "index", "answer", "describe-pauses", "near-duplicates", "highlight", "top-highlights", "assemble"}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The examples as installed distributions; the folders that belong on the path."""
    folders = [tmp_path / "site", *(FOLDER / name for name in EXAMPLES)]
    for name in EXAMPLES:
        project = tomllib.loads((FOLDER / name / "pyproject.toml").read_text())["project"]
        write_distribution(folders[0], name, plugins=project["entry-points"]["atom"], files={})
    installed = {path.parent.name for path in Path(tmp_path).glob("site/*/METADATA")}
    assert len(installed) == len(EXAMPLES)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "path", [*map(str, folders), *(p for p in sys.path if "docs/examples" not in p)])
    yield folders
    modules = tuple(name.replace("-", "_") for name in EXAMPLES)
    for name in [name for name in sys.modules if name.startswith(modules)]:
        del sys.modules[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_example_passes_its_own_tests(site, name):
    """Each example passes its tests, the conformance suite among them."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ATOM_")}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, site))
    command = [sys.executable, "-m", "pytest", str(FOLDER / name), "-p", "no:cacheprovider"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_pipeline_over_fakes(site):
    """All seven plugins in one pipeline: every step gives a result for every video, and none fails."""
    pipeline = Pipeline.load(FOLDER / "everything.toml")
    with fake_world(*PARTS, shows=SHOWS) as host:
        results = list(run_pipeline(pipeline, host, list(SHOWS)))
        [first, second] = [r.value for r in results if r.step == "near-duplicates"]
    failed = [r for r in results if r.error is not None and r.step != "assemble"]  # its cuts are checked against files
    assert failed == []
    assert {result.step for result in results} == STEPS
    assert sorted(map(len, (first, second))) == [0, 1]


@pytest.mark.slow
def test_one_encode_with_the_embedded_model(site, tmp_path):
    """With real files and weights, seven plugins need each clip encoded once, and a second run none."""
    pipeline = Pipeline.load(FOLDER / "everything.toml")
    computed = []
    for _ in range(2):
        with real_world(*PARTS, "tiny", shows=SHOWS, model="tiny", folder=tmp_path) as host:
            files = [host.files / name for name in SHOWS]
            results = list(run_pipeline(pipeline, host, files))
            clips = [clip for name in SHOWS for clip in host.clips(host.video(name))]
            ledger = host.ledger.as_dict()
        assert [result.error for result in results if result.error is not None] == []
        assert {result.step for result in results} == STEPS
        assert ledger["loads"]["computed"] == 1
        assert ledger["encoder_clips"]["requested"] >= 4 * len(clips)
        computed.append(ledger["encoder_clips"]["computed"])
    assert computed == [len({(clip.video.content_hash, clip.start_s) for clip in clips}), 0]


def test_tutorial_is_the_example():
    """The plugin of the tutorial is the one in the examples, at most 50 lines long."""
    page = (FOLDER.parent / "tutorial-plugin.md").read_text()
    files = ["atom_tally/__init__.py", "atom_tally/task.py", "tests/test_tally.py"]
    texts = [(FOLDER / "atom-tally" / name).read_text() for name in files]
    assert all(f"```python\n# {name}\n{text}```" in page for name, text in zip(files, texts, strict=True))
    assert sum(text.count("\n") for text in texts[:2]) <= 50


def code_lines(text):
    """The lines of a program that are neither blank nor a comment nor a docstring."""
    texts = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return [line for number, line in lines if line.strip() and line.strip()[0] != "#" and number not in texts]


def test_a_module_takes_sixty_lines():
    """A plugin that shares a module of its own, with a task that is lent it, is at most 60 lines of code."""
    files = sorted((FOLDER / "atom-voices" / "atom_voices").glob("*.py"))
    assert sum(len(code_lines(file.read_text())) for file in files) <= 60


OTHER = """
import atom_core as atom

@atom.hookimpl
def atom_register_tasks(register):
    register.task("count-speech", "fake_other:CountSpeech", summary="How often somebody speaks")

class CountSpeech:
    consumes, produces = atom.Clip, atom.Caption
    def run(self, clip, *, sound, voices):
        return atom.Caption(clip=clip, text=str(len(voices.speech(sound(clip)))))
"""
TWO_TASKS = """
[[steps]]
task = "caption-speech"

[[steps]]
task = "count-speech"
"""


@pytest.mark.skipif(find_spec("silero_vad") is None, reason="silero-vad is not installed")
def test_one_load_of_a_module_for_tasks_of_two_plugins(site, tmp_path, monkeypatch):
    """The command tells in its ledger that one voice detector and one model served both."""
    write_distribution(site[0], "dist-other", plugins={"other": "fake_other"}, files={"fake_other.py": OTHER})
    (tmp_path / "two.toml").write_text(TWO_TASKS)
    write_video(tmp_path / "a.mp4", shots=[Shot(30, RED), Shot(30, BLUE)], audio=True)
    settings = {"LOAD_PLUGINS": "voices,other,tiny", "MODEL": "tiny", "FRAMES": "2", "THREADS": "1"}
    for name, value in {**settings, "CACHE": tmp_path / "cache", "LIBRARY": tmp_path / "library"}.items():
        monkeypatch.setenv(f"ATOM_{name}", str(value))
    done = run_here("run", tmp_path / "two.toml", tmp_path / "a.mp4", "--stats", tmp_path / "stats.json")
    assert done.code == 0, done.err
    stats = json.loads((tmp_path / "stats.json").read_text())
    assert stats["modules"] == {"voices": {"requested": 2, "computed": 1, "reused": 1}}
    assert stats["loads"]["computed"] == 1
    assert stats["tasks"]["count-speech"]["runs"] == stats["tasks"]["caption-speech"]["runs"] == 2
