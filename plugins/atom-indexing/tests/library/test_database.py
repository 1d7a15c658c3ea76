"""The library's database: nobody but Atom sets it, other processes are kept up with, and nothing waits without end."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing

import pytest
from atom_indexing.library import ChromaLibrary, chroma
from atom_indexing.library.database import Database
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import bag_of_words, fake_clips, fake_video

OTHER = """
import sys
from pathlib import Path
import atom_core as atom
from atom_indexing.library import ChromaLibrary, erase
from atom_core.testing.fakes import bag_of_words, fake_clips, fake_video

folder, what = Path(sys.argv[1]), sys.argv[2]
if what == "erase":
    erase(folder)
library = ChromaLibrary.open(atom.Settings(library=folder, model="tiny"), "tiny@1")
clips = fake_clips(fake_video("/v/b.mp4"), 2)
if what == "swap":
    library.remove(fake_video("/v/a.mp4").content_hash)
if what == "move":
    library.move(fake_video("/v/a.mp4").content_hash, Path("/w/a.mp4"))
else:
    library.add([atom.Entry(clip=clip, caption="b", vector=bag_of_words("a cat")) for clip in clips])
library.close()
"""


def at(path, **more):
    return atom.Settings(library=path, model="tiny", **more)


def entries(name, count=2, text="a dog"):
    clips = fake_clips(fake_video(name), count)
    return [atom.Entry(clip=clip, caption=text, vector=bag_of_words(text)) for clip in clips]


def opened(path):
    return closing(ChromaLibrary.open(at(path), "tiny@1"))


def found(library):
    return sorted({str(moment.path) for moment in library.search(bag_of_words("a dog"), 99)})


def _raise(error):
    if error is not None:
        raise error


def run(code, *words, **more):
    return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, **more)


@pytest.mark.parametrize("variables", [False, True])
def test_nobody_else_sets_chroma(tmp_path, variables):
    """A file `.env` of the current folder is not even opened, and neither it nor variables redirect or break Chroma."""
    hostile = {
        "CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI",
        "CHROMA_SERVER_HOST": "192.0.2.1",
        "CHROMA_PRODUCT_TELEMETRY_IMPL": "planted.Spy",
        "CHROMA_SERVER_CORS_ALLOW_ORIGINS": "no json",
        "PERSIST_DIRECTORY": "elsewhere",
        "IS_PERSISTENT": "false",
        "MIGRATIONS": "none",
        "ANONYMIZED_TELEMETRY": "true",
    }
    (tmp_path / "planted.py").write_text("import pathlib; pathlib.Path('imported').touch()\nclass Spy: pass\n")
    if not variables:
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in hostile.items()))
    code = (
        "import sys; from pathlib import Path; import atom_core as atom; seen = []\n"
        "def note(event, args):\n"
        "    if event in ('open', 'socket.connect'): seen.append(f'{event} {args[0]}')\n"
        "sys.addaudithook(note)\n"
        "from atom_indexing.library import ChromaLibrary\n"
        "with atom.open_host(model='tiny', library='lib', cache='cache') as host:\n"
        "    library = ChromaLibrary.open(host.settings, 'tiny@1')\n"
        "    library.make()\n"
        "    library.close()\n"
        "print([said for said in seen if said.endswith('.env') or said.startswith('socket')])"
    )
    more = {"PYTHONPATH": str(tmp_path)} | (hostile if variables else {})
    done = run(code, cwd=tmp_path, env={**os.environ, **more})
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
    assert (tmp_path / "lib" / chroma.DATABASE).exists()
    assert not {path.name for path in tmp_path.iterdir()} & {"imported", "elsewhere", "chroma"}


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("add", ["/v/a.mp4", "/v/b.mp4"]),
        ("swap", ["/v/b.mp4"]),
        ("move", ["/w/a.mp4"]),
        ("erase", ["/v/b.mp4"]),
    ],
)
def test_what_other_processes_change_is_seen(tmp_path, what, expected):
    """An open library finds what is there now, also where the number of clips is the same, and can be added to."""
    with opened(tmp_path / "library") as library:
        library.add(entries("/v/a.mp4"))
        assert found(library) == ["/v/a.mp4"]
        other = run(OTHER, library.path, what)
        assert (other.returncode, other.stderr) == (0, "")
        assert found(library) == expected
        assert sorted(map(str, library.videos().values())) == expected
        assert len(library) == 2 * len(expected)
        library.add(entries("/v/c.mp4"))
        assert found(library) == sorted([*expected, "/v/c.mp4"])


def test_libraries_of_one_process_share_the_database(tmp_path):
    """What one host changes another of the same process sees; closing one leaves the other open."""
    with opened(tmp_path) as first:
        second = ChromaLibrary.open(at(tmp_path / "." / ""), "tiny@1")
        assert found(second) == []
        first.add(entries("/v/a.mp4"))
        assert found(second) == ["/v/a.mp4"]
        second.close()
        second.close()
        with pytest.raises(atom.LibraryError, match="is closed"):
            second.search(bag_of_words("a dog"))
        assert first.remove(fake_video("/v/a.mp4").content_hash) == 2
    assert not [
        place for place in Database._opened if place.is_relative_to(tmp_path)
    ]  # of other tests some may be open


def test_a_video_is_there_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    """What was stored of a video when the program ended is not found or listed, and made whole when added again."""
    monkeypatch.setattr("atom_indexing.library.chroma_library.PAGE", 4)
    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4"))
        add = library._add_page
        pages = iter([add])
        monkeypatch.setattr(library, "_add_page", lambda rows: next(pages)(rows))
        with pytest.raises(atom.LibraryError, match="StopIteration"):
            library.add(entries("/v/b.mp4", 10))
    with opened(tmp_path) as library:
        assert (len(library), found(library), [str(path) for path in library.videos().values()]) == (
            2,
            ["/v/a.mp4"],
            ["/v/a.mp4"],
        )
        library.add(entries("/v/b.mp4", 10))
        assert (len(library), found(library)) == (12, ["/v/a.mp4", "/v/b.mp4"])
        assert library.remove(fake_video("/v/b.mp4").content_hash) == 10


def test_waiting_for_chroma_ends(tmp_path, monkeypatch):
    """A call that does not come back is an error in one line, as are those after it; closing waits for nothing."""
    monkeypatch.setattr(chroma, "LIMIT_S", 0.5)
    library, free = ChromaLibrary.open(at(tmp_path), "tiny@1"), threading.Event()
    try:
        for _ in range(2):
            with pytest.raises(atom.LibraryError, match=r"does not answer since 0.5 s; \d+ KiB are free on its disk"):
                library._use(lambda _: free.wait())
    finally:
        free.set()
        library.close()


def test_a_full_disk_is_told_first(tmp_path, monkeypatch):
    """No library is begun without room, nothing is written into one; one that is there is searched all the same."""
    with opened(tmp_path / "library") as library:
        library.add(entries("/v/a.mp4"))
        monkeypatch.setattr(chroma, "free_bytes", lambda _: 300 * 1024)
        with pytest.raises(atom.LibraryError, match=r"300 KiB are free on its disk, 4\d+ KiB are needed; make room"):
            library.add(entries("/v/b.mp4"))
    with pytest.raises(atom.LibraryError, match="300 KiB are free"):
        ChromaLibrary.open(at(tmp_path / "new"), "tiny@1")
    assert not (tmp_path / "new").exists()
    with opened(tmp_path / "library") as library:
        assert found(library) == ["/v/a.mp4"]
        with pytest.raises(atom.LibraryError, match="300 KiB are free"):
            library.remove(fake_video("/v/a.mp4").content_hash)


def test_a_library_is_the_users_alone(tmp_path):
    """Whatever the umask, nobody else reads what Atom makes; the mode of a folder that was there stays."""
    (tmp_path / "mine").mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        for name in ("mine", "new/library"):
            with opened(tmp_path / name) as library:
                library.add(entries("/v/a.mp4"))
                assert found(library)
                calls = iter([sqlite3.OperationalError("database is locked"), None])
                library._use(lambda _, calls=calls: _raise(next(calls)))  # opened anew
                library._use(lambda it: it.clips.upsert(ids=["x"], embeddings=[bag_of_words("x")]))
    finally:
        os.umask(before)
    places = [place for place in tmp_path.rglob("*") if place != tmp_path / "mine"]
    assert [place for place in places if stat.S_IMODE(place.stat().st_mode) & 0o077] == []
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o755


def test_a_library_that_is_removed_while_it_is_open(tmp_path):
    """It is told in one line; nothing is written into files that have no name any more."""
    with opened(tmp_path / "library") as library:
        library.add(entries("/v/a.mp4"))
        (tmp_path / "library").rename(tmp_path / "gone")
        for use in (lambda: found(library), lambda: library.add(entries("/v/b.mp4")), library.videos):
            with pytest.raises(atom.LibraryError, match="No such file or directory; check the folder"):
                use()


def test_entries_that_others_wrote_are_passed_over(tmp_path, caplog):
    """A row that is no clip of a video does not keep the others from being found; it is told once."""
    with opened(tmp_path) as library:
        library.add(entries("/v/a.mp4"))
        library._clips.upsert(ids=["x"], embeddings=[bag_of_words("a dog")], metadatas=[{"path": 7}])
        assert found(library) == found(library) == ["/v/a.mp4"]
        assert len(library) == 2
    assert caplog.text.count("entries that are no clips of videos") == 1


def test_a_library_is_copied_with_its_videos(tmp_path):
    """At another place the videos beside it are found, if they are what was indexed; else those at the old place."""
    from atom_core.media.probe import content_hash

    (tmp_path / "one" / "v").mkdir(parents=True)
    file = tmp_path / "one" / "v" / "a.mp4"
    file.write_bytes(b"film")
    video = evolve(fake_video(file), content_hash=content_hash(file))
    with opened(tmp_path / "one" / "library") as library:
        library.add([atom.Entry(clip=clip, caption="", vector=bag_of_words("a dog")) for clip in fake_clips(video, 2)])
    subprocess.run(["cp", "-r", tmp_path / "one", tmp_path / "two"], check=True)
    copy = tmp_path / "two" / "v" / "a.mp4"
    with opened(tmp_path / "two" / "library") as library:
        assert found(library) == [str(copy)]
        assert library.videos() == {video.content_hash: copy}
        copy.write_bytes(b"another")
        assert found(library) == [str(file)]
        copy.unlink()
        library.add(entries("/v/b.mp4"))
        assert found(library) == sorted(["/v/b.mp4", str(file)])
