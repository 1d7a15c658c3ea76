"""What is said during a clip, asked of whichever plugin writes that down."""

from __future__ import annotations

import logging

import atom_core as atom

log = logging.getLogger("atom")
_told: set[str] = set()


def said_during(clip: atom.Clip, host: atom.Host) -> str:
    """What is said in `clip`; nothing where it has no sound, or no plugin hears.

    Where one does and cannot, as without weights, there is nothing, either, and that is told once.
    """
    if not clip.video.has_audio or "transcribe" not in host.plugins.tasks:
        return ""
    try:
        said: tuple[atom.Utterance, ...] = host.run("transcribe", clip.video)
    except atom.Cancelled:
        raise
    except atom.AtomError as error:
        if str(error) not in _told:
            _told.add(str(error))
            log.warning("captions are made without what is said, as with --no-hear: %s", error)
        return ""
    return " ".join(text for one in said if (text := one.during(clip.start_s, clip.end_s)))
