"""Libraries that are written, read and merged with their vectors, and looked through for faults."""

import json
from contextlib import closing

import atom_indexing
import numpy as np
import pytest
from atom_indexing.library import ChromaLibrary

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a green star"]}


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


@pytest.fixture
def world(tmp_path):
    opened = []

    def make(name, *videos, model="fake@1"):
        settings = atom.Settings(model="fake", library=tmp_path / name, cache=tmp_path / "cache")
        library = ChromaLibrary.open(settings, model)
        opened.append(library)
        host = FakeHost(atom_indexing, shows=SHOWS, tasks={"caption": Caption()}, settings=settings, library=library)
        for video in videos:
            host.run("index-video", host.video(video))
        return host

    yield make
    for library in opened:
        library.close()


def found(host):
    moments = host.run("search", atom.Query(text="a green star"))
    return [(moment.path, moment.start_s, moment.caption, round(moment.score, 5)) for moment in moments]


def test_there_and_back(world, tmp_path):
    """Another library that takes in what one wrote finds the same, vectors included, and encodes nothing."""
    one, other = world("one", *SHOWS), world("other")
    one.library.add_texts(
        "words@1", {key: np.eye(1, 7, n)[0] for n, key in enumerate(one.library.not_embedded("words@1"))}
    )
    file = str(tmp_path / "library.jsonl")
    assert run_command(one, "library", "--export", file).values == [{"exported": 3, "file": file}]
    assert run_command(other, "library", "--import", file).values == [{"imported": 3, "from": file}]
    assert found(other) == found(one)
    assert other.library.made_by() == one.library.made_by()
    assert other.library.not_embedded("words@1") == {}
    assert other.encoder.encoded == []
    assert len(other.library) == 3


def test_merge(world):
    """What both have is there once."""
    one, other = world("one", "a.mp4", "b.mp4"), world("other", "a.mp4")
    assert run_command(other, "library", "--merge", str(one.settings.library)).values[0]["imported"] == 3
    assert len(other.library) == 3
    assert found(other) == found(one)


def test_merge_tells_whose_vectors_of_captions_come_along(world, tmp_path):
    """A library that has none gets another's, and with them its embedder: that is said; once it has some, others are
    refused."""
    one, other, third = world("one", "a.mp4"), world("other", "b.mp4"), world("third", "a.mp4")
    for library, embedder in ((one.library, "words@1"), (third.library, "words@2")):
        library.add_texts(embedder, {key: np.eye(1, 7)[0] for key in library.not_embedded(embedder)})
    merged = run_command(other, "library", "--merge", str(one.settings.library))
    (note,) = merged.notes
    num = len(other.library.not_embedded("words@1"))
    assert "embedded by words@1" in note
    assert f"the captions of its {num} clip are embedded" in note
    assert other.library.embedder == "words@1"
    assert run_command(other, "library", "--merge", str(one.settings.library)).notes == []
    with pytest.raises(atom.LibraryError, match="embedded by words@2, the library by words@1"):
        run_command(other, "library", "--merge", str(third.settings.library))
    file = str(tmp_path / "library.jsonl")
    run_command(one, "library", "--export", file)
    (note,) = run_command(world("empty"), "library", "--import", file).notes
    assert note.endswith("which the library then has, too")


def test_what_cannot_be_taken_in(world, tmp_path):
    """Files that are none, of another model, or damaged: one line, and nothing is stored."""
    host = world("one")
    file = tmp_path / "library.jsonl"
    lines = []
    run_command(world("two", "b.mp4"), "library", "--export", str(file))
    lines = file.read_text().splitlines()
    head = json.loads(lines[0])
    for text, said in (
        ("", "is empty"),
        ("no json\n", "line 1 is no line of an exported library"),
        ("{}\n", "line 1 is no line of an exported library: it has no 'atom_library';"),
        (json.dumps({**head, "atom_library": 9}), "its format is 9, this version reads 1"),
        (
            json.dumps({**head, "model": "other@2"}) + "\n" + lines[1],
            "was made with model other@2, the library with fake@1",
        ),
        (lines[0] + "\n" + lines[1][:40], "line 2 is no line"),
        (lines[0] + "\n" + json.dumps({**json.loads(lines[1]), "vectors": {}}), "line 2 .* it has no vector"),
    ):
        file.write_text(text)
        with pytest.raises(atom.LibraryError, match=said):
            run_command(host, "library", "--import", str(file))
    with pytest.raises(atom.LibraryError, match="cannot read"):
        run_command(host, "library", "--import", str(tmp_path / "none"))
    with pytest.raises(atom.LibraryError, match="holds no library"):
        run_command(host, "library", "--merge", str(tmp_path))
    assert len(host.library) == 0


def test_no_library_is_made_for_what_is_none(world, tmp_path):
    """A file or folder that cannot be taken in leaves no new library behind."""
    host = world("one")
    (tmp_path / "garbage.jsonl").write_text("{}\n")
    for words in (("--import", str(tmp_path / "garbage.jsonl")), ("--merge", str(tmp_path))):
        with pytest.raises(atom.LibraryError):
            run_command(host, "library", *words)
    assert not (tmp_path / "one").exists()


