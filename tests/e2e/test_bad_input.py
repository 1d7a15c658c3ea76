"""A user's mistakes: one line that says what, which and what to do, and the rest of the command done."""

from __future__ import annotations

import json
import shutil
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from atom_core.testing.terminal import Atom
from atom_core.testing.videos import write_video

BAD = {
    "missing.mp4": "no such file",
    "empty.mp4": "is empty",
    "cut.mp4": "is cut off: its index",
    "cut.mkv": "damaged, cut off or not a video",
    "sound.mp4": "has sound but no pictures",
    "text.mp4": "not a video",
    "folder": "no video file",
}
NEXT = ("copy or download it again", "check the path", "give a file with", "name another folder")


def write_sound(path: Path) -> None:
    """A file with a sound track alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        for first in range(0, 48000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, first, Fraction(1, 48000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The bad inputs by name."""
    folder = tmp_path_factory.mktemp("bad")
    paths = {name: folder / name for name in BAD}
    paths["empty.mp4"].touch()
    paths["text.mp4"].write_text("This is no video.\n" * 200, encoding="utf-8")
    paths["folder"].mkdir()
    write_sound(paths["sound.mp4"])
    for name, kept in (("cut.mp4", 0.4), ("cut.mkv", 0.01)):
        whole = write_video(paths[name]).read_bytes()
        paths[name].write_bytes(whole[: int(len(whole) * kept)])
    return paths


@pytest.mark.parametrize("command", ["caption", "index"])
def test_each_bad_file_is_named_and_the_good_ones_are_done(
    atom: Atom, bad: dict[str, Path], footage: dict[str, Path], tmp_path: Path, command: str
) -> None:
    """One line for each, with the file, the reason and the next step; exit code 1; the good files have results."""
    good = [footage["plain.mp4"], footage["plain.avi"]]
    done = atom(command, good[0], *bad.values(), good[1], "--library", tmp_path / "library", "--json")
    assert done.code == 1
    assert {row["video"] for row in done.json} == set(map(str, good))
    said = [line for line in done.remarks if str(bad["folder"].parent) in line]
    assert len(said) == len(bad)
    for name, reason in BAD.items():
        (line,) = (line for line in said if str(bad[name]) in line)
        assert reason in line
        assert any(step in line for step in NEXT), line


@pytest.mark.parametrize("name", BAD)
def test_ask_needs_a_video(atom: Atom, bad: dict[str, Path], name: str) -> None:
    """A question about a bad file is one line, and no result."""
    done = atom("ask", bad[name], "What happens?")
    assert (done.code, done.out, len(done.remarks)) == (1, "", 1)
    assert BAD[name] in done.err


def test_an_unknown_model(atom: Atom, footage: dict[str, Path]) -> None:
    """It is named once, whatever the number of videos, with the ways on."""
    done = atom("caption", footage["plain.mp4"], footage["plain.avi"], "--model", "tinny")
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert "'tinny'" in done.err
    assert "atom models" in done.err


