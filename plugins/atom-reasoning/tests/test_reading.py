"""Questions are read into records, however they are worded."""

import pytest
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.record import Kind
from atom_reasoning.reading.sentences import readings_of


def conditions(text):
    return [(one.subject, one.predicate) for one in read(text).conditions]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Kind.SUMMARY, ["Summarise the video.", "What is this video about?", "give me the gist", "What happens?"]),
        (Kind.ORDER, ["List what happens in order.", "walk me through the events one after another"]),
        (Kind.WHEN, ["When does it blink?", "At what point is there a dog?", "what's the timestamp where a dog appears"]),
        (Kind.WHICH_SHOT, ["Which shot shows a dog?", "The dog barks in which scene?", "What is the number of the shot with a dog?"]),
        (Kind.HOW_LONG, ["How long is the video?", "what's the running time", "For how many seconds is the dog on screen?"]),
        (Kind.YES_NO, ["Is there a dog?", "does anything move", "have they shown a dog", "I wonder whether a dog barks", "Any dogs?"]),
        (Kind.CHOICE, ["Which comes first, the dog or the cat?", "Between the dog and the cat, which is seen last?"]),
        (Kind.LIST, ["Which shapes blink?", "What blinks?", "Name everything that moves.", "List all colours."]),
        (Kind.HAPPENS, ["What happens in the second shot?", "how does the video end", "What follows the dog?"]),
        (Kind.WHAT, ["What does the dog do?", "What colour is the dog?", "Where is the dog?", "Is the dog small or large?"]),
    ],
)  # fmt: skip
def test_the_kind_of_answer(kind, texts):
    """A question tells what kind of answer it wants, whatever its wording, capitals and contractions."""
    assert {text: read(text).kind for text in texts} == dict.fromkeys(texts, kind)


@pytest.mark.parametrize(
    ("text", "counted", "wanted"),
    [
        ("How many shots are there?", "shots", []),
        ("into how many scenes is it cut", "shots", []),
        ("How many shots are there in which something blinks?", "shots", [("", "blink")]),
        ("In how many clips can you see a red dog?", "shots", [("red dog", "")]),
        ("How many dogs are there in total?", "things", [("dogs", "")]),
        ("How many things move left?", "things", [("", "move left")]),
        ("How often does the dog bark?", "times", [("dog", "bark")]),
        ("How many different colours are there?", "colour", [("", "")]),
    ],
)
def test_what_is_counted(text, counted, wanted):
    """Shots, shots with something, things, times and words of a kind are told apart."""
    reading = read(text)
    assert (reading.kind, reading.counted, conditions(text)) == (Kind.COUNT, counted, wanted)


@pytest.mark.parametrize(
    ("text", "shots"),
    [
        ("What happens in the second shot?", (2,)),
        ("whats the thrid shot show", (3,)),
        ("Describe the penultimate scene.", (-2,)),
        ("Is there a dog in shots 2 and 4?", (2, 4)),
        ("What is in clip number three?", (3,)),
        ("What happens in the first two shots?", (1, 2)),
        ("What happens right after the second shot?", (3,)),
        ("At the end, is there a dog?", (-1,)),
    ],
)
def test_shots_by_number(text, shots):
    """Ordinals, numbers and ends name shots."""
    assert read(text).scope.shots == shots


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("What happens at 1:05?", (65, 65)),
        ("what is shown half a minute in", (30, 30)),
        ("5 seconds into the video, what do you see?", (5, 5)),
        ("What happens between 3 and 5 seconds?", (3, 5)),
        ("Is there a dog from 0:03 to 0:05?", (3, 5)),
        ("Describe 0:03-0:05", (3, 5)),
        ("What happens in the first five seconds?", (0, 5)),
        ("What happens in the last minute?", (60, 120)),
        ("Does it blink in the second half?", (60, 120)),
        ("Is there a dog after 0:30?", (30, 120)),
        ("Is there a dog before one and a half minutes?", (0, 90)),
    ],
)
def test_times(text, span):
    """Clock times, lengths, spans and shares are read, in digits and words; of a video of two minutes."""
    scope = read(text).scope
    if scope.at is not None:
        found = (scope.at.at_s(120), scope.at.at_s(120))
    else:
        found = (scope.start.at_s(120) if scope.start else 0, scope.end.at_s(120) if scope.end else 120)
    assert found == span


@pytest.mark.parametrize(
    ("text", "relation", "event"),
    [
        ("What happens after the blue star grows?", "after", ("blue star", "grow")),
        ("What comes right before the moon?", "before", ("moon", "")),
        ("Once the moon is gone, what do we see?", "after", ("moon", "")),
        ("What colour is the ring while the star blinks?", "while", ("star", "blink")),
        ("Does the star come before the moon?", "before", ("moon", "")),
    ],
)
def test_before_and_after(text, relation, event):
    """Events that bound a question are read as conditions of their own."""
    scope = read(text).scope
    assert (scope.relation, (scope.event.subject, scope.event.predicate)) == (relation, event)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Is there a red circle?", [("red circle", "")]),
        ("Does the red circle circle?", [("red circle", "circle")]),
        ("Is a red circle shown?", [("red circle", "")]),
        ("Does anything blink?", [("", "blink")]),
        ("Is anything red?", [("", "red")]),
        ("Do both the star and the moon blink?", [("star", "blink"), ("moon", "blink")]),
        ("Is there a star as well as a moon?", [("star", ""), ("moon", "")]),
        ("Which objects move to the left?", [("", "move to the left")]),
        ("When is the star first seen?", [("star", "")]),
    ],
)
def test_what_a_clip_has_to_show(text, wanted):
    """Subject and predicate are told apart, also where a noun may be a verb; words for anything are left out."""
    assert conditions(text) == wanted


