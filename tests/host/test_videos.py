"""Pictures and sound by public means: asked of the host, or lent to a task that names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atom_core as atom
from atom_core.testing.fakes import FakeHost, fake_clips, fake_video
from atom_core.testing.videos import write_video


class Look:
    """Says how bright the clip is, and how loud."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip: atom.Clip, *, frames: atom.ReadFrames, sound: atom.ReadSound) -> atom.Caption:
        pictures = frames(clip, 3, max_pixels=64).images
        loudest = float(np.abs(sound(clip).samples).max(initial=0.0))
        return atom.Caption(clip=clip, text=f"{len(pictures)} {float(np.mean(pictures)):.0f} {loudest:.1f}")


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    """A white video with a beep."""
    return write_video(tmp_path / "loud.mp4", shots=[(24, (255, 255, 255))], audio=True)


def test_of_the_host(opened: Any, loud: Path) -> None:
    """Frames come with their times and rule, sound with its rate; no model is loaded; the ledger has the time."""
    with opened(segment="whole") as (host, plugin):
        [clip] = host.clips(host.video(loud))
        frames = host.frames(clip, 4)
        assert [image.shape for image in frames.images] == [(clip.video.height, clip.video.width, 3)] * 4
        assert (frames.rule, len(frames.timestamps_s)) == ("uniform:4", 4)
        assert host.sound(clip, rate_hz=8000, num_channels=2).samples.shape == (2, round(clip.duration_s * 8000))
        whole = host.sound(clip.video)
        assert (whole.start_s, whole.rate_hz) == (0.0, 16000)
        assert plugin.loads == 0
        assert host.ledger.as_dict()["lanes"]["read"]["seconds"] > 0
        with pytest.raises(ValueError, match="num_frames must be at least 1"):
            host.frames(clip, 0)
        with pytest.raises(ValueError, match="1 or 2 channels"):
            host.sound(clip, num_channels=3)


def test_lent_to_a_task(opened: Any, loud: Path) -> None:
    """A task that names them reads the file; one that is gone fails that item alone."""
    with opened(segment="whole") as (host, plugin):
        [clip] = host.clips(host.video(loud))
        count, brightness, loudness = host.run("look", clip).text.split()
        assert (count, plugin.loads) == ("3", 0)
        assert int(brightness) > 200
        assert float(loudness) > 0.1
        loud.unlink()
        [outcome] = host.map("look", [clip])
        assert isinstance(outcome.error, atom.MediaError)


def test_of_fakes() -> None:
    """A fake host has pictures that follow from what is shown, and the sound that the test gives."""
    shows, sounds = {"a.mp4": ["red", "blue"], "b.mp4": ["red"]}, {"a.mp4": lambda t: np.where(t < 5, 0.5, 0.0)}
    host = FakeHost(shows=shows, sounds=sounds, tasks={"look": Look()})
    first, second = host.clips(host.video("a.mp4"))
    other = host.clips(host.video("b.mp4"))[0]
    assert [host.run("look", clip).text.split()[2] for clip in (first, second, other)] == ["0.5", "0.0", "0.0"]
    pictures = [host.frames(clip, 1).images[0].tobytes() for clip in (first, second, other)]
    assert pictures[0] == pictures[2] != pictures[1]
    assert host.sound(first.video, rate_hz=100, num_channels=2).samples.shape == (2, 1000)


def test_cancelled(opened: Any) -> None:
    """A cancelled task ends at its next look."""
    from atom_core.call_context import Caller, Cancel, caller
    from atom_core.host.task_host import TaskHost

    cancelled = Cancel()
    with opened() as (host, _):
        token = caller.set(Caller(task="look", cancelled=cancelled))
        lent = TaskHost(host)
        cancelled.set()
        for read in (lambda clip: lent.frames(clip, 1), lent.sound):
            with pytest.raises(atom.Cancelled):
                read(fake_clips(fake_video(), 1)[0])
        caller.reset(token)
