"""The host as a whole: what it opens, in which order it tells plugins, how it closes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import atom_core as atom
from atom_core.host import BUILTINS, open_host
from atom_core.plugins import load_plugins
from atom_core.settings import Settings
from atom_core.testing.videos import write_video


def test_hooks_fire_in_their_order(opened: Any, clip: atom.Clip) -> None:
    """Ready after loading, before and after each run, closing before the modules close, all once."""
    with opened() as (host, plugin):
        host.run("describe", clip)
        host.collect("describe", [clip])
    run = ["before describe", "after describe NoneType"]
    assert plugin.told == ["ready", *run, *run, "closing", "modules closed"]
    host.close()
    assert plugin.told.count("modules closed") == 1


def test_the_library_is_opened_without_the_model(opened: Any, named: Any) -> None:
    """Looking into the library loads nothing, and it is opened for the very model that is loaded later."""
    with opened(named) as (host, plugin):
        assert len(host.library) == 0
        assert plugin.loads == 0
        assert host.decoder.name
    assert (plugin.loads, plugin.told[0]) == (1, "library of fake")


def test_a_closed_host_opens_no_library(opened: Any, named: Any) -> None:
    """What nobody would close is not opened."""
    with opened(named) as (host, _):
        pass
    with pytest.raises(atom.ModelError, match="is closed"):
        _ = host.library


def test_a_host_left_open_is_told(plugin_type: Any) -> None:
    """A host that is dropped with loaded modules and not closed gives a `ResourceWarning`."""
    plugin = plugin_type()
    settings = Settings.load({"model": "fake", "load_plugins": ()}, environ={})
    host = open_host(settings, plugins=load_plugins(settings, builtins=(*BUILTINS, ("test", plugin))))
    assert host.decoder.name
    with pytest.warns(ResourceWarning, match="not closed"):
        host.__del__()
    host.close()


def test_settings_by_name_go_over_given_settings() -> None:
    """`open_host(settings, frames=3)` changes that one."""
    settings = Settings.load({"load_plugins": (), "frames": 5}, environ={})
    with open_host(settings, workers=3) as host:
        assert (host.settings.frames, host.settings.workers) == (5, 3)


def test_threads_that_ask_for_clips_wait_for_one(opened: Any, plugin_type: Any, tmp_path: Path) -> None:
    """Eight questions about a new video look through it once."""
    calls: list[Path] = []

    class Segmenter(plugin_type):
        @atom.hookimpl
        def atom_segment_video(self, video: atom.Video) -> list[atom.Clip]:
            calls.append(video.path)
            time.sleep(0.05)
            return [atom.Clip.whole(video)]

    with opened(Segmenter()) as (host, _), ThreadPoolExecutor(8) as pool:
        video = host.video(write_video(tmp_path / "a.mp4"))
        found = list(pool.map(host.clips, [video] * 8))
    assert found == [[atom.Clip.whole(video)]] * 8
    assert calls == [video.path]


def test_what_a_plugin_raises_when_modules_are_ready_ends_nothing(
    opened: Any, plugin_type: Any, clip: atom.Clip, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told in one line, and the task goes on."""

    class Fragile(plugin_type):
        @atom.hookimpl
        def atom_modules_ready(self) -> None:
            raise atom.TaskError("no room on the stage")

    with opened(Fragile()) as (host, _):
        assert host.run("describe", clip).text
    assert "no room on the stage" in caplog.text


def test_clips_are_found_once(opened: Any, plugin_type: Any, tmp_path: Path) -> None:
    """The second call segments nothing; another video does."""
    calls: list[Path] = []

    class Segmenter(plugin_type):
        @atom.hookimpl
        def atom_segment_video(self, video: atom.Video) -> list[atom.Clip]:
            calls.append(video.path)
            return [atom.Clip.whole(video)]

    with opened(Segmenter()) as (host, _):
        one, other = (host.video(write_video(tmp_path / f"{name}.mp4")) for name in "ab")
        assert host.clips(one) == host.clips(one) == [atom.Clip.whole(one)]
        host.clips(other)
    assert calls == [one.path, other.path]


def test_clips_kept_at_hand_are_bounded(
    opened: Any, plugin_type: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that works for days holds the clips of the latest videos."""
    monkeypatch.setattr("atom_core.host.videos._MOST_KNOWN", 2)
    calls: list[Path] = []

    class Segmenter(plugin_type):
        @atom.hookimpl
        def atom_segment_video(self, video: atom.Video) -> list[atom.Clip]:
            calls.append(video.path)
            return [atom.Clip.whole(video)]

    with opened(Segmenter()) as (host, _):
        videos = [host.video(write_video(tmp_path / f"{name}.mp4")) for name in "abc"]
        for video in (*videos, videos[2], videos[0]):
            assert host.clips(video) == [atom.Clip.whole(video)]
    assert [path.stem for path in calls] == ["a", "b", "c", "a"]


@pytest.mark.parametrize("what", ["probe", "segment"])
def test_whatever_a_video_raises_is_its_failure(
    opened: Any, plugin_type: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Not the run's; where the machine has no more memory, that is said, and the file is not blamed for it."""

    class Segmenter(plugin_type):
        @atom.hookimpl
        def atom_segment_video(self, video: atom.Video) -> list[atom.Clip]:
            return [atom.Clip.whole(video)]

    path = write_video(tmp_path / "a.mp4")
    with opened(Segmenter()) as (host, _):
        video = host.video(path)
        for error, said in ((AttributeError("codec_context"), "AttributeError"), (MemoryError(), "no more memory")):
            function = "atom_core.media.probe.probe" if what == "probe" else "atom_core.plugins.PluginSet.first"
            monkeypatch.setattr(function, lambda *_, error=error, **__: (_ for _ in ()).throw(error))
            with pytest.raises(atom.MediaError, match=rf"cannot read '.*a.mp4': .*{said}") as caught:
                host.video(path) if what == "probe" else host.clips(video)
            assert caught.value.__cause__ is error
            monkeypatch.undo()
