"""The host as one run of a task sees it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Set
from contextlib import closing
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from atom_core.call_context import caller, on_behalf_of
from atom_core.records import Clip, Frames, Sound, Video

if TYPE_CHECKING:
    from pathlib import Path


class TaskHost:
    """Does for one run of a task what a `Host` does. Threads that the task starts ask on its behalf, too: what they ask
    for is served in the task's turn, and cancelled with it. It cannot be closed: it is everybody's.
    """

    def __init__(self, host: Any) -> None:  # a `Host`, whose room is above this one
        self._host, self._caller = host, caller.get()

    def _note(self, what: str) -> None:
        """Note what is asked of the host, for whoever wants to know what the result depends on."""
        if self._caller.asked is not None:
            self._caller.asked.add(what)

    @property
    def tasks(self) -> Set[str]:
        """What `Host.tasks` is. A result that depends on whether a task is there depends on that task alone."""
        return NotedNames(self._host.tasks, "task", self._note)

    @property
    def modules(self) -> Set[str]:
        """What `Host.modules` is, noted likewise."""
        return NotedNames(self._host.modules, "module", self._note)

    def run(self, task: str, item: Any, **options: Any) -> Any:
        """What `Host.run` returns."""
        self._note(f"task {task}")
        with on_behalf_of(self._caller):
            return self._host.run(task, item, **options)

    def map(self, task: str, items: Iterable[Any], **settings: Any) -> Generator[Any, None, None]:
        """What `Host.map` yields."""
        self._note(f"task {task}")
        context = copy_context()  # of who asks first; outcomes may be taken in another thread
        with on_behalf_of(self._caller):
            context.run(caller.set, caller.get())
        with closing(self._host.map(task, items, **settings)) as outcomes:
            nothing = object()
            while (outcome := context.run(next, outcomes, nothing)) is not nothing:
                yield outcome

    def collect(self, task: str, items: Iterable[Any], **settings: Any) -> list[Any]:
        """What `Host.collect` returns."""
        self._note(f"task {task}")
        with on_behalf_of(self._caller):
            records: list[Any] = self._host.collect(task, items, **settings)
            return records

    def video(self, path: str | Path) -> Video:
        """What `Host.video` returns."""
        with on_behalf_of(self._caller):
            video: Video = self._host.video(path)
            return video

    def clips(self, video: Video) -> list[Clip]:
        """What `Host.clips` returns."""
        self._note("hook atom_segment_video")
        with on_behalf_of(self._caller):
            clips: list[Clip] = self._host.clips(video)
            return clips

    def frames(self, clip: Clip, num_frames: int, *, max_pixels: int | None = None) -> Frames:
        """What `Host.frames` returns."""
        with on_behalf_of(self._caller):
            frames: Frames = self._host.frames(clip, num_frames, max_pixels=max_pixels)
            return frames

    def sound(self, of: Clip | Video, *, rate_hz: int = 16000, num_channels: int = 1, track: str = "") -> Sound:
        """What `Host.sound` returns."""
        with on_behalf_of(self._caller):
            sound: Sound = self._host.sound(of, rate_hz=rate_hz, num_channels=num_channels, track=track)
            return sound

    def module(self, name: str) -> Any:
        """What `Host.module` returns."""
        self._note(f"module {name}")
        with on_behalf_of(self._caller):
            return self._host.module(name)

    def channels(self) -> dict[str, Any]:
        """What `Host.channels` returns."""
        self._note("channels")
        channels: dict[str, Any] = self._host.channels()
        return channels

    def about(self, task: str, **settings: Any) -> dict[str, Any]:
        """What `Host.about` returns."""
        self._note(f"task {task}")
        about: dict[str, Any] = self._host.about(task, **settings)
        return about

    def __getattr__(self, name: str) -> Any:
        if name == "close" or name.startswith("_"):
            raise AttributeError(f"a task's host has no attribute {name!r}: the host is everybody's")
        if name in ("plugins", "library"):
            self._note(name)
        return getattr(self._host, name)


class NotedNames(Set[str]):
    """Names of tasks or modules; which one is looked for is noted, and ``tasks`` or ``modules`` where all are."""

    def __init__(self, names: frozenset[str], word: str, note: Callable[[str], None]) -> None:
        self._names, self._word, self._note = names, word, note

    @classmethod
    def _from_iterable(cls, names: Iterable[str]) -> frozenset[str]:  # type: ignore[override]
        return frozenset(names)

    def __contains__(self, name: object) -> bool:
        self._note(f"{self._word} {name}")
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        self._note(f"{self._word}s")
        return iter(self._names)

    def __len__(self) -> int:
        self._note(f"{self._word}s")
        return len(self._names)

    def __repr__(self) -> str:
        return repr(self._names)
