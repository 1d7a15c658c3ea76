"""What is cut out of a video for a moment that a search found."""

import pytest
from atom_indexing.commands.cuts import meant_of

import atom_core as atom


@pytest.mark.parametrize(
    ("channels", "channel", "expected"),
    [
        ({"speech": 0.6}, "speech", (4.9, 7.3)),
        ({"speech": 0.95, "words": 0.5, "captions": 0.4}, "speech", (4.9, 7.3)),
        ({"speech": 0.6, "words": 1.0}, "speech", (0, 7.2)),
        ({"text": 0.9}, "text", (0, 7.2)),
    ],
)
def test_what_is_said_is_cut(channels, channel, expected):
    """A moment that was found by what is said in it is cut to that, also beyond its shot; others are cut whole."""
    quote = atom.Quote(channel=channel, text="The price of a clock is $19.", start_s=4.9, end_s=7.3)
    moment = atom.Moment(
        start_s=0, end_s=7.2, path="a.mp4", content_hash="a", caption="", score=0.5, channels=channels, quotes=(quote,)
    )
    span = meant_of(moment)
    assert (span.start_s, span.end_s) == expected
