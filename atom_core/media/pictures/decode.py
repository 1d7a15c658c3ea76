"""An open video file: its pictures in order, and the one shown at any instant. Shared by all of this room."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import av
import numpy as np

from atom_core.errors import MediaError
from atom_core.exhausted import near_limit
from atom_core.media.container.clock import (
    OrderClock,
    SparseClock,
    StampClock,
    is_bare,
    key_before,
    keys_of,
    stamps_few,
    stores_order,
)
from atom_core.media.container.joins import Joins, joined
from atom_core.media.container.opening import check_pixels, most_pixels, open_container, reading
from atom_core.media.container.packets import packets
from atom_core.media.container.tracks import picture_stream, picture_streams
from atom_core.media.pictures.crop import container_crop
from atom_core.media.pictures.fields import Deinterlacer, may_be_interlaced
from atom_core.media.pictures.picture import Converter, decoder_of
from atom_core.media.pictures.spared import leaves_out_unseen
from atom_core.records import Video

SLACK_S = 1e-6
"""Instants this close are the same: floats of one timestamp differ by less."""
_JUMP_S = 1.0
"""Shortest leap for which seeking may beat decoding on, seconds."""
_REORDERED = 32
"""More pictures than may be stored between one and another that is shown before it."""


class Picture(NamedTuple):
    """A decoded frame and when it is shown."""

    time_s: float
    """Seconds from the first picture of the track."""
    frame: av.VideoFrame
    """The frame as stored: not yet turned upright, but without combs of half pictures. Owned by the caller."""


class Reader:
    """The picture track of a file; a context manager. One thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        draft: bool = False,
        seeks: bool = True,
        track: int | None = None,
        leaps: Sequence[tuple[float, float]] = (),
        joins: Joins = (),
    ) -> None:
        """Open `path` and decode its first picture; `Reader.of` does so by what is known of a video.

        :param draft: trade picture quality for speed, never timestamps
        :param seeks: whether time stamps say where in the file a picture is; else all before it are decoded
        :param track: which of its picture tracks, from 1; None is the one that players show
        :param leaps: where its clock leaps on, see `Video.leaps`
        :param joins: where it begins anew, see `Video.joins`; then `seeks` must be off
        :raises MediaError: if it cannot be read, or no picture of it be decoded
        """
        self.path, self._seeks, self._leaps, self._joins = path, seeks, leaps, joins
        self._draft, self._track = draft, track
        self._jump_s = _JUMP_S
        self._used = False
        self._sought: int | None = None
        self._needs_all = False
        self._container = open_container(path)
        try:
            with reading(path):
                if not any(map(self._start, picture_streams(self._container, path, track))):
                    if lacking := near_limit():
                        raise MediaError(f"cannot read '{path}': {lacking}", path=path)
                    most = most_pixels(path.stat().st_size)
                    raise MediaError(
                        f"'{path}' has a video track but no picture can be decoded, or only ones of more than {most}"
                        " pixels; copy or convert it again",
                        path=path,
                    )
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(cls, video: Video, *, draft: bool = False) -> Self:
        """The reader of a video that `probe` knows.

        :raises MediaError: as `Reader` does
        """
        return cls(
            video.path,
            draft=draft,
            seeks=video.seekable,
            track=video.track,
            leaps=video.leaps,
            joins=video.joins,
        )

    def _start(self, index: int) -> bool:
        """Stand at the first picture of the stream `index`; whether there is one."""
        if self._used:
            self._container.close()
            self._container = open_container(self.path)
        self._used = True
        self._stream = picture_stream(self._container, index)
        threads_share_frames = self._stream.codec_context.name == "ffv1"  # else damaged files crash FFmpeg
        self._stream.thread_type = "SLICE" if threads_share_frames else "AUTO"
        options = {"max_pixels": str(most_pixels(self.path.stat().st_size))}
        self._decoder = decoder_of(self._stream)
        self._decoder.options = options | ({"skip_loop_filter": "all"} if self._draft else {})
        self._aspect = self._decoder.sample_aspect_ratio
        self._origin: int | None = None
        self._spares = False
        self._pictures = self._decode(self._timed_frames(self._first_clock()))
        first = next(self._pictures, None)
        if first is None:
            return False
        place = self._container.streams.video.index(self._stream)
        crop = container_crop(self.path, self._container.format.name, place)
        self._converter = Converter(self._container, self._stream, crop, first.frame)
        self._deinterlacer = Deinterlacer(self._stream)
        self.shape = self._converter.shape
        check_pixels(self.path, self.shape.width, self.shape.height)
        fields = "fields" if may_be_interlaced(first.frame, self._stream) else ""
        is_plain = type(self._clock) is StampClock and not (self._leaps or fields or self._draft or self._needs_all)
        self._spares = is_plain and leaves_out_unseen(self._decoder)
        self.rule = ",".join(filter(None, (self._converter.rule, fields)))
        self._before: Picture | None = None
        self._current = first
        self._upcoming = next(self._pictures, None)
        return True

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
    def index(self) -> int:
        """Which of the file's streams is read, from 0."""
        return int(self._stream.index)

    @property
    def is_chosen(self) -> bool:
        """Whether it is another track than the one that players show."""
        return self._track is not None and picture_streams(self._container, self.path)[0] != self.index

    @property
    def _time_base(self) -> Fraction:
        return self._stream.time_base or Fraction(1, 90000)

    def _seconds(self, ticks: int) -> float:
        return ticks * self._time_base.numerator / self._time_base.denominator

    def _shown_s(self, ticks: int) -> float:
        """When a picture of that timestamp is shown, seconds from the first; leaps of the clock are left out."""
        skipped_s = sum(by_s for at_s, by_s in self._leaps if self._seconds(ticks) >= at_s - SLACK_S)
        return self._seconds(ticks - (self._origin or 0)) - skipped_s

    def _ticks(self, time_s: float) -> int:
        """The timestamp at `time_s`, seconds from the first picture."""
        for at_s, by_s in self._leaps:
            if self.origin_s + time_s < at_s - by_s:
                break
            time_s += by_s
        return (self._origin or 0) + int(time_s / self._time_base)

    def _timed_frames(
        self, clock: StampClock | OrderClock, num_skipped: int = 0
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames with their timestamps.

        :param num_skipped: packets with a place in the file before which all are left out
        """
        self._clock = clock
        stored: deque[int] = deque(maxlen=_REORDERED)
        aspect = self._aspect
        for packet in joined(packets(self._container, self._stream), self._stream.index, self._joins):
            if num_skipped > 0 and packet.size:
                num_skipped -= packet.pos is not None
                if num_skipped > 0 or packet.pos is None:
                    continue
            clock.store(packet)
            self._decoder.skip_frame = "NONREF" if self._is_passed(packet.pts, stored) else "DEFAULT"
            try:
                frames = self._decoder.decode(packet)
            except av.error.FFmpegError as error:
                if isinstance(error, MemoryError):
                    raise
                self._needs_all = True
                continue  # one damaged picture: the next ones may be whole
            if packet.is_keyframe:  # it is told with these alone
                aspect = self._decoder.sample_aspect_ratio
            for frame in frames:
                if aspect != self._aspect:
                    frame.opaque = aspect
                self._needs_all |= frame.is_corrupt  # what was lost is made up from any other picture
                pts = clock.shown(frame)
                if pts is not None:
                    yield pts, frame

    def _is_passed(self, pts: int | None, stored: deque[int]) -> bool:
        """Whether a stored picture is not the one that is sought, for another is shown after it and not after that
        instant: it need not be decoded, unless others are made from it.

        :param stored: timestamps of those that were stored just before it; its own is added
        """
        if pts is None:
            return False
        spared = self._spares and self._sought is not None and any(pts < other <= self._sought for other in stored)
        stored.append(pts)
        return spared

    def _decode(self, frames: Iterator[tuple[int, av.VideoFrame]], num_keys: int = 0) -> Iterator[Picture]:
        """Pictures from here on, timestamps strictly rising.

        :param num_keys: how many key pictures must have come before they are whole and their times certain
        """
        last: int | None = None
        for pts, frame in frames:
            num_keys -= frame.key_frame
            if (last is None and num_keys > 0) or (last is not None and pts <= last):
                continue
            last = pts
            if self._origin is None:
                self._origin = pts
            yield Picture(self._shown_s(pts), frame)

    def _seek(self, time_s: float) -> None:
        """Stand at the last key picture at or before `time_s`."""
        back_s = 0.0 if self._seeks else math.inf
        while True:
            target_s = max(time_s - back_s, 0.0)
            found = self._key_picture(target_s) if self._seeks else None
            if found is not None and found.time_s <= time_s + SLACK_S:
                self._before = None
                self._current, self._upcoming = found, next(self._pictures, None)
                return
            if target_s == 0.0:
                self._start(self._stream.index)
                return
            back_s = max(2 * back_s, 0.5) if self._seeks else math.inf

    def _key_picture(self, target_s: float) -> Picture | None:
        """Stand where seeking for `target_s` leads, at a key picture; None if that fails."""
        try:
            frames, num_keys = self._from(self._ticks(target_s))
            if self._decoder is not self._stream.codec_context:
                self._decoder.flush_buffers()
            self._pictures = self._decode(frames, num_keys)
            found = next(self._pictures, None)
            self._seeks = not (isinstance(self._clock, SparseClock) and self._clock.is_counted)
            return found if self._seeks else None
        except (av.error.FFmpegError, LookupError):
            return None

    def _from(self, ticks: int) -> tuple[Iterator[tuple[int, av.VideoFrame]], int]:
        """Frames from a key picture near `ticks` on, and how many key pictures it takes until they are certain.

        :raises LookupError: if there is no such key picture
        """
        if is_bare(self._container):
            key = key_before(keys_of(self.path, self._stream.index), ticks)
            self._container.seek(key.position, stream=self._stream, unsupported_byte_offset=True)
            return self._timed_frames(OrderClock(key.time)), 2
        if stores_order(self._container):
            entries = self._stream.index_entries
            key_at = entries.search_timestamp(ticks)
            if self._reorders and key_at >= 0:
                key_at = entries.search_timestamp(entries[key_at].timestamp - 1)
            if key_at < 0:
                raise LookupError
            time = entries[key_at].timestamp
            self._container.seek(time, stream=self._stream, backward=True)
            return self._timed_frames(OrderClock(found=time)), 1 + self._reorders
        self._container.seek(ticks, stream=self._stream, backward=True)
        if stamps_few(self._container):  # FFmpeg guesses until it has met a stamp; the clock is right after some more
            return self._timed_frames(SparseClock(), 2), 2
        return self._timed_frames(StampClock()), 1

    def _first_clock(self) -> StampClock | OrderClock:
        """What times the pictures from the first on."""
        if stores_order(self._container):
            return OrderClock(0 if is_bare(self._container) else None)
        return SparseClock() if stamps_few(self._container) else StampClock()

    @property
    def _reorders(self) -> bool:
        """Whether pictures may be shown in another order than that of decoding."""
        return bool(self._stream.codec_context.has_b_frames)

    def _worth_seeking(self, time_s: float) -> bool:
        if not self._seeks or self._upcoming is None or time_s - self._upcoming.time_s < self._jump_s:
            return False
        entries = self._stream.index_entries
        if "mp4" not in self._container.format.name or not len(entries):
            return True
        key = entries.search_timestamp(self._ticks(time_s))
        return key >= 0 and self._shown_s(entries[key].timestamp) > self._upcoming.time_s

    def at(self, time_s: float) -> Picture:
        """The picture being shown at `time_s`: the last whose timestamp is not after it; the first before that.

        Fast for rising times; jumps ahead by key pictures when that saves decoding.
        """
        with reading(self.path):
            self._sought = self._ticks(time_s)
            picture = self._shown(time_s)
            if self._spares and self._needs_all:  # what was to be shown instead of those left out may be lost
                self._spares = False
                self._seek(time_s)
                picture = self._shown(time_s)
            return picture

    def _shown(self, time_s: float) -> Picture:
        if time_s < self._current.time_s - SLACK_S and self._current.time_s > 0:
            self._seek(time_s)
        elif self._worth_seeking(time_s):
            stood_s = self._current.time_s
            self._seek(time_s)
            if self._current.time_s <= stood_s:
                self._jump_s *= 2
        while self._upcoming is not None and self._upcoming.time_s <= time_s + SLACK_S:
            self._advance()
        return self._whole()

    def pictures(self) -> Iterator[Picture]:
        """Every picture from the start, decoded once."""
        yield self.at(0.0)
        self._sought = None
        with reading(self.path):
            while self._upcoming is not None:
                self._advance()
                yield self._whole()

    def _advance(self) -> None:
        assert self._upcoming is not None
        self._before, self._current = self._current, self._upcoming
        self._upcoming = next(self._pictures, None)

    def _whole(self) -> Picture:
        """The current picture, without the combs of half pictures; drafts keep them."""
        picture = self._current
        if self._draft or not self._deinterlacer.is_combed(picture.frame):
            return picture
        if self._spares:  # its neighbours may have been left out
            self._spares, self._needs_all, self._before = False, True, None
        if self._before is None and picture.time_s > 0:  # it was sought: what is shown depends on the one before, too
            self._seek(max(picture.time_s - 2 * SLACK_S, 0.0))
            while self._upcoming is not None and self._current.time_s < picture.time_s - SLACK_S:
                self._advance()
        before, after = (near and near.frame for near in (self._before, self._upcoming))
        return picture._replace(frame=self._deinterlacer.merged(before, self._current.frame, after))

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
