"""``atom ask``."""

import argparse
import subprocess
import sys

import atom_captioning
import atom_reasoning
import numpy as np
import pytest
from atom_reasoning.command import AskCommand, _no_question, as_text

import atom_core as atom
from atom_core.testing.commands import FakeContext, run_command
from atom_core.testing.fakes import FakeDecoder, FakeHost

from .conftest import Seeing


def test_command_answers_each_question():
    """One value per question with answer and evidence; a blank question fails alone."""
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"]}, decoder=FakeDecoder({"What is it?": "a dog"}))
    said = run_command(host, "ask", "a.mp4", "What is it?", " ", "Why so?")
    assert [(v["question"], v["answer"], v["evidence"]) for v in said.values] == [
        ("What is it?", "a dog", [{"start_s": 0.0, "end_s": 5.0}]),
        ("Why so?", "not shown", []),
    ]
    assert said.texts[0] == "What is it?\n  a dog\n  00:00:00.000 - 00:00:05.000"
    assert len(said.failures) == 1


def test_a_question_without_quotes_is_one():
    """Its words are joined, which is told; several questions of one word are several."""
    host = FakeHost(atom_reasoning, atom_captioning, shows={"a.mp4": ["a dog"]})
    said = run_command(host, "ask", "a.mp4", "What", "happens", "first?")
    assert [value["question"] for value in said.values] == ["What happens first?"]
    assert said.notes == ["taken for one question, 'What happens first?'; put each in quotes to ask several"]
    for several in (["Who?", "Why?"], ["What is it?", "Why?"]):
        said = run_command(host, "ask", "a.mp4", *several)
        assert [value["question"] for value in said.values] == several


def test_a_question_taken_for_the_library_is_told():
    """`--library` takes a folder; where a question follows it, one line says how the library is asked."""
    assert "`atom ask --library DIR QUESTION`" in _no_question("Is there a dog?", [])
    assert _no_question("library", []) == _no_question("Is there a dog?", ["a.mp4"])


def test_a_question_that_is_not_read_is_told():
    """One line says which languages are read; German and French are."""
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"]})
    said = run_command(host, "ask", "a.mp4", "Hur många hundar finns det?", "Gibt es einen Hund?")
    assert len(said.notes) == 1
    assert "'Hur många hundar finns det?': questions are read in English" in said.notes[0]


def test_answers_that_were_cut_are_whole_and_told():
    """At the limit an answer ends with its last whole clause; record, JSON and a remark say so."""
    told = "it goes up while the moon goes down"
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"]}, decoder=FakeDecoder({"Why is it?": told}))
    said = run_command(host, "ask", "a.mp4", "Why is it?", "--max-new-tokens", "5")
    assert [(value["answer"], value["truncated"]) for value in said.values] == [("it goes up", True)]
    assert "'Why is it?' ran into the limit of tokens" in said.notes[0]


class Folder(FakeContext):
    """A command that is given a folder of two videos."""

    def videos(self, paths):
        """Both."""
        assert paths == ["films"]
        return FakeContext.videos(self, ["a.mp4", "b.mp4"])


def folder_of(*questions):
    """What is said of a folder of two videos."""
    shows = {"a.mp4": ["a dog runs"], "b.mp4": ["a cat runs"]}
    host = FakeHost(atom_reasoning, atom_captioning, shows=shows, decoder=Seeing({"Where": "there"}))
    context = Folder(args=argparse.Namespace(video="films", questions=list(questions)), fake_host=host)
    AskCommand().run(context)
    return context


def test_command_says_which_video_of_a_folder_it_speaks_of():
    """The answers about several videos each begin with theirs; a question about all of them gets one answer."""
    assert [text.splitlines()[0] for text in folder_of("Where is it?").texts] == [
        "a.mp4: Where is it?",
        "b.mp4: Where is it?",
    ]
    asked = folder_of("Which video shows a cat?")
    assert [value["answer"] for value in asked.values] == ["b.mp4"]
    assert asked.values[0]["evidence"] == [{"video": "b.mp4", "start_s": 0.0, "end_s": 5.0}]


def test_without_a_video_the_library_is_asked():
    """All videos of the library answer one question together; an empty library is said."""
    shows = {"a.mp4": ["a dog runs"], "b.mp4": ["a cat runs"]}
    host = FakeHost(atom_reasoning, atom_captioning, shows=shows, decoder=Seeing())
    with pytest.raises(atom.LibraryError, match="library is empty"):
        run_command(host, "ask", "Is there a cat?")
    for name in shows:
        clip = host.clips(host.video(name))[0]
        host.library.add([atom.Entry(clip=clip, caption="", vector=np.ones(4, np.float32))])
    said = run_command(host, "ask", "When is there a cat?")
    assert [value["answer"] for value in said.values] == ["b.mp4 0:00 to 0:05"]


