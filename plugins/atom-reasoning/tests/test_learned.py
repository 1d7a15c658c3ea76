"""Questions read by the networks: whatever way somebody asks, what is asked and of which words."""

from __future__ import annotations

import pytest
from atom_reasoning.learned.guess import NONE, Guess, networks
from atom_reasoning.learned.readings import READINGS, reading
from atom_reasoning.learned.words import words
from atom_reasoning.reading.record import Condition, Kind, Mark, Scope
from atom_reasoning.reading.sentences import readings_of
from atom_reasoning_training import corpus
from atom_reasoning_training.__main__ import measured, save, shape_of, trained
from atom_reasoning_training.filling import TAGS, Filler


def test_words_of_a_question():
    """Clocks and ordinals are one word, "'s" is one of its own, and each says where it stands."""
    text = "What’s in the 2nd shot at 0:04, the dog's?"
    found = words(text)
    assert [one.text for one in found] == ["What", "'s", "in", "the", "2nd", "shot", "at", "0:04", ",", "the", "dog", "'s", "?"]  # fmt: skip
    assert [text[one.start : one.end] for one in found[4:8]] == ["2nd", "shot", "at", "0:04"]


@pytest.mark.parametrize(
    ("text", "kind", "subject", "predicate"),
    [
        ("Good morning. Could you kindly tell me in how many scenes of this little film a brown dog turns up?", Kind.COUNT, "brown dog", ""),
        ("okay so um the bit where the white van turns left uh what time is that at", Kind.WHEN, "white van", "turn left"),
        ("Does the customer's recording have any motorcycles in it, or am I wasting my time?", Kind.YES_NO, "motorcycles", ""),
        ("I can see the old man well enough, but what on earth is he up to?", Kind.WHAT, "old man", ""),
        ("shot numbers for anything with a goalkeeper in it, thanks", Kind.WHICH_SHOT, "goalkeeper", ""),
        ("My colleague reckons that a cat is never to be seen in here. Is that so?", Kind.YES_NO, "cat", ""),
    ],
)  # fmt: skip
def test_persons_ask_as_they_talk(text, kind, subject, predicate):
    """What stands around a question, how it is built and what it is about make no difference."""
    (found,) = readings_of(text)
    assert found.kind is kind
    assert [(one.subject, one.predicate) for one in found.conditions] == [(subject, predicate)]


def test_parts_of_a_video():
    """Numbers of shots and times say which part is meant, minutes as minutes."""
    (found,) = readings_of("I sneezed right then, so whatever was in the fourth scene, would you tell me?")
    assert (found.kind, found.scope) == (Kind.HAPPENS, Scope(shots=(4,)))
    (found,) = readings_of("would you mind telling me what there is to see from 0:04 up to 0:09")
    assert found.scope == Scope(start=Mark(value=4.0), end=Mark(value=9.0))


def test_two_things():
    """Which of two things is meant as the first follows from the words, not from their order."""
    (found,) = readings_of("My sister swears the horse only comes in after the dog. Is she right?")
    assert found.scope.relation == "after"
    assert found.conditions == (Condition(subject="horse"),)
    assert found.scope.event == Condition(subject="dog")


def test_what_is_of_no_kind():
    """Questions that ask more than the kinds know are read as before; so are those of other languages."""
    assert len(readings_of("How many stars are there, and when does the moon appear?")) == 2
    (found,) = readings_of("How many stars are there in the second shot?")
    assert (found.kind, found.scope.shots) == (Kind.COUNT, (2,))
    (found,) = readings_of("Wie viele Sterne gibt es?")
    assert found.kind is Kind.COUNT


@pytest.mark.parametrize("text", ["Is everything in order?", "Are all the colours listed?", "Is it a short summary?"])
def test_yes_or_no_is_no_list(text):
    """A question that can only be answered by yes or no is not read as one for a list, whatever its words are like."""
    assert all(found.kind in (Kind.YES_NO, Kind.WHAT) for found in readings_of(text))


def test_nothing_to_read():
    """Where there are no words, or a book of them, the network is not asked."""
    assert networks().guess("") is None
    assert networks().guess("word " * 500) is None


def test_every_kind_has_a_reading():
    """Whatever the networks may say is read, or is left to the patterns by name."""
    kinds = {one.kind for one in corpus.wordings() if one.label != "absent"}
    assert kinds - set(NONE) == set(READINGS)
    guess = networks().guess("what is the colour")
    assert guess is not None
    assert 0 < guess.probability <= 1


def test_what_is_named_too_little():
    """A question that names nothing of what its kind needs is left to the patterns."""
    assert reading(Guess(kind="when", probability=1.0, named={}, after={}), "When is that?") is None
    assert reading(Guess(kind="part", probability=1.0, named={}, after={}), "What is in that one?") is None
    assert reading(Guess(kind="other", probability=1.0, named={}, after={}), "Why is it blue?") is None


def test_persons_that_are_left_out_are_in_no_training():
    """The figures of `atom bench questions --wordings persons` are of wordings that nobody learned from."""
    blind = pytest.importorskip("atom_bench.questions.blind")
    held_out = {text for person in blind.persons() for _, text in blind.rows(person)}
    assert len(held_out) > 500
    known = {one.text for one in corpus.wordings()}
    assert sum(text in known for text in held_out) <= 0.05 * len(held_out)  # short ones that two persons thought of


def test_learning(tmp_path):
    """Networks learn what they are shown, and are the same when they are read from their file."""
    known = [one for one in corpus.wordings() if one.label in ("shots", "length") and one.person != "tables"]
    network = trained(known, shape_of(known), 0, epochs=30)
    assert "kind 100.0 %" in measured([network], known).splitlines()[0]
    save([network], tmp_path / "weights.safetensors")
    opened = type(networks()).opened(tmp_path / "weights.safetensors").guess("how long is the video")
    assert opened is not None
    assert opened.kind == "length"


def test_examples_are_tagged():
    """Each word of a wording is tagged as what stands in its slot, and none beside it."""
    (one,) = Filler(0).examples(
        [corpus.Wording(person="", label="a after b", text="Is {the_a} after {b}, {a_v}?")], untidy=False
    )
    assert one.kind == "a after b"
    assert len(one.row) == len(one.tags)
    assert set(one.tags) <= set(TAGS)
    assert one.tags[0] == "O"
    assert "A" in one.tags
    assert "B" in one.tags
