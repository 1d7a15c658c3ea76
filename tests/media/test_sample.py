"""Sampling: each frame is the one being shown, upright, whatever the container, rate and rotation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media.pictures.decode import Picture, Reader
from atom_core.media.probe import probe
from atom_core.media.sample import instants_s, rule_of, sample, sample_many
from atom_core.records import Clip
from atom_core.testing.videos import BLUE, GREEN, RED, frame_number, shot_colour, write_video

SUFFIXES = [".mp4", ".mov", ".mkv", ".webm", ".avi"]
VARIABLE_S = [index * 0.02 + (0.3 if index > 10 else 0) + (0.5 if index > 40 else 0) for index in range(48)]


def _shown(path: Path, clip: Clip, num_frames: int) -> tuple[list[int], list[float]]:
    """Numbers and times of the frames shown at the instants, from all timestamps that the container holds."""
    with av.open(str(path)) as container:
        packets = container.demux(video=0)
        times_s = sorted(float(packet.pts * packet.time_base) for packet in packets if packet.pts is not None)
    times_s = [time_s - times_s[0] for time_s in times_s]
    numbers = [
        max(number for number, time_s in enumerate(times_s) if time_s <= instant_s + 1e-6)
        for instant_s in instants_s(clip, num_frames)
    ]
    return numbers, [times_s[number] for number in numbers]


def _check(path: Path, clip: Clip, num_frames: int) -> None:
    frames = sample(clip, num_frames)
    numbers, times_s = _shown(path, clip, num_frames)
    assert [frame_number(image) for image in frames.images] == numbers
    assert frames.timestamps_s == pytest.approx(times_s, abs=1e-6)
    assert frames.rule == f"uniform:{num_frames}"


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("fps", [24, 25, Fraction(30000, 1001)])
@pytest.mark.parametrize("num_frames", [1, 7])
def test_constant_rate(tmp_path: Path, suffix: str, fps: Fraction | int, num_frames: int) -> None:
    """The sampled frames are exactly those on the screen, B-frames and coarse clocks included."""
    path = write_video(tmp_path / f"v{suffix}", fps=fps, audio=True)
    _check(path, Clip.whole(probe(path)), num_frames)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize("span_s", [(0.0, None), (0.3, 1.2), (1.0, 1.7)])
def test_variable_rate(tmp_path: Path, suffix: str, span_s: tuple[float, float | None]) -> None:
    """A picture that stays long is sampled as long as it stays, and carries its own timestamp."""
    path = write_video(tmp_path / f"v{suffix}", timestamps_s=VARIABLE_S)
    video = probe(path)
    _check(path, Clip(video=video, start_s=span_s[0], end_s=span_s[1] or video.duration_s), 11)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_late_start(tmp_path: Path, suffix: str) -> None:
    """Times count from the first picture, not from the file's clock."""
    path = write_video(tmp_path / f"v{suffix}", start_s=1.5, audio=True)
    _check(path, Clip.whole(probe(path)), 5)


def test_b_frames_in_avi(tmp_path: Path) -> None:
    """AVI knows only the order of decoding; pictures are timed by the order of showing."""
    path = write_video(tmp_path / "v.avi", codec="libx264")
    _check(path, Clip.whole(probe(path)), 48)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
@pytest.mark.parametrize(("rotation", "mirrored"), [(90, False), (180, False), (270, False), (0, True), (90, True)])
def test_upright(tmp_path: Path, suffix: str, rotation: int, mirrored: bool) -> None:
    """Frames of a turned or mirrored recording come as players show them."""
    path = write_video(tmp_path / f"v{suffix}", rotation=rotation, mirrored=mirrored, size=(48, 80))
    frames = sample(Clip.whole(probe(path)), 4)
    assert frames.images[0].shape == (80, 48, 3)
    _check(path, frames.clip, 4)
    assert [shot_colour(image) for image in frames.images] == [RED, RED, BLUE, BLUE]


