"""Answers and their evidence."""

import argparse
import subprocess
import sys

import atom_captioning
import atom_reasoning
import pytest
from atom_reasoning.command import AskCommand
from atom_reasoning.wording import Kind, is_absence, is_beside, is_offered, is_presence, is_refusal, key_of, kind_of

import atom_core as atom
from atom_core.testing.commands import FakeContext, run_command
from atom_core.testing.fakes import FakeDecoder, FakeHost

SHOTS = ["a red circle moves left", "a red circle grows", "a blue square still", "a red circle blinks"]


def spans(answer):
    return [(span.start_s, span.end_s) for span in answer.evidence]


def ask(question, replies, shots=SHOTS, **more):
    """The answer over one video whose shots reply as `replies` says."""
    decoder = FakeDecoder(lambda prompt, shown: replies.get(shown or prompt, "not shown"))
    host = FakeHost(atom_reasoning, shows={"a.mp4": shots}, decoder=decoder, **more)
    return host.run("answer", atom.Question(video=host.video("a.mp4"), text=question)), host


def test_one_clip_is_asked_verbatim():
    """The decoder gets the question as it is; the clip is the evidence."""
    answer, host = ask("Is it red?", {"a dog": "no"}, shots=["a dog"])
    assert host.decoder.prompts == ["Is it red?"]
    assert (answer.text, spans(answer), answer.confidence) == ("no", [(0, 5)], pytest.approx(0.9))
    assert answer.provenance.prompt == "Is it red?"


def test_nothing_shown_has_no_evidence():
    """If every clip refuses, the answer is `not shown`, for one clip and for many."""
    for shots in (["a dog"], SHOTS):
        answer, _ = ask("What colour is the star?", {"a dog": "It is not visible."}, shots=shots)
        assert (answer.text, answer.evidence) == ("not shown", ())


def test_a_count_without_a_number_is_no_answer():
    """Where the decoder, reading the captions, tells a story instead of a number, the clips are asked."""
    replies = {"a dog": "one", "two dogs": "two", "a red cat": "two"}
    host = FakeHost(
        atom_reasoning,
        atom_captioning,
        shows={"a.mp4": list(replies)},
        decoder=FakeDecoder(lambda prompt, shown: replies[shown] if shown else "a dog, then a cat"),
    )
    question = atom.Question(video=host.video("a.mp4"), text="How many animals are there in total?")
    assert host.run("answer", question).text == "two"


def test_a_choice_is_answered_by_what_it_offers():
    """Clips that name neither of two things do not answer which of them comes first; if all do so, they answer."""
    replies = {"a dog": "the star", "two dogs": "the red moon", "a cat": "the orange cross"}
    question = "Does the orange cross or the red moon come first?"
    answer, _ = ask(question, replies, list(replies))
    assert (answer.text, spans(answer)) == ("the red moon", [(5, 10)])
    assert ask(question, {"a dog": "the star"}, list(replies))[0].text == "the star"


@pytest.mark.parametrize(
    ("question", "text", "span"),
    [
        ("Which comes first, the blue square or a red circle?", "a red circle", (0, 5)),
        ("Which is last: the blue square, or the green dog?", "the green dog", (10, 15)),
        ("Which comes first, the star or the green dog?", "the dog", (5, 10)),
        ("Which comes first, the dog or the blue square?", "the dog", (5, 10)),
    ],
)
def test_two_things_in_different_clips(question, text, span):
    """The captions tell which comes first or last, where they name both in different clips; else the clips do."""
    shots = ["the red circle moves", "a blue square and a dog", "a green dog"]
    replies = {shots[0]: "the moon", shots[1]: "the dog", shots[2]: "the moon"}
    host = FakeHost(
        atom_reasoning,
        atom_captioning,
        shows={"a.mp4": shots},
        decoder=FakeDecoder(lambda prompt, shown: shown if prompt.startswith("Describe") else replies[shown]),
    )
    answer = host.run("answer", atom.Question(video=host.video("a.mp4"), text=question))
    assert (answer.text, spans(answer)) == (text, [span])


@pytest.mark.parametrize(
    ("question", "reply", "offered"),
    [
        ("Is it a red moon, or an orange cross?", "An orange cross.", True),
        ("Is it a red moon or an orange cross?", "oran", False),
        ("Is it a red moon?", "a red moon", False),
    ],
)
def test_what_a_question_offers(question, reply, offered):
    """Whole words, without their articles; only of questions that offer something."""
    assert is_offered(question, reply) is offered


@pytest.mark.parametrize(
    ("question", "reply", "beside"),
    [
        ("How many dogs are there?", "a dog runs", True),
        ("How many dogs are there?", "There are 12 of them", False),
        ("How often does it blink?", "Twice.", False),
        ("How many dogs are there?", "none", False),
        ("What does the dog do?", "it runs", False),
    ],
)
def test_a_reply_beside_the_question(question, reply, beside):
    """Only questions for a number need one."""
    assert is_beside(question, reply) is beside


