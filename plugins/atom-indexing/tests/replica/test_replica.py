"""The replica that is searched in place of the database: in step, whole, or made anew."""

import os
import shutil
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from atom_indexing.library import ChromaLibrary, connect
from atom_indexing.library.database import Database
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import bag_of_words, fake_clips, fake_video

SEARCH = """
import sys
from pathlib import Path
import atom_core as atom
from atom_indexing.library import ChromaLibrary
from atom_core.testing.fakes import bag_of_words

library = ChromaLibrary.open(atom.Settings(library=Path(sys.argv[1]), model="tiny"), "tiny@1")
print(*(moment.caption for moment in library.search(bag_of_words("a dog"))), sep=",")
print(*(name for name in ("chromadb", "torch") if name in sys.modules))
library.close()
"""


def opened(path):
    return closing(ChromaLibrary.open(atom.Settings(library=path, model="tiny"), "tiny@1"))


def entries(name, texts, caption=True):
    return [
        atom.Entry(
            clip=clip,
            caption=text,
            vector=bag_of_words(f"clip {text}"),
            caption_vector=bag_of_words(text) if caption else None,
        )
        for clip, text in zip(fake_clips(fake_video(name), len(texts)), texts, strict=True)
    ]


def state(library):
    """All that searches see, by id."""
    table = library._read(None)
    texts = table.texts_NF if table.texts_NF is not None else np.zeros((len(table.keys), 1))
    vectors = np.concatenate([table.clips_NE, table.captions_NE, texts], axis=1)
    order = sorted(range(len(table.keys)), key=lambda n: table.keys[n])
    rows = {table.keys[n]: {**table.metadata[n], "added_s": 0} for n in order}  # of times Chroma rounds the last bit
    return rows, vectors[order], {name: evolve(one, path="", first_s=0) for name, one in library.held().items()}


@pytest.fixture
def rebuilt(monkeypatch):
    """How often replicas were made anew."""
    made = []
    whole = Database._pages

    def pages(self, num):
        made.append(num)
        return whole(self, num)

    monkeypatch.setattr(Database, "_pages", pages)
    return made


def test_every_change_is_followed(tmp_path, rebuilt):
    """After each, the replica is what one that is made of the whole database is; only the first is made so."""
    steps = [
        lambda it: it.add(entries("/v/a.mp4", ["a dog", "a cat", "a cow"])),
        lambda it: it.add(entries("/v/b.mp4", ["a red dog"], caption=False)),
        lambda it: it.add_texts("e@1", {key: np.arange(1, 4) for key in it.not_embedded("e@1")}),
        lambda it: it.add([evolve(one, num_clips=3, segmentation="x") for one in entries("/v/a.mp4", ["x", "y", "z"])]),
        lambda it: it.add_texts("e@1", {key: np.arange(2, 5) for key in it.not_embedded("e@1")}),
        lambda it: it.move(fake_video("/v/a.mp4").content_hash, tmp_path / "c.mp4"),
        lambda it: it.add_texts("f@2", {key: np.arange(1, 9) for key in it.not_embedded("f@2", anew=True)}),
        lambda it: it.remove(fake_video("/v/b.mp4").content_hash),
        lambda it: it.add(entries("/v/d.mp4", ["a wolf"])),
    ]
    with opened(tmp_path / "library") as library:
        for step in steps:
            step(library)
            found = state(library)
            assert rebuilt == [0]
            shutil.copytree(tmp_path / "library", tmp_path / "copy")
            shutil.rmtree(tmp_path / "copy" / "search")
            with opened(tmp_path / "copy") as copy:
                whole = state(copy)
            assert found[0] == whole[0]
            assert np.abs(found[1] - whole[1]).max() < 1e-6
            assert found[2] == whole[2]
            shutil.rmtree(tmp_path / "copy")
            rebuilt[:] = [0]


