"""Parts of a set of videos: named, found in a scheduler's variables, and the same on every machine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from atom_core.errors import MediaError, SettingsError
from atom_core.pipeline.shard import Shard

SLURM = {"SLURM_ARRAY_TASK_ID": "14", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_STEP": "2"}


@pytest.mark.parametrize(
    ("option", "environ", "index", "count"),
    [
        ("3/8", {}, 3, 8),
        (" 1/1 ", {"ATOM_SHARD": "2/2"}, 1, 1),
        (None, {"ATOM_SHARD": "2/4"}, 2, 4),
        ("auto", SLURM | {"SLURM_ARRAY_TASK_COUNT": "6"}, 3, 6),
        ("auto/5", SLURM, 3, 5),
        ("auto", {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "2"}, 1, 2),
        ("auto/4", {"JOB_COMPLETION_INDEX": "0"}, 1, 4),
        (None, {"ATOM_SHARD": "auto/4", "JOB_COMPLETION_INDEX": "3"}, 4, 4),
    ],
)
def test_named(option: str | None, environ: dict[str, str], index: int, count: int) -> None:
    """By option, by variable, or by what Slurm and Kubernetes set, each counted as it counts."""
    assert Shard.from_option(option, environ) == Shard(index, count)


def test_never_unasked() -> None:
    """A scheduler's variables alone share out nothing: a job array may well give each job a folder of its own."""
    assert Shard.from_option(None, SLURM | {"SLURM_ARRAY_TASK_COUNT": "6", "JOB_COMPLETION_INDEX": "1"}) is None


@pytest.mark.parametrize(
    ("option", "environ", "said"),
    [
        ("", {}, "--shard is empty"),
        ("0/8", {}, "no part 0 of 8"),
        ("9/8", {}, "no part 9 of 8"),
        ("1/0", {}, "no part 1 of 0"),
        ("-1/8", {}, "expected K/N"),
        ("3", {}, "expected K/N"),
        ("3/8/2", {}, "expected K/N"),
        ("١/٢", {}, "expected K/N"),
        ("1" * 5000 + "/8", {}, "expected K/N"),
        (None, {"ATOM_SHARD": "x"}, "ATOM_SHARD x: expected K/N"),
        ("auto", {}, "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"),
        ("auto", {"JOB_COMPLETION_INDEX": "3"}, "how many parts there are is not said"),
        ("auto/4", {"JOB_COMPLETION_INDEX": "4"}, "no part 5 of 4"),
        ("auto/4", {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MIN": "3"}, "no part -1 of 4"),
    ],
)
def test_what_is_no_part(option: str | None, environ: dict[str, str], said: str) -> None:
    """One line that says what is expected."""
    with pytest.raises(SettingsError, match=said):
        Shard.from_option(option, environ)


def test_each_video_is_in_one_part(tmp_path: Path) -> None:
    """All are in some part, none in two, parts are of about one size, and a copy under another name is where the video
    is; what differs in the middle alone may be where it is, too, but what differs in size or at its ends is told apart.
    """
    files = []
    for number in range(400):
        files.append(tmp_path / f"{number}.mp4")
        files[-1].write_bytes(number.to_bytes(2, "big") * (number + 1))
    shards = [Shard(index, 4) for index in range(1, 5)]
    found = Counter(shard for file in files for shard in shards if shard.has(file))
    assert sum(found.values()) == 400
    assert min(found.values()) > 70
    copy = tmp_path / "elsewhere.mov"
    copy.write_bytes(files[7].read_bytes())
    assert [shard.has(copy) for shard in shards] == [shard.has(files[7]) for shard in shards]
    assert all(Shard(1, 1).has(file) for file in files)
    with pytest.raises(MediaError):
        shards[0].has(tmp_path / "none.mp4")


def test_large_files_by_their_ends(tmp_path: Path) -> None:
    """The last bytes of a long file count as much as the first."""
    file, parts = tmp_path / "long.mp4", set()
    for last in range(40):
        file.write_bytes(b"a" * 200_000 + bytes([last]))
        parts |= {shard for shard in (Shard(1, 2), Shard(2, 2)) if shard.has(file)}
    assert len(parts) == 2


def test_libraries_of_their_own(tmp_path: Path) -> None:
    """Beside that of the whole; parts of another number of parts are others."""
    assert Shard(3, 8).library(tmp_path / "library") == tmp_path / "library.shards" / "3-of-8"


def test_parts_of_another_number(tmp_path: Path) -> None:
    """Parts of three and parts of two make no whole: the second is refused, with what there is."""
    whole = tmp_path / "library"
    first = Shard(1, 3).library(whole)
    assert first == tmp_path / "library.shards" / "1-of-3"
    first.mkdir(parents=True)
    assert Shard(3, 3).library(whole).name == "3-of-3"
    with pytest.raises(SettingsError, match=r"library.shards' has parts of 3, such as 1-of-3, and this is part 2/2"):
        Shard(2, 2).library(whole)
