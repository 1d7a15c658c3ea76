"""Times: every picture is the one that a player shows at that instant, in whatever a format stores them."""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.packet import Packet

from atom_core.errors import MediaError
from atom_core.media.container import measure
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.sample import sample
from atom_core.records import Clip
from atom_core.testing.videos import GREEN, RED, draw, frame_number

_FPS = 25
_NUM_PICTURES = 100
_B_FRAMES = {"libx264": {"preset": "ultrafast", "crf": "12", "x264-params": "bframes=3:b-adapt=0:threads=1:open-gop=1"}}


def _write(
    path: Path,
    codec: str,
    kind: str | None = None,
    num_b: int = 2,
    times_s: Sequence[float] | None = None,
    gop: int = 12,
) -> Path:
    """Numbered pictures in a container of FFmpeg's."""
    with av.open(str(path), "w", format=kind) as film:
        stream = film.add_stream(codec, rate=_FPS, options=_B_FRAMES.get(codec, {"qmin": "1", "qmax": "3"}))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = gop
        if codec != "libx264":
            stream.codec_context.max_b_frames = num_b
        packets: list[Packet[Any]] = []
        for number in range(_NUM_PICTURES if times_s is None else len(times_s)):
            frame = av.VideoFrame.from_ndarray(draw(number, GREEN, (64, 48)), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            packets += stream.encode(frame)
        for number, packet in enumerate([*packets, *stream.encode()]):
            if times_s is not None:
                packet.time_base = Fraction(1, 1000)
                packet.pts = packet.dts = round(times_s[number] * 1000)
                packet.duration = 40
            packet.stream = stream
            film.mux(packet)
    return path


def _edit(path: Path, parts: Sequence[tuple[int, int] | int]) -> None:
    """Write into an MP4 what of it is shown: from one picture up to another, or nothing, for so many pictures."""
    data = bytearray(path.read_bytes())
    length, scale = (int.from_bytes(data[at : at + 4]) for at in (data.index(b"elst") - 4, data.index(b"mdhd") + 16))
    first = int.from_bytes(data[data.index(b"elst") + 16 :][:4])  # composition time of the first picture
    edits = b""
    for part in parts:
        start, num = (-1, part) if isinstance(part, int) else (first + part[0] * scale // _FPS, part[1] - part[0])
        edits += struct.pack(">IiI", num * 1000 // _FPS, start, 1 << 16)
    box = struct.pack(">I4sII", 16 + len(edits), b"elst", 0, len(parts)) + edits
    at = data.index(b"elst") - 4
    data[at : at + length] = box
    for name in (b"moov", b"trak", b"edts"):
        at = data.index(name, data.index(b"moov")) - 4
        data[at : at + 4] = (int.from_bytes(data[at : at + 4]) + len(box) - length).to_bytes(4)
    path.write_bytes(data)


def _check_seeks(path: Path) -> None:
    """Wherever a reader stands, it finds the picture of an instant, as one that decodes everything does."""
    rng = random.Random(1)
    video = probe(path)
    with Reader.of(video) as reader:
        shown = [(picture.time_s, frame_number(reader.rgb(picture.frame))) for picture in reader.pictures()]
    assert shown == [(pytest.approx(number / _FPS, abs=1e-3), number) for number in range(_NUM_PICTURES)]
    for _ in range(6):
        with Reader.of(video) as reader:
            for number in (rng.randrange(_NUM_PICTURES), rng.randrange(_NUM_PICTURES)):
                assert frame_number(reader.rgb(reader.at(number / _FPS + 0.01).frame)) == number


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("v.avi", "mpeg4"),
        ("v.avi", "libx264"),
        ("v.mpg", "mpeg2video"),
        ("v.vob", "mpeg2video"),
        ("v.ts", "mpeg2video"),
        ("v.h264", "libx264"),
        ("v.m2v", "mpeg2video"),
        ("v.m1v", "mpeg1video"),
        ("v.mpg", "libx264"),
        ("v.vob", "libx264"),
        ("v.mkv", "libx264"),
        ("v.flv", "libx264"),
    ],
)
def test_every_picture_at_its_time(tmp_path: Path, name: str, codec: str) -> None:
    """Also where only the order of decoding is stored, few pictures are stamped, or none is."""
    path = _write(tmp_path / name, codec)
    assert probe(path).duration_s == pytest.approx(_NUM_PICTURES / _FPS, abs=0.002)
    assert probe(path).fps == _FPS
    _check_seeks(path)


@pytest.mark.parametrize(
    "parts", [[(2, 30), (77, 100)], [(40, 60), (40, 60), (3, 9)], [(60, 90), (10, 40)], [30, (5, 75)]], ids=str
)
def test_edits(tmp_path: Path, parts: list[tuple[int, int] | int]) -> None:
    """An MP4 is as long as what its edits show, in their order, also where they go back in what is stored. Where
    pictures are stored in another order than shown FFmpeg loses up to two at a seam, and puts others as far off."""
    path = _write(tmp_path / "v.mp4", "libx264")
    _edit(path, parts)
    due = [number for part in parts if not isinstance(part, int) for number in range(*part)]
    video, num_lost = probe(path), 2 * (len(parts) - 1)
    assert (video.duration_s, video.fault) == (pytest.approx(len(due) / _FPS, abs=num_lost / _FPS + 0.002), "")
    with Reader.of(video) as reader:
        shown = [(picture.time_s, frame_number(reader.rgb(picture.frame))) for picture in reader.pictures()]
        assert len(due) - num_lost <= len(shown) <= len(due)
        for time_s, number in shown:
            place = round(time_s * _FPS)
            assert number in due[max(place - 2, 0) : place + 3]
        for time_s, number in random.Random(1).sample(shown, 12):
            assert frame_number(reader.rgb(reader.at(time_s + 0.01).frame)) == number


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_track_that_is_not_the_first(tmp_path: Path, suffix: str) -> None:
    """All pictures of a track are there, to the last, wherever it stands in the file."""
    source, path = _write(tmp_path / "v.mp4", "libx264"), tmp_path / f"two{suffix}"
    with av.open(str(source)) as whole, av.open(str(path), "w") as copy:
        sound = copy.add_stream("mp2", rate=48000, layout="mono")
        pictures = copy.add_stream_from_template(whole.streams.video[0])
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 48000 * 4), np.int16), format="s16", layout="mono")
        silence.sample_rate = 48000
        copy.mux([packet for frame in [silence, None] for packet in sound.encode(frame)])
        for packet in whole.demux(video=0):
            if packet.size:
                packet.stream = pictures
                copy.mux(packet)
    _check_seeks(path)


