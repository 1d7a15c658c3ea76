"""What commands that write a document about each video share: their arguments, and where the documents go."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from atom_core.errors import MediaError, SettingsError
from atom_core.files import writable_folder
from atom_core.files.outputs import Outputs
from atom_core.media.timelines.documents import Documents

if TYPE_CHECKING:
    import argparse

    from atom_core.protocols import CommandContext
    from atom_core.records import Video

PRINTED = ("text", "json")
"""Formats in which several videos may be printed one after the other; others are one document for each."""


def add_document_arguments(parser: argparse.ArgumentParser, said: str, formats: Collection[str] | None = None) -> None:
    """Declare ``VIDEO...``, ``--format``, ``-o`` and ``--overwrite``.

    :param said: what ``--format`` is for
    :param formats: those that there are; None is not to say before plugins are asked
    """
    parser.add_argument("videos", nargs="+", metavar="VIDEO", help="video file or folder")
    parser.add_argument("--format", default="text", choices=formats, metavar="FORMAT", help=said)
    parser.add_argument("-o", "--output", metavar="DIR", help="write one document per video into this folder")
    said = "with -o, replace documents that Atom did not write, or that were edited since"
    parser.add_argument("--overwrite", action="store_true", help=said)


def output_folder(context: CommandContext) -> Path | None:
    """The folder that ``-o`` names, made if there is none; None where it names none.

    :raises SettingsError: if it cannot be written, before any work is spent
    """
    output: str | None = context.args.output
    try:
        return writable_folder(Path(output)) if output else None
    except OSError as error:
        raise SettingsError(
            f"cannot write into folder '{output}': {error.strerror}; choose another with -o DIR"
        ) from None


def documents_of(context: CommandContext, folder: Path | None, suffix: str, num_videos: int) -> Documents | None:
    """Where documents go; None where all is printed.

    :param folder: what `output_folder` said
    """
    args = context.args
    if folder is None and (args.format in PRINTED or num_videos < 2):
        return None
    return Documents(folder, suffix, Outputs(context.settings.cache), overwrite=args.overwrite)


def has_place(context: CommandContext, documents: Documents, video: Video) -> bool:
    """Whether a document can be written for `video`; asked before any work is spent on it."""
    try:
        documents.place(video)
    except MediaError as error:
        context.fail(str(video.path), error)
        return False
    return True
