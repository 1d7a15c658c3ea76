"""Interlaced footage: half pictures are merged where combs show, alike however a picture is reached, and never else."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from atom_core.media.pictures.decode import Reader
from atom_core.media.pictures.fields import is_combed
from atom_core.media.probe import probe
from atom_core.media.sample import sample
from atom_core.records import Clip

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")

BAR = (
    "nullsrc=s=320x240:r={rate}:d=1,format=yuv420p,geq=cb=128:cr=128"
    ":lum='if(between(X-mod(N*{step}\\,280)\\,0\\,40)\\,235\\,60+20*mod(trunc(Y/24)\\,2))'"
)
WOVEN = BAR.format(rate=50, step=8) + ",tinterlace=interleave_{first},setfield={order}"
LACED = "-flags +ildct+ilme -r 25 -g 8"
INTERLACED = {
    "tff.ts": ("top", "tff", f"-c:v libx264 -qp 6 {LACED} -top 1"),
    "bff.mp4": ("bottom", "bff", f"-c:v libx264 -qp 6 {LACED} -top 0"),
    "dvd.mpg": ("top", "tff", f"-c:v mpeg2video -q:v 2 {LACED} -top 1"),
    "intra.mov": ("top", "tff", f"-c:v prores_ks {LACED} -top 1"),
    "lossless.mkv": ("top", "tff", f"-c:v ffv1 {LACED} -field_order tt"),
    "packed.mov": ("top", "tff", f"-c:v v210 -pix_fmt yuv422p10le {LACED} -field_order tt"),
}


def _ffmpeg(source: str, words: str, path: Path) -> Path:
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *words.split(), str(path)]
    subprocess.run(command, check=True)
    return path


def _combs(image: np.ndarray) -> float:
    """How much neighbouring rows differ from those around them."""
    rows = image[..., 1].astype(int)
    return float(np.abs(rows[2:-2:2] - (rows[1:-3:2] + rows[3:-1:2]) / 2).mean())


def _stored(path: Path) -> list[np.ndarray]:
    """The pictures as they are decoded."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def _shown(path: Path) -> list[tuple[float, np.ndarray]]:
    with Reader(path) as reader:
        return [(picture.time_s, reader.rgb(picture.frame)) for picture in reader.pictures()]


def _own(path: Path, how: str, size: tuple[int, int]) -> np.ndarray:
    """The pictures as FFmpeg's program makes them with a filter."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-vf", how, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, size[1], size[0], 3)


@pytest.mark.parametrize("name", INTERLACED)
def test_combs_are_merged(tmp_path: Path, name: str) -> None:
    """Pictures look as FFmpeg's program shows them with the same filter, each at its own time."""
    first, order, words = INTERLACED[name]
    path = _ffmpeg(WOVEN.format(first=first, order=order), words, tmp_path / name)
    stored, shown = _stored(path), _shown(path)
    assert len(shown) == len(stored)
    assert [time_s for time_s, _ in shown] == pytest.approx([number / 25 for number in range(len(stored))], abs=2e-3)
    flat = BAR.format(rate=25, step=0)
    calm = _combs(_stored(_ffmpeg(flat, "-c:v ffv1 -frames:v 1", tmp_path / "calm.mkv"))[0])
    for raw, (_, image) in zip(stored[1:-1], shown[1:-1], strict=True):
        assert _combs(image) - calm < 0.15 * (_combs(raw) - calm)
    own = _own(path, f"bwdif=send_frame:parity={order}:deint=all", (320, 240))
    for image, (_, merged) in zip(own, shown, strict=True):
        assert np.abs(image.astype(int) - merged).mean() < 2
    assert "fields" in probe(path).picture_rule


@pytest.mark.parametrize("name", ["tff.ts", "intra.mov"])
def test_any_order_of_instants(tmp_path: Path, name: str) -> None:
    """A picture that was sought is the same, to the bit, as one that was come to."""
    first, order, words = INTERLACED[name]
    path = _ffmpeg(WOVEN.format(first=first, order=order), words, tmp_path / name)
    shown = _shown(path)
    numbers = list(range(len(shown)))
    random.Random(0).shuffle(numbers)
    with Reader(path) as reader:
        for number in numbers:
            picture = reader.at(shown[number][0])
            assert picture.time_s == shown[number][0]
            assert np.array_equal(reader.rgb(picture.frame), shown[number][1])


def test_what_is_only_said_to_be_interlaced_stays_sharp(tmp_path: Path) -> None:
    """Progressive pictures, moving ones too, are not touched, whatever the file says."""
    moving = "testsrc2=s=320x240:r=25:d=1,setfield=tff"
    path = _ffmpeg(moving, f"-c:v libx264 -qp 6 -pix_fmt yuv420p {LACED}", tmp_path / "v.mp4")
    assert "fields" in probe(path).picture_rule
    for raw, (_, image) in zip(_stored(path), _shown(path), strict=True):
        assert np.array_equal(raw, image)


def test_film_in_interlaced_video(tmp_path: Path) -> None:
    """Of film sent as interlaced video (3:2), whole pictures stay as they are, and woven ones lose their combs."""
    source = BAR.format(rate=24, step=8) + ",telecine=pattern=23,setfield=tff"
    path = _ffmpeg(source, f"-c:v ffv1 -field_order tt {LACED.replace('25', '30')}", tmp_path / "v.mkv")
    combed = [is_combed(raw[..., 1]) for raw in _stored(path)]
    assert 0.3 < np.mean(combed) < 0.5
    for is_woven, raw, (_, image) in zip(combed, _stored(path), _shown(path), strict=True):
        assert np.array_equal(raw, image) or is_woven
        assert not is_combed(image[..., 1])


def test_the_model_sees_no_combs(tmp_path: Path) -> None:
    """Sampled frames are merged too."""
    path = _ffmpeg(WOVEN.format(first="top", order="tff"), INTERLACED["tff.ts"][2], tmp_path / "v.ts")
    assert not any(is_combed(image[..., 1]) for image in sample(Clip.whole(probe(path)), 5).images)


def test_combs_are_told_from_fine_rows() -> None:
    """Lines, edges, noise and text are no combs; a small thing that moves by a pixel between half pictures is one."""
    rng = np.random.default_rng(0)
    plain = np.full((128, 128), 90, np.uint8)
    lines, noise, slope = plain.copy(), rng.normal(90, 8, plain.shape).astype(np.uint8), plain.copy()
    lines[::6] = 200
    slope[np.add.outer(np.arange(128), np.arange(128)) % 31 < 3] = 220
    small = plain.copy()
    small[40:72:2, 50:80] = small[41:73:2, 51:81] = 180
    assert not any(map(is_combed, (plain, lines, noise, slope)))
    assert is_combed(small)
