"""`atom models` and what `atom doctor` says of models, against a hub of the tests' own."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from atom_core.checkpoint.recipes import RECIPES
from atom_core.cli.console import Console
from atom_core.hub.progress import bars
from atom_core.testing.hub import MockHub
from atom_core.testing.models import make_checkpoint

MODEL = "owner/small"
Atom = Callable[..., int]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A model's files."""
    folder = make_checkpoint(tmp_path_factory.mktemp("models") / "m", "smolvlm")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MockHub]:
    """A hub that has the model."""
    from huggingface_hub import close_session, constants

    with MockHub().running() as hub:
        hub.add(MODEL, files | {"README.md": b"# A model"})
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no token"))
        for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE"):
            monkeypatch.delenv(name, raising=False)
        yield hub
        close_session()


def one(capsys: pytest.CaptureFixture[str], name: str = MODEL) -> dict[str, Any]:
    """The row of a model, or of a check."""
    return next(row for row in json.loads(capsys.readouterr().out) if row["name"] == name)


def test_fetch(atom: Atom, hub: MockHub, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    """`--fetch` brings what is needed, tells size and commit, and asks nothing where all is there."""
    assert atom("models", "--fetch", MODEL) == 0
    shown = capsys.readouterr()
    commit = hub.branches[MODEL]["main"]
    assert f"{MODEL}: " in shown.out
    assert f" at commit {commit[:7]}, now in " in shown.out
    assert f"of model {MODEL} (" in shown.err
    assert sorted(hub.fetched) == sorted(files)
    hub.asked.clear()
    assert atom("models", "--fetch", MODEL, "--json") == 0
    row = one(capsys)
    assert (row["ready"], row["commit"], row["missing"]) == (True, commit, [])
    assert hub.asked == []
    assert atom("models") == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith(MODEL))
    assert line.split()[1:5] == ["ready", "639", "kB", commit[:7]]


