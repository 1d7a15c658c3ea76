"""The tasks ``index``, ``index-video`` and ``search``."""

from __future__ import annotations

import json
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from attrs import evolve, field, frozen
from attrs.validators import ge

import atom_core as atom
from atom_indexing.channels.embedding import Embedders, embed_captions
from atom_indexing.channels.find import Finder
from atom_indexing.channels.judge import judged
from atom_indexing.entries.rows import key_of
from atom_indexing.filters import Filter
from atom_indexing.library.remembering import MadeOnWriting, Remembering, Searchable
from atom_indexing.passages.collect import SOURCES, Collector, lacking

_SHORT = 40
"""Most letters of a setting in a message."""


class IndexCaption:
    """Embed a captioned clip, what it shows and what is said of it, and store both in the library."""

    consumes = atom.Caption
    produces = atom.Entry

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``index``."""

        store: bool = True
        """Whether the entry goes into the library, or is only made."""
        whole: bool = True
        """Whether a video is found only once all its clips are stored. Off where clips are chosen: each counts by
        itself."""

    def run(
        self,
        caption: atom.Caption,
        *,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        host: atom.Host,
        settings: IndexCaption.Settings,
    ) -> atom.Entry:
        """The entry of `caption`'s clip."""
        if settings.store:
            make_library(host)
            caption = evolve(caption, clip=_where_known(host, caption.clip))
        features = encoder.encode(caption.clip)
        num_clips, digest = segmentation(host, caption.clip) if settings.whole else (0, "")
        entry = atom.Entry(
            clip=caption.clip,
            caption=caption.text,
            vector=decoder.embed([features]),
            rule=features.rule,
            caption_vector=decoder.embed([caption.text]) if caption.text else None,
            settings=settings_in_force(host, caption),
            num_clips=num_clips,
            segmentation=digest,
        )
        if settings.store:
            host.library.add([entry])
        return entry


def segmentation(host: atom.Host, clip: atom.Clip) -> tuple[int, str]:
    """How many clips the video of `clip` consists of, and a digest of where they begin and end; 0 and nothing if `clip`
    is none of them but the caller's own.
    """
    spans = [(one.start_s, one.end_s) for one in host.clips(clip.video)]
    if not (clip.index < len(spans) and spans[clip.index] == (clip.start_s, clip.end_s)):
        return 0, ""
    return len(spans), blake2b(json.dumps(spans).encode(), digest_size=8).hexdigest()


def settings_in_force(host: atom.Host, caption: atom.Caption | None = None) -> str:
    """What is set now that decides how videos are cut, shown and captioned, as `Entry.settings`.

    :param caption: one that may have been made with another prompt than is set, as in a pipeline
    """
    settings = host.settings
    lengths = {"shots": ("window_s", "min_clip_s"), "windows": ("window_s", "min_clip_s"), "whole": ()}
    rules: dict[str, object] = {"segment": settings.segment, "frames": settings.most_frames}
    rules["frame_pixels"] = settings.frame_pixels
    rules |= {name: getattr(settings, name) for name in lengths[settings.segment]}
    try:
        about = host.about("caption")["settings"]
    except atom.PluginError:  # captions of the caller's own
        about = {}
    if caption is not None and caption.provenance is not None and "prompt" in about:
        about["prompt"] = _asked(caption.provenance)
    return json.dumps({**rules, **{f"caption {name}": value for name, value in about.items()}}, default=str)


def _asked(provenance: atom.Provenance) -> str:
    """What a caption was asked with, without the lines before it that quote the video."""
    prompt = provenance.prompt
    for _ in provenance.told:
        prompt = prompt.partition("\n")[2]
    return prompt


def settings_changed(then: str, now: str) -> str:
    """Which settings differ, as people read it: ``frames 8 -> 4``; empty where none does, or that is not known."""
    try:
        old, new = json.loads(then or "{}"), json.loads(now or "{}")
        changed = [name for name in new if name in old and old[name] != new[name]]
    except (ValueError, TypeError, RecursionError):
        return ""
    return ", ".join(f"{name} {_short(old[name])} -> {_short(new[name])}" for name in changed)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


