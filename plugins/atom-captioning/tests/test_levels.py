"""Summaries of many captions."""

from atom_captioning.levels import in_levels, is_made_of


def joined(groups):
    """A model that tells everything in its words."""
    return [f"first {', then '.join(group)}" for group in groups]


def test_few_captions_are_read_at_once_and_many_in_levels():
    """Four are one prompt; of more, parts are summed up first; all are told in order."""
    asked = []

    def ask(groups):
        asked.append([len(group) for group in groups])
        return joined(groups)

    captions = [f"dog{number} runs" for number in range(10)]
    text = in_levels(captions, 4, ask)
    assert asked == [[4, 4, 2]]
    places = [text.index(f"dog{number} ") for number in range(10)]
    assert places == sorted(places)
    asked.clear()
    assert in_levels(captions[:4], 4, ask) == "first dog0 runs, then dog1 runs, then dog2 runs, then dog3 runs"
    assert asked == [[4]]


def test_numbers_are_no_summary():
    """Where the model says digits, the captions stand as they are; of many parts the first and the last."""
    captions = [f"dog{number} runs" for number in range(40)]
    text = in_levels(captions, 4, lambda groups: ["2 4 5 5 2"] * len(groups))
    assert text.startswith("dog0 runs")
    assert text.endswith("dog39 runs")
    assert "5 5" not in text
    assert not is_made_of("2 4 5 5", captions)
    assert not is_made_of("2", captions)
    assert not is_made_of("dog1", captions, pairs=True)
    assert is_made_of("two cyclists", captions)
