"""Questions about what is written are answered by what was read, letter for letter, with its times."""

import atom_captioning
import atom_reasoning
import pytest
from atom_reasoning.written import asked_of_writing

import atom_core as atom
from atom_core.testing.commands import run_command
from atom_core.testing.fakes import FakeHost
from atom_core.testing.speech.hostile import HOSTILE_WORDS


def reading(*lines):
    """A host that reads some lines, one every five seconds."""

    class Read:
        consumes, produces = atom.Clip, tuple[atom.WrittenText, ...]

        def run(self, clip):
            return tuple(
                atom.WrittenText(
                    text=text, start_s=5.0 * at, end_s=5.0 * at + 3, box=(0.1, 0.8, 0.9, 0.9), confidence=0.97
                )
                for at, text in enumerate(lines)
            )

    return FakeHost(atom_captioning, atom_reasoning, shows={"a.mp4": ["a", "b", "c"]}, tasks={"read": Read()})


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
