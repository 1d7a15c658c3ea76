"""Numbers that are said alike are found alike."""

import pytest
from atom_indexing.channels.numbers import forms_of, in_digits, in_words


def test_numbers_below_a_hundred():
    """In words and back; each has its own."""
    said = [in_words(f"{number} dollars") for number in range(100)]
    assert len(set(said)) == 100
    assert [in_digits(words) for words in said] == [f"{number} dollars" for number in range(100)]
    assert [said[number].removesuffix(" dollars") for number in (0, 9, 10, 19, 20, 21, 90, 99)] == [
        *("zero", "nine", "ten", "nineteen", "twenty", "twenty one", "ninety", "ninety nine")
    ]


@pytest.mark.parametrize(
    ("text", "digits", "words"),
    [
        ("Twenty-One dogs", "21 dogs", "twenty one dogs"),
        ("it costs $19.50", "it costs 19.50 dollars", "it costs 19.50 dollars"),
        ("$ 5 or 5€", "5 dollars or 5 euros", "five dollars or five euros"),
        ("1,000 people", "1000 people", "1000 people"),
        ("7, 8", "7, 8", "seven, eight"),
        ("100 or 12a", "100 or 12a", "100 or 12a"),
        ("often", "often", "often"),
    ],
)
def test_how_they_are_written(text, digits, words):
    """With signs for what is counted, grouped or not; larger ones and parts of others stay digits."""
    assert (in_digits(text), in_words(text)) == (digits, words)


def test_all_forms_of_a_phrase():
    """As it is, in digits, without what is counted, in words; each once."""
    assert forms_of("nineteen dollars") == ("nineteen dollars", "19 dollars", "19")
    assert forms_of("19 %") == ("19 %", "19 percent", "19", "nineteen percent")
    assert forms_of("a dog") == ("a dog",)
