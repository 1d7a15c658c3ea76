"""Stretches of speech, put together to windows that are decoded at once; and words, put back to where they are said.

A Whisper model reads 30 s at a time, whatever is in it: speech is packed, pauses are cut short, silence is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from atom_speech.engine import LONGEST_S, RATE_HZ, Heard

if TYPE_CHECKING:
    import numpy as np

_JOINED_S = 0.5
"""Pauses up to this long stay as they are."""
_PAD_S = 0.3
"""What is left of silence before and after a stretch; with less, first words are lost."""
LATE_S = 0.11
"""How much later than a word begins Whisper's attention turns to it, measured on known words: it looks at the middle of
a sound, not at its onset."""
_ONSET_S, _END_S = 0.045, 0.025
"""How late the detector of voices hears somebody begin, and end."""
_AT_PAUSE_S = 0.45
"""How far from where a stretch begins or ends its first or last word may be taken for one that begins or ends there."""
_LEAST_S = 0.04


class Stretch(NamedTuple):
    """A piece of sound with speech, cut out with some silence around it."""

    start_s: float
    end_s: float
    speech: tuple[tuple[float, float], ...]
    """The spans in it in which somebody speaks."""

    @property
    def duration_s(self) -> float:
        """Its length, seconds."""
        return self.end_s - self.start_s


def stretches(speech: Sequence[tuple[float, float]], duration_s: float) -> list[Stretch]:
    """Spans of speech, those with short pauses between them together."""
    groups: list[list[tuple[float, float]]] = []
    for span in speech:
        near = bool(groups) and span[0] - groups[-1][-1][1] < _JOINED_S
        if near and span[1] - groups[-1][0][0] <= LONGEST_S - 2 * _PAD_S:
            groups[-1].append(span)
        else:
            groups.append([span])
    made = []
    for index, group in enumerate(groups):
        before_s = group[0][0] - (groups[index - 1][-1][1] if index else 0.0)
        after_s = (groups[index + 1][0][0] if index + 1 < len(groups) else duration_s) - group[-1][1]
        start_s = group[0][0] - min(_PAD_S, before_s / 2 if index else before_s)
        end_s = group[-1][1] + min(_PAD_S, after_s / 2 if index + 1 < len(groups) else after_s)
        made.append(Stretch(start_s, end_s, tuple(group)))
    return made


def windows(found: Sequence[Stretch]) -> list[list[Stretch]]:
    """Stretches, as many together as are decoded at once."""
    packed: list[list[Stretch]] = []
    length_s = 0.0
    for stretch in found:
        if not packed or length_s + stretch.duration_s > LONGEST_S:
            packed.append([])
            length_s = 0.0
        packed[-1].append(stretch)
        length_s += stretch.duration_s
    return packed


def sound_of(window: Sequence[Stretch], samples: np.ndarray) -> np.ndarray:
    """The sound of a window, [S]."""
    import numpy as np

    return np.concatenate([samples[round(one.start_s * RATE_HZ) : round(one.end_s * RATE_HZ)] for one in window])


def placed(words: Sequence[Heard], window: Sequence[Stretch]) -> list[Heard]:
    """Words of a window at the times at which they are said: none outside of speech, none over another."""
    inside: list[list[Heard]] = [[] for _ in window]
    begins_s = [sum(one.duration_s for one in window[:index]) for index in range(len(window))]
    for word in words:
        middle_s = (word.start_s + word.end_s) / 2 - LATE_S
        index = max(number for number, begin_s in enumerate(begins_s) if begin_s <= max(middle_s, 0.0))
        by_s = window[index].start_s - begins_s[index] - LATE_S
        inside[index].append(word._replace(start_s=word.start_s + by_s, end_s=word.end_s + by_s))
    return [word for stretch, own in zip(window, inside, strict=True) for word in _in_speech(own, stretch)]


def _in_speech(words: list[Heard], stretch: Stretch) -> list[Heard]:
    """The words of one stretch; first and last words begin and end where the voice does."""
    words = [
        word
        for word in words
        if any(word.start_s < end_s + _PAD_S and word.end_s > start_s - _PAD_S for start_s, end_s in stretch.speech)
    ]
    for begins_s, ends_s in stretch.speech:
        onset_s, end_s = max(begins_s - _ONSET_S, 0.0), ends_s - _END_S
        own = [index for index, word in enumerate(words) if begins_s - _PAD_S <= _middle(word) <= ends_s + _PAD_S]
        if not own:
            continue
        first, last = own[0], own[-1]
        if abs(words[first].start_s - onset_s) <= _AT_PAUSE_S and words[first].end_s > onset_s + _LEAST_S:
            words[first] = words[first]._replace(start_s=onset_s)
        if abs(words[last].end_s - end_s) <= _AT_PAUSE_S and end_s > words[last].start_s + _LEAST_S:
            words[last] = words[last]._replace(end_s=end_s)
    return _in_turn(words, max(stretch.start_s, 0.0), stretch.end_s)


def _in_turn(words: list[Heard], start_s: float, end_s: float) -> list[Heard]:
    """Words one after the other, all within a span."""
    made: list[Heard] = []
    for word in words:
        begin_s = min(max(word.start_s, start_s), end_s)
        if made and begin_s < made[-1].end_s:
            middle_s = max((begin_s + made[-1].end_s) / 2, made[-1].start_s)
            made[-1], begin_s = made[-1]._replace(end_s=middle_s), middle_s
        made.append(word._replace(start_s=begin_s, end_s=max(min(word.end_s, end_s), begin_s)))
    return made


def _middle(word: Heard) -> float:
    return (word.start_s + word.end_s) / 2
