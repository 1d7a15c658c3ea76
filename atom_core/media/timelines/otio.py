"""A timeline as OpenTimelineIO JSON, for editing programs.

Written directly, not by the library, whose compiled code is much for a program that writes one document; tests read it
back with the library. `Clip.1` is read by every version of it. https://opentimelineio.readthedocs.io
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from atom_core.errors import MediaError
from atom_core.files import write_whole
from atom_core.media.timelines.rates import source_rate
from atom_core.media.timelines.timecode import to_frames
from atom_core.records import Cut, Timeline, Video
from atom_core.text.printable import printable, printable_json

_Json = dict[str, Any]


def to_otio(timeline: Timeline, videos: Mapping[str, Video]) -> _Json:
    """`timeline` as an OpenTimelineIO ``Timeline.1``: one video track, and an audio track where any source has sound.

    Times are whole frames of each source's own rate, counted from its time code where it has one. Every clip has a
    marker with the script line and the caption.
    Names are on one line, see `printable`; the metadata has them as they are.

    :param videos: the source of every cut, by content hash
    """
    tracks = [_track("Video", [_clip(cut, _source(cut, videos)) for cut in timeline.cuts])]
    if any(_source(cut, videos).has_audio for cut in timeline.cuts):
        tracks.append(_track("Audio", [_sound(cut, _source(cut, videos)) for cut in timeline.cuts]))
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": printable(timeline.request.text),
        "metadata": {"atom": {"request": timeline.request.text}},
        "global_start_time": None,
        "tracks": {**_item("Stack.1", "tracks"), "children": tracks},
    }


def write_otio(timeline: Timeline, videos: Mapping[str, Video], path: Path | str) -> None:
    """Write `to_otio` to a file; a program that names one has it replaced, as `Path.write_text` does.

    :raises MediaError: if it cannot be written
    """
    try:
        write_whole(path, printable_json(to_otio(timeline, videos)))
    except OSError as error:
        raise MediaError(f"cannot write '{path}': {error.strerror}; choose another place", path=path) from None


def _source(cut: Cut, videos: Mapping[str, Video]) -> Video:
    try:
        return videos[cut.content_hash]
    except KeyError:
        raise MediaError(f"the source of a cut is not known: '{cut.path}'; index it again", path=cut.path) from None


def _item(schema: str, name: str, **more: object) -> _Json:
    common: _Json = {"metadata": {}, "source_range": None, "effects": [], "markers": [], "enabled": True}
    return {"OTIO_SCHEMA": schema, "name": name, **common, **more}


def _track(kind: str, children: list[_Json]) -> _Json:
    return {**_item("Track.1", kind), "kind": kind, "children": children}


def _clip(cut: Cut, video: Video) -> _Json:
    return _media(cut, video, markers=[_marker(cut, video)])


def _sound(cut: Cut, video: Video) -> _Json:
    """The same span's sound, or a gap as long."""
    if video.has_audio:
        return _media(cut, video)
    return _item("Gap.1", "", source_range=_span(cut.start_s, cut.end_s, video))


def _media(cut: Cut, video: Video, **more: object) -> _Json:
    reference = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "name": printable(cut.path.name),
        "metadata": {"atom": {"content_hash": cut.content_hash}},
        "available_range": _span(0.0, video.duration_s, video),
        "target_url": cut.path.absolute().as_uri(),
    }
    return _item(
        "Clip.1",
        printable(cut.path.stem),
        source_range=_span(cut.start_s, cut.end_s, video),
        media_reference=reference,
        metadata={"atom": {"line": cut.line, "caption": cut.caption, "score": cut.score}},
        **more,
    )


def _marker(cut: Cut, video: Video) -> _Json:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": printable(cut.line),
        "comment": printable(cut.caption),
        "color": "GREEN",
        "marked_range": _span(cut.start_s, cut.end_s, video),
        "metadata": {"atom": {"line": cut.line, "caption": cut.caption}},
    }


def _span(start_s: float, end_s: float, video: Video) -> _Json:
    """The frames from the one at `start_s` to the one at `end_s`, exclusive; at least one."""
    rate = source_rate(video)
    start, end = round(start_s * rate), round(end_s * rate)
    first = to_frames(video.timecode, rate)
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(first + start, rate),
        "duration": _time(max(end - start, 1), rate),
    }


def _time(num_frames: int, rate: Fraction) -> _Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(num_frames), "rate": float(rate)}
