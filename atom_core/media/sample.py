"""Frames of a clip, chosen by a stated rule.

``uniform:N`` cuts the clip into N equal spans and takes the picture being shown at the middle of each: the last one
whose timestamp is not after that instant. `Frames.timestamps_s` holds the timestamps of the pictures shown, not the
instants asked for, so it is exact for variable frame rates too; the first may lie before the clip's start when a
picture stands on the screen across it. A clip with fewer pictures than N repeats them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from atom_core.media.decode import Reader
from atom_core.media.probe import check_unchanged
from atom_core.records import Clip, Frames

if TYPE_CHECKING:
    import numpy as np


def uniform_rule(num_frames: int) -> str:
    """The name of the rule that samples `num_frames` frames."""
    return f"uniform:{num_frames}"


def instants_s(clip: Clip, num_frames: int) -> list[float]:
    """The middles of `num_frames` equal spans of `clip`, seconds."""
    return [clip.start_s + (index + 0.5) * clip.duration_s / num_frames for index in range(num_frames)]


def sample(clip: Clip, num_frames: int) -> Frames:
    """`num_frames` frames of `clip` by the rule ``uniform:<num_frames>``, upright.

    :raises MediaError: if the file is gone, has changed or cannot be decoded
    """
    return next(sample_many([clip], num_frames))


def sample_many(clips: Iterable[Clip], num_frames: int) -> Iterator[Frames]:
    """Frames of each clip, in the order given; neighbouring clips of one video share one pass over it.

    :raises MediaError: if a file is gone, has changed or cannot be decoded
    """
    if num_frames < 1:
        raise ValueError(f"num_frames must be at least 1, got {num_frames}")
    for video, of_video in groupby(clips, key=lambda clip: clip.video):
        check_unchanged(video.path, video.content_hash)
        with Reader(video.path) as reader:
            for clip in of_video:
                yield _sample(reader, clip, num_frames)


def _sample(reader: Reader, clip: Clip, num_frames: int) -> Frames:
    images: list[np.ndarray] = []
    timestamps_s: list[float] = []
    for instant_s in instants_s(clip, num_frames):
        picture = reader.at(instant_s)
        repeated = bool(timestamps_s) and timestamps_s[-1] == picture.time_s
        images.append(images[-1] if repeated else reader.rgb(picture.frame))
        timestamps_s.append(picture.time_s)
    return Frames(clip=clip, images=tuple(images), timestamps_s=tuple(timestamps_s), rule=uniform_rule(num_frames))
