"""Subtitles of what is said: what fits, where it is parted, and how long it stands."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from atom_core.media.timelines.cues import cues
from atom_core.records import SpokenWord, Utterance


def said(texts: Sequence[str], *, each_s: float = 0.1, joint: str = " ", start_s: float = 0.0) -> Utterance:
    """Words that follow each other, each as long."""
    words = [
        SpokenWord(text=text, start_s=start_s + number * each_s, end_s=start_s + (number + 1) * each_s)
        for number, text in enumerate(texts)
    ]
    return Utterance(start_s=start_s, end_s=words[-1].end_s, text=joint.join(texts), words=words)


def parts(utterance: Utterance) -> list[str]:
    """The texts of its subtitles, each on one line."""
    return [text.replace("\n", " ") for _, _, text in cues([utterance])]


def test_how_long_they_stand() -> None:
    """As long as is spoken, and 0.8 s at least where the next leaves them that; what overlaps stays as it is."""
    for next_s, end_s in ((None, 1.8), (1.5, 1.5), (1.1, 1.2), (3.0, 1.8)):
        lines = [Utterance(start_s=1.0, end_s=1.2, text="a")]
        lines += [] if next_s is None else [Utterance(start_s=next_s, end_s=9.0, text="b")]
        made = cues(lines)
        assert made[0] == (1.0, pytest.approx(end_s), "a")
        assert made[1:] == ([] if next_s is None else [(next_s, 9.0, "b")])
    assert cues([said(["long"], each_s=2.0)]) == [(0.0, 2.0, "long")]
    lines = [Utterance(start_s=start_s, end_s=start_s + 0.1, text="a") for start_s in (0.0, 1.0, 1.5, 9.0)]
    assert [end_s for _, end_s, _ in cues(lines)] == pytest.approx([0.8, 1.5, 2.3, 9.8])


def test_how_much_is_said_at_once() -> None:
    """76 letters with their spaces, over six seconds; a longer word stands alone."""
    for last, num in (("four", 1), ("fives", 2)):
        made = parts(said([*["abc"] * 18, last]))
        assert len(made) == num
        assert " ".join(made) == " ".join([*["abc"] * 18, last])
        assert made[-1].split()[-1] == last
    assert [len(made.split()) for made in parts(said(["a"] * 8, each_s=0.75))] == [8]
    assert [len(made.split()) for made in parts(said(["a"] * 9, each_s=0.75))] == [8, 1]
    assert parts(said(["a", "b", "c"], each_s=6.5)) == ["a", "b", "c"]
    (begin_s, end_s, _), second = cues([said(["a"] * 9, each_s=0.75, start_s=10.0)])
    assert (begin_s, end_s, second[0]) == (10.0, 16.0, 16.0)


@pytest.mark.parametrize(
    ("text", "each_s", "sizes"),
    [
        ("a b c d e f g", 1.0, [6, 1]),
        ("a b c, d e f g", 1.0, [3, 4]),
        ("a b, c d e f g", 1.0, [6, 1]),
        ("a b c. d e, f g", 1.0, [5, 2]),
        ("a b c d e f? g", 1.0, [6, 1]),
        ("a, b c", 2.5, [1, 2]),
        ("a, b c", 1.0, [3]),
        ("a b c d e f g, h", 1.0, [6, 2]),
        ("a b c、 d e f g", 1.0, [3, 4]),
    ],
)
def test_where_they_are_parted(text: str, each_s: float, sizes: list[int]) -> None:
    """Only where it must be: after the last pause in the second half of what fits, or else where no more fits."""
    assert [len(made.split()) for made in parts(said(text.split(), each_s=each_s))] == sizes


def test_languages_without_spaces() -> None:
    """Words are joined as they were."""
    assert parts(said(["と", "思い", "ます"] * 3, joint="", each_s=1.0)) == ["と思いますと思います", "と思います"]
    assert parts(said(["one", "two"])) == ["one two"]


def test_lines_are_of_about_one_length() -> None:
    """Up to 42 letters are one; more are parted at the space nearest to the middle, or without any after 42."""
    for text, lines in (
        ("a" * 20 + " " + "b" * 21, ["a" * 20 + " " + "b" * 21]),
        ("a" * 20 + " " + "b" * 22, ["a" * 20, "b" * 22]),
        ("a" * 10 + " " + "b" * 20 + " " + "c" * 20, ["a" * 10 + " " + "b" * 20, "c" * 20]),
        ("a" * 20 + " " + "b" * 20 + " " + "c" * 10, ["a" * 20, "b" * 20 + " " + "c" * 10]),
        ("a" * 100, ["a" * 42, "a" * 42, "a" * 16]),
    ):
        assert cues([Utterance(start_s=0.0, end_s=9.0, text=text)]) == [(0.0, 9.0, "\n".join(lines))]
