"""Questions about what is written are answered by what was read, letter for letter, with its times."""

import atom_captioning
import atom_reasoning
import pytest
from atom_reasoning.written import asked_of_writing

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost
from atom_core.testing.speech.hostile import HOSTILE_WORDS


def reading(*lines, **of_videos):
    """A host that reads some lines, one every five seconds."""

    class Read:
        consumes, produces = atom.Clip, tuple[atom.WrittenText, ...]

        def run(self, clip):
            return tuple(
                atom.WrittenText(
                    text=text, start_s=5.0 * at, end_s=5.0 * at + 3, box=(0.1, 0.8, 0.9, 0.9), confidence=0.97
                )
                for at, text in enumerate(of_videos.get(clip.video.path.name, lines))
            )

    shows = {name: ["a", "b", "c"] for name in of_videos or ["a.mp4"]}
    return FakeHost(atom_captioning, atom_reasoning, shows=shows, tasks={"read": Read()})


def ask(host, text, **settings):
    return host.run("answer", atom.Question(video=host.video("a.mp4"), text=text), **settings)


@pytest.mark.parametrize(
    "question",
    [
        "What does the sign say?",
        "What is written on the wall?",
        "Which words can be seen on the screen?",
        "What is the title?",
        "What text is shown?",
    ],
)
def test_what_is_written(question):
    """The lines themselves, in quotation marks, and when they stand; the pictures are not asked."""
    host = reading("Harbour market", "Closed on Monday")
    answer = ask(host, question)
    assert answer.text == '"Harbour market", "Closed on Monday"'
    assert [(span.start_s, span.end_s) for span in answer.evidence] == [(0.0, 3.0), (5.0, 8.0)]
    assert answer.provenance.told == ("text",)
    assert host.encoder.encoded == []


@pytest.mark.parametrize(
    ("question", "answer", "starts_s"),
    [
        ("What is written in the second shot?", '"Closed on Monday"', [5]),
        ("What is written on the first slide?", '"Harbour market"', [0]),
        ("What is on the second slide?", '"Closed on Monday"', [5]),
        ("What does slide two say?", '"Closed on Monday"', [5]),
        ("What is the last title?", '"Open again"', [10]),
        ("What is written at 0:07?", '"Closed on Monday"', [5]),
        ("What text is on screen between 0:00 and 0:04?", '"Harbour market"', [0]),
        ("What does the sign say at the end?", '"Open again"', [10]),
        ("What does the sign say in the first five seconds?", '"Harbour market"', [0]),
        ("What is written on the tenth slide?", "nothing that could be read", []),
        ("Which slide mentions the market?", 'slide 1: "Harbour market"', [0]),
        ('On which slide is "Monday" shown?', 'slide 2: "Closed on Monday"', [5]),
        ("Which title says closed?", 'slide 2: "Closed on Monday"', [5]),
        ('In which shot is "Monday" shown?', "shot 2", [5]),
        ('Is "Monday" written in the first shot?', "no", []),
        ("Is anything written at the end?", "yes", [10]),
        ('How often is "o" written?', "3", [0, 5, 10]),
    ],
)
def test_a_part_of_the_video(question, answer, starts_s):
    """Times, spans, shots and the numbers of slides bound what is cited."""
    said = ask(reading("Harbour market o", "Closed on Monday o", "Open again o"), question)
    assert said.text.replace(' o"', '"') == answer
    assert [span.start_s for span in said.evidence] == starts_s


@pytest.mark.parametrize(
    ("question", "answer", "where"),
    [
        ("What is written?", '"Harbour market", "Closed on Monday"', [("a.mp4", 0), ("b.mp4", 0)]),
        ("What is written in the second video?", '"Closed on Monday"', [("b.mp4", 0)]),
        ('In which video is "monday" written?', "b.mp4", [("b.mp4", 0)]),
        ("Which video shows a sign that says harbour?", "a.mp4", [("a.mp4", 0)]),
        ('Is "Monday" written in any video?', "yes", [("b.mp4", 0)]),
        ('Is "Monday" written in every video?', "no", [("b.mp4", 0)]),
        ("Does any sign say open?", "no", []),
        ("When does the sign say closed?", "b.mp4 00:00:00.000 - 00:00:03.000", [("b.mp4", 0)]),
    ],
)
def test_several_videos(question, answer, where):
    """Of several videos together, as of the library, what is written is cited with the video it stands in."""
    host = reading(**{"a.mp4": ["Harbour market"], "b.mp4": ["Closed on Monday"]})
    video, other = host.video("a.mp4"), host.video("b.mp4")
    said = host.run("answer", atom.Question(video=video, text=question, others=(other,)))
    assert said.text == answer
    assert [(clip.video.path.name, clip.start_s) for clip in said.evidence] == where
    assert host.encoder.encoded == []


def test_a_slide_of_which_nothing_is_read():
    """What a slide shows may be no words: then the pictures are asked."""
    host = reading("Harbour market")
    assert not ask(host, "Which slide shows a red circle?").text.startswith(("slide", "nothing that could be read"))


def test_when_and_whether_it_is_written():
    """By the very words, whatever their case."""
    host = reading("Harbour market", "Closed on Monday")
    assert ask(host, 'When is "closed on monday" shown?').text == "00:00:05.000 - 00:00:08.000"
    assert ask(host, 'Is there a sign that says "harbour"?').text == "yes"
    assert ask(host, 'Is "open" written anywhere?').text == "no"


def test_where_nothing_is_read():
    """It is said so, for the model would make something up."""
    assert ask(reading(), "What does the sign say?").text == "nothing that could be read"


@pytest.mark.parametrize(
    "question", ["What does the man say?", "What happens first?", "What is on the table?", "Is there a sign?"]
)
def test_other_questions_are_not_taken(question):
    """Those about what is said or shown go their way."""
    assert asked_of_writing(question) is None


def test_without_reading():
    """With read off, or without a plugin that reads, the pictures are asked."""
    host = reading("Harbour market")
    assert ask(host, "What does the sign say?", read=False).text != '"Harbour market"'
    plain = FakeHost(atom_captioning, atom_reasoning, shows={"a.mp4": ["a", "b"]})
    assert ask(plain, "What does the sign say?").text != "nothing that could be read"
    assert plain.encoder.encoded


@pytest.mark.parametrize("title", HOSTILE_WORDS)
def test_titles_stay_quotations(title):
    """Whatever stands there: one answer on one line, in one pair of quotation marks."""
    said = run_command(reading(title), "ask", "a.mp4", "What does the title say?")
    [value] = said.values
    assert value["answer"].count('"') == 2
    assert said.failures == []
    assert len(said.texts[0].split("\n")) == 3
