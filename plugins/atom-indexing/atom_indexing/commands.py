"""``atom index`` and ``atom search``."""

from __future__ import annotations

import argparse
import math
import os
from collections import Counter
from pathlib import Path
from typing import Any

from attrs import evolve

import atom_core as atom
from atom_indexing import rebuild
from atom_indexing.cuts import cut_out, folder_for
from atom_indexing.library_command import state
from atom_indexing.tasks import check_not_empty


class IndexCommand:
    """Add videos and folders to the library; what is there already costs nothing."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("paths", nargs="*", metavar="PATH", help="video file or folder")
        parser.add_argument("--films", action="store_true", help="films that Atom rendered too, not only footage")
        parser.add_argument(
            "--rebuild", action="store_true", help="empty the library first and index again what it had, and PATHs"
        )

    def run(self, context: atom.CommandContext) -> None:
        """One result per video, as they are done.

        :raises SettingsError: if there is nothing to index
        """
        paths = list(context.args.paths)
        if not paths and not context.args.rebuild:
            raise atom.SettingsError("name videos or folders to index: atom index PATH...")
        videos = [evolve(video, path=_absolute(video.path)) for video in context.videos(paths)]
        former = context.videos([str(path) for path in rebuild.begin(context)]) if context.args.rebuild else []
        library = context.host().library
        new, replaced = triage(context, library, list(dict.fromkeys([*videos, *former])), former)
        with context.progress("Indexing", len(new)) as progress:
            for outcome in context.host().map("index-video", new):
                progress.advance()
                video = outcome.item
                if outcome.error is not None:
                    context.fail(str(video.path), outcome.error)
                    continue
                for content_hash in replaced.get(video.path, ()):
                    library.remove(content_hash)
                status = "replaced" if video.path in replaced else "added"
                _emit(context, video, status, num_clips=len(outcome.value))
        if context.args.rebuild:
            rebuild.finish(context, library)
        elif rebuild.cut_off(context.settings.library):
            context.note("a rebuild of this library was cut off; `atom index --rebuild` goes on with it")
        context.note(f"{len(library)} clips in {context.settings.library}")


def triage(
    context: atom.CommandContext, library: atom.Library, videos: list[atom.Video], former: list[atom.Video]
) -> tuple[list[atom.Video], dict[Path, list[str]]]:
    """The videos to index, and for each changed file the hashes of what it was; the others are settled and reported.

    Films that Atom rendered are left out, unless they are asked for or were in the library before.
    """
    known = library.videos()
    hashes: dict[Path, list[str]] = {}
    for content_hash, path in known.items():
        hashes.setdefault(path, []).append(content_hash)
    films_at = {*hashes, *(video.path for video in former)}
    new: list[atom.Video] = []
    for video in videos:
        place = known.get(video.content_hash)
        if place is None and video.is_film and not (context.args.films or video.path in films_at):
            _emit(context, video, "film")
        elif place is None:
            known[video.content_hash] = video.path
            new.append(video)
        elif place == video.path:
            _emit(context, video, "unchanged")
        elif os.path.exists(place):
            _emit(context, video, "duplicate", of=str(place))
        else:
            library.move(video.content_hash, video.path)
            known[video.content_hash] = video.path
            _emit(context, video, "moved", of=str(place))
    if missing := sum(state(path) != "here" for path in known.values()):
        context.note(f"files of the library that are not where they were: {missing}; `atom library` lists them")
    now = {video.path: video.content_hash for video in videos}
    stale = {path: [h for h in old if h != now[path]] for path, old in hashes.items() if path in now}
    return new, {path: old for path, old in stale.items() if old}


def _emit(context: atom.CommandContext, video: atom.Video, status: str, *, num_clips: int = 0, of: str = "") -> None:
    said = {
        "added": f"{num_clips} clip{'s' * (num_clips != 1)} added",
        "replaced": f"the file has changed, its clips are replaced by {num_clips} new",
        "unchanged": "already there",
        "moved": f"moved from {of}",
        "duplicate": f"same content as {of}",
        "film": "left out, for Atom rendered it from other videos; --films adds such films too",
    }
    value = {
        "video": str(video.path),
        "content_hash": video.content_hash,
        "status": status,
        "clips_added": num_clips,
        "of": of or None,
    }
    context.emit(value, f"{video.path}: {said[status]}")


class SearchCommand:
    """Find moments in the library by text."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("text", nargs="+", metavar="TEXT", help="what to look for")
        parser.add_argument("-k", type=_count, default=10, metavar="N", help="how many moments at most (10)")
        parser.add_argument("--per-video", type=_count, metavar="N", help="how many moments of one video at most")
        parser.add_argument("--cut", metavar="DIR", help="cut each moment out of its video, into a file in this folder")
        said = "with --cut: how much more of the video before and after a moment (0)"
        parser.add_argument("--pad", type=_seconds, default=0.0, metavar="SECONDS", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """One result per moment, best first.

        :raises SettingsError: if the text is empty, or the folder for cuts cannot be written
        """
        text = " ".join(context.args.text).strip()
        if not text:
            raise atom.SettingsError("the search text is empty; say what to look for: atom search TEXT")
        folder = folder_for(context.args.cut) if context.args.cut else None
        check_not_empty(context.host())  # before the model is loaded
        files: dict[tuple[Path, str], str] = {}
        for place, moment in enumerate(nearest(context, text), 1):
            key = moment.path, moment.content_hash
            if key not in files:
                files[key] = fault(context, moment)
            cut = _cut(context, moment, text, folder, place) if folder is not None and not files[key] else None
            line = f"{moment.score:.3f}  {moment.path}  {moment.times}  {moment.caption}"
            line += f"  ({files[key]})" if files[key] else ""
            context.emit({**as_json(moment, files[key]), "cut": cut}, line + (f"\n    {cut}" if cut else ""))
        found = list(files.values())
        if missing := found.count(MISSING):
            context.note(
                f"files that are not where they were: {missing}; connect their disk, find moved files again with"
                " `atom index PATH`, or forget them with `atom library --prune`"
            )
        if changed := found.count(CHANGED):
            context.note(f"files with other content than was indexed: {changed}; index them again: atom index PATH")


def nearest(context: atom.CommandContext, text: str) -> list[atom.Moment]:
    """What is found, best first: no more in all, and of one video, than the user wants."""
    host, most, each = context.host(), context.args.k, context.args.per_video
    found = host.run("search", atom.Query(text=text, limit=most if each is None else max(most, len(host.library))))
    taken = Counter[str]()
    chosen = []
    for moment in found:
        taken[moment.content_hash] += 1
        if each is None or taken[moment.content_hash] <= each:
            chosen.append(moment)
    return chosen[:most]


MISSING, CHANGED = "file not found", "file has changed"


def fault(context: atom.CommandContext, moment: atom.Moment) -> str:
    """`MISSING` or `CHANGED` if the moment's file is not the one that was indexed; empty if it is."""
    if not os.path.isfile(moment.path):
        return MISSING
    try:
        return "" if context.host().video(moment.path).content_hash == moment.content_hash else CHANGED
    except atom.MediaError:
        return CHANGED


def _cut(context: atom.CommandContext, moment: atom.Moment, text: str, folder: Path, place: int) -> str | None:
    """The file with a moment; None if it could not be cut, which is told."""
    try:
        return str(cut_out(context.host(), moment, text, folder, place=place, pad_s=context.args.pad))
    except atom.AtomError as error:
        context.fail(str(moment.path), error)
        return None


def as_json(moment: atom.Moment, fault: str) -> dict[str, Any]:
    """The JSON value of a moment; `fault` is what is wrong with its file now."""
    return {
        "video": str(moment.path),
        "start_s": moment.start_s,
        "end_s": moment.end_s,
        "score": moment.score,
        "caption": moment.caption,
        "content_hash": moment.content_hash,
        "missing": fault == MISSING,
        "changed": fault == CHANGED,
    }


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)
