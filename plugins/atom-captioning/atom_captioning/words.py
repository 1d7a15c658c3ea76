"""What is said and written during a clip, asked of whichever plugins hear and read."""

from __future__ import annotations

import logging

import atom_core as atom
from atom_core.text.quoted import quoted

log = logging.getLogger("atom")
_told: set[str] = set()


def lead_of(clip: atom.Clip, host: atom.Host, *, hear: bool, read: bool) -> tuple[str, tuple[str, ...]]:
    """The lines of a prompt that quote the clip, each with its end, and what they quote, as `Provenance.told`."""
    lines, told = [], []
    if hear and (said := said_during(clip, host)):
        lines.append(f"Somebody says in this clip: {quoted(said)}\n")
        told.append("speech")
    if read and (written := written_during(clip, host)):
        lines.append(f"In its pictures is written: {quoted(written)}\n")
        told.append("text")
    return "".join(lines), tuple(told)


def said_during(clip: atom.Clip, host: atom.Host) -> str:
    """What is said in `clip`; nothing where it has no sound, or no plugin hears."""
    if not clip.video.has_audio:
        return ""
    said: tuple[atom.Utterance, ...] = _asked(host, "transcribe", clip.video, "what is said, as with --no-hear")
    return " ".join(text for one in said if (text := one.during(clip.start_s, clip.end_s)))


def written_during(clip: atom.Clip, host: atom.Host) -> str:
    """What is written in the pictures of `clip`, line by line as it comes; nothing where no plugin reads."""
    lines: tuple[atom.WrittenText, ...] = _asked(host, "read", clip, "what is written, as with --no-read")
    ordered = sorted(lines, key=lambda line: (round(line.start_s), line.box[1], line.box[0]))
    return " / ".join(dict.fromkeys(line.text for line in ordered))


def _asked(host: atom.Host, task: str, item: object, without: str) -> tuple:  # type: ignore[type-arg]
    """What a task says; nothing where no plugin brings it. Where one does and cannot, as without weights, there is
    nothing, either, and that is told once.
    """
    if task not in host.tasks:
        return ()
    try:
        found: tuple = host.run(task, item)  # type: ignore[type-arg]
    except atom.Cancelled:
        raise
    except atom.AtomError as error:
        if str(error) not in _told:
            _told.add(str(error))
            log.warning("captions are made without %s: %s", without, error)
        return ()
    return found
