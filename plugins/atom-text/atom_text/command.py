"""``atom read``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_core.text.printable import printable_json
from atom_text.formats import FORMATS, json_value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from atom_core.media.timelines.documents import Documents

PRINTED = ("text", "json")
"""Formats in which several videos may be printed one after the other; others are one document for each."""


class ReadCommand:
    """Read what is written in each video: titles, signs, slides, each line once, with its times and place."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video file or folder")
        said = f"how to write what is read: {', '.join(FORMATS)} (text)"
        parser.add_argument("--format", default="text", choices=tuple(FORMATS), metavar="FORMAT", help=said)
        parser.add_argument("-o", "--output", metavar="DIR", help="write one document per video into this folder")
        said = "with -o, replace documents that Atom did not write, or that were edited since"
        parser.add_argument("--overwrite", action="store_true", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """Read the videos; one result per video, in order.

        :raises SettingsError: if the folder for documents cannot be written
        :raises ModelError: if the reader is not installed
        """
        write, suffix = FORMATS[context.args.format]
        videos = list(dict.fromkeys(context.videos(context.args.videos)))
        documents = _documents(context, suffix, len(videos))
        if documents is not None:
            videos = [video for video in videos if _has_place(context, documents, video)]
        listed: list[Any] = []
        for video, texts in _read(context, videos):
            value = json_value(video, texts)
            _tell_unread(context, video)
            if context.args.format == "json" and documents is None and not getattr(context.args, "json", False):
                listed.append(value)
            elif documents is None:
                context.emit(value, write(video, texts).rstrip("\n"))
            else:
                try:
                    path = documents.write(video, write(video, texts))
                    context.emit({**value, "document": str(path)}, f"{video.path}: {path}")
                except atom.AtomError as error:
                    context.fail(str(video.path), error)
        if listed:
            context.emit(listed, printable_json(listed))


def _documents(context: atom.CommandContext, suffix: str, num_videos: int) -> Documents | None:
    """Where documents go; None where all is printed.

    :raises SettingsError: if the folder for them cannot be written
    """
    from atom_core.files import writable_folder
    from atom_core.files.outputs import Outputs
    from atom_core.media.timelines.documents import Documents

    args = context.args
    if not args.output and (args.format in PRINTED or num_videos == 1):
        return None
    try:
        folder = writable_folder(Path(args.output)) if args.output else None
    except OSError as error:
        raise atom.SettingsError(
            f"cannot write into folder '{args.output}': {error.strerror}; choose another with -o DIR"
        ) from None
    return Documents(folder, suffix, Outputs(context.settings.cache), overwrite=args.overwrite)


def _has_place(context: atom.CommandContext, documents: Documents, video: atom.Video) -> bool:
    """Whether a document can be written for `video`; asked before any work is spent on it."""
    try:
        documents.place(video)
    except atom.MediaError as error:
        context.fail(str(video.path), error)
        return False
    return True


def _read(
    context: atom.CommandContext, videos: list[atom.Video]
) -> Iterable[tuple[atom.Video, tuple[atom.WrittenText, ...]]]:
    """Each video with what is written in it; what fails is reported and left out."""
    with context.progress("Reading", len(videos)) as progress:
        for outcome in context.host().map("read", [atom.Clip.whole(video) for video in videos]):
            progress.advance()
            if outcome.error is not None:
                context.fail(str(outcome.item.video.path), outcome.error)
            else:
                yield outcome.item.video, outcome.value


def _tell_unread(context: atom.CommandContext, video: atom.Video) -> None:
    """A remark on lines that were seen and are not in the result."""
    from atom_text.engine import SCRIPTS

    num = context.host().module("reader").num_unread(atom.Clip.whole(video))
    if num:
        context.note(
            f"'{video.path}': {num} line{'s' * (num > 1)} seen that could not be read for sure: small, blurred, no text"
            f" at all, or in a script that the reader lacks (it has {', '.join(SCRIPTS[:-1])} and {SCRIPTS[-1]})"
        )
