"""What ``atom transcribe`` writes: text, JSON, subtitles, and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import atom_core as atom
from atom_core.media.timelines.cues import cues
from atom_core.media.timelines.subtitles import to_srt, to_vtt
from atom_core.text.printable import printable, printable_json

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
