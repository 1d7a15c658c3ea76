"""``atom read``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_core.media.timelines.document_command import (
    add_document_arguments,
    documents_of,
    has_place,
    output_folder,
)
from atom_core.text.printable import printable_json
from atom_text.formats import FORMATS, json_value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable


class ReadCommand:
    """Read what is written in each video: titles, signs, slides, each line once, with its times and place."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        add_document_arguments(parser, f"how to write what is read: {', '.join(FORMATS)} (text)", tuple(FORMATS))

    def run(self, context: atom.CommandContext) -> None:
        """Read the videos; one result per video, in order.

        :raises SettingsError: if the folder for documents cannot be written
        :raises ModelError: if the reader is not installed
        """
        write, suffix = FORMATS[context.args.format]
        folder = output_folder(context)
        videos = list(dict.fromkeys(context.videos(context.args.videos)))
        documents = documents_of(context, folder, suffix, len(videos))
        if documents is not None:
            videos = [video for video in videos if has_place(context, documents, video)]
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
