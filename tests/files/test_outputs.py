"""Texts for the user: nothing of the user's own is replaced."""

import os
import stat
from pathlib import Path

import pytest

from atom_core.files import write_whole
from atom_core.files.outputs import NotOurs, OfAnother, Outputs, short_name


def test_what_atom_wrote_is_replaced(tmp_path):
    """Also by a later run, which has no memory but the cache's."""
    for text in ("one", "two"):
        Outputs(tmp_path / "cache").write(tmp_path / "a.srt", text)
    assert (tmp_path / "a.srt").read_text() == "two"


@pytest.mark.parametrize("way", ["plain", "link", "edited", "forgotten", "no cache"])
def test_what_is_the_users_is_kept(tmp_path, way):
    """A file that Atom did not write, or that was edited since, is replaced only when told so."""
    path, cache = tmp_path / "a.srt", tmp_path / "cache"
    if way == "no cache":
        cache.write_text("a file, so nothing can be remembered")
    if way in ("plain", "link"):
        (tmp_path / "notes.txt" if way == "link" else path).write_text("mine")
        if way == "link":
            path.symlink_to(tmp_path / "notes.txt")
    else:
        Outputs(cache).write(path, "mine" if way != "edited" else "captions")
        path.write_text("mine") if way == "edited" else None
    outputs = Outputs(tmp_path / "another" if way == "forgotten" else cache)
    with pytest.raises(NotOurs, match="not what Atom wrote there"):
        outputs.check(path)
    with pytest.raises(NotOurs, match="not what Atom wrote there"):
        outputs.write(path, "new")
    assert path.read_text() == "mine"
    outputs.write(path, "new", overwrite=True)
    assert path.read_text() == "new"


def test_places_are_looked_at_before_any_work(tmp_path):
    """What is not Atom's, or cannot be written at all, is refused then; what is not Atom's may be allowed."""
    outputs, path = Outputs(tmp_path / "cache"), tmp_path / "a.srt"
    outputs.check_place(path)
    path.write_text("mine")
    with pytest.raises(NotOurs):
        outputs.check_place(path)
    outputs.check_place(path, overwrite=True)
    for overwrite in (False, True):
        with pytest.raises(FileNotFoundError, match="no folder"):
            outputs.check_place(tmp_path / "absent" / "a.srt", overwrite=overwrite)


def test_lines_are_remembered_too(tmp_path):
    """What was written line by line is Atom's, what the user has edited is not; a device keeps nothing."""
    outputs, path = Outputs(tmp_path / "cache"), tmp_path / "a.jsonl"
    for lines in (["one"], ["two", "three"]):
        outputs.write_lines(path, lines)
    assert path.read_text() == "two\nthree\n"
    path.write_text("mine")
    with pytest.raises(NotOurs):
        outputs.write_lines(path, ["four"])
    assert path.read_text() == "mine"
    outputs.write_lines(path, ["four"], overwrite=True)
    outputs.write_lines(path, ["five"])
    remembered = list((tmp_path / "cache" / "written").iterdir())
    outputs.write_lines("/dev/null", ["six"])
    assert list((tmp_path / "cache" / "written").iterdir()) == remembered
    assert [stat.S_IMODE(entry.stat().st_mode) for entry in remembered] == [0o600]


def test_a_text_of_long_ago_is_the_users(tmp_path):
    """Only the last text, and the one before it, which a killed program leaves, are known."""
    outputs, path = Outputs(tmp_path / "cache"), tmp_path / "a.srt"
    for text in ("one", "two", "three"):
        outputs.write(path, text)
    for text, known in (("two", True), ("one", False)):
        path.write_text(text)
        if known:
            outputs.check(path)
        else:
            with pytest.raises(NotOurs):
                outputs.check(path)


def test_what_is_of_another_video_is_kept(tmp_path):
    """Two videos of one name share a place; the first one's text stays."""
    outputs = Outputs(tmp_path / "cache")
    outputs.write(tmp_path / "a.srt", "a dog", subject="dog")
    with pytest.raises(OfAnother):
        outputs.write(tmp_path / "a.srt", "a cat", subject="cat")
    outputs.write(tmp_path / "a.srt", "the dog", subject="dog")
    assert (tmp_path / "a.srt").read_text() == "the dog"


def test_a_program_killed_between_noting_and_writing_is_no_harm(tmp_path, monkeypatch):
    """What stood there before is still known as Atom's."""
    outputs, path = Outputs(tmp_path / "cache"), tmp_path / "a.srt"
    outputs.write(path, "one")
    with monkeypatch.context() as patched:
        patched.setattr(
            "atom_core.files.outputs.write_whole", lambda to, text, **more: to == path or write_whole(to, text, **more)
        )
        outputs.write(path, "two")
    assert path.read_text() == "one"
    outputs.write(path, "three")
    assert path.read_text() == "three"


def test_json_is_known_by_its_keys(tmp_path):
    """A ledger of any earlier run may be replaced by one, other JSON may not; an empty file and a device may be."""
    outputs = Outputs(tmp_path / "cache")
    for name, text in (("ledger.json", '{"lanes": 1, "x": 2}'), ("empty.json", "")):
        (tmp_path / name).write_text(text)
        outputs.check(tmp_path / name, keys=("lanes",))
    for text in ('{"name": "package"}', "[" * 50_000, "[]"):
        (tmp_path / "other.json").write_text(text)
        with pytest.raises(NotOurs):
            outputs.check(tmp_path / "other.json", keys=("lanes",))
    outputs.check("/dev/null")


def test_damaged_memory_is_no_memory(tmp_path):
    """Then all is kept."""
    outputs = Outputs(tmp_path / "cache")
    outputs.write(tmp_path / "a.srt", "one")
    for entry in (tmp_path / "cache" / "written").iterdir():
        entry.write_text('{"digests": 5}')
    with pytest.raises(NotOurs):
        outputs.check(tmp_path / "a.srt")


def test_long_names_are_cut(tmp_path):
    """To what file systems take, between letters; short ones stay, whatever their bytes are."""
    assert short_name("a", ".srt") == "a.srt"
    assert short_name(os.fsdecode(b"caf\xe9"), ".srt") == os.fsdecode(b"caf\xe9.srt")
    for stem in ("a" * 255, "é" * 127 + "a"):
        name = short_name(stem, ".json")
        assert len(os.fsencode(name)) in (249 + 5, 250 + 5)
        Path(tmp_path / name).write_text("")


def test_texts_too_large_to_be_read(tmp_path, monkeypatch):
    """Up to a bound what stands there is read to be known; beyond it counts as the user's, and is not remembered."""
    monkeypatch.setattr("atom_core.files.outputs._LONGEST_BYTES", 4)
    outputs, path = Outputs(tmp_path / "cache"), tmp_path / "a.srt"
    outputs.write(path, "four")
    outputs.write(path, "fives")
    with pytest.raises(NotOurs):
        outputs.write(path, "one")
    for text, known in (("also", True), ("longer", False)):
        path.write_text(text)
        outputs.note(path)
        if known:
            outputs.check(path)
        else:
            with pytest.raises(NotOurs):
                outputs.check(path)


def test_a_name_of_the_longest_length(tmp_path):
    """The last byte that file systems take is used."""
    name = short_name("n" * 251, ".srt")
    assert name == "n" * 251 + ".srt"
    (tmp_path / name).touch()
    assert short_name("n" * 252, ".srt") == name
    odd = os.fsdecode(b"\xe9" + b"n" * 250)
    assert short_name(odd, ".srt") == odd + ".srt"
