"""The built-in segmenter, offered through the same hook that plugins use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atom_core.hookspecs import hookimpl
from atom_core.settings import Settings

if TYPE_CHECKING:
    from atom_core.records import Clip, Video


@hookimpl(trylast=True)
def atom_segment_video(video: Video, settings: Settings) -> list[Clip]:
    """Shots, windows or the whole, as `settings.segment` says."""
    from atom_core.media import isolate

    if isolate.is_on():
        return isolate.segment(video, settings)
    from atom_core.media.segment import segment

    return segment(video, settings)
