"""Frames of a clip, chosen by a stated rule.

``uniform:N`` cuts the clip into N equal spans and takes the picture being shown at the middle of each: the last one
whose timestamp is not after that instant. `Frames.timestamps_s` holds the timestamps of the pictures shown, not the
instants asked for, so it is exact for variable frame rates too; the first may lie before the clip's start when a
picture stands on the screen across it. A clip with fewer pictures than N repeats them.

``uniform:N pixels:P`` says that the pictures of this video are larger than P pixels and were shrunk to about that many.
What else is done to the pictures of a video follows, see `Video.picture_rule`; ``dedup:B`` says that frames which
differ from the last encoded one by B levels of 255 at most took its features, see `atom_core.encoder.repeats`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from atom_core.media import isolate
from atom_core.media.pictures import passes
from atom_core.media.pictures.decode import Reader
from atom_core.media.pictures.picture import fitting
from atom_core.media.probe import unchanged
from atom_core.records import Clip, Frames

if TYPE_CHECKING:
    import numpy as np


def rule_of(clip: Clip, num_frames: int, max_pixels: int | None = None) -> str:
    """The rule by which `sample` takes `num_frames` frames of `clip`."""
    shrinks = max_pixels is not None and clip.video.width * clip.video.height > max_pixels
    parts = f"uniform:{num_frames}", f"pixels:{max_pixels}" if shrinks else "", clip.video.picture_rule
    return " ".join(filter(None, parts))


def frame_size(clip: Clip, max_pixels: int | None = None) -> tuple[int, int]:
    """Height and width of the frames that `sample` takes of `clip`, pixels."""
    width, height = fitting(clip.video.width, clip.video.height, max_pixels)
    return height, width


def instants_s(clip: Clip, num_frames: int) -> list[float]:
    """The middles of `num_frames` equal spans of `clip`, seconds."""
    return [clip.start_s + (index + 0.5) * clip.duration_s / num_frames for index in range(num_frames)]


def sample(clip: Clip, num_frames: int, max_pixels: int | None = None) -> Frames:
    """`num_frames` frames of `clip` by the rule of `rule_of`, upright.

    :param max_pixels: pictures of more pixels are shrunk as they are decoded; None keeps their size
    :raises MediaError: if the file is gone, has changed, also while it was read, or cannot be decoded
    """
    return next(sample_many([clip], num_frames, max_pixels))


def sample_many(clips: Iterable[Clip], num_frames: int, max_pixels: int | None = None) -> Iterator[Frames]:
    """Frames of each clip, in the order given; neighbouring clips of one video share one pass over it.

    :raises MediaError: if a file is gone, has changed, also while it was read, or cannot be decoded
    """
    if num_frames < 1:
        raise ValueError(f"num_frames must be at least 1, got {num_frames}")
    for video, of_video in groupby(clips, key=lambda clip: clip.video):
        read_frames = isolate.frames if isolate.is_on() else read
        with unchanged(video.path, video.content_hash) as check:
            for frames in read_frames(list(of_video), num_frames, max_pixels):
                check()  # whoever takes one clip's frames may never ask for the rest
                yield frames


def read(clips: list[Clip], num_frames: int, max_pixels: int | None) -> Iterator[Frames]:
    """Frames of clips of one video, whatever has become of it.

    :raises MediaError: if it cannot be decoded
    """
    if not passes.is_shared():
        with Reader.of(clips[0].video) as reader:
            for clip in clips:
                yield _sample(reader, clip, num_frames, max_pixels)
        return
    for clip in clips:
        with passes.reader_of(clip.video, clip.start_s, clip.end_s) as reader:
            frames = _sample(reader, clip, num_frames, max_pixels)
        yield frames


def _sample(reader: Reader, clip: Clip, num_frames: int, max_pixels: int | None) -> Frames:
    images: list[np.ndarray] = []
    timestamps_s: list[float] = []
    for instant_s in instants_s(clip, num_frames):
        picture = reader.at(instant_s)
        repeated = bool(timestamps_s) and timestamps_s[-1] == picture.time_s
        images.append(images[-1] if repeated else reader.rgb(picture.frame, max_pixels))
        timestamps_s.append(picture.time_s)
    rule = rule_of(clip, num_frames, max_pixels)
    return Frames(clip=clip, images=tuple(images), timestamps_s=tuple(timestamps_s), rule=rule)
