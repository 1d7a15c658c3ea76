"""Who watches is told how far a video is looked through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import atom_core as atom
from atom_core.call_context import watch
from atom_core.host import open_host
from atom_core.settings import Settings
from atom_core.testing.fakes import FakeHost
from atom_core.testing.videos import write_video


class Look:
    """A task on clips."""

    consumes = produces = atom.Clip

    def run(self, clip: atom.Clip) -> atom.Clip:
        return clip


class Listen:
    """A task on videos that tells how far it is, in units of its own."""

    consumes = produces = atom.Video

    def run(self, video: atom.Video, *, progress: atom.Tell) -> atom.Video:
        progress(1, 4)
        return video


class LookThrough:
    """A task on videos that asks the two others."""

    consumes, produces = atom.Video, tuple[atom.Clip, ...]

    def run(self, video: atom.Video, *, host: atom.Host) -> tuple[atom.Clip, ...]:
        host.run("listen", video)
        return tuple(host.collect("look", host.clips(video)))


@pytest.fixture
def seen() -> Iterator[list[tuple[str, str, float, float]]]:
    """What is told."""
    told: list[tuple[str, str, float, float]] = []
    token = watch.set(lambda doing, path, at_s, of_s: told.append((doing, path.name, at_s, of_s)))
    yield told
    watch.reset(token)


def test_tasks_that_a_task_asks(seen: list[tuple[str, str, float, float]]) -> None:
    """Clips count as they are done, and what a task says of its progress is a share of the video; what the user asks
    for himself is counted by who asks."""
    tasks = {"look": Look(), "listen": Listen(), "look-through": LookThrough()}
    with FakeHost(shows={"a.mp4": ["sea", "town"]}, tasks=tasks, clip_s=8.0) as host:
        host.run("look-through", host.video("a.mp4"))
        assert seen == [("listen", "a.mp4", 4.0, 16.0), ("look", "a.mp4", 8.0, 16.0), ("look", "a.mp4", 16.0, 16.0)]
        seen.clear()
        host.collect("look", host.clips(host.video("a.mp4")))
        host.run("listen", host.video("a.mp4"), progress=lambda *_: None)
        assert seen == []


def test_while_shots_are_found(tmp_path: Path, seen: list[tuple[str, str, float, float]]) -> None:
    """The time of pictures that were seen is told now and then, in order."""
    write_video(tmp_path / "a.mp4", shots=[(80, (200, 0, 0)), (80, (0, 0, 200))])
    with open_host(Settings(model="none", cache=tmp_path / "cache"), load_plugins=()) as host:
        video = host.video(tmp_path / "a.mp4")
        host.clips(video)
    times_s = [at_s for _, _, at_s, _ in seen]
    assert len(times_s) == 3
    assert times_s == sorted(times_s)
    assert {(doing, name, of_s) for doing, name, _, of_s in seen} == {("shots", "a.mp4", video.duration_s)}
