"""A timeline rendered to one MP4: H.264 and AAC, one size, one constant frame rate, cuts in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from atom_core.errors import MediaError
from atom_core.files import beside
from atom_core.media.pictures.decode import Reader
from atom_core.media.pictures.picture import letterbox
from atom_core.media.probe import FILM_MARK, check_unchanged, is_film, probe, track_of, unchanged
from atom_core.media.sound import RATE_HZ, sound_of
from atom_core.media.timelines.rates import film_rate, source_rate
from atom_core.records import Cut, Film, Timeline, Video

FILM_SUFFIXES = (".mp4", ".m4v", ".mov")
_JITTER_S = 0.002
"""Timestamps of some containers are rounded to milliseconds: a picture due within this is shown already."""
_FAST_START = {"movflags": "+faststart"}
_BT709, _LIMITED = 1, 1
"""Colour space and range of films, by the numbers of H.273; players take HD video for this anyway."""

Progress = Callable[[int, int], None]
"""Called with how many frames are written, and how many there will be."""


class Plan(NamedTuple):
    """What all cuts are brought to."""

    width: int
    height: int
    rate: Fraction
    has_audio: bool


class Piece(NamedTuple):
    """A cut with its place in the film, counted in frames."""

    cut: Cut
    video: Video
    first: int
    end: int


def render(
    timeline: Timeline,
    path: Path | str,
    *,
    sound: str = "",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Film:
    """Render `timeline` to a playable MP4 at `path`, which appears only when it is complete and says who made it.

    The size is the largest of the sources' (others get black bars), the rate their highest up to 60. Each frame is the
    one shown in the source at that instant. Without any sound in the sources there is no sound track.

    A file at `path` is replaced if it is a film that Atom rendered, or empty. A source is never replaced.

    :param sound: which of a source's sound tracks to take, by number or language, see `sound_streams`; where there is
        none such, and by default, the one that a player takes
    :param overwrite: whether any other file at `path` may be replaced, too
    :raises MediaError: if there is nothing to render, a source is gone or has changed, or `path` cannot be written
    """
    path = Path(os.path.abspath(path))
    check_place(path, timeline, overwrite=overwrite)
    videos = [_source(cut) for cut in timeline.cuts]
    if not videos:
        raise MediaError("the timeline has no cuts, so there is nothing to render; ask for something the library holds")
    plan = _plan(videos)
    pieces = _pieces(timeline, videos, plan.rate)
    num_frames = pieces[-1].end
    kind = "mov" if path.suffix.lower() == ".mov" else "mp4"
    with (
        _complete_only(path, partial(check_place, path, timeline, overwrite=overwrite)) as temporary,
        _writing(path),
        av.open(str(temporary), "w", format=kind, options=_FAST_START) as film,
    ):
        _write(film, pieces, plan, sound, progress)
    return Film(
        path=path,
        timeline=timeline,
        duration_s=float(num_frames / plan.rate),
        num_frames=num_frames,
        has_audio=plan.has_audio,
    )


def check_place(path: Path | str, timeline: Timeline | None = None, *, overwrite: bool = False) -> None:
    """Make sure that a film may be written: nothing but an earlier film of Atom's, which is no source, is replaced.

    :param overwrite: whether another file, that is no source, may be replaced too
    :raises MediaError: if it may not
    """
    path = Path(path)
    with _writing(path):
        if not os.path.lexists(path):
            return
        for cut in timeline.cuts if timeline else ():
            if os.path.exists(path) and os.path.exists(cut.path) and os.path.samefile(path, cut.path):
                raise MediaError(
                    f"the film would overwrite its own source '{cut.path}'; choose another name", path=cut.path
                )
        if overwrite or (path.is_file() and path.stat().st_size == 0):
            return
        if path.is_dir():
            raise MediaError(f"cannot write '{path}': it is a folder; name a file in it", path=path)
    if not (path.is_file() and is_film(path)):
        raise MediaError(
            f"'{path}' exists and is no film of Atom's; choose another name,"
            " or replace it with `atom assemble --overwrite`",
            path=path,
        )


def _source(cut: Cut) -> Video:
    check_unchanged(cut.path, cut.content_hash)
    return probe(cut.path, track=track_of(cut.content_hash))


def _plan(videos: list[Video]) -> Plan:
    largest = max(videos, key=lambda video: (video.width * video.height, video.width))
    return Plan(
        width=largest.width + largest.width % 2,
        height=largest.height + largest.height % 2,
        rate=film_rate(float(source_rate(video)) for video in videos),
        has_audio=any(video.has_audio for video in videos),
    )


def _pieces(timeline: Timeline, videos: list[Video], rate: Fraction) -> list[Piece]:
    """Each cut's frames: its bounds in the film, rounded to frames, so that rounding does not add up."""
    pieces: list[Piece] = []
    elapsed_s, first = 0.0, 0
    for cut, video in zip(timeline.cuts, videos, strict=True):
        elapsed_s += cut.duration_s
        end = round(elapsed_s * rate)
        pieces.append(Piece(cut, video, first, end))
        first = end
    if first == 0:
        pieces[-1] = pieces[-1]._replace(end=1)
    return pieces


