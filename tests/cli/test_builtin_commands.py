"""`atom plugins`, `models`, `doctor` and `config`."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import frozen

from atom_core.cli.commands.run import as_json, as_text
from atom_core.cli.console import Console
from atom_core.pipeline.run import StepResult
from atom_core.records import Answer, Caption, Clip
from atom_core.testing.fakes import fake_clips, fake_video
from atom_core.testing.videos import write_video


def rows(capsys) -> list[dict]:
    """The JSON list that was printed."""
    return json.loads(capsys.readouterr().out)


def test_plugins_table(atom, capsys):
    """`atom plugins` shows name, state, distribution and what is offered; the built-in ones with --all."""
    assert atom("plugins", "--block", "x") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["PLUGIN", "STATE", "DISTRIBUTION", "OFFERS"]
    mine = next(line for line in lines if line.startswith("fakecli"))
    assert (
        " ".join(mine.split())
        == "fakecli loaded dist-cli 1.0 tasks echo; pipelines echoes; commands work, twice, greedy, gone"
    )
    assert not any(line.startswith("transformers") for line in lines)
    assert atom("plugins", "--all") == 0
    out = capsys.readouterr().out
    assert "\ntransformers" in out
    assert "hooks: atom_add_commands, atom_register_pipelines, atom_register_tasks" in out


def test_plugins_json(atom, capsys):
    """`atom plugins --json` has every field of each plugin."""
    assert atom("plugins", "--json") == 0
    mine = next(row for row in rows(capsys) if row["name"] == "fakecli")
    assert mine == {
        "name": "fakecli",
        "distribution": "dist-cli",
        "version": "1.0",
        "state": "loaded",
        "reason": "",
        "advice": "",
        "hooks": ["atom_add_commands", "atom_register_pipelines", "atom_register_tasks"],
        "tasks": ["echo"],
        "models": [],
        "modules": [],
        "families": [],
        "pipelines": ["echoes"],
        "prompts": [],
        "formats": [],
        "channels": [],
        "commands": ["work", "twice", "greedy", "gone"],
        "routes": [],
        "executors": [],
        "memory_bytes": 0,
        "builtin": False,
    }


def test_config(atom, capsys, monkeypatch):
    """`atom config` shows each setting, of tasks too, with value, source, option and variable."""
    Path("atom.toml").write_text("frames = 4\n[tasks.echo]\ntimes = 2\n")
    monkeypatch.setenv("ATOM_BATCH", "3")
    assert atom("config", "--json", "--threads", "1") == 0
    found = {row["name"]: row for row in rows(capsys)}
    assert (found["frames"]["value"], found["frames"]["source"]) == (4, "atom.toml:1")
    assert (found["batch"]["value"], found["batch"]["source"]) == (3, "ATOM_BATCH")
    assert (found["threads"]["value"], found["threads"]["source"]) == (1, "--threads")
    assert (found["workers"]["source"], found["block_plugins"]["option"]) == ("default", "--block")
    assert "tasks.echo.call" not in found  # given by programs
    assert found["tasks.echo.times"] == {
        "name": "tasks.echo.times",
        "value": 2,
        "source": "atom.toml:3",
        "summary": "How often.",
        "option": "--set echo.times=",
        "variable": "ATOM_ECHO_TIMES",
    }


def test_config_set(atom, capsys, monkeypatch):
    """--set gives one setting of one task; a bad one is a mistake that names it."""
    assert atom("config", "tasks.echo.times", "--set", "echo.times=7") == 0
    assert capsys.readouterr().out == "tasks.echo.times  7  --set echo.times  How often.\n"
    assert atom("config", "--set", "echo.tims=7") == 2
    assert "--set echo.tims: task 'echo' has no setting 'tims', did you mean 'times'" in capsys.readouterr().err


def test_config_keeps_to_its_line(atom, capsys):
    """A long or many-lined value is shortened in the table and whole in JSON."""
    text = "one\ntwo " + "x" * 100
    assert atom("config", "model", "--model", text) == 0
    assert capsys.readouterr().out.startswith("model  one two ...  --model  ")
    assert atom("config", "model", "--json", "--model", text) == 0
    assert rows(capsys)[0]["value"] == text


def test_config_writes_sizes_as_they_are_given(atom, capsys):
    """Bytes are shown in whole units where they are such; the text is a value that can be set; JSON has the number."""
    for given, shown in (("4GiB", "4GiB"), ("512MiB", "512MiB"), ("1000", "1000"), ("0", "0")):
        assert atom("config", "feature_cache_bytes", "--feature-cache-bytes", given) == 0
        assert capsys.readouterr().out.split()[1] == shown
    assert atom("config", "memory", "--json", "--memory", "2GiB") == 0
    assert rows(capsys)[0]["value"] == 2**31


def test_config_names(atom, capsys, monkeypatch):
    """Named settings alone are shown; an unknown one is a mistake, told with the nearest; stray variables are told."""
    monkeypatch.setenv("ATOM_FRAME", "3")
    assert atom("config", "frames", "windw_s") == 2
    assert "there is no setting 'windw_s', did you mean 'window_s'?" in capsys.readouterr().err
    assert atom("config", "frames") == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("frames  unset  default  Frames sampled from each clip; if unset ")
    assert "ATOM_FRAME is set, but is no setting, did you mean 'ATOM_FRAMES'?" in shown.err


def cache_model(hub: Path, name: str, *, vision: bool = True, weights: bool = True) -> None:
    """A model as the hub's client keeps it."""
    folder = hub / "hub" / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    (snapshot / "config.json").write_text(json.dumps({"vision_config": {}} if vision else {}))
    for needed in ("tokenizer.json", "preprocessor_config.json"):
        (snapshot / needed).write_text("{}")
    if weights:
        (snapshot / "model.safetensors").write_bytes(b"0" * 1000)