def test_verify_and_mend(world):
    """What others wrote into it is told, and deleted on request; the rest stays."""
    host = world("one", *SHOWS)
    assert run_command(host, "library", "--verify").texts == ["3 clips looked at: nothing is wrong"]
    vector = host.decoder.embed(["x"])
    host.library._clips.add(ids=["x"], embeddings=[vector], metadatas=[{"mine": 1}])
    host.library._captions.add(ids=["y"], embeddings=[vector])
    said = run_command(host, "library", "--verify")
    (value,) = said.values
    faults = [(one["kind"], one["id"], one["video"]) for one in value.pop("faults")]
    assert value == {"clips": 4, "unsound": 1, "broken": 0, "orphans": 1}
    assert faults == [("unsound", "x", None), ("orphan", "y", None)]
    assert "no video (x): unsound, it is no clip of a video" in said.texts[0]
    ((_, failure),) = said.failures
    assert failure == "2 entries are wrong and not found; `atom library --mend` deletes them"
    (note,) = run_command(host, "library", "--mend").notes
    assert note == "2 entries deleted; nothing is to be indexed again"
    assert run_command(host, "library", "--verify").values[0] == {"clips": 3, "unsound": 0, "broken": 0, "orphans": 0}
    with closing(ChromaLibrary.open(host.settings, "fake@1")) as again:
        assert len(again) == 3


def test_what_is_to_be_indexed_again_is_named(world, tmp_path):
    """Where a clip of a video is damaged, its file is told, and the command that makes it whole."""
    host = world("one", *SHOWS)
    (video,) = [path for path in host.library.videos().values() if path.name == "a.mp4"]
    key = host.library._clips.get(where={"path": str(video)})["ids"][0]
    host.library._clips.update(ids=[key], metadatas=[{"caption": 5}])
    said = run_command(host, "library", "--verify")
    assert [(one["kind"], one["video"]) for one in said.values[0]["faults"]] == [("unsound", str(video))]
    assert said.failures[0][1].startswith("1 entry is wrong and not found; `atom library --mend` deletes it")
    said = run_command(host, "library", "--mend")
    assert said.values[0]["index_again"] == [str(video)]
    assert said.failures == []
    assert "1 video is to be indexed again: atom index" in said.notes[0]


def test_an_export_replaces_no_file_of_the_users(world, tmp_path):
    """It is refused before the library is even opened; `--overwrite` replaces a text, and nothing a video."""
    host, mine, film = world("one", "a.mp4"), tmp_path / "mine.txt", tmp_path / "film.mp4"
    mine.write_text("mine")
    film.write_bytes(b"\0film")
    with pytest.raises(atom.SettingsError, match=r"not what Atom wrote there, so it is kept; .* with --overwrite"):
        run_command(host, "library", "--export", str(mine))
    for more in ([], ["--overwrite"]):
        with pytest.raises(atom.SettingsError, match="it is kept"):
            run_command(host, "library", "--export", str(film), *more)
    assert (mine.read_text(), film.read_bytes()) == ("mine", b"\0film")
    for place, why in ((tmp_path, "it is a folder"), (tmp_path / "no" / "a.jsonl", "there is no folder")):
        with pytest.raises(atom.SettingsError, match=why):
            run_command(host, "library", "--export", str(place))
    with pytest.raises(atom.SettingsError, match="--overwrite is for the file of --export"):
        run_command(host, "library", "--overwrite")
    run_command(host, "library", "--export", str(mine), "--overwrite")
    run_command(host, "library", "--export", str(mine))  # what Atom wrote is replaced
    assert len(mine.read_text().splitlines()) == 3


def test_the_parts_of_a_run_are_merged_by_their_folder(world, tmp_path):
    """`LIBRARY.shards` stands for the parts in it; of another folder the library in it is named, not taken."""
    world("all.shards/1-of-2", "a.mp4"), world("all.shards/2-of-2", "b.mp4")
    host = world("all")
    said = run_command(host, "library", "--merge", str(tmp_path / "all.shards"))
    assert [value["imported"] for value in said.values] == [2, 1]
    assert said.texts[1].startswith("1 clip taken in from")
    assert len(host.library) == 3
    with pytest.raises(atom.LibraryError, match=r"holds no library; name the folder of one; there is one in '.*all'"):
        run_command(host, "library", "--merge", str(tmp_path))


@pytest.mark.parametrize(
    "words",
    [
        ["search", "moon"],
        ["library"],
        ["library", "--verify"],
        ["library", "--mend"],
        ["library", "--prune"],
        ["library", "--remove", "a.mp4"],
        ["library", "--export", "lines.jsonl"],
    ],
)
def test_a_library_that_is_not_there(world, tmp_path, monkeypatch, words):
    """Commands that read say so and how one is made, and make nothing."""
    monkeypatch.chdir(tmp_path)
    host = world("vidoes")
    with pytest.raises(atom.LibraryError, match=r"there is no library at '.*vidoes'; `atom index PATH` makes one"):
        run_command(host, *words)
    assert list(tmp_path.iterdir()) == []


def test_a_library_of_a_newer_format(world):
    """Is refused with the way on, which is no rebuilding."""
    host = world("one", *SHOWS)
    host.library._clips.modify(metadata={**host.library._clips.metadata, "format": 99})
    host.library.close()
    with pytest.raises(atom.LibraryError, match="has format 99, of a newer Atom; this version reads 1: update it"):
        closing(ChromaLibrary.open(host.settings, "fake@1"))
