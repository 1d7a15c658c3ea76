"""A timeline as a CMX 3600 edit decision list, for editing programs that read no OpenTimelineIO.

Written by OpenTimelineIO's adapter, which the extra ``edl`` installs. https://github.com/OpenTimelineIO/otio-cmx3600-adapter
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.util import find_spec
from urllib.parse import unquote

from attrs import evolve

from atom_core.errors import SettingsError
from atom_core.media.timelines.otio import to_otio
from atom_core.media.timelines.rates import STANDARD_RATES, film_rate, source_rate
from atom_core.media.timelines.timecode import at_rate, drops_frames
from atom_core.records import Timeline, Video
from atom_core.text.printable import printable

_SLOWEST = Fraction(23)
"""Time codes count frames of no lower rates, frames per second."""
_DROPPING = (Fraction(30000, 1001), Fraction(60000, 1001))
"""Rates whose time codes may drop frames."""


def check_edl() -> None:
    """
    :raises SettingsError: if what writes the lists is not installed
    """
    if find_spec("otio_cmx3600_adapter") is None:
        raise SettingsError("edit decision lists need one more package: python -m pip install 'atom-core[edl]'")


def to_edl(timeline: Timeline, videos: Mapping[str, Video]) -> str:
    """`timeline` as a CMX 3600 list, at one rate: the film's, or the next that time codes have. An event takes the
    sound of its source with the pictures, where that has any, on two channels.

    Time codes of sources are those that the files state, or count from each file's first picture; whether they drop
    frames is as in the first source that states one. Each event has the file's name and the script line.

    :param videos: the source of every cut, by content hash
    :raises MediaError: if a source is not known
    """
    import opentimelineio

    sources = {cut.content_hash: videos[cut.content_hash] for cut in timeline.cuts if cut.content_hash in videos}
    used = film_rate(float(source_rate(video)) for video in sources.values())
    rate = next(known for known in STANDARD_RATES if known >= max(used, _SLOWEST))
    stated = next((video.timecode for video in sources.values() if video.timecode), "")
    drops = drops_frames(stated) if stated else True
    alike = {name: _counted_at(video, rate, drops) for name, video in sources.items()}
    request = evolve(timeline.request, text=" ".join(timeline.request.text.split()))
    labels = rate if drops else Fraction(round(rate)) if rate in _DROPPING else rate
    written = json.dumps(_at_rate(to_otio(evolve(timeline, request=request), alike), float(labels)))
    read = opentimelineio.adapters.read_from_string(written, "otio_json")
    for clip in read.find_clips():
        # its last part is the clip's name
        clip.media_reference.target_url = printable(unquote(clip.media_reference.target_url))
    text: str = opentimelineio.adapters.write_to_string(read, "cmx_3600", rate=float(labels), style="premiere")
    title, rest = _with_sound(text, [sources[cut.content_hash].has_audio for cut in timeline.cuts]).split("\n", 1)
    return f"{title}\nFCM: {'DROP' if labels in _DROPPING else 'NON-DROP'} FRAME\n{rest}"


def _with_sound(text: str, heard: Sequence[bool]) -> str:
    """Events that take pictures and sound, of those that take pictures: the library writes no list of both.

    :param heard: for each event whether its source has sound
    """
    return re.sub(
        r"^(\d+)( +AX +)V   ( +)(?=C )",
        lambda event: f"{event[1]}{event[2]}{'AA/V' if heard[int(event[1]) - 1] else 'V   '}{event[3]}",
        text,
        flags=re.MULTILINE,
    )


def _counted_at(video: Video, rate: Fraction, drops: bool) -> Video:
    """`video` with its rate and time code brought to those of the list."""
    timecode = at_rate(video.timecode, source_rate(video), rate, drops=drops)
    return evolve(video, fps=float(rate), peak_fps=0.0, timecode=timecode, has_audio=False)


def _at_rate(value: object, rate: float) -> object:
    """The same frames said to be of another rate: time codes that drop none are those of the next whole number."""
    if isinstance(value, list):
        return [_at_rate(item, rate) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: rate if name == "rate" else _at_rate(item, rate) for name, item in value.items()}
