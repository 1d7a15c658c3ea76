"""Tasks, and what they are lent beside the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from attrs import field, frozen

if TYPE_CHECKING:
    import numpy as np

    from atom_core.records import Clip, Entry, Frames, Moment, Query, Sound, Video


Tell: TypeAlias = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class ReadFrames(Protocol):
    """Reads the pictures of a clip: what a task is lent as `frames`, and `Host.frames`."""

    def __call__(self, clip: Clip, num_frames: int, *, max_pixels: int | None = None) -> Frames:
        """The pictures shown in the middles of `num_frames` equal spans of `clip`, upright; the caller's own.

        :param max_pixels: larger pictures are shrunk as they are decoded; None keeps their size
        :raises MediaError: if the file is gone, has changed, or cannot be decoded
        """


class ReadSound(Protocol):
    """Reads the sound of a clip: what a task is lent as `sound`, and `Host.sound`."""

    def __call__(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1, track: str = "") -> Sound:
        """The sound of a clip or a whole video, of the track that a player would take; silence where there is none.

        :param num_channels: 1, the mean of both sides, or 2
        :param track: another track: its number among the sound tracks, from 1, or its language as the file states it
        :raises MediaError: if the file is gone, has changed, cannot be read, or has no such track
        """


class Task(Protocol):
    """A unit of work. `run` is lent the keyword arguments below that it names; it blocks, the host is parallel.

    encoder, decoder: the resident model.  library: the open library.  settings: the task's own settings.
    any module that a plugin shares with `atom_register_modules`: by its name.
    frames, sound: read a clip's pictures (`ReadFrames`) and sound (`ReadSound`).
    host: to ask for another task's work.  progress: a `Tell`, for tasks that work long without asking a module; it
    raises `Cancelled` when the result is no longer wanted.
    """

    consumes: type
    """The record type it takes."""
    produces: type
    """The record type it returns."""

    def run(self, item: object, **lent: object) -> Any:
        """The record made from `item`."""


@frozen(kw_only=True)
class TaskEvent:
    """What `atom_before_task` and `atom_after_task` are told."""

    task: str
    """The task's name."""
    item: Any = field(repr=False)
    """The record it runs on."""
    seconds: float | None = None
    """How long it ran; None before it has."""
    result: Any = field(default=None, repr=False)
    """The record it returned; None before it has, or if it failed."""
    error: BaseException | None = None
    """What it raised."""


@runtime_checkable
class Library(Protocol):
    """The persistent index of clips."""

    def add(self, entries: Sequence[Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced.

        Those with `Entry.num_clips` are found once so many of one segmentation are stored; then they replace whatever
        else there was of their video, which is found until then.
        """

    def search(self, vector: np.ndarray, limit: int = 10) -> list[Moment]:
        """The nearest clips by cosine similarity to `vector` [E], best first."""

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video in the library."""

    def remove(self, content_hash: str) -> int:
        """Forget a video; how many clips it had."""

    def move(self, content_hash: str, path: Path) -> None:
        """Note that a video's file is at `path` now."""

    def __len__(self) -> int:
        """How many clips there are."""

    def close(self) -> None:
        """Write what is pending and let go of the files."""


@runtime_checkable
class CarriedLibrary(Library, Protocol):
    """A library that can be filled from others, as it must be where several machines work on one run."""

    def give(self, content_hashes: Sequence[str]) -> object:
        """All that it holds of some videos; a value that can be pickled."""

    def take(self, parcels: Sequence[object]) -> None:
        """Put in what libraries of the same kind gave, in place of what there is of the same clips.

        :raises LibraryError: if they were made with another model, or cannot be written
        """


class Channel(Protocol):
    """A way to find moments. It is made once by a host, without arguments, and searched from several threads."""

    def search(self, query: Query, host: Any) -> Sequence[Moment]:
        """Moments of videos that the library has, best first, none where it finds nothing.

        Scores say how sure it is that a moment shows what is looked for: 0 is not at all, 0.5 as likely as not, 1
        without doubt. A moment counts for the clip that it shares most time with.
        """
