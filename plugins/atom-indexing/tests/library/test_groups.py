"""A video is in the library whole or not at all, and as it was until it is there anew, whenever a program is killed."""

import itertools
import shutil
from contextlib import closing, suppress

import atom_indexing
import numpy as np
import pytest
from atom_indexing.library import ChromaLibrary
from atom_indexing.library.database import Database
from attrs import evolve

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost, bag_of_words, fake_clips, fake_video

SHOWS = {"a.mp4": ("a red circle", "a blue square"), "b.mp4": ("a green star",)}
CHANGED = {**SHOWS, "a.mp4": ("a yellow cross", "a pink heart", "a white moon")}


class Killed(BaseException):
    """The end of the program."""


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


def started(folder, shows=SHOWS, halves=1, **more):
    """A new program: its host and library. `halves`: into how many parts each shot is cut."""

    class Halving(FakeHost):
        def _segment(self, video):
            return fake_clips(video, halves * len(shows[video.path.name]))

    settings = atom.Settings(model="fake", library=folder / "library", cache=folder / "cache", **more)
    library = ChromaLibrary.open(settings, "fake@1")
    return Halving(atom_indexing, shows=shows, tasks={"caption": Caption()}, settings=settings, library=library)


def nothing(host):
    pass


def index(host):
    run_command(host, "index", "a.mp4", "b.mp4")


def rebuild(host):
    run_command(host, "index", "--rebuild")


def store_one_by_one(host):
    for name in SHOWS:
        for clip in host.clips(host.video(name)):
            host.run("index", host.run("caption", clip))


def found(library):
    """What is found of each file."""
    seen = {}
    for moment in library.search(bag_of_words("a"), 99):
        seen.setdefault(moment.path.name, set()).add((moment.start_s, moment.end_s, moment.caption))
    assert len(library) == sum(map(len, seen.values()))
    assert {path.name for path in library.videos().values()} == seen.keys()
    return seen


def stored(library):
    """The ids of all that is stored."""
    return [sorted(it.get(include=[])["ids"]) for it in (library._clips, library._captions)]


SCENARIOS = {
    "stored one by one": (nothing, store_one_by_one, {}),
    "indexed": (nothing, index, {}),
    "other settings": (index, index, {"frames": 4}),
    "other clips": (index, index, {"halves": 2, "window_s": 2.5}),
    "other clips, stored one by one": (index, store_one_by_one, {"halves": 2}),
    "changed file": (index, index, {"shows": CHANGED}),
    "rebuilt": (index, rebuild, {}),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_killed_at_any_write(tmp_path, monkeypatch, scenario):
    """Of each file all is found that was, or all that is to be, or both; run again, all is as undisturbed."""
    first, then, more = SCENARIOS[scenario]
    monkeypatch.chdir(tmp_path)
    for name in SHOWS:
        (tmp_path / name).touch()
    use = Database.use

    def ran(folder, work, **more):
        host = started(folder, **more)
        work(host)
        return closing(host.library)

    with ran(tmp_path / "first", first) as library:
        library.make()
        before = found(library)
    shutil.copytree(tmp_path / "first", tmp_path / "undisturbed")
    with ran(tmp_path / "undisturbed", then, **more) as library:
        after, everything = found(library), stored(library)
        assert len(everything[0]) == len(library)
    for writes in itertools.count():
        left = iter(range(writes))

        def until_killed(self, work, done="read", left=left):
            if done != "read" and next(left, None) is None:
                raise Killed
            return use(self, work, done)

        folder = tmp_path / f"{writes}"
        shutil.copytree(tmp_path / "first", folder)
        host = started(folder, **more)
        monkeypatch.setattr(Database, "use", until_killed)
        with suppress(Killed, atom.AtomError):
            then(host)
        monkeypatch.setattr(Database, "use", use)
        host.library.close()
        with closing(started(folder).library) as library:
            seen = found(library)
        for name in SHOWS:
            was, will_be = before.get(name, set()), after[name]
            assert seen.get(name, set()) in (was, will_be, was | will_be), writes
        with ran(folder, then, **more) as library:
            assert found(library) == after, writes
            assert stored(library) == everything, writes
        if next(left, None) is not None:
            break
    assert writes > len(SHOWS)
    assert not (folder / "library" / "rebuild.json").exists()


def test_part_of_a_video_is_indexed_again(tmp_path, monkeypatch):
    """What a run stored of a video before it was killed is no video: `atom index` does not call it there already."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").touch()
    with closing((host := started(tmp_path)).library) as library:
        captions = [host.run("caption", clip) for clip in host.clips(host.video("a.mp4"))]
        assert all(outcome.error is None for outcome in host.map("index", captions[1:]))
        assert (len(library), library.videos(), found(library)) == (0, {}, {})
        assert any("stored in part" in note for note in run_command(host, "library").notes)
        said = run_command(host, "index", "a.mp4")
        assert [(value["status"], value["clips_added"]) for value in said.values] == [("added", 2)]
        assert len(found(library)["a.mp4"]) == 2


def test_chosen_clips_count_by_themselves(tmp_path):
    """Clips that a pipeline or a program chooses are found when it says so, or where they are its own."""
    with closing((host := started(tmp_path)).library) as library:
        clips = host.clips(host.video("a.mp4"))
        host.run("index", host.run("caption", clips[1]), whole=False)
        own = evolve(clips[0], start_s=1.0, end_s=2.0)
        host.run("index", host.run("caption", own))
        assert {span[:2] for span in found(library)["a.mp4"]} == {(5.0, 10.0), (1.0, 2.0)}


def test_what_is_added_later_is_found_beside_it(tmp_path):
    """A clip that is stored by itself after its video is found, too; the whole video, stored again, replaces both."""
    video = fake_video("a.mp4")

    def entries(count, **more):
        vector = np.ones(4, np.float32)
        return [atom.Entry(clip=clip, caption="x", vector=vector, **more) for clip in fake_clips(video, count)]

    whole = entries(3, num_clips=3, segmentation="s")
    with closing(started(tmp_path).library) as library:
        library.add(entries(2))
        assert len(library) == 2
        library.add(whole[:2])
        assert len(library) == 2
        library.add(whole[2:])
        assert len(library) == 3
        library.add(entries(2)[:1])
        assert len(library) == 4
        library.add(whole)
        assert len(library) == 3
