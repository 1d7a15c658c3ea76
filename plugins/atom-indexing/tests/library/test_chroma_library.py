"""The library on Chroma: exact, persistent, and clear about what is wrong with it."""

import os
import shutil
from contextlib import closing

import numpy as np
import pytest
from atom_indexing.library import CLIPS, ChromaLibrary, connect, erase
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import bag_of_words, fake_clips, fake_video


def at(path, **more):
    return atom.Settings(library=path, model="tiny", **more)


def entry(clip, text="a dog", caption=True):
    vector = bag_of_words(f"clip {text}")
    return atom.Entry(clip=clip, caption=text, vector=vector, caption_vector=bag_of_words(text) if caption else None)


def random_entries(count, width=32):
    """Entries with random vectors; every third has no caption vector."""
    rng = np.random.default_rng(0)
    clips = fake_clips(fake_video("many.mp4", duration_s=1000.0), count)
    vectors = rng.normal(size=(count, 2, width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return [
        atom.Entry(clip=clip, caption=f"{n}", vector=pair[0], caption_vector=pair[1] if n % 3 else None)
        for n, (clip, pair) in enumerate(zip(clips, vectors, strict=True))
    ]


@pytest.fixture
def library(tmp_path):
    library = ChromaLibrary.open(at(tmp_path / "library"), "tiny@1")
    yield library
    library.close()


def brute_force(entries, query, limit):
    """Captions and scores of the best entries, by the definition."""
    scores = {}
    for e in entries:
        vectors = [e.vector] if e.caption_vector is None else [e.vector, e.caption_vector]
        scores[e.caption] = float(np.mean([query @ v for v in vectors]))
    return sorted(scores.items(), key=lambda pair: -pair[1])[:limit]


def test_an_entry_is_noted_with_how_it_was_made(library, tmp_path):
    """How the clip was cut and by which rule its frames were chosen, fewer than set where fewer fitted."""
    clips = fake_clips(fake_video("a.mp4"), 2)
    library.add([evolve(entry(clips[0]), rule="uniform:5"), entry(clips[1])])
    library.close()
    with closing(connect(tmp_path / "library")) as client:
        rows = client.get_collection(CLIPS).get(include=["metadatas"])["metadatas"]
    assert sorted(row["sampling"] for row in rows) == ["shots:10:0.4", "shots:10:0.4 uniform:5"]


def test_search_equals_brute_force(tmp_path):
    """The same clips in the same order with the same scores as comparing everything."""
    entries = random_entries(300)
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    library.add(entries)
    for query in np.random.default_rng(1).normal(size=(5, 32)).astype(np.float32):
        query /= np.linalg.norm(query)
        wanted = brute_force(entries, query, 10)
        found = library.search(query, limit=10)
        assert [m.caption for m in found] == [caption for caption, _ in wanted]
        assert [m.score for m in found] == pytest.approx([score for _, score in wanted], abs=1e-6)
    library.close()


def test_vectors_and_times_survive(tmp_path):
    """After reopening: vectors to the last bit but one, times exactly, path absolute, caption whole."""
    clip = atom.Clip(video=fake_video("a.mp4"), start_s=0.1 + 0.2, end_s=1 / 3, index=4)
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    library.add([entry(clip, "Ein Hund, 犬")])
    library.close()
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    moment = library.search(bag_of_words("clip Ein Hund, 犬"), limit=1)[0]
    assert (moment.start_s, moment.end_s, moment.caption) == (0.1 + 0.2, 1 / 3, "Ein Hund, 犬")
    assert moment.path.is_absolute()
    assert moment.content_hash == clip.video.content_hash
    assert np.abs(library._read(None).clips_NE[0] - bag_of_words("clip Ein Hund, 犬")).max() < 1e-7
    library.close()


def test_same_span_is_one_entry(library):
    """An entry of the same video and span replaces the old one, with its caption vector."""
    clip = fake_clips(fake_video(), 1)[0]
    library.add([entry(clip, "a dog"), entry(clip, "a cat")])
    library.add([entry(clip, "a cow", caption=False)])
    assert len(library) == 1
    best = library.search(bag_of_words("clip a cow"))
    assert [(m.caption, round(m.score, 5)) for m in best] == [("a cow", 1.0)]


def test_videos_move_and_go(library):
    """Videos are listed by hash; a moved one has its new path in every clip; a removed one leaves nothing."""
    first, second = fake_video("/v/a.mp4"), fake_video("/v/b.mp4")
    library.add([entry(clip) for video in (first, second) for clip in fake_clips(video, 3)])
    assert {hash_: str(path) for hash_, path in library.videos().items()} == {
        first.content_hash: "/v/a.mp4",
        second.content_hash: "/v/b.mp4",
    }
    library.move(first.content_hash, first.path.with_name("c.mp4"))
    moments = library.search(bag_of_words("a dog"), limit=6)
    assert sorted(m.path.name for m in moments) == ["b.mp4"] * 3 + ["c.mp4"] * 3
    assert library.remove(first.content_hash) == 3
    assert library.remove(first.content_hash) == 0
    assert list(library.videos()) == [second.content_hash]
    assert len(library.search(bag_of_words("a dog"))) == len(library) == 3


def test_another_model_is_refused(tmp_path):
    """A library of another model is refused, naming both and the ways on, and is left as it was."""
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    library.add([entry(fake_clips(fake_video(), 1)[0])])
    library.close()
    with pytest.raises(atom.LibraryError, match=r"tiny@1, not with big@2.*--model tiny.*--library DIR.*--rebuild"):
        ChromaLibrary.open(at(tmp_path), "big@2")
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    assert len(library) == 1
    library.close()


def test_a_copy_of_the_model_is_the_model(tmp_path):
    """A model of the same content opens the library under any name, as a quantised or moved checkpoint has."""
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    library.add([entry(fake_clips(fake_video(), 1)[0])])
    library.close()
    library = ChromaLibrary.open(at(tmp_path), "copy@1")
    assert len(library) == 1
    library.close()
    with pytest.raises(atom.LibraryError, match=r"made with model tiny@1, not with tiny@2"):
        ChromaLibrary.open(at(tmp_path), "tiny@2")


def test_erased_library_takes_another_model(tmp_path):
    """Erasing tells which videos there were; then another model may fill it, with vectors of another width."""
    assert erase(tmp_path / "none") == {}
    library = ChromaLibrary.open(at(tmp_path), "tiny@1")
    library.add([entry(fake_clips(fake_video("/v/a.mp4"), 1)[0])])
    library.close()
    assert [str(path) for path in erase(tmp_path).values()] == ["/v/a.mp4"]
    library = ChromaLibrary.open(at(tmp_path), "big@2")
    library.add(random_entries(3, width=8))
    assert len(library) == 3
    library.close()


def test_folders_that_are_no_library(tmp_path):
    """A file, a folder of other files, and damaged databases are errors that name the folder and --library."""
    (tmp_path / "file").write_text("")
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.mp4").write_text("")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "chroma.sqlite3").write_text("garbage" * 1000)
    for name in ("file", "films", "garbage"):
        with pytest.raises(atom.LibraryError, match=rf"{name}'.*--library DIR"):
            ChromaLibrary.open(at(tmp_path / name), "tiny@1")
    assert os.listdir(tmp_path / "films") == ["a.mp4"]


def test_truncated_library(tmp_path):
    """A database cut short is an error of the library, whenever it shows."""
    library = ChromaLibrary.open(at(tmp_path / "whole"), "tiny@1")
    library.add([entry(clip) for clip in fake_clips(fake_video(), 50)])
    library.close()
    data = (tmp_path / "whole" / "chroma.sqlite3").read_bytes()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "chroma.sqlite3").write_bytes(data[: len(data) // 3])
    with pytest.raises(atom.LibraryError, match="cut' cannot be"):
        ChromaLibrary.open(at(tmp_path / "cut"), "tiny@1").search(bag_of_words("a dog"))


@pytest.mark.parametrize("replicated", [True, False])
def test_a_library_that_cannot_be_written_is_searched(tmp_path, monkeypatch, caplog, replicated):
    """On a read-only disk it is searched where it is, or if its replica is not in step in a copy that is left nowhere;
    changing it is refused; nothing is written beside it.
    """
    settings, entries = at(tmp_path / "library"), random_entries(3)
    with closing(ChromaLibrary.open(settings, "m@1")) as library:
        library.add(entries)
        expected = library.search(entries[0].vector)
    if not replicated:
        shutil.rmtree(tmp_path / "library" / "search")
    before = {path: path.read_bytes() for path in settings.library.rglob("*") if path.is_file()}
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and real(path, mode))
    with closing(ChromaLibrary.open(settings, "m@1")) as library:
        assert library.search(entries[0].vector) == expected
        for change in (lambda: library.add(entries), lambda: library.remove("x"), lambda: library.move("x", tmp_path)):
            with pytest.raises(atom.LibraryError, match=r"is read-only, it can be searched .*; change its permissions"):
                change()
    with pytest.raises(atom.LibraryError, match="was made with model m@1"):
        ChromaLibrary.open(settings, "m@2")
    assert list(temporary.iterdir()) == []
    assert ("cannot be written; a copy of it is searched" in caplog.text) is not replicated
    assert {path: path.read_bytes() for path in settings.library.rglob("*") if path.is_file()} == before


def test_bad_vectors_are_refused(library):
    """Vectors that are not finite, zero, or of another width never get in; a query of another width is refused."""
    clip = fake_clips(fake_video(), 1)[0]
    for vector in (np.zeros(4), np.array([1.0, np.nan])):
        with pytest.raises(atom.LibraryError, match="not finite and nonzero"):
            library.add([atom.Entry(clip=clip, caption="", vector=vector)])
    assert len(library) == 0
    library.add([entry(clip)])
    with pytest.raises(atom.LibraryError, match="256, the query has 3"):
        library.search(np.ones(3, np.float32))
    with pytest.raises(atom.LibraryError, match="cannot be written"):
        library.add(random_entries(1, width=8))


def test_empty_library_finds_nothing(library):
    """Searching an empty library gives no moments."""
    assert library.search(bag_of_words("a dog")) == []
    assert isinstance(library, atom.Library)


def test_reading_makes_no_library(tmp_path):
    """What is not there is empty, whoever reads it, and its place stays as it is; writing makes it, for others too."""
    place = at(tmp_path / "no" / "library")
    with closing(ChromaLibrary.open(place, "tiny@1")) as one, closing(ChromaLibrary.open(place, "tiny@1")) as two:
        assert (len(one), one.videos(), one.search(bag_of_words("a dog")), one.num_stored()) == (0, {}, [], 0)
        assert one.remove("0" * 40) == 0
        assert one.is_absent
        assert not (tmp_path / "no").exists()
        one.add([entry(fake_clips(fake_video("a.mp4"), 1)[0])])
        assert (one.is_absent, two.is_absent) == (False, False)
        assert len(one) == len(two) == 1