def test_equal_answers_merge_and_adjacent_evidence_too():
    """Case and articles do not divide an answer; its clips are the evidence, neighbours as one span, best first."""
    replies = {SHOTS[0]: "Red.", SHOTS[1]: "the red", SHOTS[3]: "red"}
    answer, _ = ask("What colour is it when it blinks?", replies)
    assert answer.text == "red"
    assert spans(answer) == [(15, 20), (0, 10)]


def test_clips_like_the_question_count_more():
    """One clip that is about the question outweighs two that are not."""
    replies = {SHOTS[0]: "green", SHOTS[1]: "green", SHOTS[2]: "blue"}
    answer, _ = ask("What colour is the square, still", replies)
    assert (answer.text, spans(answer)) == ("blue", [(10, 15)])


def test_confidence_counts():
    """Between clips equally like the question, the surer reply wins."""
    sure = {"a cat": atom.Generated("black", logprob=-0.1, num_tokens=1), "a dog": "white"}
    decoder = FakeDecoder(lambda prompt, shown: sure[shown], confidence=0.4)
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog", "a cat"]}, decoder=decoder)
    answer = host.run("answer", atom.Question(video=host.video("a.mp4"), text="What colour?"))
    assert (answer.text, spans(answer)) == ("black", [(5, 10)])


def test_existence_in_one_clip_is_existence():
    """One clip that shows it outweighs all that do not; if none does, the answer is no, without evidence."""
    no = dict.fromkeys(SHOTS, "no")
    answer, _ = ask("Is there a blue square?", {**no, SHOTS[2]: "Yes, there is."})
    assert (answer.text, spans(answer)) == ("yes", [(10, 15)])
    answer, _ = ask("Is there a green star?", no)
    assert (answer.text, answer.evidence) == ("no", ())


@pytest.mark.parametrize(
    ("question", "presence"),
    [
        ("Is there a dog?", True),
        ("Can you see any people in it?", True),
        ("Does the clip show a red square?", True),
        ("Is a dog visible?", True),
        ("Is there a dog or a cat?", False),
        ("Can you see what he holds?", False),
        ("Is there a dog, and how large is it?", False),
        ("Is the dog large?", False),
        ("What is there?", False),
    ],
)
def test_whether_something_is_there(question, presence):
    """Questions that yes and no answer wholly are asked by which of the two is likelier, all others by free text."""
    assert is_presence(question) is presence
    answer, _ = ask(question, {"a dog": "yes, a large dog"}, shots=["a dog"])
    assert answer.text == ("yes" if presence else "yes, a large dog")


def test_a_model_is_asked_in_its_own_words():
    """Where a decoder knows a wording for questions, that is what it is asked, and what the answer came from."""
    decoder = FakeDecoder({"answer en What is it?": "a dog"})
    decoder.wordings = {"answer": "answer en {question}"}
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["x"]}, decoder=decoder)
    answer = host.run("answer", atom.Question(video=host.video("a.mp4"), text="What is it?"))
    assert (answer.text, answer.question, answer.provenance.prompt) == ("a dog", "What is it?", "answer en What is it?")


def test_answers_that_were_cut_are_whole_and_told():
    """At the limit an answer ends with its last whole clause; record, JSON and a remark say so."""
    told = "it goes up while the moon goes down"
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"]}, decoder=FakeDecoder({"What is it?": told}))
    said = run_command(host, "ask", "a.mp4", "What is it?", "--max-new-tokens", "5")
    assert [(value["answer"], value["truncated"]) for value in said.values] == [("it goes up", True)]
    assert "'What is it?' ran into the limit of tokens" in said.notes[0]
    said = run_command(host, "ask", "a.mp4", "What is it?")
    assert [(value["answer"], value["truncated"]) for value in said.values] == [(told, False)]
    assert said.notes == []


def test_no_can_be_an_answer():
    """A clip that says no to something it shows is evidence."""
    answer, _ = ask("Does the square move?", {SHOTS[2]: "no"})
    assert (answer.text, spans(answer)) == ("no", [(10, 15)])


def test_first_and_last_are_by_place():
    """The earliest or latest clip that does not refuse answers."""
    replies = {SHOTS[1]: "it grows", SHOTS[3]: "it blinks"}
    first, _ = ask("What happens first?", replies)
    assert (first.text, spans(first)) == ("it grows", [(5, 10)])
    last, _ = ask("What happens at the end?", replies)
    assert (last.text, spans(last)) == ("it blinks", [(15, 20)])


class Caption:
    """The task ``caption``, as another plugin would give it."""

    consumes, produces = atom.Clip, atom.Caption

    def run(self, clip, *, encoder):
        return atom.Caption(clip=clip, text=encoder.encode(clip).layout["shows"] + ".")


class Summarize:
    """The task ``summarize``, as another plugin would give it."""

    consumes, produces = tuple[atom.Caption, ...], atom.Caption

    def run(self, captions):
        return atom.Caption(clip=captions[0].clip, text=f"{len(captions)} shots")


