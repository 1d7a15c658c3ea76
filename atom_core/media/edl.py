"""A timeline as a CMX 3600 edit decision list, for editing programs that read no OpenTimelineIO.

Written by OpenTimelineIO's adapter, which the extra ``edl`` installs. https://github.com/OpenTimelineIO/otio-cmx3600-adapter
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from attrs import evolve

from atom_core.errors import MediaError, SettingsError
from atom_core.files import write_whole
from atom_core.media.otio import to_otio
from atom_core.media.rates import STANDARD_RATES, film_rate
from atom_core.printable import printable
from atom_core.records import Timeline, Video

_SLOWEST = Fraction(23)
"""Time codes count frames of no lower rates, frames per second."""


def check_edl() -> None:
    """
    :raises SettingsError: if what writes the lists is not installed
    """
    if find_spec("otio_cmx3600_adapter") is None:
        raise SettingsError("edit decision lists need one more package: python -m pip install 'atom-core[edl]'")


def to_edl(timeline: Timeline, videos: Mapping[str, Video]) -> str:
    """`timeline` as a CMX 3600 list of pictures, at one rate: the film's, or the next that time codes have.

    Time codes of sources count from each file's first picture. Each event has the file's name and the script line.

    :param videos: the source of every cut, by content hash
    :raises MediaError: if a source is not known
    """
    import opentimelineio

    used = film_rate(videos[cut.content_hash].fps for cut in timeline.cuts if cut.content_hash in videos)
    rate = float(next(known for known in STANDARD_RATES if known >= max(used, _SLOWEST)))
    alike = {name: evolve(video, fps=rate, has_audio=False) for name, video in videos.items()}
    request = evolve(timeline.request, text=" ".join(timeline.request.text.split()))
    written = json.dumps(to_otio(evolve(timeline, request=request), alike))
    read = opentimelineio.adapters.read_from_string(written, "otio_json")
    for clip in read.find_clips():
        # its last part is the clip's name
        clip.media_reference.target_url = printable(unquote(clip.media_reference.target_url))
    text: str = opentimelineio.adapters.write_to_string(read, "cmx_3600", rate=rate, style="premiere")
    return text


def write_edl(timeline: Timeline, videos: Mapping[str, Video], path: Path | str) -> None:
    """Write `to_edl` to a file.

    :raises MediaError: if a source is not known, or the file cannot be written
    """
    try:
        write_whole(path, to_edl(timeline, videos))
    except OSError as error:
        raise MediaError(f"cannot write '{path}': {error.strerror}; choose another place") from None