def test_a_windows_media_file_is_as_long_as_its_longest_track(tmp_path: Path) -> None:
    """Each track says how long the file is: pictures that begin late and end early are not cut off."""
    path = tmp_path / "v.wmv"
    with av.open(str(path), "w") as film:
        pictures, sound = film.add_stream("wmv2", rate=_FPS), film.add_stream("wmav2", rate=44100, layout="mono")
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound.bit_rate = 64000
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 4 * 44100), np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44100
        film.mux([packet for frame in [silence, None] for packet in sound.encode(frame)])
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(draw(number, GREEN, (64, 48)), format="rgb24")
            frame.pts, frame.time_base = 25 + number, Fraction(1, _FPS)
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode())
    assert (probe(path).duration_s, probe(path).fault) == (pytest.approx(1.0, abs=0.01), "")


def test_a_short_stream(tmp_path: Path) -> None:
    """A transport stream of two pictures is a video, too."""
    path = _write(tmp_path / "v.ts", "mpeg2video", num_b=0, times_s=[0.0, 0.04])
    frames = sample(Clip.whole(probe(path)), 2)
    assert [frame_number(image) for image in frames.images] == [0, 1]


@pytest.mark.parametrize(
    ("suffix", "by_s"), [(".ts", 3600.0), (".ts", 40.0), (".mkv", 3600.0), (".mkv", 1e7), (".mp4", 1e5)]
)
def test_a_clock_that_leaps(tmp_path: Path, suffix: str, by_s: float) -> None:
    """Where the time stamps leap although nothing is stored between, the video is as long as its pictures."""
    times_s = [number / _FPS + by_s * (number >= 40) for number in range(_NUM_PICTURES)]
    path = _write(tmp_path / f"v{suffix}", "mpeg4" if suffix != ".ts" else "mpeg2video", num_b=0, times_s=times_s)
    video = probe(path)
    assert video.duration_s == pytest.approx(_NUM_PICTURES / _FPS, abs=0.01)
    assert len(video.leaps) == 1
    _check_seeks(path)