@pytest.mark.parametrize("rotation", [0, 90])
def test_large_pictures_are_shrunk(tmp_path: Path, rotation: int) -> None:
    """Above the limit a picture has about that many pixels and its shape; the rule says so. Others are untouched."""
    path = write_video(tmp_path / "v.mp4", rotation=rotation, size=(96, 64))
    clip = Clip.whole(probe(path))
    whole = sample(clip, 4)
    assert rule_of(clip, 4, 96 * 64) == whole.rule == "uniform:4"
    for kept, image in zip(sample(clip, 4, 96 * 64).images, whole.images, strict=True):
        assert np.array_equal(kept, image)
    small = sample(clip, 4, 48 * 32)
    assert small.rule == rule_of(clip, 4, 48 * 32) == "uniform:4 pixels:1536"
    assert {image.shape for image in small.images} == {(32, 48, 3)}
    assert [frame_number(image) for image in small.images] == [frame_number(image) for image in whole.images]


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of the new content are never given out as the old content's."""
    path, other = write_video(tmp_path / "v.mp4"), write_video(tmp_path / "w.mp4", shots=[(48, GREEN)])
    clip = Clip.whole(probe(path))
    read = Reader.at

    def late(reader: Reader, time_s: float) -> Picture:
        shutil.copy(other, path)
        return read(reader, time_s)

    monkeypatch.setattr(Reader, "at", late)
    with pytest.raises(MediaError, match="changed"):
        sample(clip, 4)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_odd_size(tmp_path: Path, suffix: str) -> None:
    """Odd sizes keep every pixel, in arrays that own their memory."""
    path = write_video(tmp_path / f"v{suffix}", size=(65, 49))
    image = sample(Clip.whole(probe(path)), 1).images[0]
    assert image.shape == (49, 65, 3)
    assert image.dtype == "uint8"
    assert image.flags.c_contiguous


def test_short_clip_repeats(tmp_path: Path) -> None:
    """A clip with fewer pictures than asked for repeats them, with their timestamps."""
    video = probe(write_video(tmp_path / "v.mp4", shots=[(2, RED)]))
    frames = sample(Clip.whole(video), 6)
    assert [frame_number(image) for image in frames.images] == [0, 0, 0, 1, 1, 1]
    assert frames.timestamps_s == pytest.approx([0, 0, 0, 1 / 24, 1 / 24, 1 / 24])


def test_any_order_of_instants(tmp_path: Path) -> None:
    """Going back and far ahead gives the same pictures as going on."""
    path = write_video(tmp_path / "v.mp4", shots=[(240, GREEN)], gop=24)
    with Reader(path) as reader:
        for number in [200, 3, 100, 101, 99, 239, 0, 24, 23, 150]:
            picture = reader.at(number / 24 + 0.001)
            assert frame_number(reader.rgb(picture.frame)) == number


def test_few_frames_of_a_long_clip_decode_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sampling jumps from key picture to key picture instead of decoding what lies between."""
    path = write_video(tmp_path / "v.mp4", shots=[(1200, GREEN)], gop=12)
    decoded = []
    real = Reader._timed_frames

    def counting(reader: Reader, *how: Any) -> Iterator[tuple[int, av.VideoFrame]]:
        for timed in real(reader, *how):
            decoded.append(timed[0])
            yield timed

    monkeypatch.setattr(Reader, "_timed_frames", counting)
    clip = Clip.whole(probe(path))
    assert [frame_number(image) for image in sample(clip, 4).images] == [150, 450, 750, 1050]
    assert len(decoded) < 100


def test_many_clips_in_one_pass(tmp_path: Path) -> None:
    """Clips of several videos come in order, equal to those sampled alone."""
    one, two = probe(write_video(tmp_path / "1.mp4")), probe(write_video(tmp_path / "2.mkv", shots=[(30, GREEN)]))
    clips = [Clip(video=one, start_s=1.0, end_s=2.0), Clip(video=one, start_s=0.0, end_s=1.0), Clip.whole(two)]
    for clip, frames in zip(clips, sample_many(clips, 3), strict=True):
        alone = sample(clip, 3)
        assert frames == alone
        assert all((image == other).all() for image, other in zip(frames.images, alone.images, strict=True))


def test_changed_file_is_refused(tmp_path: Path) -> None:
    """Frames are never taken from other bytes than those the video was known by."""
    video = probe(write_video(tmp_path / "v.mp4"))
    write_video(tmp_path / "v.mp4", shots=[(24, GREEN)])
    with pytest.raises(MediaError, match=r"v\.mp4' has changed"):
        sample(Clip.whole(video), 2)
