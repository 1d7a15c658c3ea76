"""Questions that have nothing to do with the footage, asked of a decoder that says yes to every word it does not know."""

import atom_captioning
import atom_reasoning
import pytest
from atom_reasoning.evidence.strange import INVENTED
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.record import Kind

import atom_core as atom
from atom_core.testing.fakes import FakeHost

from .conftest import SHOTS, Seeing

UNKNOWN = ("love", "bread", "universe", "election", "life", "capital", "telephone", "poem", "phone", "war", INVENTED)


class Agreeing(Seeing):
    """Says yes to what it does not know, and answers whatever it is asked."""

    def _score(self, parts, answer):
        if any(word in parts[1] for word in UNKNOWN):
            return -0.01 if answer == "yes" else -8.0
        return super()._score(parts, answer)


@pytest.fixture
def answer():
    host = FakeHost(
        atom_reasoning,
        atom_captioning,
        shows={"a.mp4": SHOTS},
        decoder=Agreeing({"": "a blue star"}),
    )
    return lambda text: host.run("answer", atom.Question(video=host.video("a.mp4"), text=text))


@pytest.mark.parametrize(
    "text",
    [
        "what is love?",
        "how do I bake bread?",
        "how old is the universe?",
        "what is the capital of France?",
        "when did the second world war end?",
        "which phone should I buy?",
        "who invented the telephone?",
        "write a poem about autumn",
    ],
)
def test_what_is_not_about_the_footage_is_not_shown(answer, text):
    """Things that no caption knows, and to which the decoder says yes no more than to a word that means nothing."""
    assert answer(text).text == "not shown"


def test_is_it_there_is_no_of_what_is_nowhere(answer):
    """A yes that the decoder says to an invented word, too, is none."""
    assert answer("is there life on Mars?").text == "no"


def test_a_yes_to_what_only_the_pictures_tell_counts(footage):
    """What no caption mentions is found where the decoder says no to what does not exist."""

    class Sees(Seeing):
        def _score(self, parts, answer):
            if "laptop" in parts[1]:
                return -0.01 if answer == "yes" else -9.0
            return -9.0 if answer == "yes" else -0.01

    host = footage()
    host.decoder.__class__ = Sees
    answer = host.run("answer", atom.Question(video=host.video("a.mp4"), text="Is there a laptop?"))
    assert answer.text == "yes"


@pytest.mark.parametrize("text", ["whats goin on in here", "what's the story?", "describe it like I'm five"])
def test_loose_words_for_what_happens_ask_for_a_summary(text):
    """They name no thing that the footage would have to show."""
    assert read(text).kind is Kind.SUMMARY


def test_what_else_there_is_is_all_but_that(ask):
    """ "Besides" leaves out what it names."""
    assert (
        ask("what else is there besides the circle?").text
        == "blue star, green moon, white star, yellow ring and red star"
    )
