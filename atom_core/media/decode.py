"""An open video file: its pictures in order, and the one shown at any instant. Shared by all of this room."""

from __future__ import annotations

import errno
import heapq
import math
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from atom_core.errors import MediaError
from atom_core.media.packets import packets
from atom_core.media.picture import Converter, shape_of

SLACK_S = 1e-6
"""Instants this close are the same: floats of one timestamp differ by less."""
_JUMP_S = 1.0
"""Shortest leap for which seeking may beat decoding on, seconds."""
_PLAYLISTS = frozenset({"concat", "dash", "hls", "imf", "sdp"})
"""Formats whose files hold no pictures but the names of other files: the bytes of one do not say what it shows."""


class Picture(NamedTuple):
    """A decoded frame and when it is shown."""

    time_s: float
    """Seconds from the first picture of the track."""
    frame: av.VideoFrame
    """The frame as stored: not yet turned upright. Owned by the caller."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever reading `path` raises into one line that says what to do."""
    try:
        yield
    except FileNotFoundError:
        if path.is_symlink():
            raise MediaError(f"'{path}' is a link to '{path.readlink()}', which is not there; mend the link") from None
        raise MediaError(f"no such file: '{path}'; check the path") from None
    except (av.error.InvalidDataError, av.error.EOFError, av.error.OSError):
        raise MediaError(
            f"cannot read '{path}': it is damaged, cut off or not a video; copy or download it again"
        ) from None
    except (av.error.FFmpegError, PermissionError) as error:
        if error.errno == errno.EACCES:
            raise MediaError(f"no permission to read '{path}'; change its permissions or run as its owner") from None
        reason = error.strerror or str(error)
        raise MediaError(f"cannot read '{path}': {reason}; check that it plays, or convert it to MP4") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise MediaError(f"cannot read '{path}': {reason}; check the path and its disk") from None


def check_file(path: Path) -> os.stat_result:
    """What the system knows of a file that has bytes in it.

    :raises MediaError: if it is missing, a folder, not a regular file or empty
    """
    with reading(path):
        stat = path.stat()
    if path.is_dir():
        raise MediaError(f"'{path}' is a folder, not a video; name a file in it")
    if not path.is_file():
        raise MediaError(f"'{path}' is not a regular file; copy the video to a file first")
    if stat.st_size == 0:
        raise MediaError(f"'{path}' is empty (0 bytes); copy or download it again")
    return stat


def open_container(path: Path) -> InputContainer:
    """The file, opened for reading; no other file or network address is followed from it.

    :raises MediaError: if it cannot be read as a media file, or only names others
    """
    with reading(path):
        try:
            container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
        except av.error.InvalidDataError:
            if not _lacks_index(path):
                raise
            raise MediaError(
                f"'{path}' is cut off: its index, which is written last, is missing; copy or download it again, or have"
                " it repaired, for example by untrunc"
            ) from None
    if container.format.name in _PLAYLISTS:
        container.close()
        raise MediaError(f"'{path}' is a playlist, which only names other files; name those instead")
    return container


