"""Questions with talk around them: what is asked, and what the talk tells of it."""

from __future__ import annotations

import pytest
from atom_reasoning.english.words import meaning
from atom_reasoning.reading.reader import read
from atom_reasoning.reading.sentences import readings_of

ASIDE = (
    (
        "Good morning everybody, you're tuned in, and here's the big one for today: how many shots does this video have?",
        "How many shots are there?",
    ),
    (
        "Before we go to the traffic news, a quick one: of how many shots is this little film made up?",
        "How many shots are there?",
    ),
    ("Get your pens ready, folks, because people keep asking: at what time do we see a dog?", "When is a dog shown?"),
    ("When exactly, and I mean on the clock, does a dog make its appearance?", "When is a dog shown?"),
    (
        "A gentleman on the phone swears by it, so let me ask: do we get to see a dog between 0:04 and 0:08?",
        "Is there a dog between 0:04 and 0:08?",
    ),
    ("Rumour has it, and I love a rumour, that there's a dog in the video. Is there?", "Is there a dog?"),
    ("Before I make a fool of myself on air, can a dog be seen anywhere?", "Is there a dog?"),
    ("Would you be a dear and time it for me, how long is a dog visible?", "How long is a dog shown?"),
    ("Time is money in this business, so let me ask how long we get to see a dog.", "How long is a dog shown?"),
    ("Jenny has written in, hello Jenny, and she asks which scene it is that shows a dog.", "Which shot shows a dog?"),
)


@pytest.mark.parametrize(("text", "plain"), ASIDE)
def test_talk_around_a_question_changes_nothing(text, plain):
    """What is said before, within and behind a question is no part of what it asks."""
    (found,), wanted = readings_of(text), read(plain)
    assert (found.kind, found.counted, found.negated) == (wanted.kind, wanted.counted, wanted.negated)
    assert [one.text for one in found.conditions] == [one.text for one in wanted.conditions]
    assert found.scope == wanted.scope
    assert found.trust > 0.5


TOLD = (
    ("Good evening folks, my producer loves the heart, so in which shot does it turn up?", "Which shot shows a heart?"),
    ("I sneezed, would you believe it, I sneezed, and I missed the third shot. What was in it?", "What happens in the third shot?"),
    ("Say you put the kettle on, you come back and 4 seconds have passed. What's on the screen?", "What happens at 4 seconds?"),
    ("Picture the scene, the third one to be exact. And what goes on there?", "What happens in the third shot?"),
    ("Our listeners adore it, they just can't get enough of a white dog, so in how many shots do we see it?", "How many shots show a white dog?"),
    ("The white dog's done. What's next?", "What happens after the white dog?"),
    ("It's the white dog and I'm on the edge of my seat, what follows?", "What happens after the white dog?"),
    ("The white dog and the black cat, two great guests, but only one of them can be on earlier. Which?", "Which comes first, the white dog or the black cat?"),
    ("People write in and say there's a white dog, people write in and say there's a black cat. Are both of them in it?", "Is there a white dog and a black cat?"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), TOLD)
def test_talk_tells_what_a_question_is_about(text, plain):
    """What "it", "there" and "both" stand for is taken from the sentences around the question."""
    (found,), wanted = readings_of(text), read(plain)
    assert (found.kind, found.counted) == (wanted.kind, wanted.counted)
    assert {one.text for one in found.conditions} == {one.text for one in wanted.conditions}
    assert (found.scope.shots, found.scope.at, found.scope.event, found.scope.relation) == (
        wanted.scope.shots,
        wanted.scope.at,
        wanted.scope.event,
        wanted.scope.relation,
    )


def test_no_word_of_a_plain_question_is_talk():
    """Of questions without talk, lists, fronted times and what trails stay parts of them."""
    (found,) = readings_of("Which comes first, please, the dog or the cat?")
    assert [one.subject for one in found.conditions] == ["dog", "cat"]
    (found,) = readings_of("Is there a dog, a cat, or a horse?")
    assert len(found.conditions) == 3
    (found,) = readings_of("In the second shot, after all, is there a dog?")
    assert found.scope.shots == (2,)


CALLED = (
    ("At what time, sweetie, does a dog turn up?", "When is a dog shown?"),
    ("Was it the dog or the cat that we saw first, dear?", "Which comes first, the dog or the cat?"),
    ("bro just tell me how many shots there are", "How many shots are there?"),
    ("sry how many shots was a dog in", "How many shots show a dog?"),
    ("May the court conclude that there are no dogs?", "Are there no dogs?"),
    ("Could you ascertain how many of the scenes include a dog?", "How many shots show a dog?"),
    ("The court wishes to be informed how many scenes there are.", "How many shots are there?"),
    ("Let the number of shots be stated.", "How many shots are there?"),
    ("To which shot must one turn in order to see a dog?", "Which shot shows a dog?"),
    ("In which shot may the dog be observed running?", "In which shot does the dog run?"),
    ("At what time does a dog reveal itself?", "When is a dog shown?"),
    ("How many shots are blessed with a dog?", "How many shots show a dog?"),
    ("Is there a single shot in the film from which a dog is missing?", "Is there a shot without a dog?"),
    ("which vid's got a dog", "Which video has a dog?"),
    ("How many dogs have we got?", "How many dogs are there?"),
)


@pytest.mark.parametrize(("text", "plain"), CALLED)
def test_whoever_is_called_and_however_it_is_put(text, plain):
    """Calls, words of courts and of poems for "is there" and "asks" change nothing of what is asked."""
    (found,), wanted = readings_of(text), read(plain)
    assert (found.kind, found.counted, found.negated, found.compare) == (
        wanted.kind,
        wanted.counted,
        wanted.negated,
        wanted.compare,
    )
    assert [meaning(one.text) for one in found.conditions] == [meaning(one.text) for one in wanted.conditions]
