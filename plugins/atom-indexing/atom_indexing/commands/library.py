"""``atom library``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Literal

import atom_core as atom
from atom_core.text.count import count_of
from atom_indexing.commands.carry import carried
from atom_indexing.library.remembering import Remembering
from atom_indexing.passages.collect import forget_others
from atom_indexing.tasks import check_there

State = Literal["here", "gone", "away"]


class LibraryCommand:
    """List the videos of the library, and forget those that are gone. No file of a video is ever touched."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        either = parser.add_mutually_exclusive_group()
        said = "with --export: replace a file that Atom did not write, too"
        parser.add_argument("--overwrite", action="store_true", help=said)
        either.add_argument("--prune", action="store_true", help="forget videos whose files are gone")
        either.add_argument("--export", metavar="FILE", help="write all clips with their vectors, as JSON Lines")
        said = "take in clips that --export wrote, of a library of the same model"
        either.add_argument("--import", dest="take_in", metavar="FILE", help=said)
        said = "take in all clips of other libraries of the same model, such as the parts of --shard"
        either.add_argument("--merge", nargs="+", action="extend", metavar="DIR", help=said)
        either.add_argument("--verify", action="store_true", help="read every entry, and list what is wrong with which")
        either.add_argument("--mend", action="store_true", help="delete entries that --verify finds wrong")
        said = "forget a video, or all below a folder"
        either.add_argument("--remove", nargs="+", action="extend", metavar="PATH", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """One result per video: all of them, or those that are looked at to be forgotten."""
        if context.args.overwrite and not context.args.export:
            raise atom.SettingsError("--overwrite is for the file of --export; add --export FILE, or leave it out")
        if carried(context):
            return
        check_there(context.host())
        library = context.host().library
        videos = library.videos()
        states = {content_hash: state(path) for content_hash, path in videos.items()}
        chosen = list(videos)
        if context.args.prune:
            chosen = [content_hash for content_hash in videos if states[content_hash] != "here"]
            forget = {content_hash for content_hash in chosen if states[content_hash] == "gone"}
        elif context.args.remove:
            chosen = _named(context, videos)
            forget = set(chosen)
        else:
            forget = set()
        for content_hash in sorted(chosen, key=lambda content_hash: videos[content_hash]):
            removed = library.remove(content_hash) if content_hash in forget else 0
            _emit(context, content_hash, videos[content_hash], states[content_hash], removed)
        if forget:
            forget_others(context.host(), library.videos().keys())
        left = len(videos) - len(forget)
        context.note(
            f"{count_of(len(library), 'clip')} of {count_of(left, 'video')} in {context.settings.library_called}"
        )
        held = library.held() if isinstance(library, Remembering) else {}
        if parts := [str(one.path) for one in held.values() if not one.is_whole]:
            context.note(
                f"videos that are stored in part, since a program did not come to its end: {len(parts)}, such as"
                f" {min(parts)}; they are not found until they are whole: atom index PATH"
            )
        if not (context.args.prune or context.args.remove) and set(states.values()) - {"here"}:
            context.note(
                "where a file was moved, `atom index PATH` finds it again; `atom library --prune` forgets what is gone"
            )


def state(path: Path) -> State:
    """Whether a video's file is ``here``, ``gone``, or ``away``.

    It is gone if other things are in its folder. Where the folder is missing, empty or cannot be read, it may lie on a
    disk that is not connected.
    """
    if os.path.isfile(path):
        return "here"
    try:
        return "gone" if os.listdir(path.parent) else "away"
    except OSError:
        return "away"


def _named(context: atom.CommandContext, videos: dict[str, Path]) -> list[str]:
    """The videos at or below the paths to remove; a path without any is a failure."""
    found: dict[str, None] = {}
    for name in context.args.remove:
        place = Path(os.path.abspath(name))
        below = [content_hash for content_hash, path in videos.items() if path.is_relative_to(place)]
        found.update(dict.fromkeys(below))
        if not below:
            context.fail(name, "the library has no video there; `atom library` lists what it has")
    return list(found)


def _emit(context: atom.CommandContext, content_hash: str, path: Path, found: State, removed: int) -> None:
    value = {"video": str(path), "content_hash": content_hash, "state": found, "clips_removed": removed}
    if removed:
        text = f"{path}: forgotten, {count_of(removed, 'clip')}"
    elif context.args.prune:
        text = f"{path}: kept, for its folder is missing or empty; if no disk is to be connected: atom library --remove"
    else:
        text = f"{found:4}  {path}"
    context.emit(value, text)
