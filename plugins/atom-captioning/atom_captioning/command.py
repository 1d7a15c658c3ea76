"""``atom caption``."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_captioning.formats import json_value
from atom_core.media.timelines.document_command import (
    add_document_arguments,
    documents_of,
    has_place,
    output_folder,
)
from atom_core.text.printable import printable_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable


class CaptionCommand:
    """Describe each shot of each video, with its times."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        said = "how to write captions: text, json, srt, vtt or what a plugin brings, see `atom plugins` (text)"
        add_document_arguments(parser, said)

    def run(self, context: atom.CommandContext) -> None:
        """Caption the videos; one result per video, in order.

        :raises SettingsError: if there is no such format, or the folder for documents cannot be written
        """
        plugins, name = context.host().plugins, context.args.format
        suffix = plugins.suffix(name)
        folder = output_folder(context)
        videos = list(dict.fromkeys(context.videos(context.args.videos)))
        listed: list[Any] = []
        documents = documents_of(context, folder, suffix, len(videos))
        if documents is not None:
            videos = [video for video in videos if has_place(context, documents, video)]
        for video, captions in caption_videos(context, videos):
            value = json_value(captions)
            _tell_odd(context, captions)
            if name == "json" and documents is None and not getattr(context.args, "json", False):
                listed.append(value)
                continue
            try:
                text = plugins.document(name, captions)
                if documents is None:
                    context.emit(value, text.rstrip("\n"))
                else:
                    path = documents.write(video, text)
                    context.emit({**value, "document": str(path)}, f"{video.path}: {path}")
            except atom.AtomError as error:
                context.fail(str(video.path), error)
        if listed:
            context.emit(listed, printable_json(listed))


def _tell_odd(context: atom.CommandContext, captions: list[atom.Caption]) -> None:
    """Remarks on captions of one video that were cut short, or are not there."""
    path, cut = captions[0].clip.video.path, sum(caption.truncated for caption in captions)
    if cut:
        context.note(
            f"'{path}': {cut} of {len(captions)} captions ran into the limit of tokens and end before it, with the last"
            " whole sentence or clause; --max-new-tokens raises it"
        )
    if empty := sum(not caption.text for caption in captions):
        context.note(f"'{path}': {empty} of {len(captions)} shots have no caption: the model said nothing about them")


def caption_videos(
    context: atom.CommandContext, videos: list[atom.Video]
) -> Iterable[tuple[atom.Video, list[atom.Caption]]]:
    """Each video with its captions, as they are done; what fails is reported and left out."""
    host = context.host()
    clips: list[atom.Clip] = []
    with context.progress("Finding shots", len(videos)) as progress:
        for video in videos:
            try:
                clips += host.clips(video)
            except atom.AtomError as error:
                context.fail(str(video.path), error)
            progress.advance()
    with context.progress("Captioning", len(clips)) as progress:
        for video, outcomes in groupby(host.map("caption", clips), key=lambda outcome: outcome.item.video):
            captions = []
            for outcome in outcomes:
                progress.advance()
                if outcome.error is None:
                    captions.append(outcome.value)
                else:
                    context.fail(f"{video.path} at {outcome.item.times}", outcome.error)
            if captions:
                yield video, captions
