"""The clips of the library that a film may be made from, and the files behind them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property

from attrs import field, frozen

import atom_core as atom

Key = tuple[str, float, float]
MOST_LOOKED_FOR = 1_000
"""Characters of a text that clips are looked for with: small models read no more at once."""

log = logging.getLogger("atom")


@frozen(kw_only=True, slots=False)
class Candidate:
    """A clip that may stand for a line."""

    moment: atom.Moment
    """Where it is, and how similar it is to the line."""
    video: atom.Video
    """Its file, unchanged since it was indexed."""
    preference: float = 0.0
    """How much the line wants it, compared with its other candidates and with other lines' wishes."""
    reason: str = field(default="", eq=False)
    """Why it fits, for people."""
    pauses: tuple[float, ...] = field(default=(), eq=False, repr=False)
    """Where it may be cut, seconds of the video, since it was chosen for what is said in it; empty is anywhere."""

    @property
    def key(self) -> Key:
        """Which clip it is."""
        return self.moment.content_hash, self.moment.start_s, self.moment.end_s

    @cached_property
    def clip(self) -> atom.Clip:
        """The clip itself."""
        return atom.Clip(video=self.video, start_s=self.moment.start_s, end_s=self.moment.end_s)


class Sources:
    """The files behind moments, each looked at once."""

    def __init__(self, host: atom.Host, names: Iterable[str] = ()) -> None:
        """
        :param names: of the videos to stay within; none is all
        """
        self._host = host
        self._videos: dict[str, atom.Video | None] = {}
        wanted = set(names)
        known = host.library.videos() if wanted else {}
        self._within = tuple(content_hash for content_hash, path in known.items() if path.name in wanted)

    @property
    def missing(self) -> bool:
        """Whether a file was gone or had changed."""
        return None in self._videos.values()

    def search(self, line: str, count: int, min_score: float = -1.0) -> list[Candidate]:
        """The `count` moments most similar to `line` whose files are usable; others do not take their places."""
        limit = count
        while True:
            moments = self._host.run(
                "search", atom.Query(text=line[:MOST_LOOKED_FOR], limit=limit, videos=self._within)
            )
            found = self.usable(moment for moment in moments if moment.score >= min_score)
            if len(found) >= count or len(moments) < limit or moments[-1].score < min_score:
                return found[:count]
            limit *= 2

    def usable(self, moments: Iterable[atom.Moment]) -> list[Candidate]:
        """The moments whose files are still what was indexed, as candidates that prefer the more similar."""
        found = []
        for moment in moments:
            if moment.content_hash not in self._videos:
                self._videos[moment.content_hash] = self._look(moment)
            if (video := self._videos[moment.content_hash]) is not None:
                found.append(Candidate(moment=moment, video=video, preference=moment.score))
        return found

    def _look(self, moment: atom.Moment) -> atom.Video | None:
        try:
            video = self._host.video(moment.path)
        except atom.MediaError as error:
            log.warning("%s", error)
            return None
        if video.content_hash != moment.content_hash:
            log.warning("'%s' has changed since it was indexed; index it again: atom index PATH", moment.path)
            return None
        return video