def _lacks_index(path: Path) -> bool:
    """Whether it is an MP4 or QuickTime file without the box that says what is where."""
    boxes = []
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", head)
            boxes.append(kind)
            if size == 1:  # the true size follows
                size = int.from_bytes(file.read(8)) - 8
            if size < 8:
                break
            file.seek(size - 8, os.SEEK_CUR)
    return bool(boxes) and boxes[0] in (b"ftyp", b"mdat", b"wide") and b"moov" not in boxes


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The track of moving pictures; a cover picture is not one.

    :raises MediaError: if there is none
    """
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic and stream.codec_context is not None:
            return stream
    if container.streams.audio:
        raise MediaError(f"'{path}' has sound but no pictures; give a file with a video track")
    raise MediaError(f"'{path}' has no video track; give a file with one")


class Reader:
    """The picture track of a file; a context manager. One thread at a time."""

    def __init__(self, path: Path, *, draft: bool = False, seeks: bool = True) -> None:
        """Open `path` and decode its first picture.

        :param draft: trade picture quality for speed, never timestamps
        :param seeks: whether time stamps say where in the file a picture is; else all before it are decoded
        """
        self.path, self._seeks = path, seeks
        self._draft = draft
        self._jump_s = _JUMP_S
        self._open()
        try:
            with reading(path):
                self._start()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        self._container = open_container(self.path)
        try:
            self._stream = picture_stream(self._container, self.path)
        except MediaError:
            self._container.close()
            raise
        threads_share_frames = self._stream.codec_context.name == "ffv1"  # else damaged files crash FFmpeg
        self._stream.thread_type = "SLICE" if threads_share_frames else "AUTO"
        if self._draft:
            self._stream.codec_context.options = {"skip_loop_filter": "all"}

    def _start(self) -> None:
        self._origin: int | None = None
        self._pictures = self._decode()
        first = next(self._pictures, None)
        if first is None:
            raise MediaError(f"'{self.path}' has a video track but no picture can be decoded; copy or convert it again")
        self.shape = shape_of(first.frame, self._stream)
        self._converter = Converter(self.shape)
        self._current = first
        self._upcoming = next(self._pictures, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    @property
    def origin_s(self) -> float:
        """Timestamp of the first picture on the file's own clock, seconds."""
        return self._seconds(self._origin or 0)

    @property
    def _time_base(self) -> Fraction:
        return self._stream.time_base or Fraction(1, 90000)

    def _seconds(self, ticks: int) -> float:
        return ticks * self._time_base.numerator / self._time_base.denominator

    def _timed_frames(self) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames with their timestamps. AVI stores decoding order only: there the smallest waiting one is due."""
        in_storage_order = self._container.format.name == "avi"
        waiting: list[int] = []
        for packet in packets(self._container, self._stream):
            if in_storage_order and packet.size and packet.pts is not None:
                heapq.heappush(waiting, packet.pts)
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                continue  # one damaged picture: the next ones may be whole
            for frame in frames:
                pts = heapq.heappop(waiting) if waiting else frame.pts if frame.pts is not None else frame.dts
                if pts is not None:
                    yield pts, frame

    def _decode(self, *, from_key: bool = False) -> Iterator[Picture]:
        """Pictures from here on, timestamps strictly rising; after a seek, pictures before the key are not whole."""
        last: int | None = None
        for pts, frame in self._timed_frames():
            if from_key and last is None and not frame.key_frame:
                continue
            if last is not None and pts <= last:
                continue
            last = pts
            if self._origin is None:
                self._origin = pts
            yield Picture(self._seconds(pts - self._origin), frame)

    def _seek(self, time_s: float) -> None:
        """Stand at the last key picture at or before `time_s`."""
        back_s = 0.0 if self._seeks else math.inf
        while True:
            target_s = max(time_s - back_s, 0.0)
            found = self._key_picture(target_s) if self._seeks else None
            if found is not None and found.time_s <= time_s + SLACK_S:
                self._current, self._upcoming = found, next(self._pictures, None)
                return None
            if target_s == 0.0:
                self._container.close()
                self._open()
                return self._start()
            back_s = max(2 * back_s, 0.5)

    def _key_picture(self, target_s: float) -> Picture | None:
        """Stand where seeking for `target_s` leads, at a key picture; None if that fails."""
        ticks = (self._origin or 0) + int(target_s / self._time_base)
        try:
            self._container.seek(ticks, stream=self._stream, backward=True)
            self._pictures = self._decode(from_key=True)
            return next(self._pictures, None)
        except av.error.FFmpegError:
            return None

    def _worth_seeking(self, time_s: float) -> bool:
        if not self._seeks or self._upcoming is None or time_s - self._upcoming.time_s < self._jump_s:
            return False
        entries = self._stream.index_entries
        if "mp4" not in self._container.format.name or not len(entries):
            return True
        key = entries.search_timestamp((self._origin or 0) + int(time_s / self._time_base))
        return key >= 0 and self._seconds(entries[key].timestamp - (self._origin or 0)) > self._upcoming.time_s

    def at(self, time_s: float) -> Picture:
        """The picture being shown at `time_s`: the last whose timestamp is not after it; the first before that.

        Fast for rising times; jumps ahead by key pictures when that saves decoding.
        """
        with reading(self.path):
            if time_s < self._current.time_s - SLACK_S and self._current.time_s > 0:
                self._seek(time_s)
            elif self._worth_seeking(time_s):
                stood_s = self._current.time_s
                self._seek(time_s)
                if self._current.time_s <= stood_s:
                    self._jump_s *= 2
            while self._upcoming is not None and self._upcoming.time_s <= time_s + SLACK_S:
                self._current, self._upcoming = self._upcoming, next(self._pictures, None)
        return self._current

    def pictures(self) -> Iterator[Picture]:
        """Every picture from the start, decoded once."""
        self.at(0.0)
        with reading(self.path):
            yield self._current
            while self._upcoming is not None:
                self._current, self._upcoming = self._upcoming, next(self._pictures, None)
                yield self._current

    def rgb(self, frame: av.VideoFrame, max_pixels: int | None = None) -> np.ndarray:
        """`frame` upright, [H, W, 3], uint8, RGB; owned by the caller.

        :param max_pixels: a frame of more pixels is shrunk to about that many, its shape kept
        """
        with reading(self.path):
            return self._converter.rgb(frame, max_pixels)

    def thumbnail(self, frame: av.VideoFrame, side: int) -> np.ndarray:
        """`frame` as stored, shrunk to [side, side, 3], uint8, RGB."""
        with reading(self.path):
            return self._converter.thumbnail(frame, side)
