"""The server's own files: the user's alone, and no other's."""

import os
import stat

import pytest
from atom_serve.access.token_file import NAME, read_token
from atom_serve.own_files import open_own

import atom_core as atom


def modes(path):
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_made_once(tmp_path):
    """It is long, and nobody else can read it or what lies beside it, whatever the umask."""
    before = os.umask(0)
    try:
        token = read_token(tmp_path / "serve")
    finally:
        os.umask(before)
    assert len(token) >= 32
    assert read_token(tmp_path / "serve") == token
    assert (modes(tmp_path / "serve"), modes(tmp_path / "serve" / NAME)) == (0o700, 0o600)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_token_that_others_may_know(tmp_path, mode):
    """Whoever could read or change it: it is refused."""
    read_token(tmp_path)
    (tmp_path / NAME).chmod(mode)
    with pytest.raises(atom.SettingsError, match="may be known to other users"):
        read_token(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owners here")
def test_a_token_of_another_user(tmp_path, monkeypatch):
    """It is not the user's own."""
    read_token(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: (tmp_path / NAME).stat().st_uid + 1)
    with pytest.raises(atom.SettingsError, match="not the user's alone"):
        read_token(tmp_path)


def test_what_is_no_token(tmp_path):
    """A file cut short is told; a longer text is read up to a bound."""
    read_token(tmp_path)
    for text, told in (("", False), ("a" * 15, False), ("a" * 16 + "\n", True), ("b" * 5000, True)):
        (tmp_path / NAME).write_text(text)
        if told:
            assert read_token(tmp_path) == text.strip()[:1000]
        else:
            with pytest.raises(atom.SettingsError, match="holds no token"):
                read_token(tmp_path)


def test_a_link_is_not_followed(tmp_path):
    """Neither to read a token nor to write: what it leads to may be anybody's."""
    (tmp_path / "theirs").write_text("t" * 32)
    (tmp_path / "theirs").chmod(0o600)
    (tmp_path / NAME).symlink_to(tmp_path / "theirs")
    with pytest.raises(atom.SettingsError, match="cannot be used"):
        read_token(tmp_path)
    with pytest.raises(atom.SettingsError, match="the cache cannot be written"):
        open_own(tmp_path / NAME, os.O_WRONLY | os.O_TRUNC)
    assert (tmp_path / "theirs").read_text() == "t" * 32


def test_files_of_the_server(tmp_path):
    """They are opened as asked for, made for the user alone; where that cannot be, another cache is to be named."""
    path = tmp_path / "serve" / "log"
    before = os.umask(0)
    try:
        for flags, text in ((os.O_APPEND, b"ab"), (os.O_APPEND, b"c"), (os.O_TRUNC, b"d")):
            file = open_own(path, os.O_WRONLY | flags)
            os.write(file, text)
            os.close(file)
            assert path.read_bytes() == {b"ab": b"ab", b"c": b"abc", b"d": b"d"}[text]
    finally:
        os.umask(before)
    assert modes(path) == 0o600
    with pytest.raises(FileExistsError):
        open_own(path, os.O_WRONLY | os.O_EXCL)
    for place in (path / "below" / "log", tmp_path / "serve"):
        with pytest.raises(atom.SettingsError, match="choose another with --cache DIR"):
            open_own(place, os.O_WRONLY)
