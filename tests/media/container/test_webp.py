"""WebP animations: every picture at its time, transparent or not, as far as the file is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from atom_core.errors import MediaError
from atom_core.media.container import webp
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.sample import sample
from atom_core.records import Clip
from atom_core.testing.videos import GREEN, draw, frame_number


def _write(path: Path, images: Sequence[np.ndarray], lengths_ms: list[int]) -> Path:
    first, *others = map(Image.fromarray, images)
    first.save(path, save_all=True, append_images=others, duration=lengths_ms, lossless=True, exact=True)
    return path


def test_every_picture_at_its_time(tmp_path: Path) -> None:
    """In order and sought, whatever time each is shown for."""
    lengths_ms = [40] * 10 + [120] * 10
    path = _write(tmp_path / "v.webp", [draw(number, GREEN, (64, 48)) for number in range(20)], lengths_ms)
    video = probe(path)
    assert (video.duration_s, video.width, video.height) == (pytest.approx(1.6), 64, 48)
    with Reader.of(video) as reader:
        seen = [(picture.time_s, frame_number(reader.rgb(picture.frame))) for picture in reader.pictures()]
        assert frame_number(reader.rgb(reader.at(0.1).frame)) == 2
    starts_s = np.cumsum([0, *lengths_ms[:-1]]) / 1000
    assert seen == [(pytest.approx(start_s), number) for number, start_s in enumerate(starts_s)]


def test_transparency(tmp_path: Path) -> None:
    """Over black, as of other formats."""
    grey, size = np.full((48, 64, 3), 200, np.uint8), (48, 64)
    images = [np.dstack([grey, np.full(size, opaque, np.uint8)]) for opaque in (0, 128, 255)]
    frames = sample(Clip.whole(probe(_write(tmp_path / "v.webp", images, [500] * 3))), 3)
    assert [round(float(image.mean())) for image in frames.images] == [0, 100, 200]


def test_a_single_picture(tmp_path: Path) -> None:
    """Is read by FFmpeg as before."""
    path = tmp_path / "v.webp"
    Image.fromarray(draw(5, GREEN, (64, 48))).save(path, lossless=True)
    assert frame_number(sample(Clip.whole(probe(path)), 1).images[0]) == 5


def test_damage_and_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut off is told in one line, as are too many pictures."""
    whole = _write(tmp_path / "v.webp", [draw(number, GREEN, (64, 48)) for number in range(20)], [40] * 20)
    data, path = whole.read_bytes(), tmp_path / "cut.webp"
    for part in range(30, len(data), len(data) // 17):
        path.write_bytes(data[:part])
        try:
            assert 0 < probe(path).duration_s <= 0.8
        except MediaError as error:
            assert "damaged or cut off" in str(error)  # noqa: PT017
    monkeypatch.setattr(webp, "_MOST_PIXELS", 64 * 48 * 19)
    with pytest.raises(MediaError, match="20 pictures of 64 x 48, which is too much to decode"):
        probe(whole)
