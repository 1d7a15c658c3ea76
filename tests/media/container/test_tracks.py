"""Tracks: of several the video is the one that players show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from av.stream import Disposition

from atom_core.errors import MediaError
from atom_core.media.probe import probe
from atom_core.media.render import render
from atom_core.media.sample import sample
from atom_core.records import Clip, Cut, Request, Timeline


class Track(NamedTuple):
    """A track to write."""

    level: int
    num_pictures: int = 25
    size: tuple[int, int] = (64, 48)
    is_default: bool = True
    codec: str = "mpeg4"


def _write(path: Path, *tracks: Track, timecode: str = "") -> Path:
    """A file of several picture tracks, each of one grey."""
    with av.open(str(path), "w") as film:
        streams = []
        for track in tracks:
            stream = film.add_stream(track.codec, rate=25)
            stream.width, stream.height = track.size
            stream.pix_fmt = "yuvj420p" if track.codec == "mjpeg" else "yuv420p"
            stream.disposition = Disposition.default if track.is_default else Disposition(0)
            if timecode:
                stream.metadata["timecode"] = timecode
            streams.append(stream)
        for stream, track in zip(streams, tracks, strict=True):
            image = np.full((track.size[1], track.size[0], 3), track.level, np.uint8)
            for number in range(track.num_pictures):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                film.mux(stream.encode(frame))
            film.mux(stream.encode())
    return path


def _level(path: Path) -> int:
    """The grey of what is taken for the video."""
    return round(float(sample(Clip.whole(probe(path)), 1).images[0].mean()))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("is_default", [False, True])
def test_a_still_before_the_video(tmp_path: Path, suffix: str, is_default: bool) -> None:
    """A cover in a track of its own is not the video, whatever it is marked as."""
    still = Track(200, 1, (320, 240), is_default, "mjpeg")
    path = _write(tmp_path / f"v{suffix}", still, Track(60))
    assert probe(path).duration_s == pytest.approx(1.0, abs=0.01)
    assert _level(path) == pytest.approx(60, abs=4)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_preview_before_the_video(tmp_path: Path, suffix: str) -> None:
    """The default track is the video, and of two the larger one."""
    path = _write(tmp_path / f"v{suffix}", Track(200, is_default=False), Track(60, size=(48, 32)))
    assert _level(path) == pytest.approx(60, abs=4)
    assert _level(_write(tmp_path / f"w{suffix}", Track(200), Track(60, size=(128, 96)))) == pytest.approx(60, abs=4)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("timecode", ["00:00:00:00", "10:00:00:00"])
def test_a_time_code_track(tmp_path: Path, suffix: str, timecode: str) -> None:
    """A track of data without a decoder stands beside the video."""
    path = _write(tmp_path / f"v{suffix}", Track(60), timecode=timecode)
    with av.open(str(path)) as film:
        assert [stream.type for stream in film.streams] == ["video", "data"]
    assert (probe(path).duration_s, probe(path).fault) == (1.0, "")


def test_a_track_that_cannot_be_decoded(tmp_path: Path) -> None:
    """It gives way to one that can, and where there is none that is said."""
    path = _write(tmp_path / "v.mp4", Track(200), Track(60))
    data = path.read_bytes()
    path.write_bytes(data.replace(b"mp4v", b"xxxv", 1).replace(b"esds", b"xxxx", 1))
    assert _level(path) == pytest.approx(60, abs=4)
    path.write_bytes(data.replace(b"mp4v", b"xxxv").replace(b"esds", b"xxxx"))
    with pytest.raises(MediaError, match="cannot be decoded"):
        probe(path)


def test_damaged_pictures_of_the_first_track(tmp_path: Path) -> None:
    """A track of which no picture can be decoded gives way, too."""
    path = _write(tmp_path / "v.mkv", Track(200, 2, codec="libx264"), Track(60, 2))
    data = path.read_bytes()
    with av.open(str(path)) as film:
        stored = [bytes(packet) for packet in film.demux(video=0) if packet.size]
    for packet in stored:
        data = data.replace(packet, bytes(len(packet)))
    path.write_bytes(data)
    assert _level(path) == pytest.approx(60, abs=4)


def test_the_wanted_track(tmp_path: Path) -> None:
    """Another track can be asked for: it is a video of its own, in samples and films; one that is not there is told."""
    path = _write(tmp_path / "v.mkv", Track(60), Track(200))
    shown, chosen = probe(path), probe(path, track=2)
    assert probe(path, track=1) == shown
    assert (shown.track, chosen.track) == (None, 2)
    assert chosen.content_hash != shown.content_hash
    for video, level in ((shown, 60), (chosen, 200)):
        assert sample(Clip.whole(video), 1).images[0].mean() == pytest.approx(level, abs=4)
    cut = Cut(
        path=path, content_hash=chosen.content_hash, start_s=0.0, end_s=1.0, line="grey", caption="Grey.", score=0.5
    )
    film = render(Timeline(request=Request(text="grey"), cuts=(cut,)), tmp_path / "film.mp4")
    assert _level(film.path) == pytest.approx(200, abs=4)
    with pytest.raises(MediaError, match="no picture track 3; it has 2"):
        probe(path, track=3)


def test_a_still_in_an_avi(tmp_path: Path) -> None:
    """An AVI also counts the empty packets that keep a still on the screen."""
    path = tmp_path / "v.avi"
    with av.open(str(path), "w") as film:
        still, moving = film.add_stream("mjpeg", rate=50), film.add_stream("mpeg4", rate=25)
        for stream, form in ((still, "yuvj420p"), (moving, "yuv420p")):
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
        for stream, numbers in ((still, (5,)), (moving, range(25))):
            for number in numbers:
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
                frame.pts, frame.time_base = number, 1 / stream.codec_context.framerate
                film.mux(stream.encode(frame))
            film.mux(stream.encode())
    assert probe(path).duration_s == pytest.approx(1.0)
