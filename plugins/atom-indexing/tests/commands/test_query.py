"""What a search is asked on the command line."""

import os
from datetime import datetime

import atom_indexing
import pytest
from atom_indexing.commands.query import nothing_left
from attrs import evolve

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost

SHOWS = {"a.mp4": ["a red circle", "a blue square"], "b.mp4": ["a red star"], "c.mp4": ["a red moon"]}
DAYS = {"a.mp4": (2021, 5, 4), "b.mp4": (2021, 5, 31), "c.mp4": (2022, 1, 1)}


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Footage with dates in two folders; c.mp4 is a film."""
    monkeypatch.chdir(tmp_path)
    for name in ("top", "sub"):
        (tmp_path / name).mkdir()

    class Footage(FakeHost):
        def video(self, path):
            name = os.path.basename(path)
            if name not in SHOWS:
                raise atom.MediaError(f"cannot read '{path}': it is no video")
            place = tmp_path / ("sub" if name == "b.mp4" else "top") / name
            recorded_s = datetime(*DAYS[name], 12).timestamp()
            return evolve(super().video(place), is_film=name == "c.mp4", recorded_s=recorded_s)

    made = Footage(atom_indexing, shows=SHOWS, tasks={"caption": Caption()})
    for name in SHOWS:
        made.run("index-video", made.video(name))
    return made


def found(host, *arguments):
    return [value["video"].rpartition("/")[2] for value in run_command(host, "search", *arguments).values]


def test_filters(host):
    """Folders, kinds, days, months, years and lengths; the day named last is still in."""
    assert found(host, "red", "--in", "sub") == ["b.mp4"]
    assert found(host, "red", "--kind", "film") == ["c.mp4"]
    assert set(found(host, "red", "--since", "2021-05-31")) == {"b.mp4", "c.mp4"}
    assert set(found(host, "red", "--until", "2021-05-31")) == {"a.mp4", "b.mp4"}
    assert set(found(host, "red", "--until", "2021-05")) == {"a.mp4", "b.mp4"}
    assert set(found(host, "red", "--since", "2021", "--until", "2021")) == {"a.mp4", "b.mp4"}
    assert set(found(host, "red", "--until", "2021-05-04T13:00")) == {"a.mp4"}
    assert len(found(host, "red", "--longest", "5")) == 4
    assert found(host, "red", "--skip", "3", "-k", "1") == found(host, "red")[3:4]


def test_filters_that_leave_nothing(host):
    """Which is told, with the way on, and is no fault."""
    said = run_command(host, "search", "red", "--shortest", "1000")
    assert said.values == []
    assert said.notes == [
        "no moment is left by the filters; widen or leave out one of --in, --kind, --since, --until, --shortest and"
        " --longest"
    ]


def test_like_a_moment(host):
    """The moment at a time of a video, in seconds or minutes."""
    assert found(host, "--like", "a.mp4@6", "-k", "1") == ["a.mp4"]
    first = run_command(host, "search", "--like", "a.mp4@0:06", "-k", "1").values[0]
    assert first["caption"] == "a blue square"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the search text is empty"),
        (["  "], "the search text is empty"),
        (["--like", "a.mp4"], "names no time of a video; write FILE@SECONDS"),
        (["--like", "a.mp4@soon"], "names no time"),
        (["--like", "a.mp4@-1"], "names no time"),
        (["--like", "a.mp4@1:2:3:4"], "names no time"),
        (["--like", "a.mp4@99"], "lasts 10.0 s, there is nothing at 99"),
        (["--like", "a.mp4@1", "--image", "b.png"], "leave one out"),
        (["red", "--in", "nowhere"], "there is no folder 'nowhere'"),
        (["red", "--since", "yesterday"], "expected a date such as 2024"),
        (["red", "--since", "2021-02-30"], "expected a date such as 2024"),
        (["red", "--since", "2022", "--until", "2021"], "leaves no time between"),
        (["red", "--shortest", "5", "--longest", "2"], "--longest 2 is less than --shortest 5"),
        (["red", "--kind", "photo"], "invalid choice: 'photo'"),
        (["red", "-k", "0"], "expected a whole number of at least 1, got '0'"),
        (["red", "--skip", "-1"], "expected"),
        (["red", "--not", "circles", "--not", "up"], "argument --not: takes one value, got two"),
        (["red", "--in", ".", "--in", ".."], "argument --in: takes one value, got two"),
        (["red", "--kind", "film", "--kind", "footage"], "argument --kind: takes one value, got two"),
    ],
)
def test_what_is_no_search(host, arguments, said):
    """One line says what is wrong, before anything is searched."""
    with pytest.raises(atom.SettingsError, match=said):
        run_command(host, "search", *arguments)


def test_a_picture_that_is_none(host):
    """One line, which names it."""
    with pytest.raises(atom.MediaError, match=r"cannot read 'notes.txt'"):
        run_command(host, "search", "--image", "notes.txt")


@pytest.mark.parametrize("text", ["*", "!!! ???", '"\u202e"', "..."])
def test_a_search_without_a_word(host, text):
    """Is told to have none, as is what is to be left out; symbols say something."""
    with pytest.raises(atom.SettingsError, match="there is no word in"):
        run_command(host, "search", text)
    with pytest.raises(atom.SettingsError, match="there is no word in"):
        run_command(host, "search", "red", "--not", text)
    assert found(host, "\N{DOG}")


def test_numbers_beyond_all_moments(host):
    """As many as there are, and no more; of absurd numbers it is told in one line."""
    assert len(found(host, "red", "-k", "999999999")) == 4
    assert found(host, "red", "--skip", "999999999") == []
    assert "no moments after the first 999999999" in run_command(host, "search", "red", "--skip", "999999999").notes[-1]
    for option in ("-k", "--skip", "--per-video"):
        for number in ("9" * 21, "9" * 5000):
            with pytest.raises(atom.SettingsError, match="digits") as told:
                run_command(host, "search", "red", option, number)
            assert len(str(told.value)) < 300
    every = host.run("search", atom.Query(text="red", limit=10**30))
    assert len(every) == 4


def test_what_has_left_nothing_is_named():
    """One line with what to leave out, where neither filters nor quotes are to blame."""
    assert nothing_left(atom.Query(text="a dog", channels=("words", "text"))).startswith(
        "nothing is found by words or text alone; leave out --channel"
    )
    assert "does not show 'a leash'; leave out --not" in nothing_left(atom.Query(text="a dog", without="a leash"))