def test_the_course_of_the_video_is_read_from_captions():
    """Summaries, order and relations between shots come from the captions; the number of shots is counted."""
    more = {"tasks": {"caption": Caption(), "summarize": Summarize()}}
    summary, _ = ask("Summarize the video.", {}, **more)
    assert (summary.text, spans(summary)) == ("4 shots", [(0, 20)])
    order, _ = ask("What happens, in order?", {}, shots=["a dog", "a cat"], **more)
    assert order.text == "a dog, then a cat"
    question = "What happens after the dog?"
    prompt = f"These are the shots of a video, in order:\n1. a dog.\n2. a cat.\n{question}"
    read, _ = ask(question, {prompt: "a cat"}, shots=["a dog", "a cat"], **more)
    assert (read.text, read.provenance.prompt) == ("a cat", prompt)
    asked, _ = ask(question, {"a dog": "it runs"}, shots=["a dog", "a cat"], **more)
    assert (asked.text, spans(asked)) == ("it runs", [(0, 5)])
    shots, _ = ask("How many shots are there?", {})
    assert shots.text == "4"


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What colour is the circle?", Kind.CLIP),
        ("How many circles are there?", Kind.CLIP),
        ("What happens in this video?", Kind.SUMMARY),
        ("What is the video about?", Kind.SUMMARY),
        ("In what order do they come?", Kind.ORDER),
        ("What comes last?", Kind.LAST),
        ("Who is at the very end?", Kind.LAST),
        ("How many scenes does it have?", Kind.SHOTS),
        ("How many dogs are there in total?", Kind.READ),
        ("What did she do before that?", Kind.READ),
    ],
)
def test_kinds_of_questions(question, kind):
    """What is asked about the course of the video is told from what is asked about something in it."""
    assert kind_of(question) is kind


@pytest.mark.parametrize(
    "reply", ["", "not shown", "Unanswerable.", "I don't know", "This cannot be determined", "N/A", "the not shown"]
)
def test_refusals(reply):
    """Ways of saying that the clip does not tell."""
    assert is_refusal(reply)
    assert not is_refusal("a knot shown on a rope")


def test_keys_and_absences():
    """Number words are numbers; a yes is a yes; absence depends on the question."""
    assert key_of("How many?", "Two") == key_of("How many?", "2")
    assert key_of("Is it red?", "Yes, it is red.") == key_of("Is it red?", "yes")
    assert key_of("What?", "yes, a dog") != key_of("What?", "yes")
    assert is_absence("How many dogs?", "None.")
    assert is_absence("Can you see a dog?", "no")
    assert is_absence("What is behind it?", "There is no such thing")
    assert not is_absence("Does it turn?", "No")


def test_command_answers_each_question():
    """One value per question with answer and evidence; a blank question fails alone."""
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"]}, decoder=FakeDecoder({"What is it?": "a dog"}))
    said = run_command(host, "ask", "a.mp4", "What is it?", " ", "What else?")
    assert [(v["question"], v["answer"], v["evidence"]) for v in said.values] == [
        ("What is it?", "a dog", [{"start_s": 0.0, "end_s": 5.0}]),
        ("What else?", "not shown", []),
    ]
    assert said.texts[0] == "What is it?\n  a dog\n  00:00:00.000 - 00:00:05.000"
    assert len(said.failures) == 1


def test_a_question_without_quotes_is_one():
    """Its words are joined, which is told; several questions of one word are several."""
    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"]})
    said = run_command(host, "ask", "a.mp4", "What", "happens", "first?")
    assert [value["question"] for value in said.values] == ["What happens first?"]
    assert said.notes == ["taken for one question, 'What happens first?'; put each in quotes to ask several"]
    for several in (["Who?", "Why?"], ["What is it?", "Why?"]):
        said = run_command(host, "ask", "a.mp4", *several)
        assert [value["question"] for value in said.values] == several


def test_command_says_which_video_of_a_folder_it_speaks_of():
    """The answers about several videos each begin with theirs; those about one do not."""

    class Folder(FakeContext):
        def videos(self, paths):
            assert paths == ["films"]
            return FakeContext.videos(self, ["a.mp4", "b.mp4"])

    host = FakeHost(atom_reasoning, shows={"a.mp4": ["a dog"], "b.mp4": ["a cat"]})
    context = Folder(args=argparse.Namespace(video="films", questions=["What is it?"]), fake_host=host)
    AskCommand().run(context)
    assert [text.splitlines()[0] for text in context.texts] == ["a.mp4: What is it?", "b.mp4: What is it?"]


def test_command_reports_a_missing_video():
    """A video that is not there is named, and nothing is answered."""
    said = run_command(FakeHost(atom_reasoning), "ask", "a.mp4", "What is it?")
    assert said.failures[0][0] == "a.mp4"
    assert said.values == []


def test_plugin_is_light():
    """Importing the plugin loads nothing heavy."""
    code = "import sys, atom_reasoning as _; print({'torch', 'numpy', 'chromadb'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
