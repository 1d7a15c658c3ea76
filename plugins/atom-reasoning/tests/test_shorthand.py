"""Short forms, uncommon sentences and words around the name of a thing are read as what they stand for."""

import pytest
from atom_reasoning.english.shorthand import written_out
from atom_reasoning.reading.conditions import aside
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.record import Kind
from atom_reasoning.reading.sentences import readings_of
from attrs import evolve


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("shots w/ a dog", "shots with a dog"),
        ("scenes w/o dogs", "scenes without dogs"),
        ("a dog + a cat", "a dog and a cat"),
        ("at what sec", "at what second"),
        ("w.mp4 and r.mp4", "w.mp4 and r.mp4"),
        ("does one see a dog", "do you see a dog"),
        ("which one sees the dog", "which one sees the dog"),
        ("has the video a dog", "does the video have a dog"),
        ("is a dog to be seen", "is a dog shown"),
        ("is it possible to see a dog", "is it possible to see a dog"),
        ("what is there to see in it", "what is there to see in it"),
        ("in which shot appears the dog", "in which shot does the dog appear"),
        ("is a dog in none of the shots", "is a dog never"),
    ],
)
def test_written_out(text, plain):
    """A short form is its word, a sentence that is uncommon in English a common one; names of files stay."""
    assert written_out(text) == plain


@pytest.mark.parametrize(
    ("text", "as_plain"),
    [
        ("how many scenes w/ a dog", "How many scenes show a dog?"),
        ("What does one see first, the dog or the cat?", "Which comes first, the dog or the cat?"),
        ("Which thing is shown as first, the dog or the cat?", "Which comes first, the dog or the cat?"),
        ("Which animal is introduced first, the dog or the cat?", "Which comes first, the dog or the cat?"),
        ("Out of all the shots, how many contain a dog?", "How many shots show a dog?"),
        ("How many of the scenes have a dog in them?", "How many scenes show a dog?"),
        ("During which part of the video does the dog appear?", "When does the dog appear?"),
        ("Where in the video is the dog, by shot number?", "In which shot is the dog?"),
        ("Is a dog absent from all shots?", "Is there no dog?"),
        ("Is there at least one dog in every shot?", "Is there a dog in every shot?"),
        ("How long is the shot with the dog?", "How long is the dog shown?"),
        ("How much time does the dog spend on screen?", "How long is the dog shown?"),
        ("Besides a dog, is there also a cat?", "Is there a cat and a dog?"),
        ("no dogs at all right?", "Is there no dog?"),
        ("4s to 8s what goes on", "What happens between 0:04 and 0:08?"),
        ("what was shown 4 seconds after the video began", "What was shown at 0:04?"),
        ("what happens first to last", "What happens, in order?"),
        ("In which sequence are the things shown?", "In which order are the things shown?"),
        ("what passes in the scene number 3", "What happens in shot 3?"),
        ("What do they show first, the dog or the cat?", "Which comes first, the dog or the cat?"),
        ("Of these two, which is shown first: a dog or the cat?", "Which comes first, the dog or the cat?"),
        ("If I count every shot, how many do I get?", "How many shots are there?"),
        ("How many scenes were filmed?", "How many shots are there?"),
        ("How many of the scenes are ones in which a dog appears?", "How many shots show a dog?"),
        ("If all shots are taken together, how many dogs are there?", "How many dogs are there?"),
        ("Regarding shot 5: what is the colour of the dog?", "What is the colour of the dog in shot 5?"),
        ("What would I see if I watched only shot 3?", "What would I see in shot 3?"),
        ("What shot would I have to look at to see a dog?", "Which shot shows a dog?"),
        ("Describe what we see from the first shot to the last.", "Describe what we see, in order."),
        ("Whichever shot I look at, is there a dog?", "Is there a dog in every shot?"),
        ("all shots with a dog?", "Is there a dog in every shot?"),
        ("Do I understand correctly that there are no dogs?", "Are there no dogs?"),
        ("there is no dog right", "Is there no dog?"),
        ("Is the dog one of the things shown?", "Is the dog shown?"),
        ("Is the dog in the same shot as the cat?", "Are the dog and the cat in the same shot?"),
        ("Does one of the shots show a dog?", "Is there a dog?"),
        ("In which shot is a dog to see?", "In which shot is a dog shown?"),
        ("What is shown first of both, the dog or the cat?", "Which comes first, the dog or the cat?"),
        ("Give the start time of the dog.", "When is the dog shown?"),
        ("What is the shot after the dog about?", "What happens after the dog?"),
        ("What follows upon the dog?", "What happens after the dog?"),
        ("What is the colour of shot 5's dog?", "What is the colour of the dog in shot 5?"),
        ("Tell me what happens, one shot at a time.", "What happens, in order?"),
        ("Which of these two has got a dog?", "Which of the videos has a dog?"),
        ("what goes on in the third one", "What happens in the third shot?"),
    ],
)  # fmt: skip
def test_read_as(text, as_plain):
    """Two wordings of one question ask for the same."""

    def asked(one):
        found = read(one)
        things = sorted((wanted.subject.removesuffix("s"), wanted.predicate) for wanted in found.conditions)
        return found.kind, found.counted, found.negated, found.scope, things

    own, plain = asked(text), asked(as_plain)
    if own[0] is Kind.COUNT:
        own = (*own[:3], evolve(own[3], every=False), own[4])
    assert own == plain


def test_words_before_a_name():
    """What stands before an article that no preposition leads to is no part of a name."""
    assert aside("sign of a dog") == "sign of "
    assert aside("among the red dog") == "among "
    assert [aside(name) for name in ("dog", "dog with a hat", "man behind the tree")] == ["", "", ""]
    assert [one.subject for one in read("Is there any sign of a red dog?").conditions] == ["red dog"]


def test_what_leads_to_a_question_is_kept_where_it_says_something():
    """A part of the video, an order or a thing before the question is no mere beginning of it."""
    assert read("In the second shot, what happens?").scope.shots == (2,)
    assert read("After the dog, what is shown?").scope.event.subject == "dog"
    assert len(read("The dog or the cat, which comes first?").conditions) == 2


def test_how_many_asks_for_a_number():
    """How a question begins bounds the kinds of its answer, whatever else it says."""
    assert read("How many scenes are put one after another in order?").kind is Kind.COUNT


def test_that_is_what_was_said():
    """ "After that" is after what the sentence before is about."""
    (found,) = readings_of("The dog barks. What happens after that?")
    assert (found.scope.relation, found.scope.event.subject) == ("after", "dog")
