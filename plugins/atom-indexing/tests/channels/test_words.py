"""Search texts taken apart, and captions found by their words."""

import pytest
from atom_indexing.channels.terms import terms_of
from atom_indexing.channels.words import FILE, WordIndex

import atom_core as atom

CAPTIONS = {
    "a": "A red circle moves to the left",
    "b": "Two bicycles stand beside a red door",
    "c": "一輛紅色的自行車",
    "d": "Ein Mädchen öffnet die Tür",
}


@pytest.fixture
def index(tmp_path):
    made = WordIndex(tmp_path)
    made.update(CAPTIONS)
    yield made
    made.close()


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


def test_words_phrases_and_beginnings(index):
    """All forms of an English word, accents or none, parts of texts without spaces; rare words count for more."""
    assert index.shares(terms_of("a bicycle")) == {"b": 1.0}
    assert index.shares(terms_of("bicy*")) == {"b": 1.0}
    assert index.shares(terms_of("madchen")) == {"d": 1.0}
    assert index.shares(terms_of("自行車")) == {"c": 1.0}
    shares = index.shares(terms_of("red circle"))
    assert shares["a"] == pytest.approx(1)
    assert 0 < shares["b"] < 0.5
    assert index.having(["red door"]) == {"b"}
    assert index.having(["door red"]) == set()
    assert index.having(["red", "circle moves"]) == {"a"}
    assert index.shares(terms_of("AND OR NOT NEAR( ) ^ - : ' * submarine")) == {}


def test_it_is_kept_up_with_the_captions(index, tmp_path):
    """What is gone is not found, what has changed is found by its new words, also by the next program."""
    index.update({"a": "A green star", "b": CAPTIONS["b"]})
    assert index.shares(terms_of("circle")) == {}
    assert index.shares(terms_of("green star")) == {"a": 1.0}
    index.close()
    again = WordIndex(tmp_path)
    again.update({"a": "A green star", "b": CAPTIONS["b"]})
    assert again.shares(terms_of("bicycles")) == {"b": 1.0}
    again.close()


def test_a_damaged_file_is_made_anew(tmp_path):
    """Words are found all the same, and the next program writes a whole file."""
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    for _ in range(2):
        index = WordIndex(tmp_path)
        index.update(CAPTIONS)
        assert index.shares(terms_of("circle")) == {"a": 1.0}
        index.close()
    assert (tmp_path / FILE).read_bytes().startswith(b"SQLite format 3")
