"""`atom demo`, the newcomer's first command, as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import av
import opentimelineio
import pytest

from atom_core.testing.terminal import Atom, Run

LEFT = {"videos", "captions", "library", "cache", "film.mp4", "timeline.otio", "ledger.json", "atom.toml"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo goes."""
    return tmp_path_factory.mktemp("demo") / "atom-demo"


@pytest.fixture(scope="module")
def first(process: Atom, folder: Path) -> Run:
    """The first run."""
    return process("demo", folder, ATOM_CAPTION_MAX_NEW_TOKENS="64", ATOM_MODEL="nobody/nothing")


def test_it_runs_and_says_what_it_leaves(first: Run, folder: Path) -> None:
    """It succeeds whatever model is configured; everything it leaves is there, and is explained."""
    assert (first.code, first.remarks) == (0, [])
    assert {path.name for path in folder.iterdir()} == LEFT
    assert all(f"\n  {name}" in first.out for name in LEFT)
    assert "has seen nothing else" in first.out
    assert "synthetic world" in first.err


def test_captions_cover_every_video(first: Run, folder: Path) -> None:
    """Each video has subtitles and JSON, a caption for each shot, from its start to its end."""
    videos = sorted(path.stem for path in (folder / "videos").iterdir())
    assert len(videos) >= 4
    assert sorted(path.stem for path in (folder / "captions").glob("*.srt")) == videos
    for name in videos:
        (value,) = json.loads((folder / "captions" / f"{name}.json").read_text(encoding="utf-8"))
        assert len(value["clips"]) >= 2
        assert value["clips"][0]["start_s"] == 0


def test_the_film_plays(first: Run, folder: Path) -> None:
    """Pictures and sound decode, as long as the timeline."""
    timeline = opentimelineio.adapters.read_from_file(str(folder / "timeline.otio"))
    with av.open(str(folder / "film.mp4")) as container:
        frames = sum(1 for _ in container.decode(video=0))
        rate = container.streams.video[0].average_rate
        assert container.streams.audio
    assert rate is not None
    assert frames / rate == pytest.approx(timeline.duration().to_seconds(), abs=0.15)


def test_it_is_small(first: Run, folder: Path) -> None:
    """Every clip is encoded once, and memory stays under 1.5 GB."""
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    clips = sum(len(json.loads(path.read_text())[0]["clips"]) for path in (folder / "captions").glob("*.json"))
    assert ledger["loads"]["computed"] == 1
    assert ledger["encoder_clips"]["computed"] == clips
    assert ledger["peak_memory_bytes"] < 1.5e9


def test_a_second_run_encodes_nothing(process: Atom, first: Run, folder: Path) -> None:
    """The same results, and no call of the encoder."""
    again = process("demo", folder, "--json", ATOM_CAPTION_MAX_NEW_TOKENS="64")
    assert again.code == 0
    steps = {row["step"]: row for row in again.json}
    assert steps["done"]["encoder_clips"]["computed"] == 0
    assert steps["assemble"]["cuts"][0]["line"] in first.out


def test_the_folder_needs_no_options(process: Atom, first: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside it, `atom` uses the demo's library and the embedded model."""
    monkeypatch.chdir(folder)
    for name in ("ATOM_MODEL", "ATOM_LIBRARY", "ATOM_CACHE"):
        monkeypatch.delenv(name)
    done = process("search", "something that blinks", "-k", "1", "--json")
    assert done.code == 0
    assert Path(done.json[0]["video"]).parent == folder / "videos"


def test_a_foreign_folder_is_left_alone(atom: Atom, tmp_path: Path) -> None:
    """A folder with other files is refused, and nothing in it is touched."""
    (tmp_path / "thesis.txt").write_text("precious", encoding="utf-8")
    done = atom("demo", tmp_path)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "holds other files" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_place_that_cannot_be_written(atom: Atom, tmp_path: Path) -> None:
    """One line that names it."""
    (tmp_path / "file").touch()
    done = atom("demo", tmp_path / "file" / "demo")
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "cannot write into" in done.err
