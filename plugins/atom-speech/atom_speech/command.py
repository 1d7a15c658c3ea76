"""``atom transcribe``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_core.media.timelines.document_command import add_document_arguments, documents_of, output_folder
from atom_core.text.printable import printable_json
from atom_speech.formats import FORMATS, json_value

if TYPE_CHECKING:
    import argparse


class TranscribeCommand:
    """Write down what is said in each video, with its times."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        said = "how to write it: text, json, srt, vtt, or words, each with its times (text)"
        add_document_arguments(parser, said, tuple(FORMATS))

    def run(self, context: atom.CommandContext) -> None:
        """Transcribe the videos; one result per video, in order.

        :raises SettingsError: if the folder for documents cannot be written, or the model cannot do what is asked
        """
        name = context.args.format
        suffix, write = FORMATS[name]
        folder = output_folder(context)
        videos = list(dict.fromkeys(context.videos(context.args.videos)))
        documents = documents_of(context, folder, suffix, len(videos))
        listed: list[Any] = []
        for video in videos:
            try:
                if documents is not None:
                    documents.place(video)
                said = _transcribed(context, video)
                value = json_value(video, said)
                if documents is not None and not said and name != "json":
                    context.emit({**value, "document": None}, "")
                elif documents is not None:
                    path = documents.write(video, write(video, said))
                    context.emit({**value, "document": str(path)}, f"{video.path}: {path}")
                elif name == "json" and not getattr(context.args, "json", False):
                    listed.append(value)
                else:
                    context.emit(value, _headed(video, write(video, said).rstrip("\n"), len(videos)))
            except atom.AtomError as error:
                context.fail(str(video.path), error)
        if listed:
            context.emit(listed, printable_json(listed))


def _headed(video: atom.Video, text: str, num_videos: int) -> str:
    """A document that is printed, under its video's name where there are several."""
    return text if num_videos == 1 else f"{video.path}\n{text}\n"


def _transcribed(context: atom.CommandContext, video: atom.Video) -> tuple[atom.Utterance, ...]:
    """What is said in one video; a remark where nothing is."""
    with context.progress(f"Listening to {video.path.name}", max(round(video.duration_s), 1)) as progress:
        done = 0

        def tell(now: int, total: int) -> None:
            nonlocal done
            del total
            progress.advance(now - done)
            done = now

        said: tuple[atom.Utterance, ...] = context.host().run("transcribe", video, progress=tell)
    if not said:
        context.note(f"'{video.path}': {'nothing is said in it' if video.has_audio else 'it has no sound'}")
    return said
