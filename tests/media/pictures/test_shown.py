"""What players show: colours and shapes in frames and films of what FFmpeg's program makes of a drawn picture.

The truth is what was drawn: a box on a plain background, whose colours and place are known.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attrs import frozen

from atom_core.media.probe import probe
from atom_core.media.render import render
from atom_core.media.sample import rule_of, sample
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


def _hdr(transfer: str, more: str = "") -> str:
    params = f"{more}log-level=error:lossless=1:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    told = f"-color_primaries bt2020 -color_trc {transfer}"
    return f"{_to('bt2020', 'yuv420p10le')} {told} -c:v libx265 -preset ultrafast -x265-params {params}"


def _on_screen(light: np.ndarray, red: Rows) -> tuple[int, int, int]:
    """Light, 1 is white, on a screen of BT.709; `red` and so on make up the gamut's red, green and blue."""
    seen = np.clip(np.asarray(red) @ light, 0, 1) ** (1 / 2.4) * 255
    return int(seen[0] + 0.5), int(seen[1] + 0.5), int(seen[2] + 0.5)


def _rolled_off(nits: np.ndarray, peak: float = 1000.0) -> np.ndarray:
    """BT.2390's curve from the peak to 203 nits, by the largest of three colours."""

    def code(value: float) -> float:
        power = (value / 10000) ** 0.1593017578125
        return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)

    most, white = min(code(nits.max()) / code(peak), 1.0), code(203) / code(peak)
    knee = 1.5 * white - 0.5
    if most > knee:
        t = (most - knee) / (1 - knee)
        most = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * white
    target = float(np.interp(most * code(peak), [code(n) for n in NITS], NITS))
    return nits * target / nits.max() / 203


