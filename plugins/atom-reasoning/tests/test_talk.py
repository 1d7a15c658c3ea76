"""Questions with talk around them: what is asked, and what the talk tells of it."""

from __future__ import annotations

import pytest
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
