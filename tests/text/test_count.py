"""Numbers of things."""

from atom_core.text.count import count_of


def test_one_is_not_called_many():
    """Also of words whose plural is not made by an s."""
    assert [count_of(number, "clip") for number in (0, 1, 2)] == ["0 clips", "1 clip", "2 clips"]
    assert [count_of(number, "entry", "entries") for number in (1, 1000)] == ["1 entry", "1000 entries"]
