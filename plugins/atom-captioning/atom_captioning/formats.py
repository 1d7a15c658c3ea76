"""The formats of ``atom caption``: each makes a document of the captions of one video, in order."""

from __future__ import annotations

from collections.abc import Sequence

import atom_core as atom
from atom_core.text.printable import printable, printable_json

NO_CAPTION = "(no caption)"
"""Stands in text where the model said nothing; subtitles have no line there."""


def text(captions: Sequence[atom.Caption]) -> str:
    """The video's path, then a line for each caption with its times."""
    lines = [f"  {caption.clip.times}  {printable(caption.text.strip()) or NO_CAPTION}" for caption in captions]
    return "\n".join([printable(str(captions[0].clip.video.path)), *lines]) + "\n"


def as_json(captions: Sequence[atom.Caption]) -> str:
    """One JSON object."""
    return printable_json(json_value(captions)) + "\n"


def srt(captions: Sequence[atom.Caption]) -> str:
    """SubRip subtitles."""
    from atom_core.media.timelines.subtitles import to_srt

    return to_srt(_cues(captions))


def vtt(captions: Sequence[atom.Caption]) -> str:
    """WebVTT subtitles."""
    from atom_core.media.timelines.subtitles import to_vtt

    return to_vtt(_cues(captions))


def _cues(captions: Sequence[atom.Caption]) -> list[tuple[float, float, str]]:
    """Start, end and text, on the clock of a player, which may run before the first picture."""
    lead_s = captions[0].clip.video.lead_s
    return [(lead_s + caption.clip.start_s, lead_s + caption.clip.end_s, caption.text) for caption in captions]


def json_value(captions: Sequence[atom.Caption]) -> dict[str, object]:
    """The JSON value of one video's captions."""
    video = captions[0].clip.video
    clips = [
        {
            "start_s": caption.clip.start_s,
            "end_s": caption.clip.end_s,
            "caption": caption.text,
            "truncated": caption.truncated,
            "confidence": caption.confidence,
            "frames": caption.provenance.frames if caption.provenance else None,
            "told": list(caption.provenance.told) if caption.provenance else [],
        }
        for caption in captions
    ]
    return {
        "video": str(video.path),
        "content_hash": video.content_hash,
        "duration_s": video.duration_s,
        "model": captions[0].provenance.model if captions[0].provenance else None,
        "clips": clips,
    }
