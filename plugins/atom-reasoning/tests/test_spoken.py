"""Questions about what is said are answered by what was heard, word for word, with its times."""

import sys
import types

import atom_captioning
import atom_reasoning
import pytest
from atom_reasoning.spoken import asked_of_speech

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost
from atom_core.testing.speech.hostile import HOSTILE_WORDS

LINES = (
    "We walked along the river until it was dark.",
    "The price of bread has doubled since last winter.",
    "Can you tell me the way to the station?",
    "The prices are too high, she said.",
)


class Ears:
    """A plugin that hears."""

    @atom.hookimpl
    def atom_register_tasks(self, register):
        register.task("transcribe", "test_ears:Transcribe", summary="Hear.")


@pytest.fixture
def hearing(monkeypatch):
    """Makes hosts that hear some lines, one every five seconds."""

    def made(*lines, second=(), shots=("a street", "a bridge")):
        class Transcribe:
            consumes, produces = atom.Video, tuple[atom.Utterance, ...]

            def run(self, video):
                said = lines if video.path.name == "a.mp4" else second
                if said is None:
                    raise atom.MediaError("no sound track")
                return tuple(
                    atom.Utterance(start_s=5.0 * number, end_s=5.0 * number + 3, text=line, confidence=0.9)
                    for number, line in enumerate(said)
                )

        module = types.ModuleType("test_ears")
        module.Transcribe = Transcribe
        monkeypatch.setitem(sys.modules, "test_ears", module)
        shows = {"a.mp4": shots, "b.mp4": ["a field"]}
        sounds = {name: lambda times_s: times_s * 0 + 0.5 for name in shows}
        return FakeHost(atom_captioning, atom_reasoning, Ears(), shows=shows, sounds=sounds)

    return made


def ask(host, text, **settings):
    """The answer to one question."""
    return host.run("answer", atom.Question(video=host.video("a.mp4"), text=text), **settings)


@pytest.mark.parametrize(
    ("text", "answer", "starts_s"),
    [
        ("What does she say about the price?", f'"{LINES[1]}" ... "{LINES[3]}"', [5, 15]),
        ("What is said about the river?", f'"{LINES[0]}"', [0]),
        ("What do they say?", f'"{LINES[0]}" ... "{LINES[1]}" ... "{LINES[2]}"', [0, 5, 10]),
        ("What is said at the end?", f'"{LINES[3]}"', [15]),
        ("What does he say first about the price?", f'"{LINES[1]}" ... "{LINES[3]}"', [5, 15]),
        ("Does anyone mention the station?", "yes", [10]),
        ("Is a dog mentioned?", "no", []),
        ("What does he say about the dog?", "nothing is said about the dog", []),
        ("When is bread mentioned?", "00:00:05.000 - 00:00:08.000", [5]),
        ("How often is the price mentioned?", "2", [5, 15]),
        ('Who says "way to the station"?', f'"{LINES[2]}"', [10]),
        ('Does anyone say "way to the river"?', "no", []),
    ],
)
def test_what_is_said_is_cited(hearing, text, answer, starts_s):
    """The answer is what is said, its evidence when; the provenance says that it was heard. Nothing is looked at."""
    host = hearing(*LINES)
    said = ask(host, text)
    assert (said.text, [span.start_s for span in said.evidence]) == (answer, starts_s)
    assert said.provenance.told == ("speech",)
    assert host.decoder.prompts == []


@pytest.mark.parametrize(
    "text",
    [
        "What does the sign say?",
        "What is said on the poster?",
        "What happens first?",
        "What can you say about the shot?",
        "Is a red circle shown?",
        "How many people talk?",
        "What does the white moon do?",
        "When is a yellow star shown?",
        "Does the red circle move left?",
    ],
)
def test_other_questions_are_left_to_the_pictures(text):
    """What is written, and what is to be seen, is no matter of speech."""
    assert asked_of_speech(text) is None


