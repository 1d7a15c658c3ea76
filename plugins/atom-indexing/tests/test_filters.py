"""Queries that stay within videos, folders, kinds, dates and lengths."""

import os

import atom_indexing
import pytest
from attrs import evolve

import atom_core as atom
from atom_core.testing.fakes import FakeHost

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a red star"], "c.mp4": ["a red moon"]}
DAY_S = 86400.0


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


class Footage(FakeHost):
    """Videos with dates, in folders; c.mp4 is a film."""

    def video(self, path):
        name = os.path.basename(path)
        place = f"/footage/{'sub' if name == 'b.mp4' else 'top'}/{name}"
        recorded_s = {"a.mp4": DAY_S, "b.mp4": 2 * DAY_S, "c.mp4": 3 * DAY_S}[name]
        return evolve(super().video(place), is_film=name == "c.mp4", recorded_s=recorded_s)


@pytest.fixture
def host():
    made = Footage(atom_indexing, shows=SHOWS, tasks={"caption": Caption()})
    for name in SHOWS:
        made.run("index-video", made.video(name))
    return made


def found(host, **filters):
    return [moment.path.name for moment in host.run("search", atom.Query(text="a red thing", **filters))]


def test_within_videos(host):
    """Nothing is found outside the videos that are named, and all there is inside."""
    hashes = {name: host.video(name).content_hash for name in SHOWS}
    assert found(host, videos=(hashes["b.mp4"],)) == ["b.mp4"]
    assert sorted(found(host, videos=(hashes["a.mp4"], hashes["c.mp4"]))) == ["a.mp4", "a.mp4", "c.mp4"]
    assert found(host, videos=("0" * 40,)) == []


def test_within_folder_kind_date_and_length(host):
    """Each filter leaves out what it says, and they add up."""
    assert found(host, folder="/footage/sub") == ["b.mp4"]
    assert found(host, folder="/foot") == []
    assert found(host, kind="film") == ["c.mp4"]
    assert set(found(host, kind="footage")) == {"a.mp4", "b.mp4"}
    assert set(found(host, recorded_from_s=2 * DAY_S)) == {"b.mp4", "c.mp4"}
    assert set(found(host, recorded_to_s=2 * DAY_S)) == {"a.mp4"}
    assert found(host, recorded_from_s=2 * DAY_S, kind="footage") == ["b.mp4"]
    assert found(host, shortest_s=1e6) == []
    assert len(found(host, longest_s=1e6)) == 4


def test_pages_follow_each_other(host):
    """What is left out of the first page comes on the next, and nothing twice."""
    whole = host.run("search", atom.Query(text="a red thing"))
    pages = [host.run("search", atom.Query(text="a red thing", limit=2, skip=skip)) for skip in (0, 2, 4)]
    assert sum(pages, ()) == whole
    assert pages[2] == ()


def test_like_a_clip(host):
    """What looks like a clip is found without a word; a query with neither is refused."""
    clip = host.clips(host.video("a.mp4"))[1]
    first = host.run("search", atom.Query(like=clip, limit=1))[0]
    assert (first.path.name, first.start_s) == ("a.mp4", clip.start_s)
    with pytest.raises(ValueError, match="needs a text, or a clip"):
        atom.Query()
