"""Moments cut out of their videos, each into a file of its own."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path

import atom_core as atom
from atom_core.files.outputs import NotOurs, Outputs, short_name


def folder_for(name: str) -> Path:
    """The folder called `name`, made if there is none; asked before any work is spent.

    :raises SettingsError: if nothing can be written into it
    """
    from atom_core.files import writable_folder

    try:
        return writable_folder(Path(name))
    except OSError as error:
        raise atom.SettingsError(
            f"cannot write into folder '{name}': {error.strerror}; choose another with --cut DIR"
        ) from None


def cut_out(host: atom.Host, moment: atom.Moment, query: str, folder: Path, *, place: int, pad_s: float) -> Path:
    """The file in `folder` with `moment`, or what is said in it where that is why it was found, and `pad_s` seconds
    before and after, as far as its video goes. It replaces the one that was cut of the same seconds; beside other films
    it is numbered.

    :param place: of the moment among those found, from 1; the names of the files sort by it
    :raises MediaError: if the video is gone or has changed, or the file would replace one that Atom did not render
    """
    video = host.video(moment.path)
    span = meant_of(moment)
    start_s, end_s = max(span.start_s - pad_s, 0.0), min(span.end_s + pad_s, video.duration_s)
    title = "".join(letter if letter.isprintable() else "_" for letter in moment.path.stem)
    outputs, subject = Outputs(host.settings.cache), f"{moment.content_hash} {start_s} {end_s}"
    path = _free_place(outputs, subject, folder, f"{place:02} {title}", f" {start_s:.1f}-{end_s:.1f}s")
    cut = atom.Cut(
        path=moment.path,
        content_hash=moment.content_hash,
        start_s=start_s,
        end_s=end_s,
        line=query,
        caption=moment.caption,
        score=moment.score,
    )
    host.run("film", atom.Timeline(request=atom.Request(text=query), cuts=(cut,)), path=str(path))
    with suppress(OSError):
        outputs.note(path, subject=subject)
    return path


def meant_of(moment: atom.Moment) -> atom.Span:
    """What is said, where a moment was found by it more than by its caption; else all of the moment."""
    said = [quote for quote in moment.quotes if quote.channel == "speech" and quote.duration_s > 0]
    if not said or moment.channels.get("speech", 0.0) <= moment.channels.get("words", 0.0):
        return moment
    return atom.Span(start_s=min(one.start_s for one in said), end_s=max(one.end_s for one in said))


def _free_place(outputs: Outputs, subject: str, folder: Path, stem: str, ending: str) -> Path:
    """The first name at which there is nothing, or what was cut of `subject`.

    :raises MediaError: if something else than a film of Atom's is in the way
    """
    from atom_core.media.probe import is_film

    for number in count(1):
        mark = f" ({number})" if number > 1 else ""
        path = folder / short_name(stem, f"{ending}{mark}.mp4")
        try:
            outputs.check(path, subject=subject)
        except NotOurs:
            if not is_film(path):
                raise atom.MediaError(
                    f"'{path}' exists and is no film of Atom's; move it, or choose another folder"
                ) from None
        except OSError as error:
            raise atom.MediaError(f"cannot read '{path}': {error.strerror}; choose another folder") from None
        else:
            return path
    raise AssertionError
