"""Films by what is said: the moments in which it is said, cut at pauses, with subtitles of what is said in them."""

from __future__ import annotations

import itertools
import sys
import types

import atom_assembly
import numpy as np
import pytest
from atom_assembly.evidence.speech import subtitles
from atom_assembly.requests.spoken import _listed, said_in

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeDecoder, FakeHost
from atom_core.testing.speech import SENTENCES
from atom_core.testing.speech.hostile import HOSTILE_WORDS

PAUSE_S = 0.8


def spoken(lines, start_s=1.0):
    """Utterances of some lines, each word 0.3 s long and 0.05 s after the one before, with a pause after each line."""
    said, at_s = [], start_s
    for line in lines:
        words = []
        for text in line.split():
            words.append(atom.SpokenWord(text=text, start_s=at_s, end_s=at_s + 0.3, confidence=0.9))
            at_s += 0.35
        said.append(atom.Utterance(start_s=words[0].start_s, end_s=words[-1].end_s, text=line, words=words))
        at_s += PAUSE_S - 0.05
    return tuple(said)


class Ears:
    """A plugin that hears."""

    @atom.hookimpl
    def atom_register_tasks(self, register):
        register.task("transcribe", "test_ears:Transcribe", summary="Hear.")


class Search:
    """The task ``search``, as another plugin would give it."""

    consumes, produces = atom.Query, tuple[atom.Moment, ...]

    def run(self, query, *, decoder, library):
        return tuple(library.search(decoder.embed([query.text]), query.limit))


@pytest.fixture
def hearing(monkeypatch):
    """Makes hosts with videos in which lines are said."""

    def made(**said):
        heard = {f"{name}.mp4": spoken(lines) for name, lines in said.items()}

        class Transcribe:
            consumes, produces = atom.Video, tuple[atom.Utterance, ...]

            def run(self, video):
                return heard[video.path.name]

        module = types.ModuleType("test_ears")
        module.Transcribe = Transcribe
        monkeypatch.setitem(sys.modules, "test_ears", module)
        shows = {name: ["a street"] * 40 for name in heard}
        sounds = {name: lambda times_s: times_s * 0 + 0.5 for name in heard}
        tasks = {"search": Search()}
        decoder = FakeDecoder()
        host = FakeHost(atom_assembly, Ears(), shows=shows, sounds=sounds, tasks=tasks, decoder=decoder)
        for name in shows:
            for clip in host.clips(host.video(name)):
                entry = atom.Entry(clip=clip, caption="a street", vector=decoder.embed(["a street"]))
                host.library.add([entry])
        return host, heard

    return made


def words_of(heard, cut):
    """The words of the video of a cut."""
    return [word for one in heard[cut.path.name] for word in one.words]


def assembled(host, text, length_s=None):
    """The timeline of a request."""
    return host.run("assemble", atom.Request(text=text, length_s=length_s))


REQUESTS = [
    ("Everything that is said about bread.", ["The price of bread has doubled since last winter."]),
    ("What she says about the river", ["We walked along the river until it was dark."]),
    ("all moments where the hospital is mentioned", ["My sister has worked in a hospital for ten years."]),
    ('the moment where he says "close the window"', ["Please close the window before you leave the room."]),
    (
        "Somebody talks about the lake. Then somebody mentions a factory.",
        ["They bought an old house near the lake.", "The company wants to build a factory in the north."],
    ),
    ("quotes about coffee", ["The coffee in this hotel is too strong for me."]),
    (
        "Everything he says about the storm, then everything about the weather that is said",
        ["They closed the road because of the storm."],
    ),
    ("all passages in which someone speaks about the bridge", ["The new bridge will be finished in the spring."]),
    ("Everything they say about football", ["The children are playing football behind the school."]),
    ("what is said about the piano", ["Her brother plays the piano every evening."]),
    (
        "every moment when the plane is mentioned",
        ["She is learning to fly a small plane.", "The plane landed safely in spite of the fog."],
    ),
    ("Show me everything that is said about the doctor", ["The doctor told him to drink more water."]),
    ("statements about the camera", ["The camera is small enough to fit in a pocket."]),
    ("all the parts where somebody talks about potatoes", ["I would like to order fish with potatoes."]),
    ("whatever the man says about the clocks", ["My father repairs old clocks and radios."]),
    ("Find all clips in which the wedding is mentioned", ["She bought a red dress for the wedding."]),
    ("all sentences about the documents", ["We will send you the documents by post."]),
    ("Everything said about the keys", ["He lost his keys somewhere between the office and the park."]),
    ("a moment in which the king is mentioned", ["The king had three sons and one daughter."]),
    ("anything that they say about the snow", ["The snow covered the roofs of the whole town."]),
]