def test_of_many_videos_those_are_asked_that_say_the_words(monkeypatch):
    """Of more videos than one question is asked of, one about words is asked of those in which a search for the words
    finds them; where it finds none, of some."""
    queries = []

    class Search:
        consumes, produces = atom.Query, tuple[atom.Moment, ...]

        def run(self, query):
            queries.append(query)
            found = [("b.mp4", "hb")] if "river" in query.text else []
            return tuple(
                atom.Moment(start_s=0, end_s=1, path=path, content_hash=name, caption="", score=1.0)
                for path, name in found
            )

    class Transcribe:
        consumes, produces = atom.Video, tuple[atom.Utterance, ...]

        def run(self, video):
            return (atom.Utterance(start_s=0, end_s=1, text=f"the river in {video.path.name}", confidence=0.9),)

    shows = {"a.mp4": ["a dog"], "b.mp4": ["a cat"]}
    sounds = {name: lambda times_s: times_s * 0 + 0.5 for name in shows}
    tasks = {"search": Search(), "transcribe": Transcribe()}
    host = FakeHost(atom_reasoning, atom_captioning, shows=shows, sounds=sounds, tasks=tasks)
    for name in shows:
        clip = host.clips(host.video(name))[0]
        host.library.add([atom.Entry(clip=clip, caption="", vector=np.ones(4, np.float32))])
    monkeypatch.setattr("atom_reasoning.command.MOST_VIDEOS", 1)
    said = run_command(host, "ask", "What is said about the river?", 'Does anyone say "close the window"?')
    assert [value["answer"] for value in said.values] == ['"the river in b.mp4"', "no"]
    assert [(query.text, query.channels) for query in queries] == [
        ("the river", ("speech",)),
        ('"close the window"', ("speech",)),
    ]


def test_command_reports_a_missing_video_and_a_missing_question():
    """A video that is not there is named, and nothing is answered; so is what has no question."""
    said = run_command(FakeHost(atom_reasoning), "ask", "a.mp4", "What is it?")
    assert said.failures[0][0] == "a.mp4"
    assert said.values == []
    with pytest.raises(atom.SettingsError, match="no question"):
        run_command(FakeHost(atom_reasoning), "ask", "a.mp4")


def test_a_missing_video_is_no_question():
    """What names a file that is not there is told as such, wherever it stands; a video behind its question is asked."""
    shows = {"a.mp4": ["a dog runs"]}
    said = run_command(
        FakeHost(atom_reasoning, shows=shows, decoder=Seeing()), "ask", "a.mp4", "b.mp4", "Is there a dog?"
    )
    assert [failure[0] for failure in said.failures] == ["b.mp4"]
    assert [value["question"] for value in said.values] == ["Is there a dog?"]
    said = run_command(
        FakeHost(atom_reasoning, shows=shows, decoder=Seeing()), "ask", "Is there a dog?", "a.mp4", "x/y"
    )
    assert [failure[0] for failure in said.failures] == ["x/y"]
    assert [(value["video"], value["question"]) for value in said.values] == [("a.mp4", "Is there a dog?")]


def test_plugin_is_light():
    """Importing the plugin loads nothing heavy."""
    code = "import sys, atom_reasoning as _; print({'torch', 'numpy', 'chromadb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_each_of_two_questions_has_its_own_answer(footage):
    """Answer, evidence and confidence of each are told, beside those of both together."""
    host = footage()
    said = run_command(host, "ask", "a.mp4", "Which shot shows a blue star? And how many shots are there?")
    (value,) = said.values
    assert value["answer"] == "shot 2; 4"
    first, second = value["parts"]
    assert (first["answer"], first["evidence"]) == ("shot 2", [{"start_s": 5.0, "end_s": 10.0}])
    assert (second["answer"], second["confidence"] > 0.9) == ("4", True)
    assert value["confidence"] == min(first["confidence"], second["confidence"])
    assert "How many shots are there?\n    4" in as_text(host.run("answer", asked(host, value["question"])))


def test_a_sentence_beside_a_question_asks_nothing(footage):
    """One question has no parts, whatever is said before it."""
    host = footage()
    said = run_command(host, "ask", "a.mp4", "My sister likes stars. Which shot shows a blue star?")
    assert (said.values[0]["answer"], "parts" in said.values[0]) == ("shot 2", False)


def asked(host, text):
    return atom.Question(video=host.video("a.mp4"), text=text)
