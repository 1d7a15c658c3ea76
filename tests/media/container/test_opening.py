"""Opening: the named file and no other, whatever it says or is called, and within stated bounds."""

from __future__ import annotations

import errno
import os
import re
import socket
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media.container import opening
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
    ("name", "text", "said"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\nv.mp4\n#EXT-X-ENDLIST\n", "only names other files"),
        ("b.mp4", "\ufeff ffconcat version 1.0\nfile v.mp4\n", "only names other files"),
        ("c.mpd", '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "only names other files"),
        ("d.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n", "only names other files"),
        ("e.idx", "# VobSub index file, v7\nid: en, index: 0\n", "no(t a)? video"),
        ("f.srt", "1\n00:00:00,000 --> 00:00:01,000\nx\n", "no(t a)? video"),
    ],
)
def test_lists_and_texts(tmp_path: Path, name: str, text: str, said: str) -> None:
    """What holds no pictures but names, or words, is no video whatever its suffix."""
    write_video(tmp_path / "v.mp4")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert re.search(said, _refused(tmp_path / name))


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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file"), "no such file"),
        (av.error.InvalidDataError(1, "Invalid data"), "it is damaged, cut off or not a video"),
        (av.error.OSError(errno.ENOSPC, "No space left on device"), "gives no more room on the disk"),
        (MemoryError(), "gives no more memory"),
        (PermissionError(errno.EACCES, "Permission denied"), "no permission to read"),
        (PermissionError(errno.EPERM, "Operation not permitted"), "Operation not permitted; check that it plays"),
        (av.error.FFmpegError(7, "Protocol not found"), "Protocol not found; check that it plays"),
        (av.error.FFmpegError(7, ""), "Errno 7.*; check that it plays"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error; check the path and its disk"),
        (OSError("of a library"), "of a library; check the path and its disk"),
        (OSError(errno.EMFILE, "Too many open files"), "no more open files; give less"),
        (RuntimeError("can't allocate memory"), "gives no more memory"),
        (ValueError("two\nlines"), "ValueError: two lines; check that it plays"),
    ],
)
def test_errors_are_one_line(tmp_path: Path, error: Exception, said: str) -> None:
    """Whatever reading a file raises says what is wrong with it, or what the machine lacks, and what to do."""
    path = tmp_path / "a.mp4"
    with pytest.raises(MediaError, match=said) as caught, opening.reading(path):
        raise error
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    """Is told with what it leads to; one line of our own stays as it is."""
    (tmp_path / "link.mp4").symlink_to(tmp_path / "gone.mp4")
    assert "gone.mp4', which is not there; mend the link" in _refused(tmp_path / "link.mp4")
    with pytest.raises(MediaError, match=r"^as it is$"), opening.reading(tmp_path):
        raise MediaError("as it is", path=tmp_path)


def test_damage_where_memory_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg says the same of both: a file is not blamed where the limit is near."""
    monkeypatch.setattr(opening, "near_limit", lambda: "the machine gives no more memory; close other programs")
    with pytest.raises(MediaError, match="no more memory"), opening.reading(tmp_path):
        raise av.error.InvalidDataError(1, "Invalid data")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX pipes")
def test_what_becomes_a_pipe_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it was a file when it was looked at."""
    (tmp_path / "a.mp4").write_bytes(b"x")
    status = (tmp_path / "a.mp4").stat()
    (tmp_path / "a.mp4").unlink()
    os.mkfifo(tmp_path / "a.mp4")
    monkeypatch.setattr(opening, "check_file", lambda path: status)
    with pytest.raises(MediaError, match="not a regular file"):
        opening.open_file(tmp_path / "a.mp4")


def test_largest_pictures(tmp_path: Path) -> None:
    """8K of any file; up to 16K panoramas of one that has a byte for 64 pixels."""
    path = tmp_path / "a.mp4"
    path.touch()
    opening.check_pixels(path, 8192, 4608)
    with pytest.raises(MediaError, match=r"8193 x 4608.*at most 37748736 pixels"):
        opening.check_pixels(path, 8193, 4608)
    for size, width, fits in ((2**21, 16384, True), (2**21 - 1, 16384, False), (2**30, 16385, False)):
        os.truncate(path, size)
        if fits:
            opening.check_pixels(path, width, 8192)
        else:
            with pytest.raises(MediaError, match="shrink them"):
                opening.check_pixels(path, width, 8192)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.TS", "mpegts"), ("a.h264", "h264"), ("a.vob", "mpeg"), ("a.mp4", None), ("a", None)]
)
def test_bytes_that_say_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str | None) -> None:
    """The name says then which reader is tried; what has no such name is refused."""
    tried: list[str | None] = []

    def read(file: object, kind: str | None, options: object) -> str:
        tried.append(kind)
        if kind is None:
            raise av.error.InvalidDataError(1, "Invalid data")
        return "opened"

    monkeypatch.setattr(opening, "_open", read)
    (tmp_path / name).write_bytes(b"x")
    if kind is None:
        with pytest.raises(MediaError, match="not a video"):
            open_container(tmp_path / name)
        assert tried == [None]
    else:
        assert open_container(tmp_path / name) == "opened"
        assert tried == [None, kind]


def test_what_is_cut_off(tmp_path: Path) -> None:
    """A recording without its index is told as that, one with an index as damaged, and a byte is no empty file."""
    for data, said in (
        (b"\0\0\0\x0cftypisom\0\0\0\x10mdat12345678", "its index, which is written last, is missing"),
        (b"\0\0\0\x0cftypisom\0\0\0\x10moov12345678", "it is damaged, cut off or not a video"),
        (b"x", "it is damaged, cut off or not a video"),
        (b"", "is empty"),
    ):
        (tmp_path / "a.mp4").write_bytes(data)
        assert said in _refused(tmp_path / "a.mp4")


def test_samples_that_just_fit(tmp_path: Path) -> None:
    """Two bytes a sample are believed, one is not."""
    for size, fits in ((100, True), (99, False)):
        head = b"\0\0\0\x0cftypisom" + struct.pack(">I4sI4sI4sII", 32, b"moof", 24, b"traf", 16, b"trun", 1, 50)
        (tmp_path / "a.mp4").write_bytes(head + b"\0" * (size - len(head)))
        assert ("hold 50 samples" in _refused(tmp_path / "a.mp4")) is not fits
