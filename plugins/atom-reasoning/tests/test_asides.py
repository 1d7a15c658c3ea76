"""What people say around a question is no part of it, and sentences of one form are read whatever their verb."""

import pytest
from atom_reasoning.english.asides import without_asides
from atom_reasoning.english.clauses import clauses, fit, wanted
from atom_reasoning.english.lists import as_list
from atom_reasoning.english.sentences import in_common_form, in_present
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.record import Kind
from atom_reasoning.reading.sentences import readings_of
from attrs import evolve


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("My dear, how many dogs are there?", "how many dogs are there?"),
        ("My dear, might I ask how many dogs there are?", "how many dogs there are?"),
        ("Excuse me, I would like to know when we see a dog.", "when we see a dog."),
        ("Might I ask how many dogs there are?", "how many dogs there are?"),
        ("I cannot remember which came last, the dog or the cat.", "which came last, the dog or the cat."),
        ("Would you mind counting the dogs?", "count the dogs?"),
        ("Be so good as to describe the dog.", "describe the dog."),
        ("I'd be grateful if you could list the dogs", "list the dogs"),
        ("How long, all in all, is the film?", "How long is the film?"),
        ("I am looking for a dog. When does it run?", "When does a dog run?"),
        ("We need the shot with a dog; which one is it?", "which is the shot with a dog?"),
        ("Where is a dog? Give me the time.", "when is a dog"),
        ("The dog: when does it run?", "when does The dog run?"),
        ("I think there is a dog. Is that right?", "is it true that there is a dog?"),
        ("The dog runs, is that right?", "The dog runs, is that right?"),
        ("Dogs, how many are there?", "Dogs, how many are there?"),
        ("How many dogs are there?", "How many dogs are there?"),
    ],
)
def test_without_asides(text, left):
    """Whom one addresses and what one would like to know is left out; what is asked about stays."""
    assert without_asides(text) == left


