"""``atom caption``."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_core.files import write_whole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

SUFFIXES = {"text": ".txt", "json": ".json", "srt": ".srt", "vtt": ".vtt"}


class CaptionCommand:
    """Describe each shot of each video, with its times."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video file or folder")
        parser.add_argument("--format", choices=tuple(SUFFIXES), default="text", help="how to write captions (text)")
        parser.add_argument("-o", "--output", metavar="DIR", help="write one document per video into this folder")

    def run(self, context: atom.CommandContext) -> None:
        """Caption the videos; one result per video, in order."""
        videos = list(dict.fromkeys(context.videos(context.args.videos)))
        folder = Path(context.args.output) if context.args.output else None
        name = context.args.format
        listed: list[Any] = []
        documents = Documents(folder, name) if folder or (name in ("srt", "vtt") and len(videos) > 1) else None
        for video, captions in caption_videos(context, videos):
            value = as_json(video, captions)
            if documents is not None:
                try:
                    path = documents.write(video, captions)
                except (atom.AtomError, OSError) as error:
                    context.fail(str(video.path), error)
                    continue
                context.emit({**value, "document": str(path)}, f"{video.path}: {path}")
            elif name == "json" and not getattr(context.args, "json", False):
                listed.append(value)
            else:
                text = document(video, captions, name)
                context.emit(value, text.rstrip("\n"))
        if listed:
            context.emit(listed, json.dumps(listed, indent=2, ensure_ascii=False))


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


def as_json(video: atom.Video, captions: list[atom.Caption]) -> dict[str, Any]:
    """The JSON value of one video's captions."""
    clips = [
        {
            "start_s": caption.clip.start_s,
            "end_s": caption.clip.end_s,
            "caption": caption.text,
            "confidence": caption.confidence,
        }
        for caption in captions
    ]
    return {
        "video": str(video.path),
        "content_hash": video.content_hash,
        "duration_s": video.duration_s,
        "model": captions[0].provenance.model if captions[0].provenance else None,
        "clips": clips,
    }


def document(video: atom.Video, captions: list[atom.Caption], name: str) -> str:
    """One video's captions in the format `name`."""
    if name == "json":
        return json.dumps(as_json(video, captions), indent=2, ensure_ascii=False) + "\n"
    if name == "text":
        lines = [f"  {caption.clip.times}  {caption.text}" for caption in captions]
        return "\n".join([str(video.path), *lines]) + "\n"
    from atom_core.media.subtitles import to_srt, to_vtt

    cues = [(caption.clip.start_s, caption.clip.end_s, caption.text) for caption in captions]
    return to_srt(cues) if name == "srt" else to_vtt(cues)


class Documents:
    """Files with captions, one for each video: in `folder`, or beside the videos, where nothing is ever overwritten."""

    def __init__(self, folder: Path | None, name: str) -> None:
        self._folder, self._name = folder, name
        self._written: set[Path] = set()

    def write(self, video: atom.Video, captions: list[atom.Caption]) -> Path:
        """Write one video's captions; the file.

        :raises MediaError: if the file cannot be written, or lies beside the video already
        """
        suffix = SUFFIXES[self._name]
        path = (self._folder or video.path.parent) / f"{video.path.stem}{suffix}"
        if path in self._written:
            path = path.with_name(f"{video.path.name}{suffix}")
        if path in self._written:
            path = path.with_name(f"{video.path.stem}-{video.content_hash[:8]}{suffix}")
        if self._folder is None and path.exists():
            raise atom.MediaError(f"{path} exists already; move it, or write elsewhere with -o DIR")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, document(video, captions, self._name))
        except OSError as error:
            raise atom.MediaError(f"{path} cannot be written: {error.strerror}; choose a folder with -o DIR") from None
        self._written.add(path)
        return path
