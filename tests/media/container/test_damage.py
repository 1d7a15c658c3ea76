"""Damaged files: what can be decoded is, with its own times, and all else is one line."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from atom_core.errors import MediaError
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.sample import sample_many
from atom_core.media.segment import segment
from atom_core.settings import Settings
from atom_core.testing.videos import frame_number, write_video


def _damage(content: bytearray, rng: random.Random) -> bytearray:
    """One kind of damage, somewhere."""
    at, length = rng.randrange(len(content)), rng.randrange(1, 3000)
    kind = rng.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        for _ in range(20):
            content[rng.randrange(len(content))] = rng.randrange(256)
    elif kind == 2:
        content[at : at + length] = bytes(length)
    else:
        del content[at : at + length]
    return content


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi", ".ts", ".flv"])
def test_damage_is_read_past_or_told_in_one_line(remux: Callable[..., Path], tmp_path: Path, suffix: str) -> None:
    """However a file is damaged, it gives clips and frames, or one line that says what to do."""
    rng = random.Random(suffix)
    if suffix in (".ts", ".flv"):
        whole = remux(write_video(tmp_path / "v.mp4"), tmp_path / f"v{suffix}").read_bytes()
    else:
        whole = write_video(tmp_path / f"v{suffix}", audio=True).read_bytes()
    done, told = 0, list[str]()
    for number in range(20):
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(_damage(bytearray(whole), rng))
        try:
            video = probe(path)
            clips = segment(video, Settings(reuse=False))[:5]
            assert [len(frames.images) for frames in sample_many(clips, 4)] == [4] * len(clips)
            done += 1
        except MediaError as error:
            told.append(str(error).replace(str(path), "FILE"))
    assert done > 0
    assert all("FILE" in line and "; " in line and "\n" not in line for line in told)


def _stamp_later(path: Path, number: int) -> None:
    """Move the time stamp of one picture of an FLV file by 23 hours: flip a bit of its tag's highest byte."""
    content = bytearray(path.read_bytes())
    at, seen = 13, 0
    while True:
        if content[at] == 9:  # pictures
            if seen == number:
                content[at + 7] ^= 5
                break
            seen += 1
        at += 15 + int.from_bytes(content[at + 1 : at + 4])
    path.write_bytes(content)


def test_a_stray_time_stamp(remux: Callable[..., Path], tmp_path: Path) -> None:
    """One picture with a wild time stamp does not make the video longer, and all others keep their times."""
    whole = remux(write_video(tmp_path / "v.mp4"), tmp_path / "whole.flv")
    path = tmp_path / "v.flv"
    path.write_bytes(whole.read_bytes())
    _stamp_later(path, 20)
    assert path.read_bytes() != whole.read_bytes()
    assert (probe(path).duration_s, probe(path).fault) == (probe(whole).duration_s, "")
    with Reader(path) as reader:
        shown = [(picture.time_s, frame_number(reader.rgb(picture.frame))) for picture in reader.pictures()]
    assert len(shown) >= 47
    assert [number for _, number in shown] == [round(time_s * 24) for time_s, _ in shown]