def test_models(atom, capsys, tmp_path):
    """`atom models` says of each model whether it is here: the default, cached ones that see, a folder in force."""
    cache_model(tmp_path / "hub", "someone/sees")
    cache_model(tmp_path / "hub", "someone/reads", vision=False)
    cache_model(tmp_path / "hub", "someone/empty", weights=False)
    Path("mine").mkdir()
    Path("mine/model.safetensors").write_bytes(b"0" * 2000)
    assert atom("models", "--model", "mine", "--json") == 0
    found = {row["name"]: (row["ready"], row["size_bytes"]) for row in rows(capsys)}
    assert found == {
        "mine": (True, 2000),
        "HuggingFaceTB/SmolVLM2-500M-Video-Instruct": (False, 0),
        "someone/sees": (True, 1000),
        "someone/empty": (False, 0),
    }


def test_models_names_the_ways_on(atom, capsys, tmp_path):
    """Where the model in force is not here, what would work is named."""
    cache_model(tmp_path / "hub", "someone/sees")
    assert atom("models") == 0
    shown = capsys.readouterr()
    assert "HuggingFaceTB/SmolVLM2-500M-Video-Instruct  not here  (2.03 GB)" in shown.out
    assert "the first run fetches what is not there, or `atom models --fetch " in shown.err
    assert "does; or use --model someone/sees" in shown.err


