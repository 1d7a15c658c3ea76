"""Words of a video: those that are said, and those that stand written in its pictures."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import field, frozen
from attrs.validators import ge, le
from attrs.validators import optional as if_any

from atom_core.records.span import Span


def _words(value: Iterable[SpokenWord]) -> tuple[SpokenWord, ...]:
    return tuple(value)


def _box(value: Iterable[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = (float(edge) for edge in value)
    return left, top, right, bottom


@frozen(kw_only=True)
class SpokenWord(Span):
    """A word that is said."""

    text: str
    """The word, with the punctuation that belongs to it and without spaces around it."""
    confidence: float | None = field(default=None, validator=if_any([ge(0), le(1)]))
    """How sure the model is of it, 0 to 1; None where it does not say."""


@frozen(kw_only=True)
class Utterance(Span):
    """What is said without a pause: a sentence or so, by one voice as far as the model can tell."""

    text: str
    """What is said, punctuated."""
    words: tuple[SpokenWord, ...] = field(default=(), converter=_words)
    """Its words with their times, in order; empty where they are not known."""
    confidence: float | None = field(default=None, validator=if_any([ge(0), le(1)]))
    """How sure the model is of it, 0 to 1; None where it does not say."""
    language: str = ""
    """ISO 639 code of the language of `text`: ``en``; empty where it is not known."""
    track: int = field(default=1, validator=ge(1))
    """Which sound track of the video it is said in, from 1."""

    def during(self, start_s: float, end_s: float) -> str:
        """What of it is said from `start_s` to `end_s`: the words whose middle lies there, or where words are not known
        the text if its middle does."""
        parts: Iterable[SpokenWord | Utterance] = self.words or (self,)
        return " ".join(part.text for part in parts if start_s <= (part.start_s + part.end_s) / 2 < end_s)


@frozen(kw_only=True)
class WrittenText(Span):
    """Text that stands in the picture: one line of a title, a sign, a slide; `start_s` to `end_s` it is to be seen."""

    text: str
    """What stands there, letter by letter."""
    box: tuple[float, float, float, float] = field(converter=_box)
    """Where: left, top, right and bottom edge, parts of the picture's width and height from its upper left."""
    confidence: float | None = field(default=None, validator=if_any([ge(0), le(1)]))
    """How sure the model is of it, 0 to 1; None where it does not say."""
