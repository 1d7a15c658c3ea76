"""Words that are said and written, as records."""

import pytest

from atom_core.pipeline.journal import plain
from atom_core.records import SpokenWord, Utterance, WrittenText


def test_words_are_json_values():
    """An utterance and its words can be written as JSON, as answers are kept."""
    word = SpokenWord(text="price,", start_s=1.0, end_s=1.4, confidence=0.9)
    said = plain(Utterance(start_s=1.0, end_s=2.0, text="price, she says", words=[word], language="en"))
    assert said["words"] == [{"start_s": 1.0, "end_s": 1.4, "text": "price,", "confidence": 0.9}]
    assert (said["language"], said["track"], said["confidence"]) == ("en", 1, None)


@pytest.mark.parametrize(
    "wrong",
    [{"confidence": 1.2}, {"confidence": -0.1}, {"box": (0, 0, 1)}, {"end_s": 0.5}],
    ids=["sure beyond 1", "sure below 0", "three edges", "ends before it starts"],
)
def test_what_cannot_be(wrong):
    """A box has four edges, a confidence lies between 0 and 1, and nothing ends before it starts."""
    given = {"start_s": 1.0, "end_s": 2.0, "text": "EXIT", "box": (0.1, 0.1, 0.3, 0.2), **wrong}
    with pytest.raises(ValueError):
        WrittenText(**given)
