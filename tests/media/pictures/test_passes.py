"""One pass over a video for its clips: the frames that each would have alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from attrs import evolve

from atom_core.call_context import Caller, Cancel, caller
from atom_core.errors import Cancelled
from atom_core.media import isolate
from atom_core.media.pictures import passes
from atom_core.media.pictures.decode import Reader
from atom_core.media.probe import probe
from atom_core.media.sample import sample
from atom_core.records import Clip, Frames, Video
from atom_core.testing import wait_until
from atom_core.testing.videos import Shot, write_video


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Clip]:
    """Eight clips of one video with few key pictures."""
    shots = [Shot(3, (20 * n, 200 - 20 * n, 30 + 9 * n)) for n in range(8)]
    video = probe(write_video(tmp_path_factory.mktemp("passes") / "video.mp4", shots=shots))
    step = video.duration_s / 8
    return [Clip(video=video, start_s=n * step, end_s=(n + 1) * step, index=n) for n in range(8)]


def same(one: Frames, other: Frames) -> bool:
    """Whether two samples are the same, bit for bit."""
    pairs = zip(one.images, other.images, strict=True)
    return one.timestamps_s == other.timestamps_s and all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("isolated", [False, True])
def test_frames_are_those_that_each_clip_has_alone(clips: list[Clip], isolated: bool) -> None:
    """In any order, from several threads, in another process too."""
    alone = [sample(clip, 3) for clip in clips]
    if isolated:
        isolate.begin()
    try:
        with passes.sharing(), ThreadPoolExecutor(4) as threads:
            for order in (clips, clips[::-1], [clips[5], clips[0], clips[6], clips[6]]):
                for found in threads.map(lambda clip: sample(clip, 3), order):
                    assert same(found, alone[found.clip.index])
    finally:
        if isolated:
            isolate.finish()


def test_a_video_is_opened_once_for_clips_that_are_read_together(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reader for all of them, which is closed at the end; outside of `sharing` each has its own."""
    made: list[Reader] = []
    real = Reader.__init__

    def opened(self: Reader, *args: object, **more: object) -> None:
        made.append(self)
        real(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Reader, "__init__", opened)
    with passes.sharing(), ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda clip: sample(clip, 2), clips))
        assert len(made) == 1
        assert passes._passes
    assert not passes._passes
    sample(clips[0], 2)
    assert len(made) == 2
    assert not passes.is_shared()


def _first_read(clips: list[Clip], *, gathers: bool, urgent: bool = False) -> list[int]:
    """In which order a later clip, asked for first, and the first one are read."""
    read: list[int] = []

    def work(clip: Clip, is_urgent: bool) -> None:
        with passes.holding(lambda: is_urgent):
            sample(clip, 1)
            read.append(clip.index)

    with passes.sharing(gathers=gathers), ThreadPoolExecutor(2) as threads:
        later = threads.submit(work, clips[5], urgent)
        if gathers and not urgent:
            wait_until(lambda: any(one.waiting for one in passes._passes.values()))
        else:
            later.result(60)
        threads.submit(work, clips[0], False).result(60)
        later.result(60)
    return read


