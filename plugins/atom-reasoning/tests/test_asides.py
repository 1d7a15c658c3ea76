"""What people say around a question is no part of it, and sentences of one form are read whatever their verb."""

import pytest
from atom_reasoning.english.asides import without_asides
from atom_reasoning.english.clauses import clauses, fit, wanted
from atom_reasoning.english.sentences import in_common_form, in_present
from atom_reasoning.reading.reader import read, readings_of
from atom_reasoning.reading.record import Kind
from attrs import evolve


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("My dear, how many dogs are there?", "how many dogs are there?"),
        ("My dear, might I ask how many dogs there are?", "how many dogs there are?"),
        ("Excuse me, I would like to know when we see a dog.", "when we see a dog."),
        ("Might I ask how many dogs there are?", "how many dogs there are?"),
        ("I cannot remember which came last, the dog or the cat.", "which came last, the dog or the cat."),
        ("Would you mind counting the dogs?", "count the dogs?"),
        ("Be so good as to describe the dog.", "describe the dog."),
        ("I'd be grateful if you could list the dogs", "list the dogs"),
        ("How long, all in all, is the film?", "How long is the film?"),
        ("I am looking for a dog. When does it run?", "When does a dog run?"),
        ("We need the shot with a dog; which one is it?", "which is the shot with a dog?"),
        ("Where is a dog? Give me the time.", "when is a dog"),
        ("The dog: when does it run?", "when does The dog run?"),
        ("I think there is a dog. Is that right?", "is it true that there is a dog?"),
        ("The dog runs, is that right?", "The dog runs, is that right?"),
        ("Dogs, how many are there?", "Dogs, how many are there?"),
        ("How many dogs are there?", "How many dogs are there?"),
    ],
)
def test_without_asides(text, left):
    """Whom one addresses and what one would like to know is left out; what is asked about stays."""
    assert without_asides(text) == left


@pytest.mark.parametrize(
    ("text", "as_plain"),
    [
        ("How many shots portray a dog?", "How many shots show a dog?"),
        ("Which scene boasts the dog?", "Which scene shows the dog?"),
        ("how many scenes did a dog get into", "How many scenes show a dog?"),
        ("How many dogs appear across the edit?", "How many dogs are there?"),
        ("How many shots does the montage have?", "How many shots are there?"),
        ("How long does the dog linger on screen?", "How long is the dog shown?"),
        ("Was there a scene that did not show a dog?", "Is there a scene that does not show a dog?"),
        ("is the dog in shot 4 black or white or what colour", "What colour is the dog in shot 4?"),
        ("Transcribe the second shot.", "Describe the second shot."),
        ("What do we switch to after the dog?", "What happens after the dog?"),
        ("What's the scene right before the dog?", "What happens before the dog?"),
        ("I slept between 0:04 and 0:08. What did I miss?", "What happens between 0:04 and 0:08?"),
        ("Find the shot with the dog and give me its number.", "Which shot has the dog?"),
        ("Can you confirm that no dog appears?", "Is there no dog?"),
        ("No. of dogs?", "How many dogs are there?"),
        ("which shot no. has a dog", "Which shot has a dog?"),
        ("A dog between 0:02 and 0:04, yes or no?", "Is there a dog between 0:02 and 0:04?"),
        ("A dog and a cat in same shot?", "Are a dog and a cat in the same shot?"),
        ("tell me everything that is running", "Which things are running?"),
        ("Look at the dog in the second shot. What colour is it?", "What colour is the dog in the second shot?"),
    ],
)
def test_sentences_of_one_form(text, as_plain):
    """A question is read as the plain one is, whatever its verb says, in the past as in the present."""
    (found,), plain = readings_of(text), read(as_plain)
    same = {"text": "", "clip_question": "", "sure": True, "trust": 1.0}
    assert evolve(found, **same) == evolve(plain, **same)


def test_what_a_shot_does_not_show_is_no_showing():
    """What follows a thing, or lacks it, is not what shows it."""
    assert in_common_form("which shot follows the dog") == "which shot follows the dog"
    assert in_common_form("how many shots lack the dog") == "how many shots lack the dog"
    assert in_present("what is followed by the dog") == "what is followed by the dog"


def test_the_name_of_a_thing_is_not_what_it_does():
    """ "A circle shrinks" shows nothing that circles; "which things are circles?" asks for what they are."""
    (clause,) = clauses("a yellow circle shrinks")
    assert fit(clause, wanted("", "circling")) < 1
    assert fit(clause, wanted("circle", "")) == 1
    assert read("Which things are circles?").conditions[0].subject == "circle"


def test_several_questions_stay_several():
    """A sentence that is itself a question is no aside."""
    first, second = readings_of("Is there a dog, and when does it run?")
    assert (first.kind, second.kind) == (Kind.YES_NO, Kind.WHEN)
