"""What a model wrote, brought into the form of sentences."""

from __future__ import annotations

import pytest

from atom_core.records import Generated
from atom_core.text.sentences import as_caption, cut_back, without_loop, without_preamble, without_repeats


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("A man is walking. He is hold", "A man is walking."),
        ("A dog barks! “Sit,” says the", "A dog barks!"),
        ("Born in 1990. Then he", "Born in 1990."),
        ("犬が走る。猫が", "犬が走る。"),
        ("a red square stays still while a cya", "a red square stays still"),
        ("A man in a red shirt, holding a ph", "A man in a red shirt…"),
        ("A man, a", "A man…"),
        ("the Dr. Smith went to the", "the Dr. Smith went to…"),
        ("1. A dog runs 2. A c", "1. A dog runs 2. A…"),
        ("walk", "walk…"),
        ("A dog runs.", "A dog runs."),
        ("  ", ""),
    ],
)
def test_what_was_stopped_is_cut_back(text: str, whole: str) -> None:
    """To its last whole sentence, else clause, else word; full stops of abbreviations, initials and lists end
    nothing."""
    assert cut_back(text) == whole


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("a dog and a cat and a cat and a cat and a", "a dog and a cat"),
        ("A man walks. A man walks. A man walks. A", "A man walks."),
        ("no no no no", "no"),
        ("very very very good", "very very very good"),
        ("a dog, a cat, a dog, a cat", "a dog, a cat, a dog, a cat"),
    ],
)
def test_a_loop_is_told_once(text: str, once: str) -> None:
    """Three rounds at the end make a loop; what is said twice, or one word three times, may be meant."""
    assert without_loop(text) == once


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("In this video we see a man walking.", "A man walking."),
        ("In the short video clip, you can see that a man walks.", "A man walks."),
        ("The image shows a red car.", "A red car."),
        ("this clip features two men", "two men"),
        ("Sure! Here is a one-sentence description of the clip: In the video, a man runs.", "A man runs."),
        ('Here is a caption: "A dog runs."', "A dog runs."),
        ("Here's a red car.", "A red car."),
        ("Caption: a dog", "A dog"),
        ("In this image there is a cat.", "There is a cat."),
        ("We can see a bird.", "A bird."),
        ("The video shows", ""),
    ],
)
def test_preambles_are_dropped(text: str, rest: str) -> None:
    """However many stand one after the other; what is left begins as the text did, large or small."""
    assert without_preamble(text) == rest


@pytest.mark.parametrize(
    "text",
    [
        "In the scene where she leaves, everybody cries.",
        "The image of a saint hangs on the wall.",
        "The video game console is on.",
        "The picture frame is golden.",
        "A movie poster shows a man.",
        "Here they stand.",
        "The scene is captured from above.",
        "Ok-sign in neon light.",
    ],
)
def test_what_is_no_preamble_stays(text: str) -> None:
    """Pictures, films and frames are seen in videos, too."""
    assert without_preamble(text) == text


def test_a_sentence_is_said_once() -> None:
    """Also where it comes again later; order, case and unfinished ends stay."""
    assert without_repeats("A man walks. A dog sits. a man walks. A cat") == "A man walks. A dog sits. A cat"


def test_captions_are_whole_lines() -> None:
    """What ended by itself keeps its last word; what was stopped does not; both lose preambles and line breaks."""
    assert as_caption("The video shows a dog\nthat runs", cut=False) == "A dog that runs"
    assert as_caption("The video shows a dog.\nIt runs on the gra", cut=True) == "A dog."


def test_generated_text_knows_what_of_it_is_whole() -> None:
    """By why the decoder stopped; text that ended by itself is left as it is."""
    text = "It runs and runs and runs and runs and"
    assert [Generated(text, finish_reason=why).cut for why in ("stop", "length", "loop")] == [False, True, True]
    assert Generated(text).whole == text
    assert Generated(text, finish_reason="loop").whole == "It runs…"