def test_update(atom: Atom, hub: MockHub, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    """`--update` moves on, says from where and what follows; the former commit can be gone back to offline."""
    assert atom("models", "--fetch", MODEL) == 0
    former = hub.branches[MODEL]["main"]
    assert atom("models", "--update", "--model", MODEL) == 0
    assert "all of it was there" in capsys.readouterr().out
    latter = hub.add(MODEL, files | {"generation_config.json": b"{}"})
    assert atom("models", "--json") == 0
    assert one(capsys)["commit"] == former
    assert atom("models", "--update", MODEL) == 0
    shown = capsys.readouterr().out
    assert f"at commit {latter[:7]}, {former[:7]} before; features are computed anew" in shown
    for revision, commit in ((None, latter), (former[:7], former)):
        more = ("--revision", revision) if revision else ()
        assert atom("models", "--fetch", MODEL, "--offline", "--json", *more) == 2
        assert atom("models", "--model", MODEL, "--json", *more) == 0
        assert one(capsys)["commit"] == commit


def test_what_is_no_hub_model_is_not_fetched(
    atom: Atom, hub: MockHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, a name, and what only atom.toml names where the command names nothing."""
    for arguments in (("--fetch", "nonesuch"), ("--update", str(tmp_path))):
        assert atom("models", *arguments) == 2
        assert "is no model of the hub, so there is nothing to fetch" in capsys.readouterr().err
    Path("atom.toml").write_text(f'model = "{MODEL}"')
    assert atom("models", "--update") == 2
    assert "only atom.toml of this folder names it" in capsys.readouterr().err
    assert hub.asked == []
    assert atom("models", "--fetch", MODEL) == 0


@pytest.mark.parametrize("forbid", ["--offline", "HF_HUB_OFFLINE"])
def test_fetch_where_the_network_is_forbidden(
    atom: Atom, hub: MockHub, forbid: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What forbids it is named."""
    if forbid == "HF_HUB_OFFLINE":
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert atom("models", "--fetch", MODEL, *(["--offline"] if forbid == "--offline" else [])) == 2
    assert f"{forbid} forbids the network" in capsys.readouterr().err
    assert hub.asked == []


def test_partly_here(atom: Atom, hub: MockHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What another program left out is named, by both commands, and fetched."""
    assert atom("models", "--fetch", MODEL, "--json") == 0
    (Path(one(capsys)["folder"]) / "tokenizer.json").unlink()
    assert atom("models", "--model", MODEL, "--json") == 0
    row = one(capsys)
    assert (row["ready"], row["missing"]) == (False, ["tokenizer.json"])
    assert atom("doctor", "--model", MODEL, "--json") == 0
    check = one(capsys, "model")
    assert check["state"] == "note"
    assert "is partly on this machine" in check["found"]
    assert "it lacks tokenizer.json" in check["found"]
    assert f"`atom models --fetch {MODEL}`" in check["todo"]
    assert atom("models", "--fetch", MODEL) == 0
    assert " now in " in capsys.readouterr().out


def test_doctor_opens_every_file(atom: Atom, hub: MockHub, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is damaged is named, with what to do; nothing is fetched meanwhile."""
    assert atom("models", "--fetch", MODEL, "--json") == 0
    row = one(capsys)
    assert atom("doctor", "--model", MODEL, "--json") == 0
    check = one(capsys, "model")
    assert check["state"] == "OK"
    assert f"{MODEL}, smolvlm, " in check["found"]
    assert f"at commit {row['commit'][:7]}; its files open" in check["found"]
    blob = (Path(row["folder"]) / "model.safetensors").resolve()
    blob.write_bytes(blob.read_bytes()[:-1] + bytes([blob.read_bytes()[-1] ^ 1]))
    hub.asked.clear()
    assert atom("doctor", "--model", MODEL, "--json") == 1
    check = one(capsys, "model")
    assert check["state"] == "FIX"
    assert "its model.safetensors is damaged" in check["found"]
    assert hub.asked == []


def test_doctor_opens_the_files_of_a_folder(
    atom: Atom, files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Config, tokenizer and the heads of the weights."""
    folder = tmp_path / "m"
    folder.mkdir()
    for name, body in files.items():
        (folder / name).write_bytes(body)
    assert atom("doctor", "--model", str(folder), "--json") == 0
    assert one(capsys, "model")["state"] == "OK"
    for name in ("tokenizer.json", "config.json", "preprocessor_config.json", "model.safetensors"):
        (folder / name).write_bytes(b"{")
        assert atom("doctor", "--model", str(folder), "--json") == 1
        assert one(capsys, "model")["state"] == "FIX"
        (folder / name).write_bytes(files[name])


SERVES = """
import atom_core as atom

@atom.hookimpl
def atom_load_modules(source):
    return None

@atom.hookimpl
def atom_register_models(register):
    register("far", "far:away", summary="On another machine")
    register("quantised", "owner/gguf", summary="Of a kind of its own")
"""


@pytest.mark.parametrize("name", ["far", "quantised", "far:elsewhere"])
def test_models_that_a_plugin_serves(
    atom: Atom, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not said to be missing."""
    monkeypatch.setitem(sys.modules, "torch", fake_torch())
    (tmp_path / "site" / "fake_cli" / "__init__.py").write_text(SERVES)
    assert atom("models", "--model", name, "--json") == 0
    shown = capsys.readouterr()
    row = next(row for row in json.loads(shown.out) if row["name"] == name)
    assert (row["ready"], row["served_by"]) == (True, "fakecli")
    assert shown.err == ""
    assert atom("doctor", "--model", name, "--json") == 0
    assert one(capsys, "model")["found"] == f"{name} is left to plugin fakecli"


def fake_torch() -> Any:
    """One that is imported at once."""
    cuda = SimpleNamespace(is_available=lambda: False)
    return SimpleNamespace(cuda=cuda, get_num_threads=lambda: 3)


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        """It is."""
        return True


def test_bytes_are_shown_by_a_bar_or_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the time left: a bar on a terminal, a line now and then elsewhere, nothing where quiet is asked for."""
    now = [0.0]
    monkeypatch.setattr("atom_core.cli.bar.time", SimpleNamespace(monotonic=lambda: now[0]))
    for quiet, terminal in ((False, False), (True, False), (False, True)):
        err = Terminal() if terminal else io.StringIO()
        now[0] = 0.0
        with Console(err=err, quiet=quiet).progress("Fetching m", 2_000_000_000, in_bytes=True) as bar:
            for _ in range(20):
                now[0] += 2.0
                bar.advance(50_000_000)
        lines = err.getvalue()
        if quiet:
            assert lines == ""
        elif terminal:
            assert "Fetching m 1 GB/2 GB, 0:40 left [" in lines
        else:
            assert lines.splitlines() == [
                "atom: Fetching m 400 MB/2 GB, 1:04 left",
                "atom: Fetching m 800 MB/2 GB, 0:48 left",
            ]


def test_a_command_leaves_no_bar_behind(atom: Atom) -> None:
    """What shows a download ends with the command: a program that fetches later has no bar of a closed console."""
    before = bars.get()
    assert atom("models") == 0
    assert bars.get() is before


def test_recipes(atom: Atom, capsys: pytest.CaptureFixture[str]) -> None:
    """`--recipes` lists all that `--quantize` takes, and which of them this machine computes."""
    assert atom("models", "--recipes", "--device", "cpu", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"fit", "auto", *RECIPES} == rows.keys()
    assert rows["none"]["usable"]
    assert rows["fit"]["usable"]
    assert not rows["float8"]["usable"]
    assert all(row["summary"] for row in rows.values())
    assert atom("models", "--recipes", "--device", "cpu") == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["RECIPE", "HERE", "IS"]