@pytest.fixture
def _torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch without accelerator that is imported at once."""
    cuda = SimpleNamespace(is_available=lambda: False)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda, get_num_threads=lambda: 1))
    monkeypatch.setattr("atom_core.checkpoint.recipes.has_bf16", lambda: False)


@pytest.mark.parametrize("columns", [60, 100, 1000])
def test_config_on_a_narrow_terminal(atom, capsys, monkeypatch, columns):
    """What each setting is stands below it, folded at words, where no line has room for all; files have whole lines."""
    assert atom("config", "window_s") == 0
    whole = capsys.readouterr().out
    assert len(whole.splitlines()) == 1
    monkeypatch.setattr("atom_core.cli.console.Console.result_columns", columns)
    assert atom("config") == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    assert atom("config", "window_s") == 0
    assert capsys.readouterr().out.split()[-3:] == whole.split()[-3:]
    assert ("\n    Length of a window" in out) is (columns < 1000)


@pytest.mark.usefixtures("_torch")
def test_doctor(atom, capsys, monkeypatch):
    """`atom doctor` looks at everything, and each finding that is not OK says what to do."""
    monkeypatch.setattr("atom_core.cli.commands.doctor._unmet", lambda distribution: iter(()))
    assert atom("doctor", "--json") == 0
    found = rows(capsys)
    names = [row["name"] for row in found]
    assert names == [
        "python",
        "versions",
        "plugins",
        "modules",
        "processor",
        "memory",
        "cache",
        "library",
        "device",
        "model",
    ]
    assert {row["state"] for row in found} <= {"OK", "note"}
    assert [row["name"] for row in found if row["state"] == "note" and not row["todo"]] in ([], ["memory"])
    assert next(row["found"] for row in found if row["name"] == "device").endswith("torch uses 1 thread")
    model = next(row for row in found if row["name"] == "model")
    assert "connect once to fetch it" in model["todo"]


@pytest.mark.parametrize(
    ("free", "bf16", "options", "state", "text"),
    [
        (16, False, [], "OK", "needs 2.60 GiB at least"),
        (2.4, False, [], "note", "'int8-decoder' is taken, which needs 1.67 GiB"),
        (2.4, True, [], "note", "'bf16' is taken, which needs 1.74 GiB"),
        (2.4, False, ["--quantize", "none"], "FIX", "--quantize int8-decoder needs 1.67 GiB"),
        (0.5, False, [], "FIX", "--model tiny"),
        (16, False, ["--memory", "1200MiB"], "note", "'int4' is taken"),
    ],
)
@pytest.mark.usefixtures("_torch")
def test_doctor_counts_memory_as_loading_does(atom, capsys, monkeypatch, free, bf16, options, state, text):
    """The default model's need by its size, and what will be taken where it does not fit."""
    monkeypatch.setattr("atom_core.cli.commands.doctor.free_memory_bytes", lambda: int(free * 2**30))
    monkeypatch.setattr("atom_core.memory.estimate.held_bytes", lambda: 0)
    monkeypatch.setattr("atom_core.checkpoint.recipes.has_bf16", lambda: bf16)
    assert atom("doctor", "--json", *options) == (state == "FIX")
    row = next(row for row in rows(capsys) if row["name"] == "memory")
    assert row["state"] == state
    assert text in row["found"] + row["todo"]


@pytest.mark.usefixtures("_torch")
def test_doctor_finds_faults(atom, capsys, tmp_path):
    """What does not work makes exit code 1, with what to do: a broken plugin, a library that cannot be written."""
    (tmp_path / "site" / "fake_cli" / "__init__.py").write_text("import no_such_library")
    (tmp_path / "file").touch()
    assert atom("doctor", "--library", str(tmp_path / "file" / "library"), "--device", "cuda:7") == 1
    shown = capsys.readouterr()
    assert "FIX   plugins" in shown.out
    assert "fakecli: install it, or run without it: ATOM_BLOCK_PLUGINS=fakecli" in shown.err
    assert "atom: library: choose another folder: --library DIR" in shown.err
    assert "atom: device: use --device auto, or install torch for CUDA" in shown.err


@pytest.mark.usefixtures("_torch")
@pytest.mark.parametrize("requirement", ["no-such-library>=1", "attrs>=999"])
def test_doctor_reads_requirements(atom, capsys, tmp_path, requirement):
    """What a plugin requires and does not find is a note with the command that installs it."""
    metadata = next((tmp_path / "site").glob("*.dist-info")) / "METADATA"
    metadata.write_text(metadata.read_text() + f"Requires-Dist: {requirement}\n")
    assert atom("doctor") == 0
    out = capsys.readouterr().out
    assert f"dist-cli asks for {requirement}, installed: " in out
    assert f"python -m pip install '{requirement}'" in out