def test_searching_loads_no_database(tmp_path):
    """A program that only searches reads what it needs of the replica: chromadb is not even imported."""
    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4", ["a dog", "a cat"]))
    done = subprocess.run([sys.executable, "-c", SEARCH, str(tmp_path)], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("a dog,a cat\n\n", "")


def test_what_others_write_into_the_database_is_seen(tmp_path, rebuilt):
    """Whatever another program changes there, the replica is made anew, also while the library is open."""
    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4", ["a dog", "a cat"]))
        before = [moment.caption for moment in library.search(bag_of_words("clip a dog"))]
        with closing(connect(tmp_path)) as client:
            clips = client.get_collection("atom-clips")
            keys = clips.get(include=["documents"])
            key = keys["ids"][keys["documents"].index("a dog")]
            clips.update(ids=[key], embeddings=[bag_of_words("something else")])
        assert before[0] == "a dog"
        assert library.search(bag_of_words("clip a cat"))[0].caption == "a cat"
        assert library.search(bag_of_words("something else"))[0].caption == "a dog"
        assert rebuilt == [0, 2]


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 64
    path.write_bytes(data)


DAMAGE = {
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "emptied": lambda path: os.truncate(path, 0),
    "a bit": flip,
    "gone": lambda path: path.unlink(),
    "text": lambda path: path.write_text("no vectors at all"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("file", ["*.clips", "*.captions", "*.sqlite3"])
@pytest.mark.parametrize("is_open", [True, False])
def test_damaged_files_are_made_anew(tmp_path, file, damage, is_open):
    """No damage is searched, none is told as an error, and the next program finds it mended."""
    if file == "*.sqlite3" and (damage is flip or (is_open and damage is not DAMAGE["gone"])):
        pytest.skip("a bit of a row may be any text; a file that SQLite has open is its own")
    query = bag_of_words("clip a dog")
    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4", ["a dog", "a cat", "a cow"]))
        expected = [(moment.caption, moment.score) for moment in library.search(query)]
        if is_open:
            library._database._replica._snapshot = None
            damage(next((tmp_path / "search").glob(file)))
            assert [(moment.caption, moment.score) for moment in library.search(query)] == expected
    if not is_open:
        damage(next((tmp_path / "search").glob(file)))
    for _ in range(2):
        with opened(tmp_path) as library:
            assert [(moment.caption, moment.score) for moment in library.search(query)] == expected


def test_a_library_without_room_for_it(tmp_path, monkeypatch):
    """Where the replica cannot be written it is made in a temporary folder, which goes when the library is closed."""
    with opened(tmp_path / "library") as library:
        library.add(entries("/v/a.mp4", ["a dog", "a cat"]))
    shutil.rmtree(tmp_path / "library" / "search")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))

    def full(folder):
        if folder.is_relative_to(tmp_path / "library"):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("atom_indexing.replica.replica.private_folder", full)
    with opened(tmp_path / "library") as library:
        assert library.search(bag_of_words("clip a dog"))[0].caption == "a dog"
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "library" / "search").exists()


def test_what_is_gone_does_not_pile_up(tmp_path):
    """Files of which most is of clips that are gone are made anew."""
    with opened(tmp_path) as library:
        for _ in range(4):
            library.add(entries("/v/a.mp4", [f"dog {n}" for n in range(1100)]))
            assert len(library) == 1100
        assert next((tmp_path / "search").glob("*.clips")).stat().st_size == 1100 * 1024


def test_a_killed_program_leaves_what_was(tmp_path, monkeypatch):
    """Vectors that were written without being noted are not found, and the next ones take their place."""
    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4", ["a dog"]))
        with next((tmp_path / "search").glob("*.clips")).open("ab") as file:
            file.write(os.urandom(3000))
        library.add(entries("/v/b.mp4", ["a cat"]))
        library._database._replica._snapshot = None
        assert library._database._replica.is_whole(library._database._now())
        assert [moment.caption for moment in library.search(bag_of_words("clip a cat"))] == ["a cat", "a dog"]


def test_what_scores_mean_is_found_once(tmp_path, monkeypatch):
    """The next program reads it, until the library changes."""
    from atom_indexing.replica.snapshot import Snapshot

    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4", ["a dog", "a cat", "a cow"]))
        fair = library.fair_score()
    assert fair is not None
    find = Snapshot._find_fair
    monkeypatch.setattr(Snapshot, "_find_fair", lambda _: pytest.fail("it is found anew"))
    with opened(tmp_path) as library:
        assert library.fair_score() == fair
        monkeypatch.setattr(Snapshot, "_find_fair", find)
        library.add(entries("/v/b.mp4", ["a big dog", "a big cat"]))
        assert library.fair_score() != fair


def test_a_text_is_compared_with_clips_and_captions_at_once(tmp_path):
    """The score of a clip is the mean of both similarities, of one without a caption that of the clip; at any time."""
    steps = [
        ("a.mp4", lambda it: it.add(entries("/v/a.mp4", ["a dog", "a cat"], caption=False))),
        ("a.mp4", lambda it: it.add(entries("/v/b.mp4", ["a red dog", "a wolf"]))),
        ("", lambda it: it.add(entries("/v/a.mp4", ["a dog", "a cat"]))),
        ("c.mp4", lambda it: it.add(entries("/v/c.mp4", ["a cow"], caption=False))),
        ("c.mp4", lambda it: it.remove(fake_video("/v/b.mp4").content_hash)),
        ("c.mp4", lambda it: it._database._replica.remove()),
    ]
    asked = bag_of_words("a red dog")
    with opened(tmp_path) as library:
        for bare, step in steps:
            step(library)
            for one in library.search(asked, 9):
                own = bag_of_words(f"clip {one.caption}") @ asked
                both = (own + bag_of_words(one.caption) @ asked) / 2
                assert one.score == pytest.approx(own if one.path.name == bare else both, abs=1e-6)
