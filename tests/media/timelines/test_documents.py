"""Where documents about videos go: each has a file of its own, and nothing of the user's is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from attrs import evolve

from atom_core.errors import MediaError
from atom_core.files.outputs import Outputs
from atom_core.media.timelines.documents import Documents
from atom_core.records import Video
from atom_core.testing.fakes import fake_video


def video(path: Path, content: str) -> Video:
    """A video at a place."""
    return fake_video(str(path), content=content)


@pytest.fixture
def outputs(tmp_path: Path) -> Outputs:
    """What remembers what Atom wrote."""
    return Outputs(tmp_path / "cache")


def written(documents: Documents, *videos: Video) -> list[str]:
    """The names of documents that are written one after the other, once all have a place."""
    for one in videos:
        documents.place(one)
    return [documents.write(one, one.content_hash).name for one in videos]


def test_videos_of_one_name(tmp_path: Path, outputs: Outputs) -> None:
    """In one folder each has a name of its own, in this run and the next, which replaces its own alone."""
    folder = tmp_path / "out"
    folder.mkdir()
    videos = [video(tmp_path / place, place) for place in ("a/x.mp4", "b/x.mp4", "c/x.mp4")]
    names = ["x.srt", "x.mp4.srt", f"x-{videos[2].content_hash[:8]}.srt"]
    assert written(Documents(folder, ".srt", outputs), *videos) == names
    assert written(Documents(folder, ".srt", outputs), *videos) == names
    assert written(Documents(folder, ".srt", outputs), videos[1]) == names[1:2]
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: one.content_hash for name, one in zip(names, videos, strict=True)
    }


def test_what_is_the_users_stays(tmp_path: Path, outputs: Outputs) -> None:
    """In a folder it may be replaced if that is said; beside a video never, also what Atom wrote there."""
    one = video(tmp_path / "x.mp4", "x")
    (tmp_path / "x.srt").write_text("mine")
    with pytest.raises(MediaError, match=r"x\.srt.*not what Atom wrote there.*--overwrite"):
        Documents(tmp_path, ".srt", outputs).place(one)
    assert written(Documents(tmp_path, ".srt", outputs, overwrite=True), one) == ["x.srt"]
    assert (tmp_path / "x.srt").read_text() == one.content_hash
    for overwrite in (False, True):
        with pytest.raises(MediaError, match="it exists already; move it, or write elsewhere with -o DIR"):
            Documents(None, ".srt", outputs, overwrite=overwrite).place(one)
    assert written(Documents(None, ".vtt", outputs), one) == ["x.vtt"]


def test_what_comes_meanwhile_stays(tmp_path: Path, outputs: Outputs) -> None:
    """Between the choice of a place and the writing a user may have put a file there."""
    for folder in (tmp_path, None):
        documents, one = Documents(folder, ".srt", outputs), video(tmp_path / f"{folder is None}.mp4", "x")
        documents.place(one)
        (tmp_path / f"{folder is None}.srt").write_text("mine")
        with pytest.raises(MediaError, match="cannot be written"):
            documents.write(one, "text")
        assert (tmp_path / f"{folder is None}.srt").read_text() == "mine"


def test_places_that_cannot_be_written(tmp_path: Path, outputs: Outputs, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told before any work."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(MediaError, match=r"no permission to write .*choose a folder with -o DIR"):
        Documents(tmp_path, ".srt", outputs).place(video(tmp_path / "x.mp4", "x"))
    monkeypatch.undo()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "place")

    monkeypatch.setattr(Outputs, "check", refuse)
    with pytest.raises(MediaError, match="place cannot be written: Permission denied; use -o DIR"):
        Documents(tmp_path, ".srt", outputs).place(evolve(video(tmp_path / "x.mp4", "x")))