def test_a_long_still_is_no_leap(tmp_path: Path) -> None:
    """A picture may stand for minutes: elsewhere than in transport streams that is what the file says."""
    path = _write(tmp_path / "v.mkv", "mpeg4", num_b=0, times_s=[0.0, 0.04, 600.0, 600.04])
    assert (probe(path).duration_s, probe(path).leaps) == (pytest.approx(600.08, abs=0.01), ())


def test_a_clock_whose_unit_is_damaged(tmp_path: Path) -> None:
    """Pictures that are minutes apart all along are those of a video, at the usual rate."""
    path = _write(tmp_path / "v.mkv", "mpeg4", num_b=0, times_s=[512.0 * number for number in range(_NUM_PICTURES)])
    assert probe(path).duration_s == pytest.approx(_NUM_PICTURES / _FPS, abs=0.01)
    _check_seeks(path)


def test_the_longest_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A video that would make clips without end is refused with how long it is and may be."""
    monkeypatch.setattr(measure, "LONGEST_S", 600.0)
    path = _write(tmp_path / "v.mkv", "mpeg4", num_b=0, times_s=[20.0 * number for number in range(50)])
    with pytest.raises(MediaError, match="long by its clock, and at most"):
        probe(path)


def test_the_rate_of_fragments(tmp_path: Path) -> None:
    """A first picture that lasts longer does not change the rate."""
    path = _write(
        tmp_path / "v.mkv", "mpeg4", num_b=0, times_s=[0.0, *(0.064 + number / _FPS for number in range(1, 60))]
    )
    assert probe(path).fps == _FPS


def test_silence_at_the_end(tmp_path: Path) -> None:
    """Uncompressed silence after the pictures is no sign of damage."""
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=_FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        heard = film.add_stream("pcm_s16le", rate=48000, layout="mono")
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(draw(number, RED, (64, 48)), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        for first in range(0, 4 * 48000, 4800):
            block = av.AudioFrame(format="s16", layout="mono", samples=4800)
            block.planes[0].update(bytes(9600))
            block.sample_rate, block.pts, block.time_base = 48000, first, Fraction(1, 48000)
            film.mux(heard.encode(block))
    assert (probe(path).duration_s, probe(path).fault) == (pytest.approx(1.0, abs=0.01), "")


def test_a_single_key_picture(tmp_path: Path) -> None:
    """Where there is only one, all is decoded from the start."""
    _check_seeks(_write(tmp_path / "v.avi", "mpeg4", gop=600))


def test_a_stream_cut_where_no_picture_is_whole(tmp_path: Path) -> None:
    """A raw stream of pictures that are refreshed bit by bit, from its middle: it begins with the first whole one."""
    options = {"preset": "ultrafast", "x264-params": "intra-refresh=1:keyint=20:bframes=0:threads=1:log=-1"}
    path = tmp_path / "v.h264"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=_FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(_NUM_PICTURES):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(draw(number, GREEN, (64, 48)), format="rgb24")))
        film.mux(stream.encode())
    data = path.read_bytes()
    path.write_bytes(data[data.index(b"\0\0\1", len(data) * 2 // 5) :])
    video = probe(path)
    with Reader.of(video) as reader:
        times_s = [picture.time_s for picture in reader.pictures()]
    assert 20 < len(times_s) < 60
    assert times_s == pytest.approx([number / _FPS for number in range(len(times_s))])
    assert video.duration_s == pytest.approx(len(times_s) / _FPS)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")
def test_streams_that_begin_anew_in_ogg(tmp_path: Path) -> None:
    """What FFmpeg cannot go on with is the end: what is before it is used, to its last picture."""
    path = tmp_path / "v.ogv"
    data = b""
    for codec in ("libvorbis", "flac"):
        made_up = "-f lavfi -i testsrc=s=64x48:r=25:d=4 -f lavfi -i sine=d=4"
        words = f"ffmpeg -v error -y -nostdin {made_up} -c:v libtheora -q:v 6 -c:a {codec}".split()
        subprocess.run([*words, str(path)], check=True)
        data += path.read_bytes()
    path.write_bytes(data)
    video = probe(path)
    assert video.duration_s == pytest.approx(_NUM_PICTURES / _FPS)
    with Reader.of(video) as reader:
        assert len(list(reader.pictures())) == _NUM_PICTURES
