"""A video as clips: shots found by comparing neighbouring pictures, windows of one length, or the whole.

A cut is a change between two neighbouring pictures that is large for this picture (most of it changes, or what it shows
moves away altogether), large beside the changes around it (fast motion is not a cut), and lasting (a flash is not one).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import av
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from atom_core.media.decode import Reader
from atom_core.media.probe import check_unchanged
from atom_core.records import Clip, Video
from atom_core.reuse.shots import ShotStore
from atom_core.settings import Settings

_VERSION = 1
"""Of the way cuts are found; raised when it finds others, so that kept ones are found anew."""
_SIDE = 32
"""Pictures are compared at 32 x 32 pixels, RGB."""
_SHIFT = 4
"""Camera movement between two pictures that is undone before they are compared, of 32 pixels."""
_MIN_CHANGE = 5.0
"""Least mean change of a cut, levels of 255."""
_MIN_AREA = 0.5
"""Least share of the picture that a cut changes ..."""
_VISIBLE = 8
"""... by more than so many levels in a channel."""
_MIN_RELATIVE = 0.2
"""Least change relative to the contrast of both pictures."""
_MIN_OTHERS = 1.5
"""Least mean change where only small things before a background change, levels of 255."""
_MIN_REPLACED = 0.75
"""On an unchanged background: how completely what is seen must be replaced, 1 is wholly."""
_MIN_RATIO = 2.5
"""How far a cut stands out of the changes around it."""
_MIN_LASTING = 0.4
"""Least share of the change that must hold between all pictures shortly before and after."""
_AROUND_S = 0.35
"""How far around reaches to either side, seconds."""
_FLASH_S = 0.2
"""Longest flash, seconds: what is gone after it was no cut."""
_BLACK = 24
"""Brightest level in a black picture."""


class Change(NamedTuple):
    """How a picture differs from the one before."""

    time_s: float
    """When the later picture is shown."""
    level: float
    """Mean absolute difference that no shift of the picture explains, 0 to 255."""
    is_new: bool
    """Whether the later picture shows something else, by itself and lastingly."""
    is_black: bool
    """Whether the later picture is black."""


class Cut(NamedTuple):
    """Where a shot begins."""

    time_s: float
    strength: float


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
        cuts = [cut for cut in _cuts(video, settings) if 0 < cut.time_s < video.duration_s]
        shots_s = [0.0, *(cut.time_s for cut in join_short(cuts, video.duration_s, settings.min_clip_s))]
        starts_s = split_long(shots_s, video.duration_s, settings.window_s)
    ends_s = [*starts_s[1:], video.duration_s]
    return [
        Clip(video=video, start_s=start_s, end_s=end_s, index=index)
        for index, (start_s, end_s) in enumerate(zip(starts_s, ends_s, strict=True))
    ]


def _cuts(video: Video, settings: Settings) -> list[Cut]:
    """The cuts of a video, found or known."""
    store = ShotStore(settings.cache, f"{_VERSION} av {av.__version__}")
    check_unchanged(video.path, video.content_hash)
    if settings.reuse and (known := store.get(video.content_hash)) is not None:
        return [Cut(*cut) for cut in known]
    with Reader.of(video, draft=True) as reader:
        changes = list(_changes(reader, video.fps))
    check_unchanged(video.path, video.content_hash)
    cuts = find_cuts(changes, video.fps)
    if settings.reuse:
        store.put(video.content_hash, cuts)
    return cuts


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


def find_cuts(changes: list[Change], fps: float) -> list[Cut]:
    """The cuts among the changes of a whole video: hard cuts, and the middle of each stretch of black."""
    levels = np.array([change.level for change in changes])
    reach = max(round(_AROUND_S * fps), 3)
    cuts = []
    for index, change in enumerate(changes):
        around = np.concatenate([levels[max(index - reach, 0) : index], levels[index + 1 : index + 1 + reach]])
        usual = float(np.percentile(around, 85)) if len(around) else 0.0
        if change.is_new and change.level >= _MIN_RATIO * usual:
            cuts.append(Cut(change.time_s, change.level))
    return sorted([*cuts, *_black_cuts(changes, {cut.time_s for cut in cuts})])


def _black_cuts(changes: list[Change], hard_s: set[float]) -> Iterator[Cut]:
    """The middle of every black stretch that pictures fade into and out of."""
    first = None
    for index, change in enumerate(changes):
        if change.is_black and first is None:
            first = index
        elif not change.is_black and first is not None:
            edges = {changes[first].time_s, change.time_s}
            if first > 0 and not edges & hard_s:
                yield Cut(changes[(first + index) // 2].time_s, 0.0)
            first = None


def _changes(reader: Reader, fps: float) -> Iterator[Change]:
    """The change from each picture to the next; a few pictures are kept on both sides to tell flashes from cuts."""
    reach = min(int(_FLASH_S * fps), 12)
    before: deque[np.ndarray] = deque(maxlen=reach + 1)
    waiting: deque[tuple[float, np.ndarray]] = deque()
    for picture in reader.pictures():
        waiting.append((picture.time_s, reader.thumbnail(picture.frame, _SIDE).astype(np.int16)))
        if len(waiting) > reach:
            yield from _next_change(before, waiting)
    while waiting:
        yield from _next_change(before, waiting)


def _next_change(before: deque[np.ndarray], waiting: deque[tuple[float, np.ndarray]]) -> Iterator[Change]:
    time_s, picture = waiting.popleft()
    if before:
        after = [picture, *(later for _, later in waiting)]
        is_new = _replaces(before[-1], picture) and _lasts(list(before), after)
        yield Change(time_s, _unexplained(before[-1], picture), is_new, int(picture.max()) <= _BLACK)
    before.append(picture)


def _level(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.abs(one - two).mean())


def _unexplained(old: np.ndarray, new: np.ndarray) -> float:
    """The difference that is left when the camera's movement, a shift by up to an eighth, is undone."""
    inner = new[_SHIFT:-_SHIFT, _SHIFT:-_SHIFT].transpose(2, 0, 1)
    shifted = sliding_window_view(old, inner.shape[1:], axis=(0, 1))
    left = np.abs(shifted - inner).mean(axis=(2, 3, 4), dtype=np.float32)
    still = left[_SHIFT, _SHIFT]
    return _level(old, new) * (float(left.min() / still) if still else 1.0)


def _replaces(old: np.ndarray, new: np.ndarray) -> bool:
    """Whether `new` shows something else than `old`: elsewhere, or other things before the same background."""
    difference = np.abs(old - new)
    level = float(difference.mean())
    if level < _MIN_OTHERS:
        return False
    contrasts = sorted(float(np.abs(picture - np.median(picture, axis=(0, 1))).mean()) for picture in (old, new))
    relative = level / (sum(contrasts) + 4.0)
    area = float((difference.max(axis=2) > _VISIBLE).mean())
    elsewhere = area >= _MIN_AREA and level >= _MIN_CHANGE and relative >= _MIN_RELATIVE
    others = level / (sum(contrasts) + 0.2) >= _MIN_REPLACED and contrasts[0] >= 0.3 * contrasts[1]
    return elsewhere or others


def _lasts(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    """Whether pictures shortly before and shortly after differ too: around a flash some are alike."""
    least = _MIN_LASTING * _level(before[-1], after[0])
    return all(_level(old, new) >= least for old in before for new in after)
