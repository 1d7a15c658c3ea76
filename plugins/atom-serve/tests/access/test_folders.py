"""Which files callers may name."""

import os

import pytest
from atom_serve.access.folders import Folders, Refused

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
    """A file that would be allowed but is not there is told as that."""
    with pytest.raises(atom.MediaError, match=r"'below/b.mp4' is not there"):
        folders.file("below/b.mp4")


def test_nothing_is_allowed_unless_told(tmp_path):
    """Without --allow no file may be named; a folder that is not there is a mistake of the command."""
    with pytest.raises(Refused, match="--allow"):
        Folders().file(os.devnull)
    with pytest.raises(atom.SettingsError, match="no such folder"):
        Folders([tmp_path / "absent"])
