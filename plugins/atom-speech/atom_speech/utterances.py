"""Words to utterances: a sentence or so each, none over a pause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import atom_core as atom
from atom_speech.engine import Heard

PAUSE_S = 0.7
"""A pause that ends an utterance whatever was said."""
LONGEST_S = 15.0
"""Longer ones end at a comma, or at their longest pause."""
_ENDS = (".", "?", "!", "。", "？", "！", "…", "।", "؟")
_NO_ENDS = ("Mr.", "Mrs.", "Ms.", "Dr.", "St.", "Prof.", "e.g.", "i.e.", "vs.", "No.")


class Word(NamedTuple):
    """A word on the video's clock, with the language that it is of."""

    heard: Heard
    language: str


def utterances(words: Sequence[Word], track: int) -> list[atom.Utterance]:
    """The utterances that `words` make, in order."""
    groups: list[list[Word]] = []
    for word in words:
        if groups and not _is_apart(groups[-1][-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_utterance(part, track) for group in groups for part in _parts(group)]


def _is_apart(before: Word, word: Word) -> bool:
    said = before.heard
    ends = said.text.endswith(_ENDS) and said.text not in _NO_ENDS
    return ends or word.heard.start_s - said.end_s >= PAUSE_S or word.language != before.language


def _parts(group: list[Word]) -> list[list[Word]]:
    """An utterance that is too long, in parts."""
    if len(group) < 2 or group[-1].heard.end_s - group[0].heard.start_s <= LONGEST_S:
        return [group]
    middle_s = (group[0].heard.start_s + group[-1].heard.end_s) / 2

    def fits(at: int) -> tuple[float, float]:
        before, after = group[at - 1].heard, group[at].heard
        pause_s = after.start_s - before.end_s + (0.3 if before.text.endswith((",", ";", ":", "、", "，")) else 0.0)
        return round(pause_s, 2), -abs(after.start_s - middle_s)

    inner = range(max(len(group) // 4, 1), max(len(group) * 3 // 4, 1) + 1)
    at = max((index for index in inner if index < len(group)), key=fits)
    return [*_parts(group[:at]), *_parts(group[at:])]


def _utterance(group: list[Word], track: int) -> atom.Utterance:
    heard = [word.heard for word in group]
    language = group[0].language
    joint = "" if language in ("zh", "ja", "th", "lo", "my", "km", "yue") else " "
    return atom.Utterance(
        start_s=heard[0].start_s,
        end_s=heard[-1].end_s,
        text=joint.join(word.text for word in heard),
        words=tuple(
            atom.SpokenWord(
                text=word.text,
                start_s=word.start_s,
                end_s=word.end_s,
                confidence=round(word.confidence, 4),
            )
            for word in heard
        ),
        confidence=round(sum(word.confidence for word in heard) / len(heard), 4),
        language=language,
        track=track,
    )
