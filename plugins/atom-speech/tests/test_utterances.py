"""Utterances end with sentences and pauses; subtitles can be read."""

import itertools

import pytest
from atom_speech.engine import Heard
from atom_speech.formats import FORMATS
from atom_speech.utterances import Word, utterances
from atom_speech.windows import placed, stretches, windows
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

import atom_core as atom
from atom_core.media.timelines.cues import LINE_LETTERS, LINES, LONGEST_S, cues
from atom_core.testing.fakes import fake_video


def words(text, *, pauses=(), start_s=1.0, language="en"):
    """Words of 0.3 s each, 0.05 s apart, with a pause of 1 s before those of `pauses`."""
    made, at_s = [], start_s
    for number, word in enumerate(text.split()):
        at_s += 1.0 if number in pauses else 0.05
        made.append(Word(Heard(word, at_s, at_s + 0.3, 0.8), language))
        at_s += 0.3
    return made


def test_sentences_and_pauses():
    """A sentence is an utterance; so is what stands between pauses. A title does not end a sentence."""
    said = utterances(words("Hello there. Mr. Smith is here but not for long", pauses=(6,)), 2)
    assert [one.text for one in said] == ["Hello there.", "Mr. Smith is here", "but not for long"]
    assert {one.track for one in said} == {2}
    assert [word.text for word in said[1].words] == ["Mr.", "Smith", "is", "here"]


def test_languages_apart():
    """What is said in two languages is two utterances; languages without spaces are written without."""
    said = utterances([*words("so it is"), *words("と 思い ます", start_s=3.0, language="ja")], 1)
    assert [(one.text, one.language) for one in said] == [("so it is", "en"), ("と思います", "ja")]


def test_long_ones_are_parted():
    """A minute without a full stop is several utterances, none longer than 15 s, with all words."""
    text = " ".join(f"word{number}{',' if number % 9 == 8 else ''}" for number in range(180))
    said = utterances(words(text), 1)
    assert len(said) > 3
    assert max(one.duration_s for one in said) <= 15.0
    assert " ".join(one.text for one in said) == text


def test_none():
    """Nothing said is nothing written."""
    assert utterances([], 1) == []
    for _, write in FORMATS.values():
        assert "Utterance" not in write(fake_video(), [])


@limits(deadline=None)  # the machine may be busy
@given(
    st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.02, 1.5), st.text("abcdefgh.,?", min_size=1, max_size=14))),
)
def test_subtitles_can_be_read(parts):
    """Two lines at most, none longer than 42 letters, none over the next, every word once, in order."""
    at_s, heard = 0.0, []
    for pause_s, length_s, text in parts:
        heard.append(Word(Heard(text, at_s + pause_s, at_s + pause_s + length_s, 0.5), "en"))
        at_s += pause_s + length_s
    made = cues(utterances(heard, 1))
    for start_s, end_s, text in made:
        lines = text.split("\n")
        assert len(lines) <= LINES
        assert max(len(line) for line in lines) <= LINE_LETTERS
        assert start_s <= end_s <= start_s + LONGEST_S + 1.5
    assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(made))
    assert [word for _, _, text in made for word in text.split()] == [text for *_, text in parts]


@limits(deadline=None)  # the machine may be busy
@given(
    st.lists(st.tuples(st.floats(0.01, 3.0), st.floats(0.1, 20.0)), max_size=12),
    st.lists(st.tuples(st.floats(0.0, 28.0), st.floats(0.0, 3.0)), max_size=12),
)
def test_words_stay_in_their_stretch(spans, heard):
    """Whatever an engine says: words lie within speech and its surroundings, in turn, none over another."""
    at_s, speech = 0.0, []
    for pause_s, length_s in spans:
        speech.append((at_s + pause_s, at_s + pause_s + length_s))
        at_s += pause_s + length_s
    found = stretches(speech, at_s + 0.2)
    assert all(one.end_s <= other.start_s + 1e-9 for one, other in itertools.pairwise(found))
    for window in windows(found):
        said = [Heard("a", start_s, start_s + length_s, 0.5) for start_s, length_s in sorted(heard)]
        made = placed(said, window)
        for word in made:
            assert window[0].start_s - 1e-6 <= word.start_s <= word.end_s <= window[-1].end_s + 1e-6
        for one, other in itertools.pairwise(made):
            assert one.end_s <= other.start_s + 1e-9


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_words(name):
    """Times, markup and signs for terminals that somebody got a model to write are text in every format."""
    hostile = "<script>alert(1)</script>\x1b[2J 00:00:01,000 --> 00:00:02,000\n\n99"
    said = [
        atom.Utterance(
            start_s=1.0, end_s=2.0, text=hostile, words=[atom.SpokenWord(text=hostile, start_s=1.0, end_s=2.0)]
        )
    ]
    text = FORMATS[name][1](fake_video(), said)
    assert "\x1b" not in text
    if name in ("srt", "vtt"):
        assert text.count("-->") == 1
        assert "<script>" not in text
    if name in ("text", "words"):
        assert len(text.splitlines()) == 1