def _from_pq(coded: tuple[int, int, int], peak: float = 1000.0) -> tuple[int, int, int]:
    root = (np.array(coded) / 255) ** (1 / 78.84375)
    nits = 10000 * (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return _on_screen(_rolled_off(nits, peak), FROM_BT2020)


def _from_hlg(coded: tuple[int, int, int]) -> tuple[int, int, int]:
    code = np.array(coded) / 255
    scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    nits = 1000 * scene * float(scene @ (0.2627, 0.6780, 0.0593)) ** 0.2
    return _on_screen(_rolled_off(nits), FROM_BT2020)


def _from_p3(coded: tuple[int, int, int]) -> tuple[int, int, int]:
    return _on_screen((np.array(coded) / 255) ** 2.4, FROM_P3)


def _crop_matroska(path: Path) -> None:
    sides = zip(("left", "top", "right", "bottom"), (40, 16, 21, 33), strict=True)
    words = [word for side, size in sides for word in ("--set", f"pixel-crop-{side}={size}")]
    words += ["--set", "display-width=259", "--set", "display-height=191"]
    subprocess.run(["mkvpropedit", "-q", str(path), "--edit", "track:v1", *words], check=True)


def _turn(degrees: int) -> Callable[[Path], None]:
    def turn(path: Path) -> None:
        straight = path.rename(path.with_stem("straight"))
        _ffmpeg("-i", straight, "-c", "copy", "-metadata:s:v:0", f"rotate={degrees}", path)

    return turn


def _add_clean_aperture(path: Path) -> None:
    """Write into the sample description that of 320 x 240 only 240 x 200 from (20, 10) on is to be shown."""
    data = bytearray(path.read_bytes())
    box = struct.pack(">I4sIIIIiIiI", 40, b"clap", 240, 1, 200, 1, -20, 1, -10, 1)
    entry = data.index(b"avc1", data.index(b"stsd")) - 4
    end = entry + int.from_bytes(data[entry : entry + 4])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        at = data.index(name, data.index(b"moov")) - 4
        data[at : at + 4] = (int.from_bytes(data[at : at + 4]) + 40).to_bytes(4)
    data[end:end] = box
    path.write_bytes(data)


Rows = tuple[tuple[float, float, float], ...]
FROM_BT2020 = (1.6605, -0.5876, -0.0728), (-0.1246, 1.1329, -0.0083), (-0.0182, -0.1006, 1.1187)
FROM_P3 = (1.2249, -0.2249, 0.0), (-0.0420, 1.0420, 0.0), (-0.0196, -0.0786, 1.0979)
NITS = np.geomspace(0.001, 10000, 8000)
BLACK = (0, 0, 0)
MASTERED = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(20000000,50)"
VEIL = "-vf format=rgba,geq=r='r(X\\,Y)':g='g(X\\,Y)':b='b(X\\,Y)':a='if(gt(r(X\\,Y)\\,130)\\,255\\,0)'"
"""The ground is transparent, with its colour beneath."""
HALF_VEIL, CLEAR = VEIL.replace(",0)'", ",128)'"), VEIL.replace("255", "0")
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
    *(
        Source(
            name=f"ycgco_{spread}_{kind}.mkv",
            encode=f"-vf zscale=m=ycgco:r={spread},format={kind} -c:v libx264 -qp 1 -colorspace ycgco",
            own=None,
        )
        for spread, kind in (("limited", "yuv420p"), ("full", "yuv444p"), ("limited", "yuv420p10le"))
    ),
    Source(name="constant_luminance.mkv", encode=f"{_x264('bt2020', tags=False)} -colorspace bt2020c", own=None),
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
    Source(name="exif.mov", encode="-c:v tiff -pix_fmt rgb24"),
    Source(
        name="exif_turned.mov",
        encode="-c:v tiff -pix_fmt rgb24",
        finish=_turn(90),
        turned=lambda image: np.rot90(image),
    ),
    Source(name="palette.mov", encode="-c:v qtrle -pix_fmt rgb24"),
    Source(name="odd.mkv", size=(321, 243), encode=_x264("bt601", "yuv444p")),
    Source(name="coded_crop.mp4", size=(322, 246), encode=_x264("bt601")),
    Source(
        name="smpte432.mkv",
        encode="-c:v ffv1 -pix_fmt gbrp -color_primaries smpte432 -color_trc bt709",
        ground=_from_p3(GROUND),
        box=_from_p3(BOX),
        own=None,
    ),
    Source(
        name="pq_4000.mp4",
        encode=_hdr("smpte2084", "hdr10=1:max-cll=4000,400:"),
        ground=_from_pq(GROUND, 4000.0),
        box=_from_pq(BOX, 4000.0),
        own=None,
    ),
    Source(
        name="pq_mastered.mkv",
        encode=_hdr("smpte2084", f"hdr10=1:master-display={MASTERED}:"),
        ground=_from_pq(GROUND, 2000.0),
        box=_from_pq(BOX, 2000.0),
        own=None,
    ),
    Source(name="pq.mp4", encode=_hdr("smpte2084"), ground=_from_pq(GROUND), box=_from_pq(BOX), own=None),
    Source(
        name="hlg_hd.mkv", size=HD, encode=_hdr("arib-std-b67"), ground=_from_hlg(GROUND), box=_from_hlg(BOX), own=None
    ),
    Source(name="square_in_mp4.mp4", encode=f"{_x264('bt601')} -aspect 16:9", shown=(427, 240)),
    Source(name="narrow_in_mkv.mkv", encode=f"{_x264('bt601')} -aspect 32:27", shown=(284, 240)),
    Source(name="wide_in_stream.ts", encode=f"{_x264('bt601')} -aspect 16:9", shown=(427, 240)),
    Source(
        name="dv_wide.avi",
        size=(720, 576),
        encode="-r 25 -pix_fmt yuv420p -aspect 16:9 -c:v dvvideo",
        shown=(1024, 576),
    ),
    Source(name="turned.mp4", encode=f"{_x264('bt601')}", finish=_turn(90), turned=lambda image: np.rot90(image)),
    Source(
        name="upside_down.mov",
        encode=f"{_x264('bt601')}",
        finish=_turn(180),
        turned=lambda image: image[::-1, ::-1],
    ),
    Source(
        name="turned_and_wide.mp4",
        encode=f"{_x264('bt601')} -aspect 16:9",
        finish=_turn(270),
        shown=(240, 427),
        turned=lambda image: np.rot90(image, -1),
    ),
    Source(
        name="crop.mkv",
        encode=_x264("bt601"),
        cut=(40, 16, 21, 33),
        finish=_crop_matroska,
        needs="mkvpropedit",
        own="crop=259:191:40:16:exact=1",
    ),
    Source(
        name="clean_aperture.mp4",
        encode=_x264("bt601"),
        cut=(20, 10, 60, 30),
        finish=_add_clean_aperture,
        own="crop=240:200:20:10",
    ),
    Source(
        name="clean_aperture_wide.mov",
        encode=f"{_x264('bt601')} -aspect 16:9",
        cut=(20, 10, 60, 30),
        shown=(320, 200),
        finish=_add_clean_aperture,
        own="crop=240:200:20:10",
    ),
    Source(
        name="alpha_vp8.webm",
        encode=f"{VEIL} -c:v libvpx -pix_fmt yuva420p -auto-alt-ref 0 -b:v 4M",
        ground=BLACK,
        own=None,
    ),
    Source(
        name="alpha_vp9.webm", encode=f"{VEIL} -c:v libvpx-vp9 -pix_fmt yuva420p -lossless 1", ground=BLACK, own=None
    ),
    Source(
        name="alpha_prores.mov",
        encode=f"{VEIL} -c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le",
        ground=BLACK,
        own=None,
    ),
    Source(name="alpha_animation.mov", encode=f"{VEIL} -c:v qtrle -pix_fmt argb", ground=BLACK, own=None),
    Source(name="alpha_png.mov", encode=f"{VEIL} -c:v png -pix_fmt rgba64be", ground=BLACK, own=None),
    Source(name="alpha.apng", encode=f"{VEIL} -c:v apng -plays 1", ground=BLACK, own=None),
    Source(
        name="alpha.gif",
        encode=f"{VEIL},split[a][b];[a]palettegen=reserve_transparent=1[p];[b][p]paletteuse",
        ground=BLACK,
        own=None,
    ),
    Source(name="alpha_ffv1.mkv", encode=f"{VEIL} -c:v ffv1 -pix_fmt yuva444p", ground=BLACK, own=None),
    Source(name="alpha_raw.avi", encode=f"{VEIL} -c:v rawvideo -pix_fmt bgra", ground=BLACK, own=None),
    Source(name="alpha_unused_raw.avi", encode=f"{CLEAR} -c:v rawvideo -pix_fmt bgra"),
    Source(name="alpha_half.mov", encode=f"{HALF_VEIL} -c:v qtrle -pix_fmt argb", ground=(20, 45, 80), own=None),
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


SLOW = [pytest.param(source, marks=pytest.mark.slow if source.size == HD else ()) for source in SOURCES]


@pytest.mark.parametrize("source", SLOW, ids=lambda source: source.name)
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


def _joined(first: Path, second: Path, path: Path) -> Path:
    """Both files in one, as they are."""
    names = path.with_suffix(".txt")
    names.write_text(f"file {first.name}\nfile {second.name}\n")
    _ffmpeg("-f", "concat", "-i", names, "-c", "copy", path)
    return path


@pytest.mark.parametrize(
    ("name", "words", "sizes", "aspects"),
    [
        ("v.webm", "-c:v libvpx -b:v 4M", ((320, 240), (160, 160)), ("4:3", "1:1")),
        ("v.ts", "-c:v libx264 -preset ultrafast -qp 6", ((320, 180), (180, 320)), ("16:9", "9:16")),
        ("v.mkv", "-c:v libx264 -preset ultrafast -qp 6 -bsf:v dump_extra", ((320, 240), (640, 480)), ("4:3", "4:3")),
        ("aspect.ts", "-r 25 -c:v mpeg2video -q:v 2", ((352, 288), (352, 288)), ("4:3", "16:9")),
    ],
)
def test_pictures_keep_their_shape_when_it_changes(
    tmp_path: Path,
    name: str,
    words: str,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    aspects: tuple[str, str],
) -> None:
    """Where size or aspect change within a file, later pictures stand in the size of the first, with black around."""
    parts = []
    for number, (size, aspect) in enumerate(zip(sizes, aspects, strict=True)):
        starts_s = number * NUM_FRAMES / RATE if name.endswith(".ts") else 0
        encode = f"{_to('bt601', tags=False)} -aspect {aspect} {words} -output_ts_offset {starts_s}"
        parts.append(_make(Source(name=f"{number}{name}", encode=encode, size=size), tmp_path))
    if name.endswith(".ts"):
        path = tmp_path / name
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
    else:
        path = _joined(parts[0], parts[1], tmp_path / name)
    video = probe(path)
    clip = Clip.whole(video)
    ratio_wide, ratio_high = map(int, aspects[1].split(":"))
    inner = min(video.width / ratio_wide, video.height / ratio_high)
    width, height = inner * ratio_wide, inner * ratio_high
    left, top = (video.width - width) / 2, (video.height - height) / 2
    corners = (left + width / 4, top + height / 8, left + width / 2, top + height / 2)
    picture, _ = _film(tmp_path / "film.mp4", Clip(video=video, start_s=0.75 * clip.end_s, end_s=clip.end_s))
    for image in (sample(clip, 8).images[-1], picture):
        assert _corners(image, GROUND, BOX) == pytest.approx(corners, abs=2)
        bars = [image[:, : max(int(left) - 2, 0)], image[: max(int(top) - 2, 0)]]
        assert all(bar.max() < 24 for bar in bars if bar.size)
    assert video.picture_rule == ("" if name.endswith(".mkv") else "shown:sizes")


def test_features_are_made_anew_only_where_pictures_changed(tmp_path: Path) -> None:
    """The rule that keys features names what is done to pictures of a video, and nothing where nothing is."""
    made = {source.name: source for source in SOURCES}
    names = ("sd_untagged.mp4", "sd_709.mp4", "turned.mp4", "hd_high_untagged.mkv", "pq.mp4", "alpha_vp8.webm")
    clips = [Clip.whole(probe(_make(made[name], tmp_path))) for name in names]
    rules = ["uniform:4"] * 3 + [f"uniform:4 shown:{done}" for done in ("itu709", "pq", "alpha")]
    assert [rule_of(clip, 4) for clip in clips] == rules
    assert [sample(clip, 4).rule for clip in clips] == rules
