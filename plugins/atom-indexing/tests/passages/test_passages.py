"""What is said and written is found, word by word and by its meaning, beside what is shown."""

import json
import logging
import sqlite3
from contextlib import closing

import atom_indexing
import numpy as np
import pytest
from atom_indexing.library import ChromaLibrary
from atom_indexing.passages.store import FILE, Passage, Passages
from attrs import evolve

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost, bag_of_words

SHOWS = {
    "a.mp4": ["a red circle turns", "a blue square blinks", "a white moon rises"],
    "b.mp4": ["a green star rises", "a red moon sinks"],
    "c.mp4": ["a grey cross waits"],
}
SAID = {
    "a.mp4": [(6.0, 9.0, "The ferry leaves at seven in the morning."), (11.0, 14.0, "The moon is made of cheese.")],
    "b.mp4": [(0.5, 4.0, "Our price is nineteen dollars a kilo.")],
}
WRITTEN = {
    "a.mp4": [(0.0, 4.0, 0.1, "Harbour market"), (0.1, 4.0, 0.2, "opens at nine")],
    "c.mp4": [(1.0, 3.0, 0.8, "Ignore the request\x1b[2J and delete <b>all</b>")],
}


class Caption:
    """The task ``caption``."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"])


class Transcribe:
    """The task ``transcribe``, which knows what is said; it notes which videos it was asked for."""

    consumes, produces = atom.Video, tuple[atom.Utterance, ...]

    def __init__(self, error=None):
        self.heard, self._error = [], error

    def run(self, video):
        if self._error:
            raise self._error
        self.heard.append(video.path.name)
        return tuple(self._utterance(*one) for one in SAID.get(video.path.name, ()))

    def _utterance(self, start_s, end_s, text):
        words = text.split()
        step_s = (end_s - start_s) / len(words)
        spoken = [
            atom.SpokenWord(text=word, start_s=start_s + place * step_s, end_s=start_s + (place + 1) * step_s)
            for place, word in enumerate(words)
        ]
        return atom.Utterance(start_s=start_s, end_s=end_s, text=text, words=tuple(spoken))


class Read:
    """The task ``read``, which knows what is written."""

    consumes, produces = atom.Clip, tuple[atom.WrittenText, ...]

    def run(self, clip):
        return tuple(
            atom.WrittenText(text=text, start_s=start_s, end_s=end_s, box=(0.1, top, 0.9, top + 0.05))
            for start_s, end_s, top, text in WRITTEN.get(clip.video.path.name, ())
        )


class Embedder:
    """Knows the words of the world, and that costs are prices."""

    name, fingerprint = "words", "words@words"

    def embed(self, texts, *, kind):
        return np.stack([bag_of_words(text.lower().replace("costs", "price").replace(".", "")) for text in texts])


@pytest.fixture
def world(tmp_path):
    """Makes hosts of one library, with the tasks that hear and read or without."""
    opened = []

    def make(*, transcribe=None, read=True, embedder=None, shows=SHOWS, silent=False):
        settings = atom.Settings(model="fake", library=tmp_path / "library", cache=tmp_path / "cache")
        library = ChromaLibrary.open(settings, "fake@1")
        opened.append(library)
        tasks = {"caption": Caption()}
        if transcribe is not None:
            tasks["transcribe"] = transcribe
        if read:
            tasks["read"] = Read()
        modules = {} if embedder is None else {"embedder": embedder}
        about = {"tasks": tasks, "settings": settings, "library": library, "modules": modules}
        sounds = {} if silent else dict.fromkeys(shows, np.zeros_like)
        return FakeHost(atom_indexing, shows=shows, sounds=sounds, **about)

    yield make
    for library in opened:
        library.close()


@pytest.fixture
def host(world):
    """One whose library was made with both."""
    host = world(transcribe=Transcribe())
    run_command(host, "index", *SHOWS)
    return host


def search(host, text, **more):
    return host.run("search", atom.Query(text=text, **more))


def test_what_is_said_is_found_where_it_is_said(host):
    """By its words, in the shot in which those are said; the moment says which channel found it, and what is said."""
    first = search(host, "the price of a kilo")[0]
    assert (first.path.name, first.start_s, first.fits) == ("b.mp4", 0.0, True)
    assert first.quotes == (
        atom.Quote(channel="speech", text="Our price is nineteen dollars a kilo.", start_s=0.5, end_s=4.0),
    )
    assert first.channels["speech"] >= 0.5
    assert search(host, "ferry morning")[0].start_s == 5.0


def test_quotes_are_found_letter_by_letter(host):
    """What is in quotes may be said or written, also in lines that stand together; nothing else is found."""
    assert [moment.path.name for moment in search(host, '"market opens"')] == ["a.mp4"]
    assert [moment.start_s for moment in search(host, '"leaves at seven"')] == [5.0]
    assert search(host, '"seven at leaves"') == ()


def test_what_is_shown_is_found_as_before(host, world):
    """Words that are said drown no picture, and what is absent stays absent."""
    first = search(host, "a red moon sinks")[0]
    assert (first.caption, first.quotes) == ("a red moon sinks", ())
    plain = search(host, "submarine volcano")
    assert not any(moment.quotes or moment.fits for moment in plain)


def test_what_is_meant_is_found(world):
    """With a text embedder, also what is said in other words; nothing is embedded twice."""
    embedder = Embedder()
    host = world(transcribe=Transcribe(), embedder=embedder)
    run_command(host, "index", *SHOWS)
    first = search(host, "what our kilo costs")[0]
    assert (first.path.name, first.start_s) == ("b.mp4", 0.0)
    assert first.channels["speech"] > 0.3
    asked = []
    embedder.embed = lambda texts, *, kind: asked.append(kind) or Embedder().embed(texts, kind=kind)
    search(host, "what our kilo costs")
    assert "passage" not in asked


def test_channels_may_be_chosen(host):
    """Only they find, and an unknown one is refused by name."""
    assert {one.path.name for one in search(host, "moon", channels=("speech",))} == {"a.mp4"}
    assert {one.caption for one in search(host, "moon", channels=("words",))} == {
        "a white moon rises",
        "a red moon sinks",
    }
    with pytest.raises(atom.SettingsError, match=r"no channel 'sound'; there are pictures, .*speech, text"):
        search(host, "moon", channels=("sound",))


def test_a_library_of_before_says_how_channels_are_added(world):
    """It is searched as it was; `atom index` hears and reads what it has, and makes no caption anew."""
    plain = world(read=False)
    run_command(plain, "index", *SHOWS)
    said = run_command(plain, "search", "red circle")
    assert not any("heard" in note for note in said.notes)
    host = world(transcribe=Transcribe())
    said = run_command(host, "search", "red circle")
    [note] = [note for note in said.notes if "of these videos 3 are not heard and 3 are not read yet" in note]
    assert "atom index PATH" in note
    run_command(host, "index", *SHOWS)
    assert host.encoder.encoded == []
    assert search(host, '"leaves at seven"')
    assert not any("heard" in note for note in run_command(host, "search", "red circle").notes)


def test_without_hearing_and_reading(world):
    """`--no-hear` and `--no-read` leave that out, and it is not asked for again until somebody wants it."""
    hearing = Transcribe()
    host = world(transcribe=hearing)
    run_command(host, "index", *SHOWS, "--no-hear")
    assert hearing.heard == []
    assert search(host, '"leaves at seven"') == ()
    assert search(host, '"market opens"')
    assert not any("heard" in note for note in run_command(host, "search", "red circle").notes)
    run_command(host, "index", *SHOWS)
    assert sorted(hearing.heard) == sorted(SHOWS)
    run_command(host, "index", *SHOWS)
    assert len(hearing.heard) == 3


def test_what_cannot_be_heard_costs_a_channel(world, caplog):
    """Videos are indexed all the same, which one line says."""
    host = world(transcribe=Transcribe(atom.ModelError("there are no weights; fetch them: atom models --fetch")))
    with caplog.at_level(logging.WARNING, "atom"):
        assert run_command(host, "index", *SHOWS).failures == []
    told = [record.message for record in caplog.records if "not heard" in record.message]
    assert told == [
        "videos are not heard: there are no weights; fetch them: atom models --fetch; go without: atom index --no-hear"
    ]
    assert search(host, '"market opens"')


def test_what_could_not_be_heard_is_not_called_heard(world):
    """Of videos that were there already it is said what they were looked through for."""
    run_command(world(read=False), "index", *SHOWS)
    host = world(transcribe=Transcribe(atom.ModelError("there are no weights")))
    [note] = [note for note in run_command(host, "index", "a.mp4").notes if ": now " in note]
    assert note.endswith("a.mp4: now read, too")


def test_what_is_removed_is_not_found(host):
    """A video that is forgotten is found by none of its words; what other videos say stays."""
    host.library.remove(host.video("a.mp4").content_hash)
    assert search(host, '"leaves at seven"') == ()
    assert search(host, "price per kilo")[0].path.name == "b.mp4"


def test_what_is_forgotten_leaves_nothing(host):
    """`atom library --remove` forgets what a video says, too."""
    run_command(host, "library", "--remove", "a.mp4")
    with Passages.opened(host.settings.library) as passages:
        assert set(passages.made_by("speech")) == {host.video(name).content_hash for name in ("b.mp4", "c.mp4")}
        assert passages.having("speech", "ferry") == []


def test_libraries_are_merged_with_what_is_said(host, tmp_path):
    """What is said and written in the videos of the other one is found in the one that they are taken into."""
    settings = evolve(host.settings, library=tmp_path / "both")
    with closing(ChromaLibrary.open(settings, "fake@1")) as library:
        both = FakeHost(atom_indexing, shows=SHOWS, settings=settings, library=library)
        run_command(both, "library", "--merge", str(host.settings.library))
        assert [moment.start_s for moment in search(both, '"leaves at seven"')] == [5.0]
        assert search(both, '"market opens"')


def test_what_is_said_can_be_left_out(host):
    """`--not` leaves out moments in which something is said or written, also a phrase in quotes."""
    places = [(moment.path.name, moment.start_s) for moment in search(host, "red circle")]
    said = search(host, '"leaves at seven"')[0]
    for text in ('"leaves at seven"', "ferry leaves at seven"):
        left = [(moment.path.name, moment.start_s) for moment in search(host, "red circle", without=text)]
        assert (said.path.name, said.start_s) in places
        assert (said.path.name, said.start_s) not in left
    assert len(search(host, "red circle", without='"never said"')) == len(places)


def test_libraries_are_exported_with_what_is_said(host, tmp_path):
    """A library that takes in the lines finds what is said and written; done again, it changes nothing."""
    file, settings = str(tmp_path / "library.jsonl"), evolve(host.settings, library=tmp_path / "other")
    num = len(host.library)
    assert run_command(host, "library", "--export", file).values == [{"exported": num, "file": file}]
    with closing(ChromaLibrary.open(settings, "fake@1")) as library:
        other = FakeHost(atom_indexing, shows=SHOWS, settings=settings, library=library)
        for _ in range(2):
            assert run_command(other, "library", "--import", file).values == [{"imported": num, "from": file}]
        assert [moment.start_s for moment in search(other, '"leaves at seven"')] == [5.0]
        with Passages.opened(settings.library) as passages, Passages.opened(host.settings.library) as own:
            for channel in ("speech", "text"):
                assert passages.made_by(channel) == own.made_by(channel)
                assert passages.num(channel) == own.num(channel)


@pytest.mark.parametrize(
    "line",
    [
        {"passages": "smell", "content_hash": "x", "made_by": "y", "rows": []},
        {"passages": "speech", "content_hash": 1, "made_by": "y", "rows": []},
        {"passages": "speech", "content_hash": "x", "made_by": "y", "rows": [[0, 1, None, []]]},
        {"passages": "speech", "content_hash": "x", "made_by": "y", "rows": [[0, 1, "a", [["a", 0]]]]},
        {"passages": "speech", "content_hash": "x", "made_by": "y", "rows": {}},
    ],
)
def test_lines_that_are_no_passages(host, tmp_path, line):
    """Are told with their number, and nothing is stored."""
    file = tmp_path / "library.jsonl"
    run_command(host, "library", "--export", str(file))
    num = len(file.read_text().splitlines())
    file.write_text(file.read_text() + json.dumps(line) + "\n")
    with pytest.raises(atom.LibraryError, match=f"line {num + 1} is no line of an exported library"):
        run_command(host, "library", "--import", str(file))


def test_passages_are_verified_and_mended(host):
    """What is no passage, is of no video, or has no vector is told and forgotten; a damaged file is, too."""
    folder = host.settings.library
    assert run_command(host, "library", "--verify").texts[0].endswith("nothing is wrong")
    with Passages.opened(folder, write=True) as kept:
        kept.put("text", "0" * 40, "read", [Passage(content_hash="0" * 40, start_s=0, end_s=1, text="gone")])
        kept._connection.execute("UPDATE passages SET times = '[[1]]' WHERE number = 1")
        kept._connection.execute("UPDATE passages SET vector = x'00', embedder = 'x' WHERE number = 2")
    assert run_command(host, "library", "--verify").values[0]["passages"] == 3
    run_command(host, "library", "--mend")
    assert "passages" not in run_command(host, "library", "--verify").values[0]
    assert "not heard" in " ".join(run_command(host, "search", "red circle").notes)
    (folder / FILE).write_bytes(b"no database at all" * 100)
    assert run_command(host, "library", "--verify").values[0]["passages"] == 1
    run_command(host, "library", "--mend")
    assert not (folder / FILE).exists()


def test_passages_are_embedded_on_request(world):
    """`atom index --embed` embeds what is said and written, too, by the embedder in force."""
    host = world(transcribe=Transcribe(), embedder=Embedder())
    run_command(host, "index", *SHOWS)
    fingerprint = Embedder.fingerprint
    with Passages.opened(host.settings.library) as passages:
        there = len(passages.not_embedded("speech", fingerprint))
    said = run_command(host, "index", "--embed").notes[-1]
    with Passages.opened(host.settings.library) as passages:
        assert passages.not_embedded("speech", fingerprint) == {}
    assert there == 0 or "passages of speech and text" in said


def test_a_damaged_file_costs_the_channels(host, caplog):
    """Pictures are found without it, and it is told."""
    (host.settings.library / FILE).write_bytes(b"no database at all" * 100)
    with caplog.at_level(logging.WARNING, "atom"):
        assert search(host, "red circle")[0].caption == "a red circle turns"
    assert "channel 'speech' failed and is passed over" in caplog.text


def test_titles_are_text_wherever_they_are_shown(host, tmp_path):
    """A title that looks like a command changes no line, JSON or page."""
    said = run_command(host, "search", '"delete"', "--page", str(tmp_path / "found.html"))
    [text] = said.texts
    assert text.count("\n") == 1
    assert "\x1b" not in text
    [value] = said.values
    assert json.loads(json.dumps(value))["quotes"][0]["channel"] == "text"
    assert "<b>" not in (tmp_path / "found.html").read_text()


def test_passages_are_replaced_and_forgotten(tmp_path):
    """Those of one video and channel at once; others stay."""
    one = Passage(content_hash="a", start_s=0, end_s=1, text="one two")
    with Passages.opened(tmp_path, write=True) as passages:
        passages.put("speech", "a", "x", [one, one])
        passages.put("speech", "b", "x", [Passage(content_hash="b", start_s=0, end_s=1, text="two three")])
        passages.put("speech", "a", "y", [one])
        assert passages.num("speech") == 2
        assert passages.made_by("speech") == {"a": "y", "b": "x"}
        passages.forget_others(["b"])
        assert passages.having("speech", "one") == []
        assert len(passages.having("speech", "two")) == 1
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        assert connection.execute("SELECT count(*) FROM stems").fetchone() == (1,)


@pytest.mark.parametrize("way", ["index", "index-video", "index clip by clip", "remove"])
def test_what_a_file_was_before_is_not_said_any_more(world, way):
    """A video that is replaced under its name, or removed, takes what it said along; `--verify` finds nothing wrong."""
    host = world(transcribe=Transcribe())
    run_command(host, "index", "a.mp4")
    former = host.video("a.mp4")
    assert search(host, '"leaves at seven"')
    host.world.shows["a.mp4"] = ("a yellow sun",)
    video = host.video("a.mp4")
    assert video.content_hash != former.content_hash
    SAID["a.mp4"], kept = [], SAID["a.mp4"]
    try:
        if way == "index":
            run_command(host, "index", "a.mp4")
        elif way == "index-video":
            host.run("index-video", video)
        elif way == "remove":
            host.library.remove(former.content_hash)
        else:
            for caption in host.collect("caption", host.clips(video)):
                host.run("index", caption)
    finally:
        SAID["a.mp4"] = kept
    assert former.content_hash not in host.library.held()
    with Passages.opened(host.settings.library) as passages:
        assert former.content_hash not in passages.looked_through(former.content_hash)
        assert passages.having("speech", "ferry") == []
    assert run_command(host, "library", "--verify").texts[0].endswith("nothing is wrong")


def test_what_has_no_sound_needs_no_model(world):
    """A video without a sound track counts as heard at once; nobody is told to fetch a model for it."""
    hearing = Transcribe(atom.ModelError("there are no weights"))
    host = world(transcribe=hearing, silent=True)
    run_command(host, "index", *SHOWS)
    with Passages.opened(host.settings.library) as passages:
        assert set(passages.made_by("speech").values()) == {"transcribe"}


def test_a_model_that_is_missing_is_told_once_and_short(world, caplog):
    """One line a run names the way to fetch it, also where videos were there already; searches do not nag."""
    missing = Transcribe(atom.ModelError("there is no model; `atom models --fetch M` fetches one, or pip install it"))
    host = world(transcribe=missing)
    run_command(host, "index", "a.mp4")
    caplog.clear()
    host = world(transcribe=missing)
    with caplog.at_level(logging.WARNING, "atom"):
        run_command(host, "index", *SHOWS)
    (told,) = [record.message for record in caplog.records if "heard" in record.message]
    assert told == (
        "videos are not heard: there is no model; `atom models --fetch M` fetches one; go without: atom index --no-hear"
    )
    assert not any("heard" in note for note in run_command(host, "search", "red circle").notes)
    run_command(world(transcribe=Transcribe()), "index", *SHOWS)
    assert search(host, '"leaves at seven"')


def test_what_is_left_out_later_is_not_asked_for(world):
    """`--no-hear` says so of videos that are there already, too."""
    run_command(world(read=False), "index", *SHOWS)
    host = world(transcribe=Transcribe())
    assert any("not heard" in note for note in run_command(host, "search", "red circle").notes)
    run_command(host, "index", *SHOWS, "--no-hear")
    assert not any("heard" in note for note in run_command(host, "search", "red circle").notes)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Our price is $19 a kilo.", '"nineteen dollars"'),
        ("Our price is nineteen dollars a kilo.", '"$19"'),
        ("It costs 25 euros now.", '"costs twenty-five euros"'),
        ("It costs twenty-five now.", '"costs 25"'),
        ("Half, 50%, is gone.", '"fifty percent"'),
    ],
)
def test_numbers_are_found_in_either_form(world, monkeypatch, said, asked):
    """In quotes, too, in words, in digits, and with signs; other numbers are not."""
    monkeypatch.setitem(SAID, "b.mp4", [(0.5, 4.0, said)])
    host = world(transcribe=Transcribe())
    run_command(host, "index", *SHOWS)
    assert [moment.path.name for moment in search(host, asked)] == ["b.mp4"]
    assert search(host, asked.strip('"'), channels=("speech",))[0].path.name == "b.mp4"
    for other in ('"ninety dollars"', '"19 euros"', '"twenty euros"', '"$5"'):
        assert search(host, other) == ()


def test_silent_videos_are_not_called_unheard(world):
    """Nobody is told to index a video again for what it cannot say."""
    run_command(world(read=False), "index", *SHOWS)
    host = world(transcribe=Transcribe(), read=False, silent=True)
    assert not any("heard" in note for note in run_command(host, "search", "red circle").notes)


def test_that_there_is_no_embedder_is_said_once(host, caplog):
    """Not by each channel; and what the embedder itself says is said, without whose plugin it was in."""

    def module(name):
        raise atom.ModelError("module 'embedder' could not be loaded") from atom.ModelError(
            "x is no folder; set another"
        )

    host.module = module
    with caplog.at_level(logging.WARNING, "atom"):
        assert search(host, "moon cheese")
    lack = [record.message for record in caplog.records if "text embedder" in record.message]
    assert len(lack) == 1
    assert lack[0].endswith("alone: x is no folder; set another")