def test_the_first_clip_is_waited_for_where_threads_begin_together(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To read a later one before it is to decode what lies between twice; who is waited for goes on at once."""
    monkeypatch.setattr(passes, "_GATHER_S", 60.0)
    assert _first_read(clips, gathers=True) == [0, 5]
    assert _first_read(clips, gathers=True, urgent=True) == [5, 0]
    assert _first_read(clips, gathers=False) == [5, 0]


def test_a_later_clip_alone_is_read_soon(clips: list[Clip]) -> None:
    """Where no earlier one comes."""
    with passes.sharing(gathers=True):
        assert sample(clips[5], 1).clip == clips[5]


def test_few_readers_stay_open(clips: list[Clip], tmp_path: Path) -> None:
    """Those of the videos that were read last."""

    def copied(name: str) -> Video:
        path = tmp_path / name
        path.write_bytes(clips[0].video.path.read_bytes())
        return probe(path)

    others = [evolve(clips[0], video=copied(f"{n}.mp4")) for n in range(4)]
    with passes.sharing():
        for clip in others:
            sample(clip, 1)
            assert len(passes._passes) <= 2
        assert list(passes._passes) == [clip.video for clip in others[-2:]]


def test_who_is_cancelled_does_not_wait_for_a_turn(clips: list[Clip]) -> None:
    """While another clip of the video is read."""
    cancelled = Cancel()
    token = caller.set(Caller(task="caption", cancelled=cancelled))
    try:
        with passes.sharing(), passes.turn_of(clips[0].video, 0.0, 1.0):
            threading.Timer(0.05, cancelled.set).start()
            with pytest.raises(Cancelled), passes.turn_of(clips[0].video, 1.0, 2.0):
                pass
    finally:
        caller.reset(token)


def test_a_reader_that_failed_is_not_used_again(clips: list[Clip]) -> None:
    """The next clip opens the file anew."""
    with passes.sharing():
        with pytest.raises(ZeroDivisionError), passes.reader_of(clips[0].video, 0.0, 1.0) as first:
            raise ZeroDivisionError
        with passes.reader_of(clips[0].video, 0.0, 1.0) as second:
            assert second is not first
            assert second.at(0.0).time_s == 0.0


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory as on a small machine: for one clip's pictures, and what is made of another's."""
    monkeypatch.setattr(passes, "_MOST_PICTURES", 1)
    monkeypatch.setattr(passes, "_MOST_HELD", 2)


@pytest.mark.usefixtures("places")
def test_clips_are_read_no_faster_than_they_are_used(clips: list[Clip]) -> None:
    """However many threads ask, the pictures of one are in memory, and what was made of one more; in order."""
    made, used, read = threading.Semaphore(0), threading.Semaphore(0), []

    def use(clip: Clip) -> None:
        with passes.holding():
            sample(clip, 1)
            read.append(clip.index)
            assert made.acquire(timeout=60)
            passes.prepared()
            assert used.acquire(timeout=60)

    def settled(count: int) -> bool:
        wait_until(lambda: len(read) >= count)
        time.sleep(0.05)  # who must not read yet would by now
        return len(read) == count

    with passes.sharing(), ThreadPoolExecutor(8) as threads:
        with passes.turn_of(clips[0].video, 0.0, 0.0):  # all wait for the first turn
            done = [threads.submit(use, clip) for clip in clips]
            while len(passes._passes[clips[0].video].waiting) < len(clips):
                time.sleep(0.01)
        assert settled(1)
        made.release()
        assert settled(2)
        made.release()
        for count in range(3, len(clips) + 1):
            assert settled(count - 1)
            used.release()
            assert settled(count)
            made.release()
        used.release(2)
        for one in done:
            one.result(20)
    assert read == list(range(8))
    assert (passes._num_held, passes._num_pictures) == (0, 0)


@pytest.mark.usefixtures("places")
def test_who_is_waited_for_is_read_at_once(clips: list[Clip]) -> None:
    """However many clips are in memory; so is who needs no place there, or has one."""
    with ExitStack() as held, passes.sharing():
        for clip in clips[:2]:
            held.enter_context(passes.holding())
            sample(clip, 1)
            passes.prepared()
        sample(clips[2], 1)  # it has a place
        with ThreadPoolExecutor(1) as threads:  # a thread that holds nothing
            assert threads.submit(sample, clips[3], 1).result(20).clip == clips[3]
            assert threads.submit(held_sample, clips[4], True).result(20).clip == clips[4]
        cancelled = Cancel()
        token = caller.set(Caller(cancelled=cancelled))
        try:
            threading.Timer(0.05, cancelled.set).start()
            with pytest.raises(Cancelled), passes.holding():
                sample(clips[5], 1)
        finally:
            caller.reset(token)
    assert (passes._num_held, passes._num_pictures) == (0, 0)


def held_sample(clip: Clip, urgent: bool) -> Frames:
    """A sample of a clip whose pictures are kept, that somebody waits for or not."""
    with passes.holding(lambda: urgent):
        return sample(clip, 1)
