"""What players show: colours and shapes in frames and films of what FFmpeg's program makes of a drawn picture.

The truth is what was drawn: a box on a plain background, whose colours and place are known.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import frozen

from atom_core.media.probe import probe
from atom_core.media.render import render
from atom_core.media.sample import sample
from atom_core.records import Clip, Cut, Request, Timeline

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")

GROUND, BOX = (40, 90, 160), (220, 190, 60)
NUM_FRAMES, RATE = 6, 12
Corners = tuple[float, float, float, float]


@frozen(kw_only=True)
class Source:
    """A file that FFmpeg makes of the drawing, and what it looks like."""

    name: str
    encode: str
    """Words for the ffmpeg program, after its input."""
    size: tuple[int, int] = (320, 240)
    """Width and height of the drawing."""
    shown: tuple[int, int] | None = None
    """Width and height as shown, if other."""
    cut: tuple[int, int, int, int] = (0, 0, 0, 0)
    """What of the drawing is not shown: left, top, right, bottom."""
    turned: Callable[[np.ndarray], np.ndarray] = lambda image: image
    """What becomes of the drawing before it is scaled."""
    ground: tuple[int, int, int] = GROUND
    box: tuple[int, int, int] = BOX
    """The colours shown."""
    finish: Callable[[Path], None] = lambda path: None
    """What is done to the file."""
    own: str | None = "null"
    """Filters by which FFmpeg's program shows the same; None where it has none."""
    needs: str = ""
    """A further program that is needed."""


def _to(matrix: str, kind: str = "yuv420p", spread: str = "tv", tags: bool = True) -> str:
    """Colours converted by FFmpeg's program, and told or not."""
    names = {"bt601": "smpte170m", "bt2020": "bt2020nc"}
    told = f" -colorspace {names.get(matrix, matrix)} -color_range {spread}" if tags else ""
    return (
        f"-vf scale=out_color_matrix={matrix}:out_range={spread}:flags=accurate_rnd+full_chroma_int,format={kind}{told}"
    )


def _x264(matrix: str, kind: str = "yuv420p", spread: str = "tv", tags: bool = True) -> str:
    return f"{_to(matrix, kind, spread, tags)} -c:v libx264 -preset ultrafast -qp 6"


def _x265(matrix: str, kind: str) -> str:
    return f"{_to(matrix, kind)} -c:v libx265 -preset ultrafast -x265-params log-level=error:crf=6"


HD = (1280, 720)
AS_709 = "scale=in_color_matrix=bt709"
SOURCES = [
    Source(name="sd_untagged.mp4", encode=_x264("bt601", tags=False)),
    Source(name="sd_601.mp4", encode=_x264("bt601")),
    Source(name="sd_709.mp4", encode=_x264("bt709")),
    Source(name="sd_wide_untagged.mkv", size=(720, 576), encode=_x264("bt601", tags=False)),
    Source(name="hd_untagged.mp4", size=HD, encode=_x264("bt709", tags=False), own=AS_709),
    Source(name="hd_high_untagged.mkv", size=(400, 640), encode=_x264("bt709", tags=False), own=AS_709),
    Source(name="hd_709.mp4", size=HD, encode=_x264("bt709")),
    Source(name="hd_601.mp4", size=HD, encode=_x264("bt601")),
    Source(name="full_range.mp4", encode=_x264("bt709", spread="pc")),
    Source(name="yuvj_untagged_matrix.mkv", encode=_x264("bt601", "yuvj420p", "pc")),
    Source(name="yuv422p.mp4", encode=_x264("bt709", "yuv422p")),
    Source(name="yuv444p.mp4", encode=_x264("bt709", "yuv444p")),
    Source(name="rgb.mkv", encode="-c:v libx264rgb -preset ultrafast -qp 0"),
    Source(name="yuv420p10.mp4", encode=_x264("bt709", "yuv420p10le")),
    Source(
        name="yuv422p10_untagged_hd.mov",
        size=HD,
        encode=_to("bt709", "yuv422p10le", tags=False) + " -c:v prores_ks",
        own=AS_709,
    ),
    Source(name="hevc_yuv422p10.mp4", encode=_x265("bt709", "yuv422p10le")),
    Source(name="hevc_yuv444p12.mkv", encode=_x265("bt709", "yuv444p12le")),
    Source(name="bt2020_matrix.mp4", encode=_x264("bt2020", "yuv420p10le")),
    Source(name="smpte240m.mkv", encode=_x264("smpte240m")),
    Source(name="fcc.mkv", encode=_x264("fcc")),
    Source(name="vp8.webm", encode=_to("bt601") + " -c:v libvpx -b:v 4M"),
    Source(
        name="vp9_hd.webm", size=HD, encode=_to("bt709") + " -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 10"
    ),
    Source(
        name="vp9_10.webm",
        encode=_to("bt709", "yuv420p10le") + " -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 10",
    ),
    Source(name="mjpeg_hd.avi", size=HD, encode=_to("bt601", "yuvj420p", "pc") + " -c:v mjpeg -q:v 2"),
    Source(name="mpeg2_sd.mpg", encode=_to("bt601", tags=False) + " -r 25 -c:v mpeg2video -q:v 2"),
    Source(name="mpeg2_hd.ts", size=HD, encode=_to("bt709", tags=False) + " -r 25 -c:v mpeg2video -q:v 2", own=AS_709),
    Source(name="mpeg4.avi", encode=_to("bt601", tags=False) + " -c:v mpeg4 -q:v 2"),
    Source(name="dnxhd.mov", size=HD, encode=_to("bt709", "yuv422p") + " -r 25 -c:v dnxhd -b:v 75M"),
    Source(name="huffyuv_rgb.avi", encode="-c:v huffyuv -pix_fmt rgb24"),
    Source(name="raw_bgr.avi", encode="-c:v rawvideo -pix_fmt bgr24"),
    Source(name="ffv1_12.mkv", encode="-c:v ffv1 -pix_fmt gbrp12le"),
    Source(name="raw_yuyv.avi", encode=_to("bt601", "yuyv422", tags=False) + " -c:v rawvideo"),
    Source(name="palette.mov", encode="-c:v qtrle -pix_fmt rgb24"),
    Source(name="odd.mkv", size=(321, 243), encode=_x264("bt601", "yuv444p")),
    Source(name="coded_crop.mp4", size=(322, 246), encode=_x264("bt601")),
]