def test_quantifiers():
    """Every, never, all, only, more than."""
    assert read("Is there a star in every shot?").scope.every
    assert read("Does each clip show a star?").scope.every
    assert read("Does the moon never blink?").negated
    assert read("Is the video free of squares?").negated
    assert read("Do all stars blink?").compare == "all"
    assert read("Are there only stars?").compare == "only"
    assert (read("Are there at least two stars?").compare, read("Are there at least two stars?").number) == ("least", 2)
    assert read("Are there more stars than moons?").compare == "more"
    assert read("Are a star and a moon ever shown together?").together


def test_several_questions_and_what_it_stands_for():
    """Two questions in one are two; "it" is what the one before is about; a statement before says where."""
    first, second = readings_of("Is there a star, and when does it blink?")
    assert (first.kind, second.kind, second.conditions[0].subject) == (Kind.YES_NO, Kind.WHEN, "star")
    (only,) = readings_of("The second shot has a star. What colour is it?")
    assert (only.kind, only.scope.shots, only.conditions[0].subject) == (Kind.WHAT, (2,), "star")
    assert len(readings_of("Is there a star and a moon?")) == 1


@pytest.mark.parametrize(
    ("text", "kind", "wanted"),
    [
        ("The yellow star never blinks, correct?", Kind.YES_NO, [("yellow star", "blink")]),
        ("A star is in which shot?", Kind.WHICH_SHOT, [("star", "")]),
        ("The final thing that happens is what?", Kind.HAPPENS, []),
        ("Whatever shrinks, name it", Kind.LIST, [("", "shrink")]),
        ("What is the star's colour?", Kind.WHAT, [("star", "")]),
        ("With what does the video start?", Kind.HAPPENS, []),
        ("Is a star missing?", Kind.YES_NO, [("star", "")]),
        ("What is the shot count?", Kind.COUNT, []),
        ("Right after the star blinks, what do we see?", Kind.HAPPENS, []),
        ("Which shot comes after the one with the moon?", Kind.WHICH_SHOT, []),
        ("What is the video's length?", Kind.HOW_LONG, []),
    ],
)
def test_other_ways_to_put_it(text, kind, wanted):
    """Statements with a tag, the question word at the end, "whatever", genitives."""
    assert (read(text).kind, conditions(text)) == (kind, wanted)


def test_slips_are_mended_but_other_words_are_not():
    """A letter too many, missing or changed with its neighbour is a slip; another word stays another word."""
    assert read("How mnay shots are there?").kind is Kind.COUNT
    assert conditions("Is there a house?") == [("house", "")]
    assert conditions("Are there at least two ponds?") == [("ponds", "")]


def test_what_no_pattern_fits_is_asked_as_it_is():
    """A question of unknown form, or in another language, is put to the clips that may answer it."""
    reading = read("Varför springer hunden?")
    assert (reading.kind, reading.sure, reading.conditions) == (Kind.WHAT, False, ())


@pytest.mark.parametrize(
    ("text", "as_plain"),
    [
        ("9 seconds gone, what's out there on the screen?", "What happens at 0:09?"),
        ("With 3 seconds played, what is being shown?", "What happens at 0:03?"),
        ("Is there a dog between the seconds 8 and 12?", "Is there a dog between 0:08 and 0:12?"),
        ("Which events fall between t = 0 s and t = 4 s?", "What happens between 0:00 and 0:04?"),
        ("At what time does a dog come into play?", "When is a dog shown?"),
        ("How long is a dog observable?", "How long is a dog shown?"),
        ("What does the clock say when the dog is on?", "When is the dog shown?"),
        ("What is the onset time of the dog?", "When is the dog shown?"),
        ("What is the initial observation in the video?", "What happens at the beginning?"),
        ("What is the final observation in the recording?", "What happens at the end?"),
        ("The closing moments, what do we see there?", "What happens at the end?"),
        ("What do we have right at kick-off, in the opening of the video?", "What happens at the beginning?"),
        ("Which event is directly subsequent to the dog?", "What happens after the dog?"),
        ("Frequency of a dog, expressed as a number of shots?", "How many shots show a dog?"),
        ("Which scene gives us a dog?", "Which shot shows a dog?"),
        ("Do we see a dog shot after shot, in every single one?", "Is there a dog in every shot?"),
        ("Tell me the story of the video, one shot after the other.", "What happens, in order?"),
        ("In which temporal order do the dog and the cat occur?", "In what order do the dog and the cat appear?"),
        ("Which video is ahead on dogs?", "Which video has more dogs?"),
        ("Do a dog and a cat co-occur in the same shot?", "Are a dog and a cat in the same shot?"),
    ],
)
def test_commentators_and_scientists_are_read(text, as_plain):
    """Times that are played, what comes into play, what is observed finally, and how often in numbers of shots."""
    found, plain = read(text), read(as_plain)
    assert (found.kind, found.counted, found.conditions) == (plain.kind, plain.counted, plain.conditions)
    assert (found.scope, found.compare, found.together) == (plain.scope, plain.compare, plain.together)
