"""Opening: the named file and no other, whatever it says or is called, and within stated bounds."""

from __future__ import annotations

import os
import socket
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media.container.opening import open_container
from atom_core.media.probe import find_videos, is_film, probe
from atom_core.media.sample import sample
from atom_core.records import Clip
from atom_core.testing.videos import write_video


def _refused(path: Path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(MediaError) as caught:
        probe(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def _picture(path: Path, level: int) -> Path:
    """A PNG of one grey."""
    image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), format="rgb24")
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = 64, 48, "rgb24", Fraction(1, 25)
    path.write_bytes(b"".join(map(bytes, (*encoder.encode(image), *encoder.encode(None)))))
    return path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """Pipes, sockets and devices with the name of a video are refused by every way in, none of which hangs."""
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "device.mp4").symlink_to("/dev/zero")
    os.chdir(tmp_path)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.mp4")
        for path in sorted(tmp_path.iterdir()):
            assert "not a regular file" in _refused(path)
            assert not is_film(path)
            with pytest.raises(MediaError, match="not a regular file"):
                open_container(path)
        assert len(find_videos([tmp_path / "pipe.mp4"])[1]) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\nv.mp4\n#EXT-X-ENDLIST\n"),
        ("b.mp4", "ffconcat version 1.0\nfile v.mp4\n"),
        ("c.mpd", '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'),
        ("d.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n"),
        ("e.idx", "# VobSub index file, v7\nid: en, index: 0\n"),
        ("f.srt", "1\n00:00:00,000 --> 00:00:01,000\nx\n"),
    ],
)
def test_lists_and_texts(tmp_path: Path, name: str, text: str) -> None:
    """What holds no pictures but names, or words, is no video whatever its suffix."""
    write_video(tmp_path / "v.mp4")
    (tmp_path / name).write_text(text)
    assert (
        "no video" in (said := _refused(tmp_path / name)) or "only names other files" in said or "not a video" in said
    )


@pytest.mark.parametrize("name", ["img%03d.png", "img*.png", "a:b|c.png", "fd:3.png", "-x.png", "~.png"])
def test_names_have_no_meaning(tmp_path: Path, name: str) -> None:
    """A file is read itself, by its bytes, also if its name is a pattern or looks like an address."""
    for number in range(3):
        _picture(tmp_path / f"img{number:03}.png", 10 * number)
    video = probe(_picture(tmp_path / name, 250))
    assert [int(image.mean()) for image in sample(Clip.whole(video), 3).images] == [250, 250, 250]


def _with_reference(path: Path, kind: bytes, payload: bytes) -> Path:
    """The MP4 with another data reference, and its boxes grown by it."""
    data = path.read_bytes()
    at = data.index(b"url \0\0\0\1") - 4
    entry = struct.pack(">I4sI", 12 + len(payload), kind, 0) + payload
    grown = bytearray(data[:at] + entry + data[at + 12 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = data.rindex(name, 0, at) - 4
        (size,) = struct.unpack_from(">I", data, place)
        struct.pack_into(">I", grown, place, size + len(payload))
    path.write_bytes(grown)
    return path


@pytest.mark.parametrize(("kind", "payload"), [(b"url ", b"/tmp/other.mp4\0"), (b"alis", bytes(150))])
def test_pictures_in_other_files(tmp_path: Path, kind: bytes, payload: bytes) -> None:
    """A QuickTime file that keeps its pictures elsewhere is refused, for its bytes do not say what it shows."""
    assert "in other files" in _refused(_with_reference(write_video(tmp_path / "v.mov"), kind, payload))


def test_sizes_that_cannot_be(tmp_path: Path) -> None:
    """A box longer than any disk is damage like any other."""
    path = tmp_path / "v.mp4"
    path.write_bytes(b"\0\0\0\1ftyp" + b"\xff" * 8 + b"isom" * 10)
    assert "copy or download it again" in _refused(path)


def test_samples_that_a_file_has_no_room_for(tmp_path: Path) -> None:
    """A fragment that declares millions of pictures in a kilobyte takes no memory for them."""
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w", options={"movflags": "frag_keyframe+empty_moov"}) as film:
        stream = film.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        film.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        film.mux(stream.encode())
    assert probe(path).duration_s > 0
    data = bytearray(path.read_bytes())
    struct.pack_into(">II", data, data.index(b"trun") + 4, 1, 1 << 24)
    path.write_bytes(data)
    assert "hold 16777216 samples" in _refused(path)


def test_area(tmp_path: Path) -> None:
    """A few bytes that claim to be pictures of a gigabyte are refused before one is made."""
    path = tmp_path / "v.gif"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24").reformat(format="rgb8")
        film.mux(stream.encode(picture))
        film.mux(stream.encode())
    data = bytearray(path.read_bytes())
    data[6:10] = struct.pack("<HH", 16000, 16000)
    path.write_bytes(data)
    assert "pixels" in _refused(path)
