"""What people say of a film, read into lines and constraints; no model is asked."""

import attrs
import pytest
from atom_assembly.requests.read import read_request
from atom_assembly.script import listed_shots

import atom_core as atom

VIDEOS = ["0003.mp4", "0012.mp4", "beach day.mp4", "a.mp4"]


def read(text):
    return read_request(text, names=VIDEOS)


def asked(text):
    """The lines of a request, each with what is asked of it beside its words."""
    reading = read(text)
    plain = attrs.asdict(atom.Wanted())
    changed = [{k: v for k, v in attrs.asdict(w).items() if v != plain[k]} for w in reading.constraints.wanted]
    return list(zip(reading.lines, changed, strict=True))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a red star, then a blue moon", ("a red star", "a blue moon")),
        ("a dog, a cat and a bird", ("a dog", "a cat", "a bird")),
        ("- a dog runs\n- a cat sleeps", ("a dog runs", "a cat sleeps")),
        ("1) a dog 2) a cat 3) a bird", ("a dog", "a cat", "a bird")),
        ("a dog -> a cat -> a bird", ("a dog", "a cat", "a bird")),
        ("First a dog. Second, a cat. Third, a bird.", ("a dog", "a cat", "a bird")),
        ("a red and a blue star", ("a red star", "a blue star")),
        ("red, green and blue stars", ("red stars", "green stars", "blue stars")),
        ("A red, white and blue flag, then a bus.", ("A red, white and blue flag", "a bus")),
        ("stars and moons that blink", ("stars that blink", "moons that blink")),
        ("a circle moves up and to the left and a star blinks", ("a circle moves up and to the left", "a star blinks")),
        ("a dog runs while a cat sleeps, then a bird", ("a dog runs while a cat sleeps", "a bird")),
        ("a man and a woman kiss", ("a man and a woman kiss",)),
        ("End with a dog, but start with a cat", ("a cat", "a dog")),
        ("The film should begin with a star and finish with a moon", ("a star", "a moon")),
        ("a star at the end, and a moon at the start", ("a moon", "a star")),
        (
            "The last shot shows a star, the first shot is a heart, and a moon in the middle",
            ("a heart", "a moon", "a star"),
        ),
        ("a blue star last, a red circle first, a moon in between", ("a red circle", "a moon", "a blue star")),
        ("A dog goes to the right at the end, a cat at the start", ("a cat", "A dog goes to the right")),
        ("Show a star after a moon", ("a moon", "a star")),
        ("A star grows, before that a moon shrinks.", ("a moon shrinks", "A star grows")),
        ("Before the star, a moon", ("a moon", "the star")),
        ("a star should come after a moon", ("a moon", "a star")),
        ("a heart, preceded by a star", ("a star", "a heart")),
        ("Put a moon between a star and a heart", ("a star", "a moon", "a heart")),
        ("a dog, then a cat, in reverse order", ("a cat", "a dog")),
    ],
)
def test_what_is_listed_and_in_which_order(text, lines):
    """Lists of any form are lines; words of order put them where they say, wherever these stand."""
    assert read(text).lines == lines


@pytest.mark.parametrize(
    "text",
    [
        "Next door neighbours wave, then a car leaves.",
        "Last summer's party, then the beach.",
        "A runner finishes last, then the crowd cheers",
        "First light over the sea, then a boat",
        "a cat next to a car; a dog",
    ],
)
def test_words_that_say_no_order_stay(text):
    """Words of order are taken away only where they say an order."""
    first, second = listed_shots(text)
    assert (text.startswith(first), second.rstrip(".") in text) == (True, True)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("all blinking shapes", [("blinking shapes", {"num_shots": None})]),
        ("everything that blinks", [("something that blinks", {"num_shots": None})]),
        ("Each and every cross", [("cross", {"num_shots": None})]),
        ("Show every shot of 0003.mp4", [("", {"num_shots": None})]),
        ("Show me every shot with a dog", [("a dog", {"num_shots": None})]),
        ("Three shots of hearts, then a star", [("hearts", {"num_shots": 3}), ("a star", {})]),
        ("two different clips of a dog", [("a dog", {"num_shots": 2})]),
        ("Show only red things", [("red things", {"num_shots": None, "purely": True})]),
        ("Nothing but circles", [("circles", {"num_shots": None, "purely": True})]),
        ("all stars without a moon", [("stars", {"num_shots": None, "without": ("moon",)})]),
        ("A film with a star twice, then a moon", [("a star", {"repeats": 2}), ("a moon", {})]),
        ("a star, a moon, and the star again", [("a star", {}), ("a moon", {}), ("the star", {"again": True})]),
        ("the two longest heart clips", [("heart", {"num_shots": 2, "pick": "longest"})]),
        ("A red shape moves.", [("A red shape moves", {})]),
        ("a reel of moons without rings", [("moons", {"num_shots": None, "without": ("rings",)})]),
        (
            "a montage of moons and stars without rings",
            [("moons", {"num_shots": None}), ("stars", {"num_shots": None, "without": ("rings",)})],
        ),
        ("the first shot of a dog", [("a dog", {"pick": "first"})]),
        ("a star for 2 seconds, then a moon", [("a star", {"length_s": 2.0}), ("a moon", {})]),
        ("hearts, then stars", [("hearts", {"num_shots": None}), ("stars", {"num_shots": None})]),
        ("all stars and moons", [("stars", {"num_shots": None}), ("moons", {"num_shots": None})]),
    ],
)
def test_which_and_how_many_shots(text, lines):
    """All, only, without, numbers, repeats, the longest and lengths of one shot belong to their line."""
    assert asked(text) == lines


