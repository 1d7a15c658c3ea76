"""Files that are complete or not there."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from atom_core.files import (
    abandon,
    begin_private,
    beside,
    check_writable,
    private_folder,
    sweep,
    writable_folder,
    write_whole,
)
from atom_core.testing.videos import write_video


def test_an_old_file_is_replaced(tmp_path):
    """The new content stands where the old was, with its permissions, through a link too; nothing else is left."""
    path, link = tmp_path / "a.otio", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_whole(link, "Ünder")
    assert path.read_text(encoding="utf-8") == "Ünder"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.otio", "link"]


def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch):
    """When the disk is full half way, the old content is whole and no part of the new is left."""
    path = tmp_path / "a.otio"
    path.write_text("old")
    write = Path.write_text

    def full(self, text, **more):
        write(self, text[:2], **more)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new content")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_video_is_not_replaced_by_text(tmp_path):
    """A slip such as ``--stats holiday.mp4`` costs no video."""
    video = write_video(tmp_path / "holiday.mp4")
    before = video.read_bytes()
    with pytest.raises(FileExistsError, match="not text, so it is kept"):
        write_whole(video, "{}")
    assert video.read_bytes() == before


def test_a_pipe_is_written_directly(tmp_path):
    """What is not a regular file is not replaced by one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, "text")
    assert os.read(reading, 10) == b"text"
    os.close(reading)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_is_abandoned_is_removed(tmp_path):
    """A program that ends at once leaves nothing half written; what was moved to its place stays."""
    with beside(tmp_path / "a.mp4") as moved:
        moved.write_text("whole")
        moved.replace(tmp_path / "a.mp4")
        with beside(tmp_path / "b.mp4") as temporary:
            temporary.write_text("half")
            abandon()
            assert list(tmp_path.iterdir()) == [tmp_path / "a.mp4"]


def test_what_is_private_is_the_users_alone(tmp_path):
    """Folders and files are made for the user alone, whatever the umask; a folder that was there stays as it is."""
    (tmp_path / "mine").mkdir(mode=0o755)
    before = os.umask(0)
    try:
        made = private_folder(tmp_path / "mine" / "a" / "b")
        private_folder(made)
        begin_private(made / "begun")
        write_whole(made / "whole", "text", private=True)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "mine").rglob("*")}
    assert modes == {"a": 0o700, "b": 0o700, "begun": 0o600, "whole": 0o600}
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o755


def test_a_folder_that_another_process_makes_at_the_same_moment(tmp_path, monkeypatch):
    """Is there as well as one's own."""
    mkdir = Path.mkdir

    def late(self, **how):
        os.mkdir(self)
        mkdir(self, **how)

    monkeypatch.setattr(Path, "mkdir", late)
    assert private_folder(tmp_path / "a" / "b").is_dir()


def test_a_folder_to_write_into(tmp_path, monkeypatch):
    """It is made with those on the way, or there already; one that cannot be written is refused before any work."""
    for _ in range(2):
        assert writable_folder(tmp_path / "a" / "b").is_dir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="Permission denied"):
        writable_folder(tmp_path / "a")


def test_what_could_be_written_is_known_before(tmp_path, monkeypatch):
    """Texts, new and old, pipes and devices can be; folders, videos and what lies nowhere cannot."""
    (tmp_path / "old.txt").write_text("old")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to("/dev/null")
    for name in ("new.txt", "old.txt", "pipe", "null", "/dev/stdout"):
        check_writable(tmp_path / name)
    (tmp_path / "film.mp4").write_bytes(b"ftyp\0")
    for name, error in (("", IsADirectoryError), ("none/a.txt", FileNotFoundError), ("film.mp4", FileExistsError)):
        with pytest.raises(error):
            check_writable(tmp_path / name)
    monkeypatch.setattr(os, "access", lambda *_: False)
    check_writable(tmp_path / "pipe")
    for name in ("new.txt", "old.txt"):
        with pytest.raises(PermissionError):
            check_writable(tmp_path / name)


KILLED = """
import os, sys
from pathlib import Path
from atom_core.files import beside
with beside(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_what_a_killed_program_left_is_removed_by_the_next(tmp_path):
    """Whoever writes there next removes what a killed process had begun, but nothing of those that run or of others."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "film.mp4")], check=False)
    [left] = tmp_path.iterdir()
    others = tmp_path / ".download.part"
    others.write_text("theirs")
    os.utime(others, (time.time() - 10_000,) * 2)
    running = tmp_path / left.name.replace(left.name.split("-")[1], str(os.getpid()))
    running.write_text("being written")
    elsewhere = tmp_path / f".00000000{left.name[9:]}"
    elsewhere.write_text("by another machine")
    write_whole(tmp_path / "film.otio", "{}")
    assert {path.name for path in tmp_path.iterdir()} == {others.name, running.name, elsewhere.name, "film.otio"}


@pytest.mark.skipif(sys.platform != "linux", reason="states of processes are told by /proc")
def test_what_a_process_left_that_nobody_waited_for_is_removed(tmp_path):
    """A process that has ended counts as such before its parent has asked how."""
    ended = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "film.mp4")])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # it stays, as one that has ended
    assert len(list(tmp_path.iterdir())) == 1
    write_whole(tmp_path / "film.otio", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["film.otio"]
    ended.wait()


def test_what_another_users_process_is_writing_stays(tmp_path, monkeypatch):
    """A process that may not be asked runs."""
    with beside(tmp_path / "a.txt") as temporary:
        machine, _, rest = temporary.name.split("-")
    name = f"{machine}-1-{rest}"
    (tmp_path / name).write_text("being written")

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
