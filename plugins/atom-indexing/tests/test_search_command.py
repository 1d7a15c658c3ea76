"""The command ``search``: what it lists, says of files that are not as they were, and cuts out."""

from pathlib import Path

import atom_indexing
import pytest
from attrs import frozen

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a green star"]}


class Film:
    """The task ``film``, as another plugin would give it; it writes what it cuts."""

    consumes, produces = atom.Timeline, atom.Film

    @frozen(kw_only=True)
    class Settings:
        path: str = ""

    def run(self, timeline, *, settings):
        (cut,) = timeline.cuts
        if "green" in cut.caption:
            raise atom.MediaError("the disk is full")
        Path(settings.path).write_text(f"{cut.start_s} {cut.end_s} {cut.line}")
        return atom.Film(path=settings.path, timeline=timeline, duration_s=1, num_frames=1, has_audio=False)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def world(files):
    """A function that makes a host whose library holds the videos of the fake world; their files are there."""

    def make(shows=SHOWS):
        host = FakeHost(atom_indexing, shows=shows, tasks={"film": Film()})
        for name, texts in shows.items():
            (files / name).touch()
            for clip, text in zip(host.clips(host.video(files / name)), texts, strict=True):
                host.run("index", atom.Caption(clip=clip, text=f"{text} appears"))
        return host

    return make


def test_search_command_lists_moments(world):
    """One value per moment, best first; -k limits them; several words need no quotes."""
    host = world()
    said = run_command(host, "search", "green", "star", "-k", "2")
    assert len(said.values) == 2
    best = said.values[0]
    assert (best["start_s"], best["end_s"], best["caption"]) == (0.0, 5.0, "a green star appears")
    assert best["video"].endswith("b.mp4")
    assert said.texts[0].endswith("b.mp4  00:00:00.000 - 00:00:05.000  a green star appears")
    assert best["score"] > said.values[1]["score"]
    assert [value["missing"] for value in said.values] == [False, False]
    assert said.notes == []


def test_search_limits_what_comes_of_one_video(world):
    """``--per-video`` leaves room for other videos: the best moments of each, and -k of them in all."""
    host = world({"a.mp4": ["a red circle", "a red circle", "a red square"], "b.mp4": ["a green star"]})

    def found(*words):
        said = run_command(host, "search", "a red circle", *words)
        return [(value["video"].rsplit("/", 1)[-1], value["start_s"]) for value in said.values]

    assert found("-k", "2") == [("a.mp4", 0.0), ("a.mp4", 5.0)]
    assert found("-k", "2", "--per-video", "1") == [("a.mp4", 0.0), ("b.mp4", 0.0)]
    assert found("--per-video", "2") == [("a.mp4", 0.0), ("a.mp4", 5.0), ("b.mp4", 0.0)]


def test_search_says_which_files_are_gone(world, files):
    """A moment of a file that is not there is marked, in text and in JSON, with one remark that says what to do."""
    host = world()
    (files / "a.mp4").unlink()
    said = run_command(host, "search", "a green star")
    assert {value["video"].rsplit("/", 1)[-1]: value["missing"] for value in said.values} == {
        "b.mp4": False,
        "a.mp4": True,
    }
    assert ["(file not found)" in text for text in said.texts] == [value["missing"] for value in said.values]
    (note,) = said.notes
    assert note.startswith("files that are not where they were: 1;")
    assert "atom library --prune" in note


def test_search_says_which_files_have_changed(world):
    """A moment of a file with other content than was indexed is marked, with one remark that says what to do."""
    host = world()
    host.shows["a.mp4"] = ("a yellow moon",)
    said = run_command(host, "search", "a green star")
    changed = [(value["video"].rsplit("/", 1)[-1], value["changed"]) for value in said.values]
    assert changed == [("b.mp4", False), ("a.mp4", True), ("a.mp4", True)]
    assert ["(file has changed)" in text for text in said.texts] == [False, True, True]
    assert said.notes == ["files with other content than was indexed: 1; index them again: atom index PATH"]


def test_search_cuts_out_what_it_finds(world):
    """Each moment is a file of its own, with what is asked for around it; a failed one fails alone."""
    host = world()
    said = run_command(host, "search", "a blue square", "--cut", "new/cuts", "--pad", "1.5")
    cuts = [value["cut"] for value in said.values]
    assert cuts[0] == "new/cuts/01 a 3.5-10.0s.mp4"
    assert Path(cuts[0]).read_text() == "3.5 10.0 a blue square"
    assert said.texts[0].endswith(f"a blue square appears\n    {cuts[0]}")
    (failed,) = [number for number, cut in enumerate(cuts) if cut is None]
    assert said.values[failed]["caption"] == "a green star appears"
    assert [(Path(what).name, str(error)) for what, error in said.failures] == [("b.mp4", "the disk is full")]


def test_search_cuts_only_what_is_as_it_was(world, files):
    """Files that are gone or changed are not cut, others' files not replaced; a bad folder is told before all else."""
    host = world({"a.mp4": SHOWS["a.mp4"]})
    (files / "cuts").mkdir()
    (files / "cuts" / "01 a 0.0-5.0s.mp4").write_text("mine")
    said = run_command(host, "search", "a red circle", "--cut", "cuts", "-k", "1")
    assert said.values[0]["cut"] is None
    assert "exists and is no film of Atom's" in str(said.failures[0][1])
    (files / "a.mp4").unlink()
    said = run_command(host, "search", "a red circle", "--cut", "cuts")
    assert ([value["cut"] for value in said.values], said.failures) == ([None, None], [])
    assert [path.read_text() for path in (files / "cuts").iterdir()] == ["mine"]
    (files / "notes.txt").touch()
    for words, what in ((["--cut", "notes.txt"], "cannot write into folder"), (["--pad", "-1"], "a number of seconds")):
        with pytest.raises(atom.SettingsError, match=what):
            run_command(host, "search", "a red circle", *words)


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_search_command_refuses_a_bad_count(world, count):
    """-k takes whole numbers of at least 1."""
    with pytest.raises(atom.SettingsError, match="at least 1"):
        run_command(world(), "search", "star", "-k", count)


def test_search_command_needs_text(world):
    """Blank text is refused before anything is loaded."""
    with pytest.raises(atom.SettingsError, match="atom search TEXT"):
        run_command(world({}), "search", " ")
