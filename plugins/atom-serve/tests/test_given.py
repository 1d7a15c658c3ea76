"""What callers send: files of allowed folders alone, and of a video what its file is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from atom_serve.access.folders import Folders, Refused
from atom_serve.given import Given
from attrs import field, frozen

import atom_core as atom
from atom_core.testing.fakes import fake_video


class Task:
    """A task with settings of every kind."""

    @frozen(kw_only=True)
    class Settings:
        """Its settings."""

        frames: int = 3
        """A number."""
        film: Path | None = None
        """A file."""
        cover: Path = field(default=Path("cover.png"))
        """Another file."""
        anything: Any = None
        """An object of the program's."""
        video: atom.Video | None = None
        """A record."""
        clips: tuple[atom.Clip, ...] = ()
        """Several records."""
        words: tuple[str, ...] = ()
        """Texts."""


@pytest.fixture
def given(tmp_path):
    """What makes records, for a server that may use `tmp_path`."""
    folders = Folders([tmp_path])
    plugins = SimpleNamespace(task=lambda name: name, load=lambda name: Task if name == "task" else SimpleNamespace())
    host = SimpleNamespace(plugins=plugins, video=lambda path: fake_video(str(path), content="x"))
    (tmp_path / "a.mp4").touch()
    return Given(host, folders, folders.file)


def test_settings_that_name_files(given, tmp_path):
    """By type or by name they are files, which lie in allowed folders; other texts are texts."""
    inside, outside = str(tmp_path / "a.png"), "/etc/passwd"
    assert given.settings("task", {"cover": "a.png", "frames": 5, "words": ["/etc/passwd"]}) == {
        "cover": inside,
        "frames": 5,
        "words": ["/etc/passwd"],
    }
    for name in ("path", "own_path", "folder", "outfolder"):
        assert given.settings("other", {name: "a.png"}) == {name: inside}
        assert given.settings("other", {name: None}) == {name: None}
        with pytest.raises(Refused):
            given.settings("other", {name: outside})
    with pytest.raises(Refused):
        given.settings("task", {"cover": outside})
    assert given.settings("other", {"pathname": outside, "folders": outside}) == {
        "pathname": outside,
        "folders": outside,
    }
    with pytest.raises(ValueError, match="expected a path, got int"):
        given.settings("other", {"path": 3})


@pytest.mark.parametrize("name", ["anything", "video", "clips"])
def test_settings_that_are_objects(given, name):
    """A caller cannot send one."""
    with pytest.raises(atom.SettingsError, match="by programs in one process alone"):
        given.settings("task", {name: {}})


def test_what_are_no_settings(given):
    """They are an object."""
    with pytest.raises(atom.SettingsError, match="settings are an object, got list"):
        given.settings("task", [])


def test_a_video_is_what_its_file_is(given, tmp_path):
    """Its path and its hash count, if it has one; what else is said of it does not."""
    whole = {"path": "a.mp4", "content_hash": fake_video(content="x").content_hash, "duration_s": 9e9}
    for value in ("a.mp4", {"path": "a.mp4"}, whole):
        video = given.record(value, atom.Video)
        assert (video.path, video.duration_s) == (tmp_path / "a.mp4", fake_video().duration_s)
    with pytest.raises(atom.MediaError, match="has changed since it was read; ask anew"):
        given.record({**whole, "content_hash": "beef"}, atom.Video)
    for value in (3, ["a.mp4"], {}, {"path": 3}):
        with pytest.raises(atom.SettingsError, match="a video is the path of its file"):
            given.record(value, atom.Video)
    with pytest.raises(Refused):
        given.record("/etc/passwd", atom.Video)


def test_a_record_has_no_other_parts(given):
    """A misspelt part is told, rather than left out."""
    assert given.record({"text": "red", "limit": 3}, atom.Query) == atom.Query(text="red", limit=3)
    with pytest.raises(atom.SettingsError, match="limmit"):
        given.record({"text": "red", "limmit": 3}, atom.Query)
