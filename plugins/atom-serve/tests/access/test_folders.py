"""Which files callers may name."""

import os
from contextlib import suppress

import pytest
from atom_serve.access.folders import Folders, Missing, Refused
from atom_serve.errors import status_of

import atom_core as atom


@pytest.fixture
def folders(tmp_path):
    """A folder that is allowed, beside one that is not, with links from the one to the other."""
    inside, outside = tmp_path / "in", tmp_path / "out"
    for folder in (inside, inside / "below", outside, tmp_path / "inner"):
        folder.mkdir()
    (inside / "below/a.mp4").touch()
    (outside / "secret").touch()
    (inside / "link").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    (inside / "own").symlink_to(inside / "below/a.mp4")
    return Folders([inside])


@pytest.mark.parametrize("name", ["below/a.mp4", "./below/../below/a.mp4", "own"])
def test_what_lies_below(folders, name):
    """A file below an allowed folder is found by its whole path and from the folder."""
    folder = folders.allowed[0]
    assert folders.file(name) == folders.file(str(folder / name)) == folder / "below/a.mp4"


@pytest.mark.parametrize(
    "name", ["../out/secret", "link", "folder/secret", "/etc/passwd", "below/../../out/secret", "", "a\0b", "../inner"]
)
def test_what_lies_outside(folders, name):
    """Neither dots nor links lead out, whether what they lead to exists or not."""
    for given in {name, str(folders.allowed[0] / name) if name else name}:
        if given.startswith("/etc") or given != str(folders.allowed[0]):
            with pytest.raises(Refused):
                folders.file(given)


def test_outside_says_not_whether_it_exists(folders):
    """What is outside is refused in the same words whether it is there or not."""
    said = []
    for name in ("../out/secret", "../out/absent"):
        with pytest.raises(Refused) as error:
            folders.file(name)
        said.append(str(error.value).replace(name, ""))
    assert said[0] == said[1]


def test_what_is_gone(folders):
    """A file that would be allowed but is not there is told as that, with where it was looked for."""
    with pytest.raises(Missing, match=r"'below/b.mp4' is not there; looked for '/.*/in/below/b.mp4'") as error:
        folders.file("below/b.mp4")
    assert status_of(error.value) == 404


@pytest.fixture
def started(folders, monkeypatch):
    """Such folders of a server that was started in the folder above the allowed one."""
    monkeypatch.chdir(folders.allowed[0].parent)
    yield Folders(folders.allowed)
    monkeypatch.undo()


def test_names_as_the_shell_has_them(started, monkeypatch):
    """A file is found as the shell finds it where the server was started, wherever the process goes later."""
    inside = started.allowed[0]
    monkeypatch.chdir("/")
    assert started.file("in/below/a.mp4") == started.file("below/a.mp4") == inside / "below/a.mp4"
    assert started.place("in/below/new.mp4") == started.place("below/new.mp4") == inside / "below/new.mp4"
    assert started.place("in/own") == inside / "below/a.mp4"
    for name in ("in/nope.mp4", "nope.mp4", "inner/a.mp4"):
        with pytest.raises(Missing, match=r"is not there; looked for '/") as error:
            started.file(name)
        assert status_of(error.value) == 404


@pytest.mark.parametrize(
    "name",
    ["in/../out/secret", "in/link", "in/folder/secret", "in/below/../../out/secret", "\ud800"],
)
def test_dots_and_links_from_where_it_was_started(started, name):
    """From there, too, neither dots nor links lead out: what is outside is refused, or not there below the allowed
    folder, and nothing is written."""
    with pytest.raises((Refused, Missing)):
        started.file(name)
    with pytest.raises(Refused):
        Folders([started.allowed[0] / "below"]).file(str(started.allowed[0] / "link"))
    with suppress(Refused):
        assert started.holds(started.place(name))


def test_what_is_outside_there(started):
    """What lies where the server was started, and is not allowed, is told in the same words whether it is there."""
    said = []
    for name in ("out/secret", "out/absent"):
        with pytest.raises(Missing) as error:
            started.file(name)
        said.append(str(error.value).replace(name, ""))
    assert said[0] == said[1]


def test_a_name_that_is_too_long(folders):
    """Is not there, and is not told whole."""
    with pytest.raises(Missing) as error:
        folders.file("a" * 5000)
    assert len(str(error.value)) < 1000
    assert status_of(error.value) == 404


def test_of_several_folders(tmp_path):
    """What is read is looked for in all of them, and three are told; what is written lies in the first."""
    folders = [tmp_path / name for name in "abcd"]
    for folder in folders:
        folder.mkdir()
    (folders[1] / "there.mp4").touch()
    allowed = Folders(folders)
    assert allowed.file("there.mp4") == folders[1] / "there.mp4"
    assert allowed.place("there.mp4") == folders[0] / "there.mp4"
    with pytest.raises(Missing) as error:
        allowed.file("gone.mp4")
    assert [str(folder) in str(error.value) for folder in folders] == [True, True, True, False]


def test_nothing_is_allowed_unless_told(tmp_path):
    """Without --allow no file may be named; a folder that is not there is a mistake of the command."""
    with pytest.raises(Refused, match="--allow"):
        Folders().file(os.devnull)
    with pytest.raises(atom.SettingsError, match="no such folder"):
        Folders([tmp_path / "absent"])