@pytest.mark.parametrize(
    ("text", "as_plain"),
    [
        ("How many shots portray a dog?", "How many shots show a dog?"),
        ("Which scene boasts the dog?", "Which scene shows the dog?"),
        ("how many scenes did a dog get into", "How many scenes show a dog?"),
        ("How many dogs appear across the edit?", "How many dogs are there?"),
        ("How many shots does the montage have?", "How many shots are there?"),
        ("How long does the dog linger on screen?", "How long is the dog shown?"),
        ("Was there a scene that did not show a dog?", "Is there a scene that does not show a dog?"),
        ("is the dog in shot 4 black or white or what colour", "What colour is the dog in shot 4?"),
        ("Transcribe the second shot.", "Describe the second shot."),
        ("What do we switch to after the dog?", "What happens after the dog?"),
        ("What's the scene right before the dog?", "What happens before the dog?"),
        ("I slept between 0:04 and 0:08. What did I miss?", "What happens between 0:04 and 0:08?"),
        ("Find the shot with the dog and give me its number.", "Which shot has the dog?"),
        ("Can you confirm that no dog appears?", "Is there no dog?"),
        ("No. of dogs?", "How many dogs are there?"),
        ("which shot no. has a dog", "Which shot has a dog?"),
        ("A dog between 0:02 and 0:04, yes or no?", "Is there a dog between 0:02 and 0:04?"),
        ("A dog and a cat in same shot?", "Are a dog and a cat in the same shot?"),
        ("tell me everything that is running", "Which things are running?"),
        ("Look at the dog in the second shot. What colour is it?", "What colour is the dog in the second shot?"),
        ("Can it be confirmed that no dog appears on the tape?", "Is there no dog?"),
        ("Would it be correct to say that the video has no dog at all?", "Is there no dog?"),
        ("Are we agreed there's never a dog?", "Is there no dog?"),
        ("My daughter says there's no dog. Is she right?", "Is there no dog?"),
        ("Is there a dog in the film, dear?", "Is there a dog?"),
        ("Count the dogs for me, lads.", "Count the dogs."),
        ("yo how many dogs are there lol", "How many dogs are there?"),
        ("For the record, how many shots are there?", "How many shots are there?"),
        ("With regard to the second shot, what does it depict?", "What happens in the second shot?"),
        (
            "There is a dog in the second shot. May I ask what colour it is?",
            "What colour is the dog in the second shot?",
        ),
        ("My kid wants to see the dog. When does it come?", "When does the dog come?"),
        ("I lost count of the shots. How many were there?", "How many shots are there?"),
        ("We're counting shots with a dog. How many are there?", "How many shots show a dog?"),
        ("How many times, I mean in how many shots, is there a dog?", "In how many shots is there a dog?"),
        ("Which comes later, is it the dog or the cat?", "Which comes later, the dog or the cat?"),
        ("Which of the two exhibits depicts a dog?", "Which of the two videos shows a dog?"),
        ("Across how many shots can a dog be made out?", "How many shots show a dog?"),
        ("Which colour is recorded for the dog in shot 2?", "What colour is the dog in shot 2?"),
        ("How many seconds does a dog get?", "How long is a dog shown?"),
        ("Is a dog missing from any of the shots?", "Is there a shot without a dog?"),
        ("Is there a scene where we can't see a dog?", "Is there a shot without a dog?"),
        ("What is visible in the final moments?", "What is shown at the end?"),
        ("Is there footage of a dog?", "Is there a dog?"),
        ("I fell asleep, what was the last thing they showed?", "What was the last thing they showed?"),
        ("Not sure if you can do this but could you count the shots?", "Count the shots."),
        ("I only know the dog, but what came before it?", "What came before the dog?"),
        ("If you went through all the shots, how many would have a dog?", "How many shots have a dog?"),
        ("I'm after the bit with a dog, when is it?", "When is a dog?"),
        ("I want to see the dog, which clip do I open?", "Which clip shows the dog?"),
        ("I've got two videos here, which one has a dog?", "Which of the two videos has a dog?"),
        ("I'm not sure what the third shot is supposed to show, can you tell me?", "What does the third shot show?"),
        ("Have a look at 0:04. What's there?", "What is there at 0:04?"),
        ("What would you say, how many dogs?", "How many dogs?"),
        ("Would you say the video shows a dog?", "Is it true that the video shows a dog?"),
        ("Step by step, what happens?", "What happens step by step?"),
        ("Real quick, how many dogs are there?", "How many dogs are there?"),
        ("I need to write down in how many shots a dog was.", "In how many shots is a dog?"),
        ("What's the one before the dog?", "What happens before the dog?"),
        ("In which of the scenes was it that we saw the dog?", "In which of the scenes do we see the dog?"),
        ("Can I write down that there's no dog?", "Is there no dog?"),
        ("True or false: there is no dog in the video.", "Is it true that there is no dog?"),
        ("Decide whether a dog is shown in every shot.", "Is a dog shown in every shot?"),
        ("Am I blind or is there really no dog?", "Is there no dog?"),
        ("I think there's a shot without a dog, is there?", "Is there a shot without a dog?"),
        ("Find me the shot with the dog. Which one is it?", "Which shot shows the dog?"),
        ("Which one has more dogs, the first video or the second?", "Which of the two videos has more dogs?"),
        ("Which video packs more shots?", "Which video has more shots?"),
        ("How long do we keep the dog on screen?", "How long is the dog shown?"),
        ("Did the dog or the cat come first, I mean in what order do they come?", "Did the dog or the cat come first?"),
        ("Which item has the later time, the dog or the cat?", "Which comes later, the dog or the cat?"),
    ],
)
def test_sentences_of_one_form(text, as_plain):
    """A question is read as the plain one is, whatever its verb says, in the past as in the present."""
    (found,), plain = readings_of(text), read(as_plain)
    same = {"text": "", "clip_question": "", "sure": True, "trust": 1.0}
    assert evolve(found, **same) == evolve(plain, **same)


