"""How `atom read` writes what it has read of one video: as text, JSON and subtitles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import atom_core as atom
from atom_core.text.printable import printable, printable_json

Texts = Sequence[atom.WrittenText]
NOTHING = "(nothing is written)"


def text(video: atom.Video, texts: Texts) -> str:
    """The video's path, then a row for each line with its times."""
    rows = [f"  {one.times}  {printable(one.text)}" for one in texts] or [f"  {NOTHING}"]
    return "\n".join([printable(str(video.path)), *rows]) + "\n"


def as_json(video: atom.Video, texts: Texts) -> str:
    """One JSON object."""
    return printable_json(json_value(video, texts)) + "\n"


def srt(video: atom.Video, texts: Texts) -> str:
    """SubRip subtitles."""
    from atom_core.media.timelines.subtitles import to_srt

    return to_srt(_cues(video, texts))


def vtt(video: atom.Video, texts: Texts) -> str:
    """WebVTT subtitles."""
    from atom_core.media.timelines.subtitles import to_vtt

    return to_vtt(_cues(video, texts))


FORMATS: Mapping[str, tuple[Callable[[atom.Video, Texts], str], str]] = {
    "text": (text, ".txt"),
    "json": (as_json, ".json"),
    "srt": (srt, ".srt"),
    "vtt": (vtt, ".vtt"),
}
"""Each format with the suffix of its files."""


def _cues(video: atom.Video, texts: Texts) -> list[tuple[float, float, str]]:
    """Start, end and text, on the clock of a player; lines that stand at the same time are one cue."""
    bounds = sorted({one.start_s for one in texts} | {one.end_s for one in texts})
    cues: list[tuple[float, float, str]] = []
    for start_s, end_s in pairwise(bounds):
        standing = [one for one in texts if one.start_s <= start_s and one.end_s >= end_s]
        said = "\n".join(one.text for one in sorted(standing, key=lambda one: (one.box[1], one.box[0])))
        if cues and cues[-1][2] == said and cues[-1][1] == video.lead_s + start_s:
            cues[-1] = cues[-1][0], video.lead_s + end_s, said
        elif said:
            cues.append((video.lead_s + start_s, video.lead_s + end_s, said))
    return cues


def json_value(video: atom.Video, texts: Texts) -> dict[str, object]:
    """The JSON value of what was read of one video."""
    lines = [
        {
            "text": one.text,
            "start_s": one.start_s,
            "end_s": one.end_s,
            "box": list(one.box),
            "confidence": one.confidence,
        }
        for one in texts
    ]
    return {
        "video": str(video.path),
        "content_hash": video.content_hash,
        "duration_s": video.duration_s,
        "texts": lines,
    }