@contextmanager
def _complete_only(path: Path, check: Callable[[], None]) -> Iterator[Path]:
    """A name beside `path` to write to; moved to `path` on success, if `check` still lets it, removed otherwise."""
    if path.suffix.lower() not in FILM_SUFFIXES:
        raise MediaError(f"films are MP4: cannot write '{path}'; name it '{path.with_suffix('.mp4').name}'", path=path)
    if path.is_dir():
        raise MediaError(f"cannot write '{path}': it is a folder; name a file in it", path=path)
    if not path.parent.is_dir():
        raise MediaError(f"cannot write '{path}': there is no folder '{path.parent}'; create it first", path=path)
    with beside(path) as temporary:
        yield temporary
        check()
        with _writing(path):
            temporary.replace(path)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (av.error.FFmpegError, OSError) as error:
        reason = error.strerror or str(error)
        raise MediaError(
            f"cannot write '{path}': {reason}; choose another place or free some space", path=path
        ) from None


def _write(film: OutputContainer, pieces: list[Piece], plan: Plan, wanted: str, progress: Progress | None) -> None:
    film.metadata["comment"] = FILM_MARK
    pictures = _add_pictures(film, plan)
    track = _Track(film, plan.rate) if plan.has_audio else None
    frame: av.VideoFrame | None = None
    for piece in pieces:
        with unchanged(piece.cut.path, piece.cut.content_hash):
            heard = _heard(piece, plan.rate, wanted) if track else None
            for number, frame in _shown(piece, plan):
                _mux_picture(film, pictures, frame, number, plan.rate)
                if track and heard:
                    track.write_until(number + 1, heard)
                if progress:
                    progress(number + 1, pieces[-1].end)
            if track and heard:
                track.write_until(piece.end, heard)
    film.mux(pictures.encode())
    if track:
        track.close()


def _add_pictures(film: OutputContainer, plan: Plan) -> VideoStream:
    codec = next((name for name in ("libx264", "libopenh264") if name in av.codecs_available), "mpeg4")
    options = {"preset": "veryfast", "crf": "20"} if codec == "libx264" else {}
    stream = film.add_stream(codec, rate=plan.rate, options=options)
    assert isinstance(stream, VideoStream)
    stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
    if codec != "libx264":
        stream.bit_rate = max(plan.width * plan.height * 4, 200_000)
    context = stream.codec_context
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED
    return stream


def _mux_picture(film: OutputContainer, stream: VideoStream, frame: av.VideoFrame, number: int, rate: Fraction) -> None:
    frame.pts, frame.time_base = number, 1 / rate
    film.mux(stream.encode(frame))


def _shown(piece: Piece, plan: Plan) -> Iterator[tuple[int, av.VideoFrame]]:
    """The film's frames of one cut: each is what its source shows at that instant, never past the cut's end."""
    cut = piece.cut
    half_s = 0.5 / float(max(source_rate(piece.video), plan.rate))
    latest_s = max(cut.end_s - min(half_s, cut.duration_s / 2), cut.start_s)
    with Reader.of(piece.video) as reader:
        shown_s, image = -1.0, np.empty((0, 0, 3), np.uint8)
        for number in range(piece.first, piece.end):
            instant_s = cut.start_s + float((number - piece.first) / plan.rate) + _JITTER_S
            picture = reader.at(min(instant_s, latest_s))
            if picture.time_s != shown_s:
                shown_s, image = picture.time_s, _fitted(reader.rgb(picture.frame), plan)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            yield number, frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _fitted(image: np.ndarray, plan: Plan) -> np.ndarray:
    """A source's picture in the film's size, black around it; what it lacks to be even is its last row or column."""
    missing = plan.height - image.shape[0], plan.width - image.shape[1]
    if all(0 <= lines <= 1 for lines in missing):
        return np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
    return letterbox(image, plan.width, plan.height)


def _samples(num_frames: int, rate: Fraction) -> int:
    return round(num_frames * RATE_HZ / rate)


def _heard(piece: Piece, rate: Fraction, wanted: str) -> Iterator[np.ndarray]:
    """The sound of one cut, exactly as long as its frames; the source's sound runs on its pictures' clock."""
    num_samples = _samples(piece.end, rate) - _samples(piece.first, rate)
    return sound_of(piece.video, piece.cut.path, piece.cut.start_s, num_samples, wanted=wanted)


class _Track:
    """The film's sound track, written alongside the pictures."""

    def __init__(self, film: OutputContainer, rate: Fraction) -> None:
        stream = film.add_stream("aac", rate=RATE_HZ, bit_rate=160_000)
        assert isinstance(stream, AudioStream)
        stream.layout = "stereo"
        self._film, self._stream, self._rate, self._written = film, stream, rate, 0

    def write_until(self, num_frames: int, blocks: Iterator[np.ndarray]) -> None:
        """Write blocks until the sound is as long as `num_frames` pictures."""
        while self._written < _samples(num_frames, self._rate):
            block = next(blocks, None)
            if block is None:
                return
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.time_base, frame.pts = RATE_HZ, Fraction(1, RATE_HZ), self._written
            self._film.mux(self._stream.encode(frame))
            self._written += block.shape[1]

    def close(self) -> None:
        """Write what the encoder still holds."""
        self._film.mux(self._stream.encode())
