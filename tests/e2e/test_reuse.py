"""What was computed once is not computed again, in another process either."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from atom_core.testing.terminal import Atom
from atom_core.testing.videos import CYAN, MAGENTA, write_video


def ledger(path: Path) -> dict[str, Any]:
    """The counts that ``--stats`` wrote."""
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def test_a_second_process_encodes_nothing(process: Atom, tmp_path: Path) -> None:
    """After captions were made, another process computes no clip, and its captions are equal."""
    video = write_video(tmp_path / "a.mp4", shots=((24, CYAN), (24, MAGENTA)))
    own = {"ATOM_CACHE": str(tmp_path / "cache")}
    first = process("caption", video, "--json", "--stats", tmp_path / "1.json", **own)
    second = process("caption", video, "--json", "--stats", tmp_path / "2.json", **own)
    assert ledger(tmp_path / "1.json")["encoder_clips"] == {"requested": 2, "computed": 2, "reused": 0}
    assert ledger(tmp_path / "2.json")["encoder_clips"] == {"requested": 2, "computed": 0, "reused": 2}
    for before, after in zip(first.json[0]["clips"], second.json[0]["clips"], strict=True):
        assert {**before, "confidence": None} == {**after, "confidence": None}
        assert after["confidence"] == pytest.approx(before["confidence"], rel=1e-3)  # sums in another order


def test_tasks_share_one_load_and_one_encoding(atom: Atom, tmp_path: Path) -> None:
    """Indexing captions and embeds; the model is loaded once for both and every clip encoded once."""
    video = write_video(tmp_path / "b.mp4", shots=((24, MAGENTA), (24, CYAN)))
    done = atom("index", video, "--library", tmp_path / "library", "--stats", tmp_path / "stats.json")
    assert done.code == 0
    counts = ledger(tmp_path / "stats.json")
    assert counts["encoder_clips"]["computed"] == 2
    assert counts["encoder_clips"]["reused"] >= 2
    assert counts["loads"]["computed"] == 1
    assert counts["loads"]["reused"] >= 1


def test_reuse_can_be_switched_off(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """With `--no-reuse` the clips are encoded again, and the captions are the same."""
    stats = tmp_path / "stats.json"
    warm = atom("caption", footage["plain.mp4"], "--json")
    cold = atom("caption", footage["plain.mp4"], "--json", "--no-reuse", "--stats", stats)
    assert ledger(stats)["encoder_clips"]["computed"] == 2
    assert [clip["caption"] for clip in cold.json[0]["clips"]] == [clip["caption"] for clip in warm.json[0]["clips"]]


def test_a_moved_video_costs_nothing(atom: Atom, tmp_path: Path) -> None:
    """A video is its content: under another name it is found in the library and in the cache."""
    video = write_video(tmp_path / "c.mp4", shots=((24, CYAN), (30, MAGENTA)))
    library = ("--library", tmp_path / "library")
    assert atom("index", video, *library).code == 0
    moved = video.rename(tmp_path / "d.mp4")
    done = atom("index", moved, *library, "--json", "--stats", tmp_path / "stats.json")
    assert done.json[0]["status"] == "moved"
    assert ledger(tmp_path / "stats.json")["encoder_clips"]["computed"] == 0


def test_looking_into_the_library_loads_nothing(atom: Atom, footage: dict[str, Path], tmp_path: Path) -> None:
    """The library is listed and pruned, and an unchanged folder is indexed again, without the model."""
    (tmp_path / "footage").mkdir()
    video = write_video(tmp_path / "footage" / "e.mp4")
    other = shutil.copy(footage["plain.mp4"], str(tmp_path / "footage"))
    library = ("--library", tmp_path / "library")
    assert atom("index", tmp_path / "footage", *library).code == 0
    stats = tmp_path / "stats.json"
    for command in (("index", tmp_path / "footage"), ("library",)):
        done = atom(*command, *library, "--stats", stats, "--json")
        assert (len(done.json), ledger(stats)["loads"]["computed"]) == (2, 0)
    Path(other).unlink()
    done = atom("library", "--prune", *library, "--stats", stats, "--json")
    assert ledger(stats)["loads"]["computed"] == 0
    assert [(row["video"], row["state"], row["clips_removed"]) for row in done.json] == [(other, "gone", 2)]
    assert [row["video"] for row in atom("library", *library, "--json").json] == [str(video)]


def test_the_model_is_known_before_it_is_loaded(settings: Path) -> None:
    """Name and content of the embedded model are told from its files; loading gives the same."""
    code = "import sys, atom_core as a; h = a.open_host(); print(h.model, 'torch' in sys.modules); h.decoder; h.close()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=settings)
    name, loaded = done.stdout.split()
    assert name.partition("@")[0] == "tiny"
    assert loaded == "False"
