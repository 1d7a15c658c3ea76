"""Indexing and searching, as tasks and as commands."""

import os
import re
import subprocess
import sys
from contextlib import closing

import atom_captioning
import atom_indexing
import pytest
from atom_indexing.library import ChromaLibrary
from atom_indexing.tasks import settings_in_force
from attrs import evolve

import atom_core as atom
from atom_core.testing import wait_until
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a green star"]}


class Caption:
    """The task ``caption``, as another plugin would give it; fails where there is nothing to see."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        if not (shown := encoder.encode(clip).layout["shows"]):
            raise atom.MediaError("too dark")
        return atom.Caption(clip=clip, text=f"{shown} appears")


def world(shows=SHOWS, **more):
    return FakeHost(atom_indexing, shows=shows, tasks={"caption": Caption()}, **more)


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The current folder, with the fake world's videos in it, and another file."""
    monkeypatch.chdir(tmp_path)
    for name in (*SHOWS, "notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def statuses(said):
    return {value["video"].rsplit("/", 1)[-1]: value["status"] for value in said.values}


def test_index_stores_both_vectors():
    """An entry holds what the clip shows and what its caption says, and is in the library unless told otherwise."""
    host = world()
    clip = host.clips(host.video("a.mp4"))[0]
    caption = host.run("caption", clip)
    made = host.run("index", caption, store=False)
    assert len(host.library) == 0
    stored = host.run("index", caption)
    assert len(host.library) == 1
    assert made == stored
    assert stored.rule == host.encoder.encode(clip).rule
    assert stored.vector @ host.decoder.embed(["red circle"]) == pytest.approx(1)
    assert stored.caption_vector @ host.decoder.embed([caption.text]) == pytest.approx(1)


def test_search_finds_by_meaning():
    """The moment nearest to the text comes first; an empty library says what to do."""
    host = world()
    with pytest.raises(atom.LibraryError, match="is empty; add videos first: atom index"):
        host.run("search", atom.Query(text="star"))
    host.run("index-video", host.video("a.mp4"))
    host.run("index-video", host.video("b.mp4"))
    found = host.run("search", atom.Query(text="a blue square", limit=2))
    assert (found[0].path.name, found[0].start_s, found[0].caption) == ("a.mp4", 5.0, "a blue square appears")
    assert len(found) == 2


def test_index_command_skips_what_is_there(tmp_path):
    """Indexing again encodes nothing and adds nothing."""
    host = world()
    paths = [str(tmp_path / name) for name in SHOWS]
    for path in paths:
        open(path, "w").close()
    said = run_command(host, "index", *paths)
    assert [(v["status"], v["clips_added"]) for v in said.values] == [("added", 2), ("added", 1)]
    assert said.texts[0].endswith("a.mp4: 2 clips added")
    encoded = len(host.encoder.encoded)
    said = run_command(host, "index", *paths)
    assert set(statuses(said).values()) == {"unchanged"}
    assert len(host.encoder.encoded) == encoded
    assert len(host.library) == 3


def test_index_command_goes_on_after_failures():
    """A missing file and a video with a bad clip are named; the latter is not half indexed; the rest is done."""
    host = world({**SHOWS, "dark.mp4": ["a dog", ""]})
    said = run_command(host, "index", "none.mp4", "dark.mp4", "b.mp4")
    assert [what.rsplit("/", 1)[-1] for what, _ in said.failures] == ["none.mp4", "dark.mp4"]
    assert statuses(said) == {"b.mp4": "added"}
    assert [path.name for path in host.library.videos().values()] == ["b.mp4"]


def test_index_command_follows_files(tmp_path):
    """A moved file keeps its entries under the new path; a copy adds nothing; a changed file replaces what it was."""
    host = world()
    old, new = tmp_path / "a.mp4", tmp_path / "sub" / "a.mp4"
    new.parent.mkdir()
    old.touch()
    run_command(host, "index", str(old))
    assert statuses(run_command(host, "index", str(new))) == {"a.mp4": "duplicate"}
    old.unlink()
    assert statuses(run_command(host, "index", str(new))) == {"a.mp4": "moved"}
    assert list(host.library.videos().values()) == [new]
    host.world.shows["a.mp4"] = ("a yellow moon",)
    assert statuses(run_command(host, "index", str(new))) == {"a.mp4": "replaced"}
    assert [m.caption for m in host.library.search(host.decoder.embed(["moon"]))] == ["a yellow moon appears"]


@pytest.mark.parametrize("task", ["index", "index-video"])
def test_a_copy_takes_no_files_place(files, task):
    """What a pipeline indexes of a copy is of the file that the library knows, as long as that is there."""
    host = world(library=lambda: ChromaLibrary.open(atom.Settings(library=files / "library"), "fake@1"))
    first, copy = files / "a.mp4", files / "copy" / "a.mp4"
    copy.parent.mkdir()
    copy.touch()

    def index(path):
        video = host.video(path)
        if task == "index-video":
            host.run(task, video)
        else:
            host.collect(task, host.collect("caption", host.clips(video)))

    index(first)
    for there, known in ((True, first), (False, copy)):
        if not there:
            first.unlink()
        index(copy)
        assert list(host.library.videos().values()) == [known]
        assert {moment.path for moment in host.library.search(host.decoder.embed(["red"]))} == {known}


def test_index_command_follows_files_that_change_places(tmp_path):
    """Each keeps its entries under its new path; nothing is left of what no file is any more."""
    contents = {}

    class Places(FakeHost):
        def video(self, path):
            return evolve(super().video(tmp_path / contents[os.path.basename(path)]), path=path)

    host = Places(atom_indexing, shows=SHOWS, tasks={"caption": Caption()})
    one, two = tmp_path / "a.mp4", tmp_path / "b.mp4"
    one.touch()
    two.touch()

    def index(content_a, content_b):
        contents.update({"a.mp4": content_a, "b.mp4": content_b})
        return list(statuses(run_command(host, "index", str(one), str(two))).values())

    assert index("a.mp4", "b.mp4") == ["added", "added"]
    before = host.library.videos()
    assert index("b.mp4", "a.mp4") == ["moved", "moved"]
    assert host.library.videos() == dict(zip(before, reversed(before.values()), strict=True))
    assert index("a.mp4", "a.mp4") == ["duplicate", "unchanged"]
    assert list(host.library.videos().values()) == [two]


def test_index_command_forgets_what_an_interrupted_one_left(tmp_path):
    """Killed between storing a changed file's clips and removing the old ones, it is brought to its end."""
    host = world()
    path = tmp_path / "a.mp4"
    path.touch()
    run_command(host, "index", str(path))
    host.world.shows["a.mp4"] = ("a yellow moon",)
    host.run("index-video", host.video(path))
    assert len(host.library.videos()) == 2
    assert statuses(run_command(host, "index", str(path))) == {"a.mp4": "unchanged"}
    assert [m.caption for m in host.library.search(host.decoder.embed(["moon"]))] == ["a yellow moon appears"]


def test_index_command_indexes_again_what_other_settings_change(files):
    """With other settings entries are made again, and which settings those are is said; then it costs nothing."""
    settings = atom.Settings(model="fake", library=files / "library", cache=files / "cache")
    host = world(settings=settings)
    with closing(ChromaLibrary.open(settings, host.model)) as library:
        for number, (frames, expected) in enumerate([(8, "added"), (8, "unchanged"), (4, "updated"), (4, "unchanged")]):
            host = world(settings=evolve(settings, frames=frames))
            host._library = library
            said = run_command(host, "index", "a.mp4")
            assert statuses(said) == {"a.mp4": expected}, number
            if expected == "updated":
                assert "indexed again, 2 clips, for settings have changed: frames 8 -> 4" in said.texts[0]
            assert len(library) == 2


def test_index_command_needs_a_path():
    """Without paths there is nothing to do, and it says what to write."""
    with pytest.raises(atom.SettingsError, match="atom index PATH"):
        run_command(world(), "index")


def test_rebuild_indexes_again_with_another_model(tmp_path):
    """A library of another model is emptied and filled again with the videos it had, and the new ones."""
    settings = atom.Settings(library=tmp_path / "library", model="tiny")
    with world(settings=settings, library=lambda: ChromaLibrary.open(settings, "tiny@1")) as host:
        run_command(host, "index", "a.mp4")
    with world(settings=settings, library=lambda: ChromaLibrary.open(settings, "big@2")) as host:
        with pytest.raises(atom.LibraryError, match="--rebuild"):
            run_command(host, "index", "b.mp4")
        said = run_command(host, "index", "b.mp4", "--rebuild")
        assert statuses(said) == {"a.mp4": "added", "b.mp4": "added"}
        assert len(host.library) == 3


def test_a_rebuild_that_is_cut_off_goes_on(files):
    """No video is forgotten: those still to come are noted, said, and indexed by the next rebuild, the others not."""

    class Interrupted(FakeHost):
        def map(self, task, items, **more):
            def until_b():
                for item in items:
                    if task == "index-video" and item.path.name == "b.mp4" and not resumed:
                        wait_until(lambda: len(self.library))  # a is there
                        raise KeyboardInterrupt
                    yield item

            return super().map(task, until_b(), **more)

    resumed = False
    settings = atom.Settings(library=files / "library", model="tiny")
    with world(settings=settings, library=lambda: ChromaLibrary.open(settings, "tiny@1")) as host:
        run_command(host, "index", "a.mp4", "b.mp4")
    tasks = {"caption": Caption()}
    for attempt in range(2):
        library = lambda: ChromaLibrary.open(settings, "big@2")  # noqa: E731
        with Interrupted(atom_indexing, shows=SHOWS, tasks=tasks, settings=settings, library=library) as host:
            if attempt == 0:
                with pytest.raises(KeyboardInterrupt) as stopped:
                    run_command(host, "index", "--rebuild")
                (note,) = stopped.value.__notes__  # the last outcome may not be counted yet
                assert re.fullmatch(r"after [01] of 2 videos; what is stored stays, and .* goes on with the rest", note)
                assert any("--rebuild` goes on with it" in note for note in run_command(host, "index", "a.mp4").notes)
            else:
                resumed = True
                said = run_command(host, "index", "--rebuild")
                assert statuses(said) == {"a.mp4": "unchanged", "b.mp4": "added"}
    assert [path.name for path in (files / "library").glob("rebuild*")] == []


def test_a_rebuild_keeps_in_mind_what_is_away(files):
    """A video on a disk that is not connected is indexed again by a later rebuild; one that was deleted is not."""
    disk = files / "disk"
    disk.mkdir()
    (disk / "c.mp4").touch()

    class Disks(FakeHost):
        def video(self, path):
            if not os.path.exists(path):
                raise atom.MediaError("no such file")
            return super().video(path)

    def opened(model):
        settings = atom.Settings(library=files / "library", model="tiny")
        library = lambda: ChromaLibrary.open(settings, model)  # noqa: E731
        shows = {**SHOWS, "c.mp4": ["a white moon"]}
        return Disks(atom_indexing, shows=shows, tasks={"caption": Caption()}, settings=settings, library=library)

    with opened("tiny@1") as host:
        run_command(host, "index", "a.mp4", "b.mp4", "disk/c.mp4")
    (disk / "c.mp4").unlink()
    (files / "a.mp4").unlink()
    with opened("big@2") as host:
        said = run_command(host, "index", "--rebuild")
        assert statuses(said) == {"b.mp4": "added"}
        assert "could not be indexed again: 1" in said.notes[0]
    (disk / "c.mp4").touch()
    with opened("big@2") as host:
        assert statuses(run_command(host, "index", "--rebuild")) == {"b.mp4": "added", "c.mp4": "added"}
    assert not (files / "library" / "rebuild.json").exists()


@pytest.mark.parametrize("noted", ["[" * 100_000, '{"cut_off": 1, "videos": ["a\\u0000b.mp4", 7]}', "null", ""])
def test_a_note_of_a_rebuild_that_others_wrote_ends_nothing(files, noted):
    """Whatever is in the place of the note, videos are indexed."""
    settings = atom.Settings(model="fake", library=files / "library", cache=files / "cache")
    host = world(settings=settings)
    with closing(ChromaLibrary.open(settings, host.model)) as library:
        host._library = library
        library.make()
        (files / "library" / "rebuild.json").write_text(noted)
        assert statuses(run_command(host, "index", "a.mp4")) == {"a.mp4": "added"}
        run_command(host, "index", "--rebuild", "b.mp4")
        assert len(library.videos()) > 0


def test_rebuild_needs_a_model_first(tmp_path):
    """A model that cannot be loaded does not cost the library."""

    class Missing(FakeHost):
        @property
        def decoder(self):
            raise atom.ModelError("no such model")

    settings = atom.Settings(library=tmp_path, model="tiny")
    with world(settings=settings, library=lambda: ChromaLibrary.open(settings, "tiny@1")) as host:
        run_command(host, "index", "a.mp4")
    with pytest.raises(atom.ModelError):
        run_command(Missing(atom_indexing, settings=settings), "index", "--rebuild")
    library = ChromaLibrary.open(settings, "tiny@1")
    assert len(library) == 2
    library.close()


def test_host_opens_the_library_through_the_hook(tmp_path):
    """The hook gives the Chroma library at the place that the settings name."""
    library = atom_indexing.atom_open_library(atom.Settings(library=tmp_path / "l"), "tiny@1")
    assert isinstance(library, ChromaLibrary)
    assert not (tmp_path / "l").exists()
    library.make()
    assert (tmp_path / "l" / "chroma.sqlite3").exists()
    library.close()


def test_films_are_left_out(files):
    """What Atom rendered is not indexed with the footage, and said to be so, unless asked for or known before."""

    class Rendered(FakeHost):
        def video(self, path):
            video = super().video(path)
            return evolve(video, is_film=video.path.name == "b.mp4")

    host = Rendered(atom_indexing, shows=SHOWS, tasks={"caption": Caption()})
    said = run_command(host, "index", "a.mp4", "b.mp4")
    assert statuses(said) == {"a.mp4": "added", "b.mp4": "film"}
    assert "--films" in said.texts[0]
    assert len(host.library) == 2
    assert statuses(run_command(host, "index", "b.mp4", "--films")) == {"b.mp4": "added"}
    assert statuses(run_command(host, "index", "b.mp4")) == {"b.mp4": "unchanged"}
    host.world.shows["b.mp4"] = ("a red moon",)
    assert statuses(run_command(host, "index", "b.mp4")) == {"b.mp4": "replaced"}


def test_library_command_lists_and_prunes(files):
    """A deleted file is forgotten; one whose folder is empty or missing may be on a disk that is away, and stays."""
    disk = files / "disk"
    disk.mkdir()
    (disk / "c.mp4").touch()
    host = world({**SHOWS, "c.mp4": ["a white moon"]})
    run_command(host, "index", "a.mp4", "b.mp4", "disk/c.mp4")
    said = run_command(host, "library")
    assert [value["state"] for value in said.values] == ["here"] * 3
    assert said.notes == [f"4 clips of 3 videos in {host.settings.library}"]
    (files / "a.mp4").unlink()
    (disk / "c.mp4").unlink()
    assert "files of the library that are not where they were: 2" in run_command(host, "index", "b.mp4").notes[0]
    said = run_command(host, "library")
    assert {value["video"]: value["state"] for value in said.values} == {
        str(files / "a.mp4"): "gone",
        str(files / "b.mp4"): "here",
        str(disk / "c.mp4"): "away",
    }
    assert "--prune" in said.notes[-1]
    disk.rmdir()
    said = run_command(host, "library", "--prune")
    assert {value["video"]: value["clips_removed"] for value in said.values} == {
        str(files / "a.mp4"): 2,
        str(disk / "c.mp4"): 0,
    }
    assert [path.name for path in host.library.videos().values()] == ["b.mp4", "c.mp4"]


def test_library_command_removes(files):
    """A file, or all below a folder, is forgotten, there or not; no file is touched; an unknown path fails."""
    host = world()
    run_command(host, "index", "a.mp4", "b.mp4")
    said = run_command(host, "library", "--remove", "b.mp4", "nowhere")
    assert [(value["video"], value["clips_removed"]) for value in said.values] == [(str(files / "b.mp4"), 1)]
    assert [what for what, _ in said.failures] == ["nowhere"]
    assert (files / "b.mp4").exists()
    assert run_command(host, "library", "--remove", str(files)).values[0]["clips_removed"] == 2
    assert len(host.library) == 0


def test_plugin_is_light():
    """Importing the plugin loads nothing heavy."""
    code = "import sys, atom_indexing as _; print({'torch', 'numpy', 'chromadb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_index_calls_files_as_the_user_wrote_them(files):
    """Names stay relative; one that the library cannot hold is told before any work."""
    shows = {"a.mp4": SHOWS["a.mp4"], "la\udce9tin.mp4": ["a moon"]}
    for name in shows:
        (files / name).touch()
    host = world(shows)
    said = run_command(host, "index", *shows)
    assert [value["video"] for value in said.values] == ["a.mp4"]
    ((what, why),) = said.failures
    assert (what, "rename it" in why) == ("la\udce9tin.mp4", True)
    assert {clip.video.path.name for clip in host.encoder.encoded} == {"a.mp4"}
    assert set(host.library.videos().values()) == {files / "a.mp4"}


def test_what_a_caption_was_told_is_no_setting():
    """A caption that was told what is said was asked with the prompt that is set: nothing has changed for it."""
    host = FakeHost(atom_captioning, atom_indexing, shows={"a.mp4": ["a dog"]})
    [clip] = host.clips(host.video("a.mp4"))
    plain = host.run("caption", clip)
    prompt = f'Somebody says in this clip: "hello there"\n{plain.provenance.prompt}'
    told = evolve(plain, provenance=evolve(plain.provenance, prompt=prompt, told=("speech",)))
    assert settings_in_force(host, told) == settings_in_force(host, plain) == settings_in_force(host)
