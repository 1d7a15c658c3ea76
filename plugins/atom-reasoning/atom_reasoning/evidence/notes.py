"""Captions of all clips of some footage: those kept, those of the library, and new ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import atom_core as atom
from atom_reasoning.evidence.footage import Footage
from atom_reasoning.evidence.kept import Kept


def read_captions(host: atom.Host, footage: Footage, kept: Sequence[Kept]) -> list[tuple[str, float]]:
    """Each clip's caption and its confidence, in order; what is made is kept.

    :raises AtomError: if a clip cannot be captioned
    """
    video_of = {place: shot.video for shot in footage.shots for place in shot.places}
    found: dict[int, tuple[str, float]] = {}
    for place, clip in enumerate(footage.clips):
        if (known := kept[video_of[place]].caption(clip)) is not None:
            found[place] = known
    missing = [place for place in range(len(footage.clips)) if place not in found]
    if missing:
        for place, text in _of_library(host, footage, missing).items():
            found[place] = (text, 0.95)
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


def _moments(host: atom.Host, footage: Footage, text: str, limit: int) -> Sequence[Any]:
    import attrs

    fields = {one.name for one in attrs.fields(atom.Query)}
    if "search" not in host.plugins.tasks or "videos" not in fields or not text:
        return ()
    hashes = tuple(video.content_hash for video in footage.videos)
    try:
        if not set(hashes) <= set(host.library.videos()):
            return ()
        more: dict[str, Any] = {"videos": hashes}
        return tuple(host.run("search", atom.Query(text=text, limit=limit, **more)))
    except atom.AtomError:
        return ()  # a library that cannot be opened or asked costs speed, never an answer


def _key(clip: Any) -> tuple[str, int, int]:
    name = clip.video.content_hash if hasattr(clip, "video") else clip.content_hash
    return name, round(clip.start_s * 1000), round(clip.end_s * 1000)