def test_a_model_folder_without_weights(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """The folder is named, and what it lacks."""
    from atom_tiny import CHECKPOINT

    folder = tmp_path / "hollow"
    shutil.copytree(CHECKPOINT, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    done = atom("caption", footage["plain.mp4"], "--model", folder)
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert f"{folder} has no weights (*.safetensors)" in done.err


def test_a_folder_that_is_no_model(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """The folder is named, and what it lacks."""
    done = atom("caption", footage["plain.mp4"], "--model", tmp_path)
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert f"{tmp_path} has no config.json" in done.err


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with random weights."""
    from atom_core.testing.models import make_checkpoint

    return make_checkpoint(tmp_path_factory.mktemp("models") / "random", "smolvlm")


SPOILT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Atom needs both an encoder and a decoder": ({"model_type": "llama"}, {}),
    "runs code of its own": ({"model_type": "own", "auto_map": {"AutoConfig": "own.C"}}, {}),
    "of another shape: ": ({}, {"vocab_size": 999}),
    "missing: ": ({}, {"num_hidden_layers": 9}),
    "left over: ": ({}, {"num_hidden_layers": 1}),
    "its config cannot be loaded": ({}, {"hidden_size": "wide"}),
}
"""What is said, and what of the config is changed: itself, and its part about the language half."""


def spoilt(model: Path, folder: Path, said: str) -> Path:
    """A copy of a model with another config."""
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    whole, text = SPOILT[said]
    config |= whole | {"text_config": config["text_config"] | text}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("said", SPOILT)
def test_a_model_that_cannot_serve(
    atom: Atom, footage: dict[str, Path], random_model: Path, tmp_path: Path, said: str
) -> None:
    """The folder is named, the reason and the way on."""
    folder = spoilt(random_model, tmp_path / "spoilt", said)
    done = atom("caption", footage["plain.mp4"], "--model", folder)
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert said in done.err
    assert str(folder) in done.err


def test_libraries_say_nothing_of_a_bad_model(
    process: Atom, footage: dict[str, Path], random_model: Path, tmp_path: Path
) -> None:
    """In a process of its own there is one line too: no library's warning, report or traceback beside it."""
    folder = spoilt(random_model, tmp_path / "spoilt", "of another shape: ")
    done = process("caption", footage["plain.mp4"], "--model", folder, "--quantize", "int8")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "of another shape: " in done.err


@pytest.mark.parametrize("more", [("--offline",), ()])
def test_the_default_model_out_of_reach(
    process: Atom, footage: dict[str, Path], tmp_path: Path, more: tuple[str, ...]
) -> None:
    """It takes seconds, not retries, and names the ways on."""
    variables = {
        "ATOM_MODEL": "HuggingFaceTB/SmolVLM2-500M-Video-Instruct",
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(tmp_path),
    }
    start = time.monotonic()
    done = process("caption", footage["plain.mp4"], *more, **variables)
    assert time.monotonic() - start < 60  # mostly imports, where the machine is busy
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "SmolVLM2-500M-Video-Instruct" in done.err
    for way in ("connect once" if more else "try again later", "--model FOLDER", "--model tiny"):
        assert way in done.err


def test_a_library_of_another_model(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """Vectors of two models are never mixed: indexing and searching are refused with both models' names."""
    from atom_tiny import CHECKPOINT
    from safetensors.torch import load_file, save_file

    library = ("--library", tmp_path / "library")
    assert atom("index", footage["plain.mp4"], *library).code == 0
    other = tmp_path / "other"
    shutil.copytree(CHECKPOINT, other)
    weights = load_file(other / "model.safetensors")
    name = min(weights)
    weights[name] = weights[name] * 1.25
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    for command in (("search", "red"), ("index", footage["plain.mov"])):
        done = atom(*command, *library, "--model", other)
        assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
        assert "was made with model" in done.err
        assert "other" in done.err
        assert "--library DIR" in done.err
    assert len(atom("search", "red", *library, "--json").json) == 2


def test_an_empty_library(atom: Atom, tmp_path: Path) -> None:
    """A search of nothing says how to fill it."""
    done = atom("search", "red", "--library", tmp_path / "library")
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert "atom index PATH" in done.err


@pytest.mark.parametrize("output", ["nowhere/film.mp4", "file/film.mp4", "folder.mp4", "film.avi"])
def test_a_film_that_cannot_be_written(atom: Atom, footage: dict[str, Path], tmp_path: Path, output: str) -> None:
    """It is said before any work is spent."""
    (tmp_path / "file").touch()
    (tmp_path / "folder.mp4").mkdir()
    done = atom("assemble", "a red thing", "-o", tmp_path / output, "--library", tmp_path / "library")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "cannot write" in done.err


def test_captions_that_cannot_be_written(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """The folder is named before any work, with the next step."""
    (tmp_path / "file").touch()
    done = atom("caption", footage["plain.mp4"], "--format", "srt", "-o", tmp_path / "file" / "folder")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "choose another with -o DIR" in done.err


def test_a_library_that_cannot_be_written(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """The place is named, with the next step."""
    (tmp_path / "file").touch()
    done = atom("index", footage["plain.mp4"], "--library", tmp_path / "file")
    assert (done.code, done.out, len(done.remarks)) == (2, "", 1)
    assert "name another with --library DIR" in done.err


def test_stats_that_cannot_be_written(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """A place that cannot be is refused before any work."""
    done = atom("caption", footage["plain.mp4"], "--stats", tmp_path / "nowhere" / "stats.json")
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "create it" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("capton", "a.mp4"), "did you mean 'caption'"),
        (("caption", "a.mp4", "--modle", "tiny"), "did you mean '--model'"),
        (("caption",), "VIDEO"),
        (("caption", "a.mp4", "--format", "pdf"), "'pdf'"),
        (("search", "red", "-k", "0"), "at least 1"),
        (("assemble", "red", "-o", "film.mp4", "--length", "-3"), "above 0"),
        (("index",), "atom index PATH"),
        (("caption", "a.mp4", "--frames", "none"), "--frames"),
    ],
)
def test_a_mistake_in_the_command(atom: Atom, arguments: tuple[str, ...], said: str) -> None:
    """One line, exit code 2, nothing on standard output."""
    done = atom(*arguments)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert said in done.err
