"""``atom index``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path

from attrs import evolve

import atom_core as atom
from atom_core.text.count import count_of
from atom_indexing.channels.embedding import BATCH, embed_captions
from atom_indexing.commands import rebuild
from atom_indexing.commands.library import state
from atom_indexing.commands.watch import Watched
from atom_indexing.library.remembering import Remembering, Searchable
from atom_indexing.passages.channel import embed_passages
from atom_indexing.passages.collect import SOURCES, Collector, folder_of, lacking
from atom_indexing.tasks import check_there, make_library, settings_changed, settings_in_force, still_holds

LOOK_S = 5.0
"""How often watched folders are looked through."""


class IndexCommand:
    """Add videos and folders to the library; what is there already costs nothing."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("paths", nargs="*", metavar="PATH", help="video file or folder")
        parser.add_argument("--films", action="store_true", help="films that Atom rendered too, not only footage")
        parser.add_argument(
            "--rebuild", action="store_true", help="index again all that the library has, whatever made it, and PATHs"
        )

        for source in SOURCES.values():
            said = f"do not look through videos for what can be {source.said}; where a plugin does, it is the default"
            parser.add_argument(f"--no-{source.option}", dest=source.option, action="store_false", help=said)
        said = "embed the captions that the library has by the embedder in force, which needs no new captions"
        parser.add_argument("--embed", action="store_true", help=said)
        said = "stay, and add what comes into the folders or changes there, once it is written; Ctrl-C ends it"
        parser.add_argument("--watch", action="store_true", help=said)

    def run(self, context: atom.CommandContext) -> None:
        """One result per video, as they are done.

        :raises SettingsError: if there is nothing to index
        """
        paths, anew = list(context.args.paths), context.args.rebuild
        if context.args.watch and not paths:
            raise atom.SettingsError("name folders to watch: atom index FOLDER... --watch")
        if context.args.embed and not (paths or anew):
            _embed(context)
            return
        if not paths and not anew:
            raise atom.SettingsError("name videos or folders to index: atom index PATH...")
        if not context.args.watch:
            _add(context, paths, anew=anew)
            return
        watched = Watched(paths)  # what comes during the first pass comes in the next
        _add(context, [path for path in paths if Path(path) not in watched.empty], anew=anew)
        _watch(context, watched)


def _add(context: atom.CommandContext, paths: Sequence[str], *, anew: bool = False) -> None:
    """Add the videos at `paths`; one result for each.

    :param anew: index again all that the library has, too
    """
    given = {_absolute(video.path): video for video in context.videos(paths)}
    names = {path: str(video.path) for path, video in given.items()}
    tell = partial(_emit, context, names)
    videos = [evolve(video, path=path) for path, video in given.items() if _is_text(context, video)]
    former = context.videos([str(path) for path in rebuild.begin(context)]) if anew else []
    library = context.host().library
    if videos or former:
        make_library(context.host())
    new, replaced, updated = triage(context, library, list(dict.fromkeys([*videos, *former])), former, tell, anew=anew)
    channels = {source.option: getattr(context.args, source.option) for source in SOURCES.values()}
    with context.progress("Indexing", len(new)) as progress, _told_where_it_stops(len(new)) as stored:
        for outcome in context.host().map("index-video", new, **channels):
            progress.advance()
            video = outcome.item
            if outcome.error is not None:
                name = names.get(video.path, str(video.path))
                if context.args.watch and not video.path.exists():
                    context.note(f"{name}: went away before it was indexed")
                else:
                    context.fail(name, outcome.error)
                continue
            stored.append(video)
            for content_hash in replaced.get(video.path, ()):
                library.remove(content_hash)
            changed = updated.get(video.content_hash, "")
            status = "updated" if changed else "replaced" if video.path in replaced else "added"
            tell(video, status, num_clips=len(outcome.value), changed=changed)
    _finish(context, [video for video in videos if video not in new], anew=anew)


def _watch(context: atom.CommandContext, watched: Watched) -> None:
    """Add what comes, until the user interrupts; what the library does not take now is tried again."""
    faults, trouble = watched.faults, ""
    context.note("watching; Ctrl-C ends it, and what is stored stays")
    while _waited(LOOK_S):
        ready = watched.ready()
        if watched.faults != faults:
            faults = watched.faults
            for fault in faults:
                context.note(f"{fault}; it is looked for again")
        ready = [path for path in ready if os.path.exists(path)]
        if not ready:
            continue
        try:
            _add(context, ready)
            trouble = ""
        except atom.LibraryError as error:
            if str(error) != trouble:
                trouble = str(error)
                context.note(f"{error}; it is tried again")
            watched.put_back(ready)


