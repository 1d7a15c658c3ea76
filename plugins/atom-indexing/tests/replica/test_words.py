"""Search texts taken apart, and captions found by their words."""

import math

import pytest
from atom_indexing.channels.terms import has_phrases, terms_of
from atom_indexing.replica.replica import Replica
from atom_indexing.replica.words import Words

import atom_core as atom

CAPTIONS = {
    "a": "A red circle moves to the left",
    "b": "Two bicycles stand beside a red door",
    "c": "一輛紅色的自行車",
    "d": "Ein Mädchen öffnet die Tür",
}


@pytest.fixture
def words(tmp_path):
    """Finds the ids of captions."""
    replica = Replica(tmp_path)
    rows = [
        (key, {"content_hash": key, "path": key, "start_s": 0, "end_s": 1, "caption": caption}, {})
        for key, caption in CAPTIONS.items()
    ]
    yield replica.rebuild("1", {}, lambda: [rows]).words
    replica.close()


def shares(words, text):
    return {key: share for key, share in zip(CAPTIONS, words.shares(terms_of(text)), strict=True) if share}


def having(words, *phrases):
    return {key for key, has in zip(CAPTIONS, words.having(phrases), strict=True) if has}


def test_a_text_is_taken_apart():
    """Phrases, beginnings of words and words that say something; quotes of word processors count too."""
    terms = terms_of('the "red door" and bicy* of \u201cTwo\u201d')
    assert terms.phrases == ("red door", "Two")
    assert terms.words == ("red", "door", "bicy*", "two")
    assert terms.text == "the red door and bicy of Two"
    assert terms_of("what is the").words == ()


@pytest.mark.parametrize("text", ['a "red door', 'a "" door', '"'])
def test_quotes_that_are_none(text):
    """One line says so."""
    with pytest.raises(atom.SettingsError, match="the quotes in"):
        terms_of(text)


def test_words_phrases_and_beginnings(words):
    """All forms of an English word, accents or none, parts of texts without spaces; rare words count for more."""
    assert shares(words, "a bicycle") == {"b": 1.0}
    assert shares(words, "bicy*") == {"b": 1.0}
    assert shares(words, "madchen") == {"d": 1.0}
    assert shares(words, "自行車") == {"c": 1.0}
    found = shares(words, "red circle")
    assert found["a"] == pytest.approx(1)
    red, circle = math.log(1 + 2.5 / 2.5), math.log(1 + 3.5 / 1.5)
    assert found["b"] == pytest.approx(red / (red + circle))
    assert having(words, "red door") == {"b"}
    assert having(words, "door red") == set()
    assert having(words, "red", "circle moves") == {"a"}
    assert having(words, "red", "-") == set()
    assert having(words, "bicycle") == set()
    assert having(words, "2 bicycles") == {"b"}
    assert shares(words, "AND OR NOT NEAR( ) ^ - : ' * submarine") == {}


def test_how_much_of_a_search_is_known(words):
    """By the number of its words that any caption has, and by how much these count."""
    assert words.known(terms_of("red circle")) == (1.0, 1.0)
    num, worth = words.known(terms_of("red submarine"))
    assert (num, worth < 0.5) == (0.5, True)
    assert words.known(terms_of("submarine")) == words.known(terms_of("what is the")) == (0.0, 0.0)


def test_what_the_index_says_is_remembered(monkeypatch):
    """Each word is asked for once, as long as it is among the latest; rows that come later are none of this state's."""
    monkeypatch.setattr("atom_indexing.replica.words._KEPT", 2)
    asked = []

    def ask(question, values=()):
        if not values:
            return [(2,)]
        asked.append((*values, "stems" if " stems " in question else "words"))
        return [("0,1,3" if values[0].startswith('"red') else None,)]

    words = Words(ask, 3)
    assert words.shares(terms_of("red")).tolist() == [1.0, 1.0, 0.0]
    assert words.having(["red"]).tolist() == [True, True, False]
    assert words.shares(terms_of("red")).tolist() == [1.0, 1.0, 0.0]
    assert asked == [('"red"', "stems"), ('"red"', "words")]
    assert words.shares(terms_of("red*")).tolist() == [1.0, 1.0, 0.0]
    words.shares(terms_of("red*"))
    words.having(["red"])
    assert asked[2:] == [('"red"*', "words")], "two are remembered"
    words.shares(terms_of("red"))
    assert asked[3:] == [('"red"', "stems")], "the first was forgotten"
    few = Words(lambda question, values=(): [("0,1,2",)] if values else [(1,)], 3)
    worth = math.log(1 + 0.5 / 3.5)
    assert few._worth(3) == pytest.approx(worth), "an index that grew meanwhile makes no word count less than nothing"


def test_phrases_of_a_text():
    """Word by word, whatever the accents and however numbers are written; all of them."""
    said = "Das M\u00e4dchen zahlt $19 f\u00fcr die T\u00fcr"
    for looked_for, has in (
        ('"madchen"', True),
        ('"nineteen dollars" "die tur"', True),
        ('"die tur" "das madchen zahlt"', True),
        ('"zahlt die"', False),
        ('"die tur" "der mann"', False),
        ('"dchen"', False),
        ("tur", True),
    ):
        assert has_phrases(said, terms_of(looked_for)) is has, looked_for
