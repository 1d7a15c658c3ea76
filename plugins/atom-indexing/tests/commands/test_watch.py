"""`atom index --watch`: what comes into folders is indexed once it is written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import atom_indexing
import pytest
from atom_indexing.commands import index
from atom_indexing.commands.watch import Watched

import atom_core as atom
from atom_core.serving import Cancel, working_for
from atom_core.testing import wait_until
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost
from atom_core.testing.videos import BLUE, RED, Shot, write_video

PROGRAM = Path(sys.executable).with_name("atom")


def test_a_file_counts_once_it_is_written(tmp_path):
    """What is there at first is not told of; what comes is told of once, when it has stopped to grow; what has changed
    once more; and what went and came back."""
    (tmp_path / "old.mp4").write_bytes(b"1")
    watched = Watched([str(tmp_path)])
    assert watched.ready() == []
    new = tmp_path / "sub" / "new.mp4"
    new.parent.mkdir()
    (tmp_path / "notes.txt").touch()
    for content in (b"1", b"12", b"123"):
        new.write_bytes(content)
        assert watched.ready() == []
    assert watched.ready() == [str(new)]
    assert watched.ready() == []
    new.write_bytes(b"1234")
    assert [watched.ready() for _ in range(3)] == [[], [str(new)], []]
    aside = new.rename(tmp_path / "sub" / "aside")
    assert watched.ready() == []
    aside.rename(new)
    assert [watched.ready() for _ in range(3)] == [[], [str(new)], []]


def test_a_folder_that_goes_away_is_told(tmp_path):
    """As one on a drive that is taken out; its videos are found once it is back."""
    folder = tmp_path / "drive"
    folder.mkdir()
    watched = Watched([str(folder)])
    folder.rename(tmp_path / "gone")
    assert watched.ready() == []
    assert "drive" in watched.faults[0]
    (tmp_path / "gone").rename(folder)
    (folder / "a.mp4").touch()
    assert [watched.ready() for _ in range(2)] == [[], [str(folder / "a.mp4")]]
    assert watched.faults == ()


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


def nothing():
    """What happens while one waits and all stays as it is."""


def watch(monkeypatch, steps, host, *paths):
    """What `atom index --watch` says while `steps` are taken, one in each wait."""
    waits = iter(steps)

    def waited(seconds):
        del seconds
        step = next(waits, None)
        if step is not None:
            step()
        return step is not None

    monkeypatch.setattr(index, "_waited", waited)
    return run_command(host, "index", *paths, "--watch")


def test_a_folder_may_be_empty_at_first(tmp_path, monkeypatch):
    """That is no failure and no fault; a folder that is not there is both."""
    host = FakeHost(atom_indexing, shows={"a.mp4": ["a red circle"]}, tasks={"caption": Caption()})
    said = watch(monkeypatch, [(tmp_path / "a.mp4").touch, nothing, nothing], host, str(tmp_path))
    assert [value["status"] for value in said.values] == ["added"]
    assert said.failures == []
    assert not any("no video" in note for note in said.notes)
    assert Watched([str(tmp_path / "gone"), str(tmp_path)]).empty == frozenset()
    (tmp_path / "empty").mkdir()
    watched = Watched([str(tmp_path / "gone"), str(tmp_path / "empty")])
    assert (watched.empty, len(watched.faults)) == ({tmp_path / "empty"}, 1)


def test_a_library_that_takes_nothing_now_is_tried_again(tmp_path, monkeypatch):
    """As while another program holds it: said once, and the videos are added later."""
    host = FakeHost(atom_indexing, shows={"a.mp4": ["a red circle"]}, tasks={"caption": Caption()})
    triage, faults = index.triage, [atom.LibraryError("it is busy")] * 2

    def busy(context, library, videos, *args, **options):
        if videos and faults:
            raise faults.pop()
        return triage(context, library, videos, *args, **options)

    monkeypatch.setattr(index, "triage", busy)
    said = watch(monkeypatch, [(tmp_path / "a.mp4").touch, *[nothing] * 5], host, str(tmp_path))
    assert faults == []
    assert [value["status"] for value in said.values] == ["added"]
    assert [note for note in said.notes if "busy" in note] == ["it is busy; it is tried again"]
    assert said.failures == []


@pytest.mark.parametrize("interrupted", [True, False])
def test_who_ends_it_in_a_server(interrupted):
    """The user ends it well; that the server has ended is told, for nobody watches then."""
    cancel = Cancel()
    cancel.interrupted = interrupted
    cancel.set()
    with working_for(cancel):
        if interrupted:
            assert not index._waited(10.0)
        else:
            with pytest.raises(atom.Cancelled) as caught:
                index._waited(10.0)
            assert "by the end of the server" in caught.value.__notes__[0]


def test_a_file_that_goes_away_is_no_failure(tmp_path, monkeypatch):
    """Neither before it is looked at nor while it is encoded; it is told that it went."""
    host = FakeHost(atom_indexing, shows={"a.mp4": ["a red circle"]}, tasks={"caption": Caption()})
    file = tmp_path / "a.mp4"

    def goes(self, clip, *, encoder):
        file.unlink()
        raise atom.MediaError("no such file", path=file)

    monkeypatch.setattr(Caption, "run", goes)
    said = watch(monkeypatch, [file.touch, nothing, nothing], host, str(tmp_path))
    assert (said.values, said.failures) == ([], [])
    assert [note for note in said.notes if "went away" in note] == [f"{file}: went away before it was indexed"]


def test_what_changes_is_indexed_again(tmp_path, monkeypatch):
    """The first pass is that of the command without --watch; a later one takes what has changed, alone."""
    shows = {"a.mp4": ["a red circle"], "b.mp4": ["a green star"]}
    host = FakeHost(atom_indexing, shows=shows, tasks={"caption": Caption()})
    for name in shows:
        (tmp_path / name).touch()

    def change():
        (tmp_path / "a.mp4").write_bytes(b"1")
        host.world.shows["a.mp4"] = ("a yellow moon",)

    said = watch(monkeypatch, [change, nothing, nothing], host, *(str(tmp_path / name) for name in shows))
    assert [(Path(value["video"]).name, value["status"]) for value in said.values] == [
        ("a.mp4", "added"),
        ("b.mp4", "added"),
        ("a.mp4", "replaced"),
    ]
    with pytest.raises(atom.SettingsError, match=r"name folders to watch: atom index FOLDER\.\.\. --watch"):
        run_command(host, "index", "--watch")


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts are sent otherwise")
def test_an_interrupt_ends_it_well(tmp_path):
    """From the shell: what comes is stored; Ctrl-C while nothing is done is no failure."""
    footage = tmp_path / "footage"
    footage.mkdir()
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    library = ["--model", "tiny", "--library", str(tmp_path / "library")]
    write_video(footage / "a.mp4", shots=[Shot(24, RED)])
    with subprocess.Popen(
        [PROGRAM, "index", str(footage), "--watch", *library], env=environ, stdout=-1, stderr=-1, text=True
    ) as running:
        try:
            assert running.stdout is not None
            assert "a.mp4: 1 clip added" in running.stdout.readline()
            write_video(footage / "b.mp4", shots=[Shot(24, BLUE)])
            assert "b.mp4: 1 clip added" in running.stdout.readline()
            assert running.stderr is not None
            wait_until(lambda: "2 clips in" in running.stderr.readline(), 60)
            time.sleep(1)  # it waits for the next look, which is five seconds away
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 0
        finally:
            running.kill()