def _waited(seconds: float) -> bool:
    """Wait; False if the user ended that.

    :raises Cancelled: if the server that runs the command ended it
    """
    from atom_core.serving import pause

    try:
        pause(seconds)
    except KeyboardInterrupt:
        return False
    except atom.Cancelled as stop:
        stop.add_note("by the end of the server; what is stored stays, and the same command goes on watching")
        raise
    return True


def _finish(context: atom.CommandContext, known: list[atom.Video], *, anew: bool) -> None:
    """Do what is to be done with the library besides.

    :param known: videos that were there already
    :param anew: whether all that the library has was indexed again
    """
    library = context.host().library
    if isinstance(library, Remembering):
        library.tidy()
    if isinstance(library, Searchable):
        _add_passages(context, known)
    if context.args.embed:
        _embed(context)
    if anew:
        rebuild.finish(context, library)
    elif rebuild.cut_off(context.settings.library):
        context.note("a rebuild of this library was cut off; `atom index --rebuild` goes on with it")
    context.note(f"{count_of(len(library), 'clip')} in {context.settings.library_called}")


@contextmanager
def _told_where_it_stops(num_videos: int) -> Iterator[list[atom.Video]]:
    """Where the work in it is interrupted, that says how far it came, by the videos that it adds to what is given."""
    stored: list[atom.Video] = []
    try:
        yield stored
    except (KeyboardInterrupt, atom.Cancelled) as stop:
        if num_videos:
            said = f"after {len(stored)} of {count_of(num_videos, 'video')}; what is stored stays"
            stop.add_note(f"{said}, and the same command goes on with the rest")
        raise


def _add_passages(context: atom.CommandContext, videos: list[atom.Video]) -> None:
    """Look through videos that were there already, as far as they were not and the user wants it."""
    host, there = context.host(), context.host().library.videos()
    known = {video.content_hash: video for video in videos if video.content_hash in there}
    missing = lacking(host, list(known), wanted=True)
    left_out = [name for name, source in SOURCES.items() if not getattr(context.args, source.option)]
    wanted = {name: set(hashes) for name, hashes in missing.items() if name not in left_out}
    collector = Collector()
    for content_hash in set[str]().union(*lacking(host, list(known)).values()):
        collector.take(host, known[content_hash], [], without=left_out)
    chosen = [content_hash for content_hash in known if any(content_hash in hashes for hashes in wanted.values())]
    with context.progress("Looking through", len(chosen)) as progress:
        for content_hash in chosen:
            names = [name for name, hashes in wanted.items() if content_hash in hashes]
            collector.take(host, known[content_hash], names)
            left = lacking(host, [content_hash], wanted=True)  # what could not be done or kept was told
            if said := " and ".join(SOURCES[name].said for name in names if name not in left):
                context.note(f"{known[content_hash].path}: now {said}, too")
            progress.advance()


def _embed(context: atom.CommandContext) -> None:
    """Embed the captions of the library that the embedder in force has not embedded.

    :raises ModelError: if there is no embedder
    :raises SettingsError: if the model needs none
    """
    host = context.host()
    check_there(host)
    if host.settings.embedder == "auto" and host.embeds:
        raise atom.SettingsError(
            "this model embeds captions itself, so none is chosen by 'auto'; name one: --embedder NAME"
        )
    library, embedder = host.library, host.module("embedder")
    if not isinstance(library, Searchable):
        raise atom.LibraryError("this library keeps no vectors of a text embedder; install atom-indexing")
    captions = library.not_embedded(embedder.fingerprint, anew=True)
    with context.progress("Embedding", len(captions)) as progress:
        embed_captions(library, embedder, captions, lambda done, _: progress.advance(min(BATCH, done)))
    said = embed_passages(folder_of(host), embedder)
    more = f", and {count_of(said, 'passage')} of speech and text" if said else ""
    if captions or said:
        context.note(f"{count_of(len(captions), 'caption')} embedded by {embedder.name}{more}")
    else:
        context.note(f"all captions are embedded by {embedder.name} already")