@frozen
class Scored:
    """A record without a text, as another's task may make."""

    clip: Clip
    score: float
    parts: tuple[str, ...] = ("a", "b")


def test_run_shows_records_of_others():
    """A step's record is shown by its text, or else by its numbers and how many parts it has."""
    clip = fake_clips(fake_video("a.mp4"), 1)[0]
    results = [Caption(clip=clip, text="a dog\n"), Scored(clip, 0.51239), fake_video()]
    texts = [as_text(StepResult(step="step", path=Path("a.mp4"), item=clip, value=value)) for value in results]
    assert texts[:2] == [
        f"step  a.mp4  {clip.times}  a dog",
        f"step  a.mp4  {clip.times}  score 0.5124, 2 parts",
    ]
    answer = Answer(clip=clip, question="Who?", text="a dog")
    assert as_text(StepResult(step="step", path=None, item=clip, value=answer)).endswith("Who?  a dog")
    assert texts[2].startswith("step  a.mp4  duration_s 10, width 64")


def test_run_writes_any_record_as_json(capsys):
    """What JSON has no form for is told by its text, so that other results are written; records stay."""
    clip = fake_clips(fake_video("a.mp4"), 1)[0]
    values = [Caption(clip=clip, text="a dog"), Scored(clip, 1j), Scored(clip, 0.5, parts=({("a", 1): 2},))]
    console = Console(as_json=True)
    for value in values:
        console.emit(as_json(StepResult(step="step", path=None, item=clip, value=value)), "")
    console.close()
    told = [row["result"] for row in rows(capsys)]
    assert told[0]["text"] == "a dog"
    assert told[1:] == [str(value) for value in values[1:]]


def test_a_run_in_a_cache_that_cannot_be_written_goes_on(atom, capsys, tmp_path):
    """The journal is done without, and that is said; one that the user names is a mistake."""
    video = write_video(tmp_path / "a.mp4", shots=[(12, (200, 0, 0)), (12, (0, 0, 200))])
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "journals").write_text("no folder")
    assert atom("run", "echoes", str(video)) == 0
    assert "cannot be used: File exists; remove it or name another; going on without" in capsys.readouterr().err
    assert atom("run", "echoes", str(video), "--journal", str(tmp_path / "cache" / "journals" / "x")) == 2


def test_a_run_needs_videos_where_steps_look_at_them(atom, capsys, tmp_path):
    """Without one it is a mistake, not an empty success."""
    assert atom("run", "echoes") == 2
    assert "step 'echo' looks at videos, name some: atom run PIPELINE VIDEO" in capsys.readouterr().err


def test_a_list_of_results_is_in_order(atom, capsys, monkeypatch, tmp_path):
    """With --json: by video as they were named, whatever was done first."""
    from atom_core.executors.local import LocalExecutor

    backwards = LocalExecutor.run
    monkeypatch.setattr(LocalExecutor, "run", lambda self, job: reversed(list(backwards(self, job))))
    shots = [(12, (200, 0, 0)), (12, (0, 0, 200)), (12, (0, 200, 0))]
    videos = [str(write_video(tmp_path / name, shots=shots)) for name in ("b.mp4", "a.mp4")]
    assert atom("run", "echoes", *videos, "--json") == 0
    assert [row["video"] for row in rows(capsys)] == [videos[0]] * 3 + [videos[1]] * 3


def test_run_by_name(atom, capsys, tmp_path):
    """A plugin's pipeline is run by its name; a typo is told, with the nearest."""
    video = write_video(tmp_path / "a.mp4", shots=[(12, (200, 0, 0)), (12, (0, 0, 200))])
    assert atom("run", "echoes", str(video), "--json") == 0
    assert [row["step"] for row in rows(capsys)] == ["echo", "echo"]
    assert atom("run", "ehcoes", str(video)) == 2
    assert "there is no pipeline 'ehcoes', did you mean 'echoes'?; pipelines: echoes" in capsys.readouterr().err
    assert atom("run", "echoes.toml", str(video)) == 2
    assert "pipeline echoes.toml does not exist" in capsys.readouterr().err