@pytest.mark.parametrize(
    ("text", "answer", "starts_s"),
    [
        ("What is said at 0:06?", f'"{LINES[1]}"', [5]),
        ("What is said at 0:04?", "nothing is said in that part", []),
        ("What is said in the first five seconds?", f'"{LINES[0]}"', [0]),
        ("What do they say between 0:05 and 0:13?", f'"{LINES[1]}" ... "{LINES[2]}"', [5, 10]),
        ("What is said after 0:09?", f'"{LINES[2]}" ... "{LINES[3]}"', [10, 15]),
        ("At 0:12, what is said?", f'"{LINES[2]}"', [10]),
        ("What is said in the second shot?", f'"{LINES[1]}"', [5]),
        ("What is said in the last two shots?", f'"{LINES[2]}" ... "{LINES[3]}"', [10, 15]),
        ("What does she say about the price in the first half?", f'"{LINES[1]}"', [5]),
        ("Is the station mentioned in the first shot?", "no", []),
        ("In which shot is the station mentioned?", "shot 3", [10]),
        ("What is said about 0:12?", "nothing is said about 0:12", []),
        ("What is the last thing they say?", f'"{LINES[3]}"', [15]),
        ("Is anything said about elephants?", "no", []),
    ],
)
def test_a_part_of_the_video(hearing, text, answer, starts_s):
    """Times, spans and shots in a question bound what is cited; a time of day that is talked about does not."""
    host = hearing(*LINES, shots=("a street", "a bridge") * 2)
    said = ask(host, text)
    assert (said.text, [span.start_s for span in said.evidence]) == (answer, starts_s)


SEVERAL = [
    ("What does she say about the river?", f'"{LINES[0]}"', [("a.mp4", 0)]),
    ("What is said about elephants?", "nothing is said about elephants", []),
    ('Does anyone say "close the window"?', "yes", [("b.mp4", 0)]),
    ("Which video mentions the window?", "b.mp4", [("b.mp4", 0)]),
    ("Which of the videos talks about bread?", "a.mp4", [("a.mp4", 5)]),
    ("In which video is an elephant mentioned?", "nothing is said about an elephant", []),
    ("Is the window mentioned in any video?", "yes", [("b.mp4", 0)]),
    ("Is the window mentioned in every video?", "no", [("b.mp4", 0)]),
    ("How many videos mention the price?", "1", [("a.mp4", 5), ("a.mp4", 15)]),
    ("Who talks about the window?", '"Please close the window."', [("b.mp4", 0)]),
    ("When is the window mentioned?", "b.mp4 00:00:00.000 - 00:00:03.000", [("b.mp4", 0)]),
    ("What does the second video say?", '"Please close the window."', [("b.mp4", 0)]),
    ("What is said in b.mp4?", '"Please close the window."', [("b.mp4", 0)]),
]


@pytest.mark.parametrize(("text", "answer", "where"), SEVERAL, ids=[text for text, *_ in SEVERAL])
def test_several_videos(hearing, text, answer, where):
    """Of several videos together, as of the library, what is said is cited with the video it is said in."""
    host = hearing(*LINES, second=("Please close the window.",))
    video, other = host.video("a.mp4"), host.video("b.mp4")
    said = host.run("answer", atom.Question(video=video, text=text, others=(other,)))
    assert said.text == answer
    assert [(clip.video.path.name, clip.start_s) for clip in said.evidence] == where
    assert host.decoder.prompts == []


def test_a_video_that_cannot_be_heard_costs_the_others_nothing(hearing, caplog):
    """What the others say is cited; which one failed is told."""
    host = hearing(*LINES, second=None)
    videos = host.video("a.mp4"), host.video("b.mp4")
    said = host.run("answer", atom.Question(video=videos[0], text="What is said about bread?", others=videos[1:]))
    assert said.text == f'"{LINES[1]}"'
    assert "no sound track" in caplog.text


def test_deaf(hearing):
    """With hear off, and without a plugin that hears, such a question is asked of the pictures as before."""
    assert ask(hearing(*LINES), "What do they say?", hear=False).provenance.told == ()
    host = FakeHost(atom_captioning, atom_reasoning, shows={"a.mp4": ["a street"]})
    assert ask(host, "What do they say?").provenance.told == ()


def test_nobody_speaks(hearing):
    """Where nothing is said that is the answer, without evidence."""
    said = ask(hearing(), "What do they say?")
    assert (said.text, said.evidence) == ("nothing is said", ())


@pytest.mark.parametrize("said", HOSTILE_WORDS)
def test_what_is_said_is_data(hearing, said):
    """Whatever somebody says: the answer is a quotation of one line, the record has what it always has, and nothing
    else is asked."""
    host = hearing(said)
    result = run_command(host, "ask", "a.mp4", "What do they say?")
    assert not result.failures
    [value] = result.values
    assert set(value) == {"video", "question", "answer", "evidence", "truncated", "confidence", "model", "frames"}
    assert value["answer"].startswith('"')
    assert value["answer"].count('"') == 2
    assert value["answer"].isprintable()
    assert value["evidence"] == [{"start_s": 0.0, "end_s": 3.0}]
    assert host.decoder.prompts == []
