"""What is said and written in videos, asked of the tasks that tell it, and put beside the library's clips."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from weakref import WeakKeyDictionary

from attrs import frozen

import atom_core as atom
from atom_core.text.count import count_of
from atom_indexing.passages.store import FILE, LEFT_OUT, Passage, Passages

log = logging.getLogger("atom")

_told: WeakKeyDictionary[atom.Library, set[str]] = WeakKeyDictionary()
"""What was told of the videos of each open library, by whatever collector."""
_TOGETHER_S = 0.3
"""Lines that come within this time of each other belong together."""


@frozen(kw_only=True)
class Source:
    """Where the passages of a channel come from."""

    task: str
    """The task that is asked, where a plugin brings it."""
    option: str
    """What the option is called without which a video is looked through: ``--no-hear``."""
    said: str
    """What videos are that were looked through: ``heard``."""
    passages: Callable[[atom.Host, atom.Video], Iterator[Passage]]


def _spoken(host: atom.Host, video: atom.Video) -> Iterator[Passage]:
    if not video.has_audio:  # nothing is said: no model is needed to know that
        return
    for one in host.run("transcribe", video):
        words = tuple((word.text, word.start_s, word.end_s) for word in one.words)
        yield Passage(content_hash=video.content_hash, start_s=one.start_s, end_s=one.end_s, text=one.text, words=words)


def _written(host: atom.Host, video: atom.Video) -> Iterator[Passage]:
    """Lines that come together are one passage, as they are read: from the top, from the left."""
    lines = sorted(host.run("read", atom.Clip.whole(video)), key=lambda line: line.start_s)
    while lines:
        together = [line for line in lines if line.start_s <= lines[0].start_s + _TOGETHER_S]
        lines = lines[len(together) :]
        rows = sorted(together, key=lambda line: (line.box[1], line.box[0]))
        yield Passage(
            content_hash=video.content_hash,
            start_s=min(line.start_s for line in rows),
            end_s=max(line.end_s for line in rows),
            text=" ".join(line.text for line in rows),
        )


SOURCES: Mapping[str, Source] = {
    "speech": Source(task="transcribe", option="hear", said="heard", passages=_spoken),
    "text": Source(task="read", option="read", said="read", passages=_written),
}
"""The channels of passages, by name."""


def offered(host: atom.Host) -> dict[str, Source]:
    """Those whose plugins are there."""
    return {name: source for name, source in SOURCES.items() if source.task in host.tasks}


def lacking(host: atom.Host, content_hashes: Collection[str], *, wanted: bool = False) -> dict[str, list[str]]:
    """Videos that were not looked through, by the channels that could be.

    :param wanted: whether also those count that were left out because the user said so
    """
    found: dict[str, list[str]] = {}
    for name in offered(host):
        try:
            with Passages.opened(folder_of(host)) as passages:
                made = passages.made_by(name)
        except sqlite3.Error:
            made = {}
        known = {content_hash for content_hash, by in made.items() if by != LEFT_OUT or not wanted}
        if missing := [content_hash for content_hash in content_hashes if content_hash not in known]:
            found[name] = missing
    return found


def note_of(missing: Mapping[str, Collection[str]]) -> str:
    """What there is to say of videos that were not looked through."""
    said = " and ".join(
        f"{count_of(len(videos), 'is', 'are')} not {SOURCES[name].said}" for name, videos in missing.items()
    )
    return f"of these videos {said} yet; what is there is found once they are: atom index PATH"


class Collector:
    """Looks through videos. What cannot be done is told once, and costs a channel, never a video."""

    def take(self, host: atom.Host, video: atom.Video, channels: Iterable[str], *, without: Iterable[str] = ()) -> None:
        """Put what is said and written in `video` beside the clips of the library.

        :param channels: those to look for
        :param without: those that the user does not want
        """
        for name in channels:
            source = SOURCES[name]
            try:
                passages = list(source.passages(host, video))
            except atom.Cancelled:
                raise
            except (atom.ModelError, atom.PluginError) as error:
                why = str(error).partition(", or ")[0]  # of several ways on the first
                self._tell(host, f"videos are not {source.said}: {why}; go without: atom index --no-{source.option}")
                log.debug("videos are not %s: %s", source.said, error)
                self._put(host, name, video, LEFT_OUT, [])  # searches say no more of it; `atom index` tries again
                continue
            except atom.AtomError as error:
                self._tell(host, f"'{video.path}' could not be {source.said}: {error}")
                continue
            self._put(host, name, video, source.task, passages)
        for name in without:
            if name in offered(host):
                self._put(host, name, video, LEFT_OUT, [])

    def _put(self, host: atom.Host, name: str, video: atom.Video, made_by: str, passages: list[Passage]) -> None:
        try:
            with Passages.opened(folder_of(host), write=True) as kept:
                if made_by != LEFT_OUT or video.content_hash not in kept.made_by(name):
                    kept.put(name, video.content_hash, made_by, passages)
        except (OSError, sqlite3.Error) as error:
            self._tell(
                host,
                f"what is {SOURCES[name].said} cannot be kept in '{folder_of(host)}': {error}; make room there or"
                " change its permissions, then index again: atom index PATH",
            )

    @staticmethod
    def _tell(host: atom.Host, text: str) -> None:
        told = _told.setdefault(host.library, set())
        if text not in told:
            told.add(text)
            log.warning("%s", text)


def forget_others(host: atom.Host, content_hashes: Collection[str]) -> None:
    """Forget what is said and written in all videos but these; what cannot be written stays, and is not found."""
    if (folder_of(host) / FILE).is_file():
        with suppress(OSError, sqlite3.Error), Passages.opened(folder_of(host), write=True) as kept:
            kept.forget_others(content_hashes)


def folder_of(host: atom.Host) -> Path:
    """The folder of the host's library."""
    return Path(host.settings.library)
