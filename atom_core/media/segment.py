"""A video as clips: shots found by comparing pictures, windows of one length, or the whole.

A clip begins with the first picture of its shot; where shots melt into each other, with the one in which the new one is
half there, and where one fades out and another in, halfway between.

Not by PySceneDetect, beside which ``atom bench cuts`` measures it: its detectors hold neighbouring pictures against a
threshold, and so miss dissolves, and take flashes and lamps for cuts. Times are those of the pictures here, also where
their rate varies, and videos are read by `Reader` as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import av
import numpy as np

from atom_core.call_context import watch
from atom_core.media.cuts.run import SIDE
from atom_core.media.cuts.transitions import find_transitions
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import unchanged
from atom_core.media.shot_cache import ShotStore
from atom_core.records import Clip, Video
from atom_core.settings import Settings

_TOLD_EVERY = 50
"""After how many pictures it is told how far a video is looked through."""
_VERSION = 7
"""Cache version; raise it when `find_cuts` returns other cuts for the same video."""


class Cut(NamedTuple):
    """Where a shot begins."""

    time_s: float
    """When it is taken to begin."""
    strength: float
    """How wholly what is seen is replaced, 0 to 1: of two that are too near to each other the weaker is no cut."""
    first_s: float = math.nan
    """The time of the first picture that is not wholly the shot before, of a dissolve or fade; else `time_s`."""
    last_s: float = math.nan
    """The time of the first picture that is wholly the new shot, of a dissolve or fade; else `time_s`."""


def segment(video: Video, settings: Settings) -> list[Clip]:
    """Clips that cover `video` in order, by `settings.segment`, `window_s` and `min_clip_s`.

    Shots are found by decoding it, once: where the cuts are is kept in `settings.cache`.

    :raises MediaError: if the file is gone, has changed or cannot be decoded
    """
    if settings.segment == "whole":
        return [Clip.whole(video)]
    if settings.segment == "windows":
        starts_s = window_starts_s(video.duration_s, settings.window_s, settings.min_clip_s)
    else:
        starts_s = split_long(shot_starts_s(video, settings), video.duration_s, settings.window_s)
    ends_s = [*starts_s[1:], video.duration_s]
    return [
        Clip(video=video, start_s=start_s, end_s=end_s, index=index)
        for index, (start_s, end_s) in enumerate(zip(starts_s, ends_s, strict=True))
    ]


def shot_starts_s(video: Video, settings: Settings) -> list[float]:
    """When each shot of `video` begins, seconds; those shorter than `settings.min_clip_s` belong to a neighbour.

    :raises MediaError: if the file is gone, has changed or cannot be decoded
    """
    cuts = [cut for cut in find_cuts(video, settings) if 0 < cut.time_s < video.duration_s]
    return [0.0, *(cut.time_s for cut in join_short(cuts, video.duration_s, settings.min_clip_s))]


def find_cuts(video: Video, settings: Settings) -> list[Cut]:
    """The cuts, dissolves and fades of a video in order, found or known.

    :raises MediaError: if the file is gone, has changed or cannot be decoded
    """
    store = ShotStore(settings.cache, f"{_VERSION} av {av.__version__}{' joined' * bool(video.joins)}")
    with unchanged(video.path, video.content_hash):
        if settings.reuse and (kept := store.get(video.content_hash)) is not None:
            return [Cut(*cut) for cut in kept]
        with Reader.of(video, draft=True) as reader:
            times_s: list[float] = []
            transitions = find_transitions(_thumbnails(reader, times_s, video), video.fps)
    cuts = [Cut(times_s[one.at], one.strength, times_s[one.first], times_s[one.last]) for one in transitions]
    if settings.reuse:
        store.put(video.content_hash, cuts)
    return cuts


def _thumbnails(reader: Reader, times_s: list[float], video: Video) -> Iterator[np.ndarray]:
    """Small pictures; when each is shown is added to `times_s`."""
    watched = watch.get()
    for picture in reader.pictures():
        times_s.append(picture.time_s)
        if watched is not None and len(times_s) % _TOLD_EVERY == 0:
            watched("shots", video.path, picture.time_s, video.duration_s)
        yield reader.thumbnail(picture.frame, SIDE)


def window_starts_s(duration_s: float, window_s: float, min_clip_s: float) -> list[float]:
    """Starts of windows of `window_s`; a rest shorter than `min_clip_s` joins the last window."""
    num_windows = max(math.ceil((duration_s - max(min_clip_s, 1e-6)) / window_s), 1)
    return [index * window_s for index in range(num_windows)]


def join_short(cuts: Iterable[Cut], duration_s: float, min_clip_s: float) -> list[Cut]:
    """Cuts, less those that make shots shorter than `min_clip_s`: of such a shot's two cuts the weaker goes."""
    kept = list(cuts)
    while kept:
        bounds_s = [0.0, *(cut.time_s for cut in kept), duration_s]
        lengths_s = [end_s - start_s for start_s, end_s in pairwise(bounds_s)]
        shortest = min(range(len(lengths_s)), key=lengths_s.__getitem__)
        if lengths_s[shortest] >= min_clip_s - 1e-6:
            break
        sides = [index for index in (shortest - 1, shortest) if 0 <= index < len(kept)]
        kept.pop(min(sides, key=lambda index: kept[index].strength))
    return kept


def split_long(starts_s: list[float], duration_s: float, window_s: float) -> list[float]:
    """Starts of shots, those longer than `window_s` cut into the fewest equal parts that are not."""
    split_s: list[float] = []
    for start_s, end_s in zip(starts_s, [*starts_s[1:], duration_s], strict=True):
        num_parts = max(math.ceil((end_s - start_s) / window_s - 1e-6), 1)
        split_s += [start_s + part * (end_s - start_s) / num_parts for part in range(num_parts)]
    return split_s
