"""Subtitles: times, order and escaping as players expect."""

from __future__ import annotations

from atom_core.media.timelines.subtitles import to_srt, to_vtt


def test_srt() -> None:
    """Blocks are numbered from 1, times have a comma, and hours go past 24."""
    items = [(0.0, 1.5, "A red ball."), (3661.0004, 90000.25, "Late.")]
    assert to_srt(items) == (
        "1\n00:00:00,000 --> 00:00:01,500\nA red ball.\n\n2\n01:01:01,000 --> 25:00:00,250\nLate.\n"
    )


def test_vtt() -> None:
    """WebVTT has a header and a point, and the signs of markup are escaped."""
    assert to_vtt([(0.0, 1.9996, "a < b & c > d")]) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\na &lt; b &amp; c &gt; d\n"
    )
    assert to_vtt([]) == "WEBVTT\n"
    assert to_srt([]) == ""


def test_text_cannot_break_a_cue() -> None:
    """Blank lines, carriage returns and arrows inside a text neither end nor start a cue; empty texts are left out."""
    items = [(0.0, 1.0, "one\r\n\r\n2\n00:00:05,000 --> 00:00:06,000\nfake"), (1.0, 2.0, " \n ")]
    text = to_srt(items)
    assert text.count("-->") == 1
    assert "\n\n" not in text
    assert to_vtt(items).count("-->") == 1


def test_text_is_no_markup_and_commands_nothing() -> None:
    """Tags and override codes are shown as text, and so are controls and marks of direction."""
    hostile = [(0.0, 1.0, "<font color=red>a</font> 1 < 2 {\\an8}b\x1b[1m\u202ec\x85\u2028d\udce9")]
    for text in (to_srt(hostile), to_vtt(hostile)):
        assert "<f" not in text
        assert "</" not in text
        assert all(char.isprintable() or char == "\n" for char in text)
        assert "\n\n" not in text.removeprefix("WEBVTT\n\n")
    assert "1 < 2" in to_srt(hostile)
    assert "{\\an8}" not in to_srt(hostile)


def test_overlapping_and_empty_spans() -> None:
    """Lines are sorted, one ends where the next begins, and none is on the screen for no time."""
    text = to_srt([(2.0, 3.0, "c"), (0.0, 2.5, "a"), (1.0, 1.0, "b"), (-1.0, -0.5, "before")])
    times = [line for line in text.splitlines() if "-->" in line]
    assert times == [
        "00:00:00,000 --> 00:00:00,001",
        "00:00:00,000 --> 00:00:01,000",
        "00:00:01,000 --> 00:00:01,001",
        "00:00:02,000 --> 00:00:03,000",
    ]


def test_lines_of_one_time() -> None:
    """They stand together, in the order in which they came, until the next line."""
    text = to_srt([(0.0, 5.0, "b"), (0.0, 5.0, "a"), (4.0, 6.0, "d"), (1.0, 2.0, "c")])
    assert text.splitlines()[1::4] == [
        "00:00:00,000 --> 00:00:01,000",
        "00:00:00,000 --> 00:00:01,000",
        "00:00:01,000 --> 00:00:02,000",
        "00:00:04,000 --> 00:00:06,000",
    ]
    assert text.splitlines()[2::4] == ["b", "a", "c", "d"]