def triage(
    context: atom.CommandContext,
    library: atom.Library,
    videos: list[atom.Video],
    former: list[atom.Video],
    tell: Callable[..., None],
    *,
    anew: bool = False,
) -> tuple[list[atom.Video], dict[Path, list[str]], dict[str, str]]:
    """The videos to index; for each changed file of them the hashes of what it was; for each that the library has, made
    with other settings, which settings those are, by content hash. The others are settled and reported: what the
    library still had of their files' former content is forgotten.

    Films that Atom rendered are left out, unless they are asked for or were in the library before.

    :param anew: index again all that the library has
    """
    known = library.videos()
    hashes: dict[Path, list[str]] = {}
    for content_hash, path in known.items():
        hashes.setdefault(path, []).append(content_hash)
    others = made_otherwise(context.host(), library)
    to_renew = rebuild.to_renew(context, library) if anew else set()
    updated: dict[str, str] = {}
    films_at = {*hashes, *(video.path for video in former)}
    new: list[atom.Video] = []
    for video in videos:
        place = known.get(video.content_hash)
        if place is None and video.is_film and not (context.args.films or video.path in films_at):
            tell(video, "film")
        elif place is None:
            known[video.content_hash] = video.path
            new.append(video)
        elif place != video.path and still_holds(context.host(), place, video.content_hash):
            tell(video, "duplicate", of=str(place))
        else:
            known[video.content_hash] = video.path
            if video.content_hash in to_renew:
                new.append(video)
            elif video.content_hash in others:
                updated[video.content_hash] = others[video.content_hash]
                new.append(video)
            elif place == video.path:
                tell(video, "unchanged")
            else:
                library.move(video.content_hash, video.path)
                tell(video, "moved", of=str(place))
    if missing := sum(state(path) != "here" for path in known.values()):
        context.note(f"files of the library that are not where they were: {missing}; `atom library` lists them")
    stale = {
        video.path: [
            old for old in hashes.get(video.path, ()) if old != video.content_hash and known[old] == video.path
        ]
        for video in videos
    }
    replaced = {video.path: old for video in new if (old := stale.pop(video.path))}
    for content_hash in chain.from_iterable(stale.values()):
        library.remove(content_hash)
    return new, replaced, updated


def made_otherwise(
    host: atom.Host, library: atom.Library, content_hashes: Collection[str] | None = None
) -> dict[str, str]:
    """Which settings were others when videos of the library were indexed, by content hash; where the library keeps
    that in mind.

    :param content_hashes: which videos are asked for; None is all
    """
    held = library.held(content_hashes) if isinstance(library, Remembering) else {}
    now = settings_in_force(host)
    changed = {
        content_hash: next((said for then in one.settings if (said := settings_changed(then, now))), "")
        for content_hash, one in held.items()
    }
    return {content_hash: said for content_hash, said in changed.items() if said}


def _emit(
    context: atom.CommandContext,
    names: dict[Path, str],
    video: atom.Video,
    status: str,
    *,
    num_clips: int = 0,
    of: str = "",
    changed: str = "",
) -> None:
    """What became of a video, which is called as the user wrote it."""
    name, of = names.get(video.path, str(video.path)), names.get(Path(of), of)
    said = {
        "added": f"{count_of(num_clips, 'clip')} added",
        "replaced": f"the file has changed, its clips are replaced by {num_clips} new",
        "updated": f"indexed again, {count_of(num_clips, 'clip')}, for settings have changed: {changed}",
        "unchanged": "already there",
        "moved": f"moved from {of}",
        "duplicate": f"same content as {of}",
        "film": "left out, for Atom rendered it from other videos; --films adds such films too",
    }
    value = {
        "video": name,
        "content_hash": video.content_hash,
        "status": status,
        "clips_added": num_clips,
        "of": of or None,
    }
    context.emit(value, f"{name}: {said[status]}")


def _is_text(context: atom.CommandContext, video: atom.Video) -> bool:
    """Whether the library can hold the name of a file; asked before any work is spent on it."""
    try:
        os.path.abspath(video.path).encode()
    except UnicodeEncodeError:
        context.fail(str(video.path), "its name or folder is not valid UTF-8, which the library needs; rename it")
        return False
    return True


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))
