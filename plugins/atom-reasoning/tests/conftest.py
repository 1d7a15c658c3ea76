"""Footage whose clips are their captions, and a decoder that answers by them."""

import re

import atom_captioning
import atom_reasoning
import pytest
from atom_reasoning.english.clauses import best_fit, wanted
from atom_reasoning.reading.reader import read

import atom_core as atom
from atom_core.testing.fakes import FakeDecoder, FakeHost

SHOTS = [
    "a red circle moves left",
    "a blue star grows",
    "a green moon moves up while a white star blinks",
    "a yellow ring blinks, then a red star disappears",
]


class Seeing(FakeDecoder):
    """Says yes where the caption of a clip has what a question names; `replies` to others, by words of the question."""

    def __init__(self, replies=None):
        super().__init__(self.reply)
        self.replies = replies or {}
        self.scored = []

    def reply(self, prompt, shown):
        if prompt.startswith("Summarize"):
            return None
        return next((text for word, text in self.replies.items() if word in f"{prompt} {shown}"), None)

    def score_many(self, pairs):
        """The log-probability of yes and no."""
        return [self._score(parts, answer) for parts, answer in pairs]

    def _score(self, parts, answer):
        shown, question = parts[0].layout["shows"], parts[1]
        self.scored.append(question)
        (condition,) = read(question).conditions
        holds = best_fit(shown, wanted(condition.subject, condition.predicate)) == 1.0
        return -0.01 if (answer == "yes") == holds else -5.0


@pytest.fixture
def footage():
    """A host with one video of four shots of five seconds."""
    return lambda shots=SHOTS, replies=None, **more: FakeHost(
        atom_reasoning, atom_captioning, shows={"a.mp4": shots, **more}, decoder=Seeing(replies)
    )


@pytest.fixture
def ask(footage):
    """The answer to a question about a video."""

    def answer(text, shots=SHOTS, replies=None, **settings):
        host = footage(shots, replies)
        return host.run("answer", atom.Question(video=host.video("a.mp4"), text=text), **settings)

    return answer


def times(answer):
    """The evidence of an answer."""
    return [(span.start_s, span.end_s) for span in answer.evidence]


def numbers(text):
    """The digits of a text."""
    return re.findall(r"\d+", text)
