"""The tasks ``index``, ``index-video`` and ``search``."""

from __future__ import annotations

from typing import Any

from attrs import frozen

import atom_core as atom


class IndexCaption:
    """Embed a captioned clip, what it shows and what is said of it, and store both in the library."""

    consumes = atom.Caption
    produces = atom.Entry

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``index``."""

        store: bool = True
        """Whether the entry goes into the library, or is only made."""

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
        features = encoder.encode(caption.clip)
        entry = atom.Entry(
            clip=caption.clip,
            caption=caption.text,
            vector=decoder.embed([features]),
            rule=features.rule,
            caption_vector=decoder.embed([caption.text]) if caption.text else None,
        )
        if settings.store:
            host.library.add([entry])
        return entry


class IndexVideo:
    """Caption, embed and store all clips of a video: all of them, or none."""

    consumes = atom.Video
    produces = tuple[atom.Entry, ...]

    def run(self, video: atom.Video, *, host: atom.Host) -> tuple[atom.Entry, ...]:
        """The entries of `video`, which replace those of the same content."""
        library = host.library  # a library of another model is refused before work is spent
        captions = _all(host, "caption", host.clips(video))
        entries = _all(host, "index", captions, store=False)
        library.remove(video.content_hash)
        library.add(entries)
        return tuple(entries)


class SearchLibrary:
    """The moments of the library nearest to a text."""

    consumes = atom.Query
    produces = tuple[atom.Moment, ...]

    def run(self, query: atom.Query, *, decoder: atom.Decoder, host: atom.Host) -> tuple[atom.Moment, ...]:
        """At most `query.limit` moments, best first.

        :raises LibraryError: if the library is empty
        """
        check_not_empty(host)
        return tuple(host.library.search(decoder.embed([query.text]), query.limit))


def check_not_empty(host: atom.Host) -> None:
    """
    :raises LibraryError: if there is nothing to be found
    """
    if len(host.library) == 0:
        raise atom.LibraryError(f"library '{host.settings.library}' is empty; add videos first: atom index PATH")


def _all(host: atom.Host, task: str, items: list[atom.Clip] | list[atom.Caption], **overrides: object) -> list[Any]:
    values = []
    for outcome in host.map(task, items, **overrides):
        if outcome.error is not None:
            raise outcome.error
        values.append(outcome.value)
    return values