class IndexVideo:
    """Caption, embed and store all clips of a video: all of them, or none; and what is said and written in it, where
    plugins hear and read."""

    consumes = atom.Video
    produces = tuple[atom.Entry, ...]

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``index-video``."""

        hear: bool = True
        """Whether what is said can be found, where a plugin hears it."""
        read: bool = True
        """Whether what is written can be found, where a plugin reads it."""

    def __init__(self) -> None:
        self._embedders, self._collector = Embedders(), Collector()

    def run(self, video: atom.Video, *, host: atom.Host, settings: IndexVideo.Settings) -> tuple[atom.Entry, ...]:
        """The entries of `video`, which replace those of the same content."""
        make_library(host)  # one of another model, or that cannot be written, is refused before work is spent
        library = host.library
        about = host.about("caption")["settings"]
        pictures = {name: False for name in ("hear", "read") if name in about}  # words have channels of their own
        captions = host.collect("caption", host.clips(video), **pictures)
        captions = [evolve(one, clip=_where_known(host, one.clip)) for one in captions]
        entries = host.collect("index", captions, store=False)
        if not isinstance(library, Remembering):
            library.remove(video.content_hash)
        library.add(entries)
        if isinstance(library, Searchable) and (embedder := self._embedders.of(host)) is not None:
            library.check_embedder(embedder.fingerprint)
            embed_captions(library, embedder, {key_of(entry): entry.caption for entry in entries if entry.caption})
        if isinstance(library, Searchable):
            unwanted = [name for name, source in SOURCES.items() if not getattr(settings, source.option)]
            missing = lacking(host, [video.content_hash], wanted=True)
            self._collector.take(host, video, [name for name in missing if name not in unwanted], without=unwanted)
        return tuple(entries)


class SearchLibrary:
    """The moments of the library that show what a text says, or look like a clip, within the query's filters."""

    consumes = atom.Query
    produces = tuple[atom.Moment, ...]

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``search``."""

        fold: bool = False
        """Whether near-duplicates of better moments, with the same caption, are left out."""
        merge: bool = False
        """Whether neighbours in one video become one moment."""
        judge: int = field(default=0, validator=ge(0))
        """How many of the best moments the decoder orders anew, by its odds that they show what is looked for; 0 is
        none, which found more with every model measured."""

    def __init__(self) -> None:
        self._embedders = Embedders()

    def run(self, query: atom.Query, *, host: atom.Host, settings: SearchLibrary.Settings) -> tuple[atom.Moment, ...]:
        """At most `query.limit` moments, best first.

        :raises LibraryError: if the library is empty
        """
        check_not_empty(host)
        library = host.library
        if isinstance(library, Searchable):
            finder = Finder(host, library, self._embedders)
            found = finder.find(query, fold=settings.fold, merge=settings.merge)
            return judged(host.decoder, query, found, settings.judge) if settings.judge and query.text else found
        vector_E = host.decoder.embed([host.encoder.encode(query.like)] if query.like is not None else [query.text])
        last = min(query.skip + query.limit, len(library))
        if not query.is_filtered:
            return tuple(library.search(vector_E, last)[query.skip :])
        chosen = Filter(query, host.video)
        near = (it for it in library.search(vector_E, len(library)) if chosen.admits(it, it.content_hash, it.path))
        return tuple(islice(near, query.skip, last))


def still_holds(host: atom.Host, path: Path, content_hash: str) -> bool:
    """Whether the file at `path` has that content still: two files may have changed places."""
    try:
        return path.exists() and host.video(path).content_hash == content_hash
    except atom.MediaError:
        return False


def _where_known(host: atom.Host, clip: atom.Clip) -> atom.Clip:
    """`clip`, of the file by which the library knows its video: a copy elsewhere does not take that one's place."""
    library, video = host.library, clip.video
    known = library.held([video.content_hash]) if isinstance(library, Remembering) else {}
    place = known[video.content_hash].path if known else video.path
    if place == video.path or not still_holds(host, place, video.content_hash):
        return clip
    return evolve(clip, video=host.video(place))


def make_library(host: atom.Host) -> None:
    """Make the host's library, if there is none.

    :raises LibraryError: if that cannot be
    """
    if isinstance(host.library, MadeOnWriting):
        host.library.make()


def check_there(host: atom.Host) -> None:
    """
    :raises LibraryError: if there is no library
    """
    if isinstance(host.library, MadeOnWriting) and host.library.is_absent:
        place = host.settings.library_called
        raise atom.LibraryError(f"there is no library at '{place}'; `atom index PATH` makes one")


def check_not_empty(host: atom.Host) -> None:
    """
    :raises LibraryError: if there is nothing to be found
    """
    check_there(host)
    if len(host.library) == 0:
        raise atom.LibraryError(f"library '{host.settings.library_called}' is empty; add videos first: atom index PATH")
