"""Whether a caption says what a line says, and lines in the words of captions."""

import pytest
from atom_assembly.evidence.judge import edited, question
from atom_assembly.evidence.meaning import read_meaning, says, says_purely, share
from atom_assembly.evidence.plain_words import plainly
from atom_assembly.evidence.rewording import Said, Vocabulary, speaks, split_clause, wordings
from atom_assembly.evidence.words import stem

from atom_core.testing.fakes import FakeDecoder

CAPTIONS = ("a red circle moves left", "a blue star blinks", "a green heart grows", "a white ring shrinks")


@pytest.mark.parametrize(
    ("caption", "line", "expected"),
    [
        ("a red star blinks", "blinking shapes", True),
        ("a red star blinks", "red stars that blink", True),
        ("a red star blinks", "a red circle", False),
        ("a red star blinks while a blue moon grows", "a blue star", False),
        ("a red star blinks while a blue moon grows", "a blue moon and a red star", True),
        ("a red star blinks while a blue moon grows", "two things at once", True),
        ("a red star blinks", "two things at once", False),
        ("a red star moves down left", "a red star moves left", False),
        ("a red star blinks", "a red or a blue star", True),
        ("A man in a red jacket rides a bicycle", "a man riding a bicycle", True),
    ],
)
def test_captions_that_say_a_line(caption, line, expected):
    """Each clause of a line is said of another thing; endings, order and filling words do not matter."""
    assert says(caption, read_meaning(line)) is expected


def test_shares_and_purity():
    """How much of a line a caption has, and whether it has nothing else."""
    meaning = read_meaning("a red star blinks")
    assert share("a red star grows", meaning) == pytest.approx(2 / 3)
    assert not says_purely("a red star blinks while a moon grows", meaning)
    assert says_purely("a red star blinks", meaning)


@pytest.mark.parametrize(
    ("words", "expected"),
    [(("blinks", "blinking", "blinked"), "blink"), (("crosses", "cross"), "cross"), (("ring", "rings"), "ring")],
)
def test_stems(words, expected):
    """Words that differ in number and tense alone have one stem."""
    assert {stem(word) for word in words} == {expected}


def speaker(sure=0.99):
    """A decoder that writes captions: it says "flickers" as "blinks", and is sure of nothing else that is strange."""

    def write(text, shown):
        said = text.rpartition("Show ")[2].rstrip(".").replace("flickers", "blinks").replace("flickering", "blinks")
        return said if not said.endswith("explodes") else "a green heart blinks and more"

    return FakeDecoder(write, confidence=sure)


def test_lines_in_the_words_of_captions():
    """What a thing does is said as captions say it, also where the line leaves open which thing it is."""
    vocabulary = Vocabulary.of(CAPTIONS)
    assert speaks(vocabulary, CAPTIONS, speaker(), "p: ")
    said = {
        line: wordings(line, vocabulary, speaker(), "p: ")
        for line in ("something that flickers", "a red heart flickering")
    }
    assert said["something that flickers"] == [(Said(thing="", does="blinks"),)]
    assert said["a red heart flickering"] == [(Said(thing="a red heart", does="blinks"),)]
    meaning = read_meaning("something that flickers", [(said["something that flickers"][0][0].words,)])
    assert [says(caption, meaning) for caption in CAPTIONS] == [False, True, False, False]


def test_a_decoder_that_is_not_sure_rewords_nothing():
    """Words that it does not know, or things that no caption has, stay as they are written."""
    vocabulary = Vocabulary.of(CAPTIONS)
    assert wordings("a red heart explodes", vocabulary, speaker(), "p: ") == []
    assert wordings("a dog flickering", vocabulary, speaker(), "p: ") == []
    assert wordings("something that flickers", vocabulary, speaker(0.5), "p: ") == []
    assert not speaks(vocabulary, CAPTIONS, FakeDecoder(), "p: ")


@pytest.mark.parametrize(
    ("does", "plain"),
    [
        ("falls", "moves down"),
        ("drifting to the left", "moves to the left"),
        ("motionless", "stays still"),
        ("eats", "eats"),
    ],
)
def test_plain_words(does, plain):
    """Choice words have plain ones, which the decoder is tried with."""
    assert plainly(does) == plain


@pytest.mark.parametrize(
    ("clause", "parts"),
    [
        ("something is circling", ("something", "circling")),
        ("a red circle that circles", ("a red circle", "circles")),
        ("circling shapes", ("shapes", "circling")),
        ("a red circle circles", ("a red circle", "circles")),
        ("red circles", ("red circles", "")),
        ("a flickering heart", ("heart", "flickering")),
        ("a heart that is growing", ("a heart", "growing")),
        ("a purple cross moves left", ("a purple cross", "moves left")),
        ("a purple ring moves left", ("a purple ring", "moves left")),
        ("a dog runs on the beach", ("a dog", "runs on the beach")),
        ("a quickly growing heart", ("heart", "quickly growing")),
    ],
)
def test_what_a_thing_is_and_what_it_does(clause, parts):
    """A word that names a thing and says what one does, "circles", is taken for what it stands for; a thing that no
    caption names is one all the same."""
    assert split_clause(clause, Vocabulary.of(CAPTIONS)) == parts


def test_what_the_decoder_is_asked():
    """Statements become questions, and a caption says one in the place of its nearest clause."""
    assert question("a red star blinks") == "Is it true that the red star blinks?"
    assert question("there is a red star") == "Is there a red star?"
    assert edited("a moon grows while a red star blinks", "a red star grows") == "a moon grows while a red star grows"
