"""The maker of test videos: what it draws can be read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from atom_core.media.pictures.decode import Reader
from atom_core.testing.videos import COLOURS, draw, frame_number, shot_colour, write_video


@pytest.mark.parametrize("size", [(32, 32), (65, 49), (48, 96)])
def test_pictures_say_number_and_colour(size: tuple[int, int]) -> None:
    """Number and colour are read from the picture alone, also when it is dimmed or grainy."""
    for number in (0, 1, 2, 255, 4096, 16383):
        for colour in COLOURS:
            image = draw(number, colour, size)
            assert image.shape == (size[1], size[0], 3)
            assert frame_number(image) == number
            assert frame_number(image // 2 + 30) == number
            assert shot_colour(image) == colour


def test_neighbours_differ_in_one_cell() -> None:
    """From frame to frame one cell of sixteen changes, so that numbering is no cut."""
    for number in range(200):
        changed = (draw(number, COLOURS[0], (64, 64)) != draw(number + 1, COLOURS[0], (64, 64))).any(axis=2)
        assert changed.mean() == 1 / 16


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_every_frame_is_in_the_file_and_bytes_repeat(tmp_path: Path, suffix: str) -> None:
    """All frames come back in order; the same call writes the same pictures."""
    shots = [(30, COLOURS[2]), (30, COLOURS[5])]
    path = write_video(tmp_path / f"1{suffix}", shots=shots, audio=True)
    with Reader(path) as reader:
        images = [reader.rgb(picture.frame) for picture in reader.pictures()]
    with Reader(write_video(tmp_path / f"2{suffix}", shots=shots, audio=True)) as reader:
        again = [reader.rgb(picture.frame) for picture in reader.pictures()]
    assert [frame_number(image) for image in images] == list(range(60))
    assert [shot_colour(images[0]), shot_colour(images[-1])] == [COLOURS[2], COLOURS[5]]
    assert all((image == other).all() for image, other in zip(images, again, strict=True))


def test_wrong_number_of_timestamps(tmp_path: Path) -> None:
    """Timestamps must match the frames."""
    with pytest.raises(ValueError, match="48 frames but 1 timestamps"):
        write_video(tmp_path / "v.mp4", timestamps_s=[0.0])