@pytest.mark.parametrize(
    ("text", "as_plain"),
    [
        ("Provide an inventory of the objects shown.", "List all objects."),
        ("Full line-up of the objects, please.", "List all objects."),
        ("Set out all of the objects that can be seen.", "List all objects."),
        ("Give me a rundown of every colour used.", "List all colours."),
        ("Which objects were recorded as running?", "Which objects are running?"),
        ("What can we see running?", "What is running?"),
        ("What's running? Name them all.", "What is running?"),
        ("What all is in the video?", "Which things are in the video?"),
        ("Which things can the jury see in the film?", "Which things do we see?"),
    ],
)
def test_wishes_for_lists(text, as_plain):
    """A list is asked for in many words: what collects the things, who tells them, who sees them."""
    (found,), plain = readings_of(text), read(as_plain)
    assert (found.kind, found.counted, found.conditions) == (plain.kind, plain.counted, plain.conditions)


def test_what_asks_for_something_else_is_no_list():
    """A number, an order or a time of objects is not a list of them."""
    for text in (
        "count the objects in shot 2",
        "the order of the objects",
        "tell me when the objects move",
        "number of objects",
    ):
        assert as_list(text) == text
    assert as_list("an inventory of the objects") == "list all objects"


def test_what_a_shot_does_not_show_is_no_showing():
    """What follows a thing, or lacks it, is not what shows it."""
    assert in_common_form("which shot follows the dog") == "which shot follows the dog"
    assert in_common_form("how many shots lack the dog") == "how many shots lack the dog"
    assert in_present("what is followed by the dog") == "what is followed by the dog"


def test_the_name_of_a_thing_is_not_what_it_does():
    """ "A circle shrinks" shows nothing that circles; "which things are circles?" asks for what they are."""
    (clause,) = clauses("a yellow circle shrinks")
    assert fit(clause, wanted("", "circling")) < 1
    assert fit(clause, wanted("circle", "")) == 1
    assert read("Which things are circles?").conditions[0].subject == "circle"


def test_several_questions_stay_several():
    """A sentence that is itself a question is no aside."""
    first, second = readings_of("Is there a dog, and when does it run?")
    assert (first.kind, second.kind) == (Kind.YES_NO, Kind.WHEN)


@pytest.mark.parametrize(
    "text", ["is all", "does every", "So?", "list all " * 300, "the dog, " * 300 + "what is it?", "I mean, " * 300]
)
def test_fragments_are_read_as_something(text):
    """What is no sentence, or is one without end, has a reading as well."""
    assert readings_of(text)


@pytest.mark.parametrize(
    ("text", "as_plain"),
    [
        ("Give me the stats: how many scenes feature a red dog?", "How many scenes show a red dog?"),
        ("Sample size: how many dogs are there?", "How many dogs are there?"),
        ("Give us the full line-up: which objects are in this video?", "Which objects are in this video?"),
        ("And we're off! What's the first thing we see?", "What happens first?"),
        ("Number of shots in this video, N = ?", "How many shots are there?"),
        ("Result: which objects blink?", "Which objects blink?"),
        ("Is there any observation of a dog?", "Is there a dog?"),
        ("The dog, the cat: which has its debut first?", "Which appears first, the dog or the cat?"),
        ("Shot 2: what colour is the dog?", "What colour is the dog in shot 2?"),
        ("The dog: when does it run?", "When does the dog run?"),
        ("Two videos head to head: which one has more shots?", "Which of the videos has more shots?"),
        ("The dog or the cat, which of them shows up earlier?", "Which appears first, the dog or the cat?"),
        ("It's a race between the dog and the cat, so who appears first?", "Which appears first, the dog or the cat?"),
        ("Of the dog and the cat, which has the earlier onset?", "Which appears first, the dog or the cat?"),
    ],
)
def test_what_leads_to_a_question_is_no_thing(text, as_plain):
    """A heading is left out where it names nothing; two things before the question are what it chooses from."""
    (found,), (plain,) = readings_of(text), readings_of(as_plain)
    assert (found.kind, found.counted, found.conditions) == (plain.kind, plain.counted, plain.conditions)
    assert (found.scope.shots, found.scope.pick, found.compare) == (plain.scope.shots, plain.scope.pick, plain.compare)