def _picture(size: tuple[int, int]) -> np.ndarray:
    """The drawing, [H, W, 3]: a box above and left of the middle."""
    width, height = size
    image = np.full((height, width, 3), GROUND, np.uint8)
    image[height // 8 : height // 2, width // 4 : width // 2] = BOX
    return image


def _make(source: Source, folder: Path) -> Path:
    if source.needs and shutil.which(source.needs) is None:
        pytest.skip(f"needs the {source.needs} program")
    path = folder / source.name
    width, height = source.size
    words = f"-f rawvideo -pix_fmt rgb24 -s {width}x{height} -r {RATE} -i - {source.encode}"
    _ffmpeg(*words.split(), path, stdin=_picture(source.size).tobytes() * NUM_FRAMES)
    source.finish(path)
    return path


def _ffmpeg(*words: object, stdin: bytes = b"") -> bytes:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, words)]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def _corners(image: np.ndarray, ground: Any, box: Any) -> Corners:
    """Left, top, right and bottom of the box."""
    far = np.abs(image.astype(int) - np.asarray(ground)).sum(axis=2)
    near = np.abs(image.astype(int) - np.asarray(box)).sum(axis=2)
    rows, columns = np.nonzero(near < far)
    assert len(rows)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def _expected(source: Source) -> tuple[tuple[int, int], Corners]:
    """Width and height shown, and where the box is in it."""
    left, top, right, bottom = source.cut
    drawn = _picture(source.size)
    drawn = source.turned(drawn[top : drawn.shape[0] - bottom, left : drawn.shape[1] - right])
    shown = source.shown or (drawn.shape[1], drawn.shape[0])
    scale = shown[0] / drawn.shape[1], shown[1] / drawn.shape[0]
    x0, y0, x1, y1 = _corners(drawn, GROUND, BOX)
    return shown, (x0 * scale[0], y0 * scale[1], x1 * scale[0], y1 * scale[1])


def _check(image: np.ndarray, source: Source, tolerance: float) -> None:
    """Each colour is within the tolerance, which is that of YUV in 8 bits and of FFmpeg's quick conversion."""
    shown, corners = _expected(source)
    assert image.shape == (shown[1], shown[0], 3)
    assert _corners(image, source.ground, source.box) == pytest.approx(corners, abs=1)
    x0, y0, x1, y1 = (round(corner) for corner in corners)
    assert image[y0 + 4 : y1 - 4, x0 + 4 : x1 - 4].mean(axis=(0, 1)) == pytest.approx(source.box, abs=tolerance)
    assert image[y1 + 4 :].mean(axis=(0, 1)) == pytest.approx(source.ground, abs=tolerance)


def _own(path: Path, source: Source) -> np.ndarray:
    """The mean colour of the file as FFmpeg's program shows it."""
    data = _ffmpeg("-i", path, "-vf", f"{source.own},format=rgb24", "-f", "rawvideo", "-")
    return np.frombuffer(data, np.uint8).reshape(-1, 3).mean(axis=0)


def _film(path: Path, clip: Clip) -> tuple[np.ndarray, int]:
    """A picture in the middle of a film of the clip, as FFmpeg's program sees it, and how many there are."""
    cut = Cut(
        path=clip.video.path,
        content_hash=clip.video.content_hash,
        start_s=clip.start_s,
        end_s=clip.end_s,
        line="",
        caption="",
        score=0.0,
    )
    film = render(Timeline(request=Request(text="all"), cuts=(cut,)), path)
    how = "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int"
    data = _ffmpeg("-i", film.path, "-vf", how, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    width, height = (side + side % 2 for side in (clip.video.width, clip.video.height))
    pictures = np.frombuffer(data, np.uint8).reshape(-1, height, width, 3)
    return pictures[len(pictures) // 2, : clip.video.height, : clip.video.width], len(pictures)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_frames_and_films_look_as_what_was_drawn(tmp_path: Path, source: Source) -> None:
    """Colours are within 2 of 255, shapes and places within a pixel, the film's length within a frame."""
    video = probe(_make(source, tmp_path))
    clip = Clip.whole(video)
    frame = sample(clip, 1).images[0]
    _check(frame, source, 3.1)
    picture, num_pictures = _film(tmp_path / "film.mp4", clip)
    _check(picture, source, 4.5)
    assert abs(num_pictures - video.duration_s * float(video.fps)) <= 1
    if source.own is not None:
        own = _own(video.path, source)
        assert frame.mean(axis=(0, 1)) == pytest.approx(own, abs=2)
        assert picture.mean(axis=(0, 1)) == pytest.approx(own, abs=2)