@pytest.mark.parametrize(("text", "wanted"), REQUESTS, ids=[text for text, _ in REQUESTS])
def test_moments_by_what_is_said(hearing, text, wanted):
    """The cuts are where it is said, in whole; each begins and ends within 0.1 s of a pause, none inside a word; the
    subtitles are what is said in them."""
    host, heard = hearing(a=SENTENCES[:25], b=SENTENCES[25:])
    timeline = assembled(host, text)
    assert [cut.caption for cut in timeline.cuts] == wanted
    elapsed_s = 0.0
    for cut in timeline.cuts:
        inside = [word for word in words_of(heard, cut) if cut.start_s < word.end_s and word.start_s < cut.end_s]
        assert all(cut.start_s <= word.start_s and word.end_s <= cut.end_s for word in inside)
        assert cut.start_s == pytest.approx(inside[0].start_s - PAUSE_S / 2, abs=PAUSE_S / 2)
        assert cut.end_s == pytest.approx(inside[-1].end_s + PAUSE_S / 2, abs=PAUSE_S / 2)
        elapsed_s += cut.duration_s
    shown = subtitles(host, timeline, "")
    assert " ".join(text.replace("\n", " ") for *_, text in shown) == " ".join(wanted)
    assert all(0 <= start_s < end_s <= elapsed_s + 0.3 for start_s, end_s, _ in shown)
    assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(shown))


def test_shorter_films_end_between_words(hearing):
    """A film that may not be as long is cut between two words, never inside one."""
    host, heard = hearing(a=SENTENCES[:25])
    for length_s in np.arange(0.5, 4.0, 0.25):
        (cut,) = assembled(host, "Everything that is said about bread.", float(length_s)).cuts
        assert not [word for word in words_of(heard, cut) if word.start_s < cut.end_s < word.end_s]
        assert cut.duration_s <= max(length_s, 0.8)


def test_pictures_and_speech(hearing):
    """Lines of what is to be seen and of what is to be said stand in one film, in the order of the request."""
    host, _ = hearing(a=SENTENCES[:25])
    timeline = assembled(host, "a street, then everything that is said about bread")
    assert [cut.caption for cut in timeline.cuts] == ["a street", "The price of bread has doubled since last winter."]


BREAD, RIVER = "The price of bread has doubled since last winter.", "We walked along the river until it was dark."


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("what is said about bread, a street", [BREAD, "a street"]),
        ("everything that is said about bread, a street", [BREAD, "a street"]),
        ("a street, everything that is said about bread", ["a street", BREAD]),
        ("what is said about the bread, what is said about the river, and a street", [BREAD, RIVER, "a street"]),
        ("a street, what she says about bread, a street", ["a street", BREAD, "a street"]),
    ],
)
def test_lists_by_commas(hearing, text, wanted):
    """A list may have spoken parts wherever they stand."""
    host, _ = hearing(a=SENTENCES[:25])
    assert [cut.caption for cut in assembled(host, text).cuts] == wanted


@pytest.mark.parametrize(
    ("part", "pieces"),
    [
        ("everything said about bread, butter and jam", 1),
        ("what is said about the bread, the butter", 1),
        ('the moment where he says "stop, a thief, run"', 1),
        ("what is said about bread, a white moon moves up", 2),
        ("what is said about the bread, a white moon moves up", 2),
        ("a white moon, a red star", 1),
    ],
)
def test_a_topic_may_have_commas(part, pieces):
    """What stands behind a comma belongs to the topic, unless it is a thing that is to be seen."""
    assert len(_listed(part)) == pieces


def test_what_nobody_says(hearing):
    """It is said that there is no such moment; nothing else is put in its place."""
    host, _ = hearing(a=SENTENCES[:25])
    with pytest.raises(atom.LibraryError, match="nothing in library"):
        assembled(host, "Everything that is said about elephants")


@pytest.mark.parametrize(
    "line", ["a man talks", "what the sign says", "a yellow heart blinks", "everything that blinks", "all dogs", ""]
)
def test_what_is_to_be_seen(line):
    """Lines of pictures are none of speech."""
    assert said_in(line) is None


def test_no_subtitles_where_nobody_speaks(hearing, tmp_path):
    """None are written, and that is said; where somebody does, they are, in a dry run too."""
    for lines, is_written in (([], False), (SENTENCES[:25], True)):
        host, _ = hearing(a=lines)
        file = tmp_path / f"{len(lines)}.vtt"
        said = run_command(host, "assemble", "a street", "--dry-run", "--subtitles", str(file))
        assert (said.values[0]["subtitles"] is not None, file.exists(), said.failures) == (is_written, is_written, [])
        assert any("nothing is said in the film" in note for note in said.notes) is not is_written


@pytest.mark.parametrize("said", HOSTILE_WORDS)
def test_what_is_said_is_data(hearing, said):
    """Whatever somebody says: the film is of that moment, its paths are those of the library."""
    host, _ = hearing(a=[f"bread {said}"])
    (cut,) = assembled(host, "Everything that is said about bread").cuts
    assert cut.path.name == "a.mp4"
    assert len(subtitles(host, atom.Timeline(request=atom.Request(text="x"), cuts=(cut,)), "")) >= 1
