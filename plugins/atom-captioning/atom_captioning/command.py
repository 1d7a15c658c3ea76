"""``atom caption``."""

from __future__ import annotations

import json
import os
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_captioning.formats import json_value
from atom_core.files import writable_folder, write_whole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

PRINTED = ("text", "json")
"""Formats in which several videos may be printed one after the other; others are one document for each."""


class CaptionCommand:
    """Describe each shot of each video, with its times."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video file or folder")
        said = "how to write captions: text, json, srt, vtt or what a plugin brings, see `atom plugins` (text)"
        parser.add_argument("--format", default="text", metavar="FORMAT", help=said)
        parser.add_argument("-o", "--output", metavar="DIR", help="write one document per video into this folder")

    def run(self, context: atom.CommandContext) -> None:
        """Caption the videos; one result per video, in order.

        :raises SettingsError: if there is no such format, or the folder for documents cannot be written
        """
        plugins, name = context.host().plugins, context.args.format
        suffix = plugins.find("formats", name).suffix
        folder = _writable(Path(context.args.output)) if context.args.output else None
        videos = list(dict.fromkeys(context.videos(context.args.videos)))
        listed: list[Any] = []
        documents = Documents(folder, suffix) if folder or (name not in PRINTED and len(videos) > 1) else None
        if documents is not None:
            videos = [video for video in videos if _has_place(context, documents, video)]
        for video, captions in caption_videos(context, videos):
            value = json_value(captions)
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
            context.emit(listed, json.dumps(listed, indent=2, ensure_ascii=False))


def _writable(folder: Path) -> Path:
    """The folder, made if there is none; asked before any work is spent."""
    try:
        return writable_folder(folder)
    except OSError as error:
        raise atom.SettingsError(
            f"cannot write into folder '{folder}': {error.strerror}; choose another with -o DIR"
        ) from None


def _has_place(context: atom.CommandContext, documents: Documents, video: atom.Video) -> bool:
    """Whether a document can be written for `video`; asked before any work is spent on it."""
    try:
        documents.place(video)
    except atom.MediaError as error:
        context.fail(str(video.path), error)
        return False
    return True


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


class Documents:
    """Files with captions, one for each video: in `folder`, or beside the videos, where nothing is ever overwritten."""

    def __init__(self, folder: Path | None, suffix: str) -> None:
        self._folder, self._suffix = folder, suffix
        self._places: dict[Path, Path] = {}

    def place(self, video: atom.Video) -> None:
        """Choose the file for one video's document.

        :raises MediaError: if it lies beside the video already, or its folder cannot be written
        """
        suffix, taken = self._suffix, self._places.values()
        path = (self._folder or video.path.parent) / f"{video.path.stem}{suffix}"
        if path in taken:
            path = path.with_name(f"{video.path.name}{suffix}")
        if path in taken:
            path = path.with_name(f"{video.path.stem}-{video.content_hash[:8]}{suffix}")
        if self._folder is None and path.exists():
            raise atom.MediaError(f"{path} exists already; move it, or write elsewhere with -o DIR")
        if not os.access(path.parent, os.W_OK):
            raise atom.MediaError(f"no permission to write {path}; choose a folder with -o DIR")
        self._places[video.path] = path

    def write(self, video: atom.Video, text: str) -> Path:
        """Write one video's document into its place; the file.

        :raises MediaError: if the file cannot be written
        """
        path = self._places[video.path]
        try:
            write_whole(path, text)
        except OSError as error:
            raise atom.MediaError(f"{path} cannot be written: {error.strerror}; choose a folder with -o DIR") from None
        return path