@pytest.mark.parametrize(
    ("text", "constraints"),
    [
        ("A 6 second film: a star, then a moon", {"length_s": 6}),
        ("half a minute of hearts", {"length_s": 30}),
        ("hearts, no longer than ten seconds", {"length_s": 10}),
        ("A star. The whole film must not be longer than eight seconds.", {"length_s": 8}),
        ("hearts, for a minute and a half in total", {"length_s": 90}),
        ("hearts, at least 20 seconds", {"min_length_s": 20}),
        ("a star and a moon, 2 seconds each", {"shot_length_s": 2}),
        ("Use 2-second shots of hearts", {"shot_length_s": 2}),
        ("hearts; each shot at most a second and a half", {"shot_length_s": 1.5}),
        ("All hearts in chronological order", {"order": "recorded"}),
        ("all hearts, newest first", {"order": "reversed"}),
        ("hearts, from longest to shortest", {"order": "longest"}),
        ("Alternate between a star and a moon, three times", {"rounds": 3}),
        ("hearts and stars alternately", {"rounds": 0}),
        ("No stars. All hearts.", {"without": ("stars",)}),
        ("all hearts from 0003.mp4", {"sources": ("0003.mp4",)}),
        ("Use only video 12. Show everything.", {"sources": ("0012.mp4",)}),
        ("hearts from 0003 and 0012", {"sources": ("0003.mp4", "0012.mp4")}),
        ("stars from the beach day video", {"sources": ("beach day.mp4",)}),
        ("hearts, all from one video", {"one_source": True}),
        ("a film of three shots: a dog, a cat and a bird", {"num_shots": 3}),
    ],
)
def test_what_is_asked_of_the_whole_film(text, constraints):
    """Lengths in words and digits, orders, turns, and sources are constraints, and no lines."""
    reading = read(text)
    plain = attrs.asdict(atom.Constraints())
    found = {k: v for k, v in attrs.asdict(reading.constraints).items() if k != "wanted" and v != plain[k]}
    assert found == constraints
    assert not any(word in " ".join(reading.lines) for word in ("second", "minute", "order", "video", "film", "shot"))


def test_numbers_that_are_no_lengths_stay():
    """ "A second star" is no length of a second, and what stands in no video's name is no source."""
    assert read("a second star, then a moon").constraints.length_s is None
    assert read("a star in a ring").lines == ("a star in a ring",)


def test_a_video_that_is_not_there_is_told():
    """A file that a request names and the library has not is not passed over."""
    assert read("all hearts from holiday.mp4").absent_source == "holiday.mp4"


@pytest.mark.parametrize(
    "text", ["", " ", "!?", ",", "and", "then then then", "not", "no", "1)", "from", "twice", "\n\n"]
)
def test_requests_of_nothing(text):
    """Whatever is written can be read, and there is always a line."""
    assert len(read(text).lines) == len(read(text).constraints.wanted) == 1


def test_what_is_seen_together_is_one_line():
    """Where the library has a shot of both, "a dog and a cat" is that shot; else they are two."""
    text = "a dog and a cat"
    assert read_request(text, together=lambda line: line == text).lines == (text,)
    assert read_request(text, together=lambda _: False).lines == ("a dog", "a cat")
