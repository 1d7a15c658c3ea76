"""Pictures that nobody sees, and that no other is made from, are not decoded: what is seen is the same, bit for bit."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from av.codec import CodecContext
from av.video.codeccontext import VideoCodecContext

from atom_core.media.pictures import decode
from atom_core.media.pictures.decode import Reader
from atom_core.media.pictures.spared import leaves_out_unseen
from atom_core.media.probe import probe

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")

MOVING = "testsrc2=s=160x96:r=25:d=5"
VARYING = MOVING + ",setpts='(N+3*gt(mod(N\\,7)\\,3)*mod(N\\,7)+20*floor(N/60))/25/TB'"
KINDS = {
    "usual.mp4": (MOVING, "-c:v libx264 -g 250"),
    "no_b.mp4": (MOVING, "-c:v libx264 -g 250 -bf 0"),
    "many_b.mkv": (MOVING, "-c:v libx264 -bf 8 -x264-params b-adapt=0:b-pyramid=none"),
    "open.mp4": (MOVING, "-c:v libx264 -g 30 -bf 3 -x264-params open-gop=1"),
    "open.ts": (MOVING, "-c:v libx264 -g 30 -bf 3 -x264-params open-gop=1:b-pyramid=normal"),
    "varying.mkv": (VARYING, "-c:v libx264 -bf 3 -fps_mode vfr"),
    "refreshed.mp4": (MOVING, "-c:v libx264 -bf 2 -x264-params slices=3:intra-refresh=1"),
    "laced.ts": (MOVING, "-c:v libx264 -bf 3 -flags +ilme+ildct -x264-params tff=1"),
    "order.avi": (MOVING, "-c:v libx264 -bf 2"),
    "mpeg2.mpg": (MOVING, "-c:v mpeg2video -bf 2"),
    "mpeg2.ts": (MOVING, "-c:v mpeg2video -bf 2 -g 30"),
    "mpeg2.mkv": (MOVING, "-c:v mpeg2video -bf 3 -flags +cgop -sc_threshold 1000000000"),
    "hevc.mp4": (MOVING, "-c:v libx265 -x265-params log-level=none:keyint=250"),
    "hevc_open.ts": (MOVING, "-c:v libx265 -x265-params log-level=none:keyint=30:open-gop=1"),
    "hevc_varying.mkv": (VARYING, "-c:v libx265 -x265-params log-level=none:keyint=40:open-gop=1 -fps_mode vfr"),
}
SPARED = ("usual.mp4", "many_b.mkv", "open.mp4", "open.ts", "varying.mkv", "refreshed.mp4", "mpeg2.ts", "mpeg2.mkv")
SPARED += ("hevc.mp4", "hevc_open.ts", "hevc_varying.mkv")


def _made(folder: Path, name: str) -> Path:
    source, words = KINDS[name]
    path = folder / name
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", *words.split()]
    subprocess.run([*command, str(path)], check=True)
    return path


def _seen(path: Path, times_s: Sequence[float]) -> list[tuple[float, np.ndarray]]:
    """What is shown at each instant, asked of one reader."""
    with Reader.of(probe(path)) as reader:
        pictures = [reader.at(time_s) for time_s in times_s]
        return [(picture.time_s, picture.frame.to_ndarray()) for picture in pictures]


def _instants(rising: bool) -> list[float]:
    drawn = random.Random(7)
    times_s = [drawn.uniform(0, 5) for _ in range(9)]
    return sorted(times_s) if rising else times_s


def _check_same(one: list[tuple[float, np.ndarray]], other: list[tuple[float, np.ndarray]]) -> None:
    assert [time_s for time_s, _ in one] == [time_s for time_s, _ in other]
    assert all(np.array_equal(here, there) for (_, here), (_, there) in zip(one, other, strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_the_pictures_are_those_of_whole_decoding(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked for, in order or not, of B pictures, open groups, variable rates and interlaced footage."""
    path, passed = _made(tmp_path, name), list[bool]()
    is_passed = Reader._is_passed

    def noted(reader: Reader, *args: object) -> bool:
        passed.append(is_passed(reader, *args))  # type: ignore[arg-type]
        return passed[-1]

    with Reader.of(probe(path)) as reader:
        every = [(picture.time_s, picture.frame.to_ndarray()) for picture in reader.pictures()]
    monkeypatch.setattr(Reader, "_is_passed", noted)
    for times_s in (_instants(True), _instants(False)):
        truth = [[one for one in every if one[0] <= time_s + decode.SLACK_S][-1] for time_s in times_s]
        _check_same(_seen(path, times_s), truth)
    if name in SPARED:
        assert sum(passed) > len(passed) / 8
    if name not in (*SPARED, "no_b.mp4"):
        assert not any(passed)


def test_all_pictures_after_some(tmp_path: Path) -> None:
    """Who asks for all pictures gets all, also of a reader that has left some out."""
    with Reader.of(probe(_made(tmp_path, "usual.mp4"))) as reader:
        times_s = [picture.time_s for picture in reader.pictures()]
        reader.at(4.0)
        assert [picture.time_s for picture in reader.pictures()] == times_s


@pytest.mark.parametrize("name", ["usual.mp4", "hevc.mp4", "mpeg2.mkv"])
@pytest.mark.parametrize("seed", range(4))
def test_damaged_files(seed: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pictures are lost, those that are shown instead are shown at the same times; FFmpeg's threads make up what
    is lost within a picture a little differently from run to run."""
    path = _made(tmp_path, name)
    content, drawn = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(5):
        at = drawn.randrange(len(content) // 4, 3 * len(content) // 4)
        content[at : at + 40] = drawn.randbytes(40)
    path.write_bytes(content)
    spared = _seen(path, _instants(True))
    monkeypatch.setattr(decode, "leaves_out_unseen", lambda _: False)
    whole = _seen(path, _instants(True))
    assert [time_s for time_s, _ in spared] == [time_s for time_s, _ in whole]
    _check_same(spared[:2], whole[:2])  # before the damage


@pytest.mark.parametrize(
    ("extradata", "is_spared"),
    [
        (b"\1" + bytes(27) + b"\x40\x01\x0c\x01\xff\xff", True),  # as MP4 stores it
        (b"\0\0\0\1\x40\x01\x0c\x01\xff\xff", True),  # as a stream does
        (b"\0\0\0\1\x40\x01\x0c\x03\xff\xff", False),  # two sub-layers, the lower of which the upper is made from
        (b"\1\x40\x01\x0c\x01" + bytes(30), False),  # not among the parameter sets
        (b"\0\0\0\1\x40\x01", False),
        (b"", False),
        (None, False),
    ],
)
def test_layers_of_hevc(extradata: bytes | None, is_spared: bool) -> None:
    """Pictures of a lower sub-layer that is said to be for display alone may be what a higher one is made from."""
    decoder = CodecContext.create("hevc", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = extradata
    assert leaves_out_unseen(decoder) == is_spared
