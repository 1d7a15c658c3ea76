"""Media files that are damaged, or made to cost much."""

from __future__ import annotations

import json
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

HANGS_S, MOST_MIB = 20.0, 1024
FORMS: dict[str, tuple[str, str, str, str | None, dict[str, str]]] = {
    "h264.mp4": ("mp4", "libx264", "yuv420p", "aac", {"preset": "ultrafast", "bf": "2"}),
    "pieces.mp4": ("mp4", "libx264", "yuv420p", None, {"preset": "ultrafast"}),
    "prores.mov": ("mov", "prores_ks", "yuv422p10le", "pcm_s16le", {}),
    "h264.mkv": ("matroska", "libx264", "yuv420p", "aac", {"preset": "ultrafast"}),
    "ffv1.mkv": ("matroska", "ffv1", "yuv420p", None, {"level": "3", "slices": "4"}),
    "vp9.webm": ("webm", "libvpx-vp9", "yuv420p", "libopus", {"deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.avi": ("avi", "mpeg4", "yuv420p", "pcm_s16le", {}),
    "mjpeg.avi": ("avi", "mjpeg", "yuvj420p", None, {}),
    "h264.ts": ("mpegts", "libx264", "yuv420p", "aac", {"preset": "ultrafast"}),
    "moving.gif": ("gif", "gif", "rgb8", None, {}),
    "flv1.flv": ("flv", "flv", "yuv420p", None, {}),
    "mpeg2.mxf": ("mxf", "mpeg2video", "yuv420p", None, {}),
    "wmv2.wmv": ("asf", "wmv2", "yuv420p", None, {}),
    "mpeg2.mpg": ("mpeg", "mpeg2video", "yuv420p", None, {}),
}
"""Container, codec, pixel format, sound codec and options of each kind of file."""
EXTREMES = [b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0" * 4, b"\0\0\0\1", b"\xff" * 8, b"\x7f" + b"\xff" * 7]


def write(path: Path, times_s: list[float] | None = None, size: tuple[int, int] = (64, 48)) -> Path:
    """A video of two shots, or with pictures at these times."""
    container_name, codec, pixels, sound, options = FORMS[path.name] if path.name in FORMS else FORMS["h264.mkv"]
    more = {"movflags": "frag_keyframe+empty_moov"} if path.stem == "pieces" else {}
    tick = Fraction(1, 1000) if times_s else Fraction(1, 25)
    with av.open(str(path), "w", format=container_name, options=more) as container:
        stream: Any = container.add_stream(codec, rate=25, options=dict(options))
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.gop_size, stream.codec_context.thread_count = 8, 1
        if times_s:
            stream.codec_context.time_base = tick
        track: Any = container.add_stream(sound, rate=48000, layout="mono") if sound and not times_s else None
        for number in range(len(times_s or range(24))):
            image = np.full((size[1], size[0], 3), (30, 60, 190) if number >= 12 else (190, 40, 30), np.uint8)
            image[10:30, 4 + number % 12 * 4 : 16 + number % 12 * 4] = 250
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = round(times_s[number] / tick) if times_s else number, tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        for first in range(0, 46080, 1152) if track else ():
            kind = "s16" if sound == "pcm_s16le" else "fltp"
            quiet = np.zeros((1, 1152), np.int16 if kind == "s16" else np.float32)
            heard = av.AudioFrame.from_ndarray(quiet, format=kind, layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 48000, first, Fraction(1, 48000)
            container.mux(track.encode(heard))
        if track:
            container.mux(track.encode())
    return path


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bytes of a whole file of each kind that FFmpeg here can write."""
    folder = tmp_path_factory.mktemp("seeds")
    made = {}
    for name, (_, codec, _, sound, _) in FORMS.items():
        if {codec, sound} - {None} <= av.codecs_available:
            made[name] = write(folder / name).read_bytes()
    return made


class Looker:
    """The program `look.py`, started anew when it ends; one file at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __call__(self, path: Path) -> dict[str, Any]:
        """What it makes of a file; a crash, a hang and too much memory are faults."""
        if self._process is None:
            program = [sys.executable, str(Path(__file__).with_name("look.py"))]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            self._process = subprocess.Popen(program, text=True, **pipes)
            assert self._answer(60.0) == {"ready": True}
        self._process.stdin.write(json.dumps(str(path)) + "\n")
        self._process.stdin.flush()
        found = self._answer(6 * HANGS_S)
        if found is None:
            self.close()
            return {"faults": [f"hangs or needs over {3 * MOST_MIB} MiB"], "refused": False}
        if "code" in found:
            return {"faults": [f"crashes with {found['code']}"], "refused": False}
        found["faults"] += [f"takes {found['seconds']:.0f} s"] * (found["seconds"] > HANGS_S)
        found["faults"] += [f"needs {found['mib']} MiB"] * (found["mib"] > MOST_MIB)
        return found

    def _answer(self, limit_s: float) -> dict[str, Any] | None:
        end_s = time.monotonic() + limit_s
        while time.monotonic() < end_s and self._mib() < 3 * MOST_MIB:
            if select.select([self._process.stdout], [], [], 0.2)[0]:
                if line := self._process.stdout.readline():
                    return json.loads(line)
                code = self._process.wait()
                self.close()
                return {"code": code}
        return None

    def _mib(self) -> int:
        try:
            words = Path(f"/proc/{self._process.pid}/statm").read_text().split()
        except OSError:
            return 0
        return int(words[1]) * 4096 // 2**20

    def close(self) -> None:
        """End the program."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@pytest.fixture(scope="module")
def look() -> Iterator[Looker]:
    """Looks at a file as Atom does."""
    looker = Looker()
    yield looker
    looker.close()


def boxes(data: bytes, first: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the boxes of an MP4 file begin and end, those inside others too."""
    while first + 8 <= end:
        size, kind = struct.unpack(">I4s", data[first : first + 8])
        if size < 8 or first + size > end:
            return
        yield first, first + size
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"):
            yield from boxes(data, first + 8, first + size)
        first += size


def damaged(name: str, data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """`data` with damage that disks, transfers and attackers do, mostly where the structure is."""
    new, length = bytearray(data), len(data)
    places = (
        [box for box in boxes(data, 0, length) if box[1] - box[0] < 4096] if name.endswith((".mp4", ".mov")) else []
    )

    def place() -> int:
        if places and rng.random() < 0.7:
            first, end = rng.choice(places)
            return rng.randrange(first, min(end, first + 64))
        return rng.choice(
            (rng.randrange(min(length, 600)), rng.randrange(max(0, length - 400), length), rng.randrange(length))
        )

    first, size = rng.randrange(length), rng.randrange(1, max(2, length // 4))
    match rng.randrange(9):
        case 0:
            for _ in range(rng.randint(1, 12)):
                new[place()] = rng.randrange(256)
        case 1:
            for _ in range(rng.randint(1, 30)):
                new[rng.randrange(length)] ^= 1 << rng.randrange(8)
        case 2 | 3:
            for _ in range(rng.randint(1, 4)):
                at, value = place(), rng.choice(EXTREMES)
                new[at : at + len(value)] = value
        case 4:
            del new[rng.randrange(1, length) :]
        case 5:
            del new[first : first + size]
        case 6:
            new[first:first] = new[first : first + size] * rng.choice((1, 2, 20))
        case 7:
            new[first : first + size] = bytes(len(new[first : first + size]))
        case 8:
            other = rng.choice(others)
            new[rng.randrange(8, length) :] = other[rng.randrange(len(other)) :]
    return bytes(new)


def test_damaged_files(
    tmp_path: Path, seeds: dict[str, bytes], look: Looker, tally: Any, rng: random.Random, rounds: Callable[..., Any]
) -> None:
    """Media files with random damage.

    Each gives clips and frames that fit together, or one line that names it: no crash, hang, trace or flood of memory.
    """
    assert len(seeds) >= 12
    names = sorted(seeds)
    for number in rounds(0.4):
        name = names[number % len(names)]
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(damaged(name, seeds[name], list(seeds.values()), rng))
        faults = [f"{path.name}: {fault}" for fault in look(path)["faults"]]
        tally.case(*faults)
        if not faults:
            path.unlink()
    tally.judge(len(names))


def _far_apart(folder: Path) -> Path:
    return write(folder / "apart.mkv", times_s=[0, 0.04, 0.08, 1e7])


def _farther_apart(folder: Path) -> Path:
    return write(folder / "farther.mkv", times_s=[0, 0.04, 0.08, 1e9])


def _claimed_size(folder: Path) -> Path:
    path = write(folder / "moving.gif")
    data = bytearray(path.read_bytes())
    data[6:10] = struct.pack("<HH", 16000, 16000)
    path.write_bytes(data)
    return path


def _claimed_box(folder: Path) -> Path:
    path = folder / "box.mp4"
    path.write_bytes(b"\0\0\0\1ftyp" + b"\xff" * 8 + b"isom" * 10)
    return path


def _claimed_lengths(folder: Path) -> Path:
    path = write(folder / "h264.mp4")
    data = bytearray(path.read_bytes())
    at = data.index(b"stts")
    data[at + 16 : at + 20] = b"\x7f\xff\xff\xff"
    for box in (b"mdhd", b"mvhd"):
        at = data.index(box)
        data[at + 16 : at + 24] = struct.pack(">II", 1, 0x7FFFFFFF)
    path.write_bytes(data)
    return path


def _many_tracks(folder: Path) -> Path:
    path = write(folder / "h264.mp4")
    data = path.read_bytes()
    (movie, movie_end) = next(box for box in boxes(data, 0, len(data)) if data[box[0] + 4 : box[0] + 8] == b"moov")
    (track, track_end) = next(box for box in boxes(data, 0, len(data)) if data[box[0] + 4 : box[0] + 8] == b"trak")
    more = data[track:track_end] * 3000
    size = struct.pack(">I", movie_end - movie + len(more))
    path.write_bytes(data[:movie] + size + data[movie + 4 : track_end] + more + data[track_end:])
    return path


def _nothing(folder: Path) -> Path:
    path = folder / "nothing.mp4"
    with path.open("wb") as file:
        file.truncate(4 << 30)
    return path


def _playlist(folder: Path) -> Path:
    path = folder / "list.mp4"
    path.write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n")
    return path


def _pattern(folder: Path) -> Path:
    path = folder / "img%03d.png"
    path.write_bytes(write(folder / "moving.gif").read_bytes())
    return path


BOMBS = (
    _far_apart,
    _farther_apart,
    _claimed_size,
    _claimed_box,
    _claimed_lengths,
    _many_tracks,
    _nothing,
    _playlist,
    _pattern,
)


def test_files_that_cost_much(tmp_path: Path, look: Looker, tally: Any) -> None:
    """Small files that claim much, and files that name others.

    Each is refused or cut to what its pictures carry, within 20 s and 1 GiB.
    """
    for number, make in enumerate(BOMBS):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = make(folder)
        tally.case(*(f"{make.__name__}: {fault}" for fault in look(path)["faults"]))
        path.unlink()
    tally.judge(len(BOMBS))
