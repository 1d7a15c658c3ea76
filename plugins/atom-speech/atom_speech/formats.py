"""What ``atom transcribe`` writes: text, JSON, subtitles, and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import atom_core as atom
from atom_core.media.timelines.subtitles import to_srt, to_vtt
from atom_core.text.printable import printable, printable_json

LINE_LETTERS, LINES = 42, 2
"""Most letters of a line of subtitles, and lines that stand together: what broadcasters ask for."""
LONGEST_S, LEAST_S = 6.0, 0.8
"""How long a subtitle stands at most; and at least, where the next leaves it time."""
_PAUSES = (".", "?", "!", ",", ";", ":", "。", "，", "、")
Utterances = Sequence[atom.Utterance]


def as_text(video: atom.Video, said: Utterances) -> str:
    """Times and utterances, line by line."""
    del video
    return "".join(f"{one.times}  {printable(one.text)}\n" for one in said)


def as_words(video: atom.Video, said: Utterances) -> str:
    """Start, end and confidence of each word, and the word, with tabs between them."""
    del video
    lines = (
        f"{word.start_s:.3f}\t{word.end_s:.3f}\t{'' if word.confidence is None else f'{word.confidence:.2f}'}"
        f"\t{printable(word.text)}\n"
        for one in said
        for word in one.words
    )
    return "".join(lines)


def as_srt(video: atom.Video, said: Utterances) -> str:
    """SubRip subtitles, on the clock of players."""
    return to_srt((start_s + video.lead_s, end_s + video.lead_s, text) for start_s, end_s, text in cues(said))


def as_vtt(video: atom.Video, said: Utterances) -> str:
    """WebVTT subtitles, on the clock of players."""
    return to_vtt((start_s + video.lead_s, end_s + video.lead_s, text) for start_s, end_s, text in cues(said))


def as_json(video: atom.Video, said: Utterances) -> str:
    """All that is known of what is said."""
    return printable_json(json_value(video, said)) + "\n"


FORMATS: dict[str, tuple[str, Callable[[atom.Video, Utterances], str]]] = {
    "text": (".txt", as_text),
    "json": (".json", as_json),
    "srt": (".srt", as_srt),
    "vtt": (".vtt", as_vtt),
    "words": (".tsv", as_words),
}
"""Each format with how its files' names end, and what writes it."""


def json_value(video: atom.Video, said: Utterances) -> dict[str, Any]:
    """What is said in a video as JSON values."""
    return {
        "video": str(video.path),
        "content_hash": video.content_hash,
        "utterances": [
            {
                "start_s": one.start_s,
                "end_s": one.end_s,
                "text": one.text,
                "confidence": one.confidence,
                "language": one.language,
                "track": one.track,
                "words": [
                    {
                        "start_s": word.start_s,
                        "end_s": word.end_s,
                        "text": word.text,
                        "confidence": word.confidence,
                    }
                    for word in one.words
                ],
            }
            for one in said
        ],
    }


def cues(said: Utterances) -> list[tuple[float, float, str]]:
    """Start, end and text of each subtitle: short enough to be read, none over another, no word taken apart."""
    parts = [part for one in said for part in _parts(one)]
    made: list[tuple[float, float, str]] = []
    for index, (start_s, end_s, text) in enumerate(parts):
        next_s = parts[index + 1][0] if index + 1 < len(parts) else start_s + LEAST_S
        made.append((start_s, max(end_s, min(start_s + LEAST_S, next_s)), "\n".join(_lines(text))))
    return made


def _parts(one: atom.Utterance) -> Iterator[tuple[float, float, str]]:
    """An utterance in parts of `LINES` lines and `LONGEST_S` at most, cut where it pauses if it can be."""
    if not one.words:
        yield one.start_s, one.end_s, one.text
        return
    words = list(one.words)
    while words:
        size = _size(words)
        part, words = words[:size], words[size:]
        joint = " " if " " in one.text or len(one.words) == 1 else ""
        yield part[0].start_s, part[-1].end_s, joint.join(word.text for word in part)


def _size(words: Sequence[atom.SpokenWord]) -> int:
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
