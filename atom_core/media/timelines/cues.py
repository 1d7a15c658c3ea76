"""What is said, as subtitles that can be read: short lines, none over another, no word taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from atom_core.records import SpokenWord, Utterance

LINE_LETTERS, LINES = 42, 2
"""Most letters of a line of subtitles, and lines that stand together: what broadcasters ask for."""
LONGEST_S, LEAST_S = 6.0, 0.8
"""How long a subtitle stands at most; and at least, where the next leaves it time."""
_PAUSES = (".", "?", "!", ",", ";", ":", "。", "，", "、")


def cues(said: Sequence[Utterance]) -> list[tuple[float, float, str]]:
    """Start, end and text of each subtitle: short enough to be read, none over another, no word taken apart."""
    parts = [part for one in said for part in _parts(one)]
    made: list[tuple[float, float, str]] = []
    for index, (start_s, end_s, text) in enumerate(parts):
        next_s = parts[index + 1][0] if index + 1 < len(parts) else start_s + LEAST_S
        made.append((start_s, max(end_s, min(start_s + LEAST_S, next_s)), "\n".join(_lines(text))))
    return made


def _parts(one: Utterance) -> Iterator[tuple[float, float, str]]:
    """An utterance in parts of `LINES` lines and `LONGEST_S` at most, cut where it pauses if it can be."""
    if not one.words:
        yield one.start_s, one.end_s, one.text
        return
    words = list(one.words)
    while words:
        size = _size(words)
        part, words = words[:size], words[size:]
        joint = " " if " " in one.text else ""
        yield part[0].start_s, part[-1].end_s, joint.join(word.text for word in part)


def _size(words: Sequence[SpokenWord]) -> int:
    """How many words the first part has."""
    size, letters = 0, -1
    for word in words:
        letters += len(word.text) + 1
        if size and (letters > LINE_LETTERS * LINES - 8 or word.end_s - words[0].start_s > LONGEST_S):
            break
        size += 1
    if size == len(words):
        return size
    at_pause = [at for at in range(max(size // 2, 1), size + 1) if words[at - 1].text.endswith(_PAUSES)]
    return at_pause[-1] if at_pause else size


def _lines(text: str) -> list[str]:
    """A text in as many lines as it needs, of about one length."""
    if len(text) <= LINE_LETTERS:
        return [text]
    middle = len(text) / 2
    spaces = [at for at, letter in enumerate(text) if letter == " "]
    if not spaces:
        return [text[at : at + LINE_LETTERS] for at in range(0, len(text), LINE_LETTERS)]
    at = min(spaces, key=lambda place: abs(place - middle))
    return [text[:at], text[at + 1 :]]
