"""Isolation: videos are read in another process with the same results, and what ends that process fails one video."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from atom_core.errors import MediaError
from atom_core.media import isolate
from atom_core.media.hooks import atom_segment_video
from atom_core.media.probe import is_film, probe
from atom_core.media.sample import sample
from atom_core.records import Clip
from atom_core.settings import Settings
from atom_core.testing.videos import BLUE, RED, write_video


@pytest.fixture
def _isolated() -> Iterator[None]:
    isolate.begin()
    yield
    isolate.finish()


def test_the_same_results(tmp_path: Path) -> None:
    """Videos, clips and frames are those that are read here; errors are the same lines."""
    path, settings = write_video(tmp_path / "v.mp4", shots=[(24, RED), (24, BLUE)], audio=True), Settings(reuse=False)
    (tmp_path / "bad.mp4").write_bytes(b"x" * 100)
    found = []
    for isolated in (False, True):
        other = path.rename(tmp_path / f"{isolated}.mp4") if isolated else path
        if isolated:
            isolate.begin()
        try:
            video = probe(other)
            clips = atom_segment_video(video, settings)
            frames = sample(clips[1], 5)
            with pytest.raises(MediaError) as caught:
                probe(tmp_path / "bad.mp4")
            found.append((video.content_hash, video.fps, [clip.span for clip in clips], str(caught.value), frames))
            assert not is_film(other)
        finally:
            if isolated:
                isolate.finish()
    here, there = found
    assert here[:-1] == there[:-1]
    assert here[-1].timestamps_s == there[-1].timestamps_s
    assert all(np.array_equal(one, two) for one, two in zip(here[-1].images, there[-1].images, strict=True))
    assert there[-1].images[0].flags.writeable


@pytest.mark.usefixtures("_isolated")
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX signals")
def test_a_process_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its video fails with one line that names how; the next one has a process again."""
    clip = Clip.whole(probe(write_video(tmp_path / "v.mp4")))
    (process,) = isolate._idle
    with monkeypatch.context() as patch:
        patch.setattr(
            isolate, "_read", lambda pipe: (os.kill(process._process.pid, signal.SIGSEGV), pipe.read(), _eof())
        )
        with pytest.raises(MediaError, match=r"v\.mp4' ended the process that does it \(SIGSEGV\)"):
            sample(clip, 2)
    assert len(sample(clip, 2).images) == 2


def _eof() -> None:
    raise EOFError


@pytest.mark.usefixtures("_isolated")
def test_a_process_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the video fails."""
    path = write_video(tmp_path / "v.mp4")
    for name in ("_LIMIT_S", "_LIMIT_PER_BYTE"):
        monkeypatch.setattr(isolate, name, 0.0)
    with pytest.raises(MediaError, match=r"v\.mp4' was ended after 0 s"):
        probe(path)


@pytest.mark.usefixtures("_isolated")
def test_nothing_of_the_current_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the folder of footage is not taken for one of Python's."""
    path = write_video(tmp_path / "v.mp4")
    (tmp_path / "json.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    assert probe(path).duration_s == pytest.approx(2.0)
