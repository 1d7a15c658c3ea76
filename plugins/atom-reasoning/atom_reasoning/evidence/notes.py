"""Captions of all clips of some footage: those kept, those of the library, and new ones."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Any

import atom_core as atom
from atom_reasoning.evidence.footage import Footage
from atom_reasoning.evidence.kept import Kept

log = logging.getLogger("atom")

FROM_LIBRARY = 0.95
"""How sure a caption of the library is taken to be, which it does not say."""


def read_captions(host: atom.Host, footage: Footage, kept: Sequence[Kept], *, few: int) -> list[tuple[str, float]]:
    """Each clip's caption and its confidence, in order; what is made is kept.

    :param few: so many clips are captioned sooner than the library is opened
    :raises AtomError: if a clip cannot be captioned
    """
    video_of = {place: shot.video for shot in footage.shots for place in shot.places}
    found: dict[int, tuple[str, float]] = {}
    for place, clip in enumerate(footage.clips):
        if (known := kept[video_of[place]].caption(clip)) is not None:
            found[place] = known
    missing = [place for place in range(len(footage.clips)) if place not in found]
    if len(missing) > few:
        for place, text in _of_library(host, footage, missing).items():
            found[place] = (text, FROM_LIBRARY)
            kept[video_of[place]].put_caption(footage.clips[place], *found[place])
    missing = [place for place in missing if place not in found]
    for place, outcome in zip(missing, host.map("caption", [footage.clips[place] for place in missing]), strict=True):
        if outcome.error is not None:
            raise outcome.error
        confidence = 0.9 if outcome.value.confidence is None else outcome.value.confidence
        found[place] = (outcome.value.text, confidence)
        kept[video_of[place]].put_caption(footage.clips[place], *found[place])
    return [found[place] for place in range(len(footage.clips))]


def _of_library(host: atom.Host, footage: Footage, places: Sequence[int]) -> dict[int, str]:
    """The captions that the library has of clips, by place."""
    moments = _moments(host, footage, "everything", len(footage.clips))
    known = {_key(moment): moment.caption for moment in moments if moment.caption}
    keys = {place: _key(footage.clips[place]) for place in places}
    return {place: known[key] for place, key in keys.items() if key in known}


def searched(host: atom.Host, footage: Footage, text: str, limit: int) -> list[int]:
    """The places of the clips that the library's search finds for `text`, best first; none where it cannot."""
    moments = _moments(host, footage, text, limit)
    places = {_key(clip): place for place, clip in enumerate(footage.clips)}
    return [places[key] for moment in moments if (key := _key(moment)) in places]


def _moments(host: atom.Host, footage: Footage, text: str, limit: int) -> Sequence[atom.Moment]:
    """What a search within the videos of the footage finds; nothing where there is no library of them."""
    place = str(host.settings.library)
    if not text or not (place.startswith("http") or os.path.isdir(place)):
        return ()
    hashes = tuple(video.content_hash for video in footage.videos)
    try:
        if not set(hashes) & set(host.library.videos()):
            return ()
        found: tuple[atom.Moment, ...] = host.run("search", atom.Query(text=text, limit=limit, videos=hashes))
    except atom.AtomError as error:
        log.info("the library cannot be asked where to look: %s", error)  # which costs time, never an answer
        return ()
    return found


def _key(clip: Any) -> tuple[str, int, int]:
    name = clip.video.content_hash if hasattr(clip, "video") else clip.content_hash
    return name, round(clip.start_s * 1000), round(clip.end_s * 1000)
