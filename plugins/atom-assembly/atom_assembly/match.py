"""The tasks ``match`` and ``assemble``: from a script to cuts of the library."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Literal

from attrs import evolve, field, frozen
from attrs.validators import ge, in_

import atom_core as atom
from atom_assembly.trim import trim

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CAPTION_PROMPT = "Describe this clip in one sentence."
Key = tuple[str, float, float]

log = logging.getLogger("atom")


@frozen(kw_only=True)
class Candidate:
    """A clip that may stand for a line."""

    moment: atom.Moment
    """Where it is, and how similar it is to the line."""
    video: atom.Video
    """Its file, unchanged since it was indexed."""
    preference: float = 0.0
    """How much the line wants it, compared with its other candidates and with other lines' wishes."""

    @property
    def key(self) -> Key:
        """Which clip it is."""
        return self.moment.content_hash, self.moment.start_s, self.moment.end_s


class MatchScript:
    """A cut for each line of a script, from the library.

    The search proposes clips for each line. The best few are compared by how likely the decoder finds the line as the
    description of the clip. Then the clearest choices are made first, and no clip is taken twice while another fits.
    The cuts stand in the order of the script and are trimmed to the length that was asked for.
    """

    consumes = atom.Script
    produces = atom.Timeline

    @frozen(kw_only=True)
    class Settings:
        """Settings of ``match``."""

        candidates: int = field(default=5, validator=ge(1))
        """Clips compared for each line."""
        rerank: Literal["likelihood", "similarity"] = field(
            default="likelihood", validator=in_(("likelihood", "similarity"))
        )
        """Whether the decoder compares them, or the search's scores do."""
        min_score: float = 0.0
        """Clips less similar to a line do not fit it."""
        min_cut_s: float = field(default=1.0, validator=ge(0.0))
        """Trimming leaves this much of a cut, if the film can be that long, seconds."""

    def run(
        self,
        script: atom.Script,
        *,
        encoder: atom.Encoder,
        decoder: atom.Decoder,
        host: atom.Host,
        settings: MatchScript.Settings,
    ) -> atom.Timeline:
        """The timeline of `script`; a line that nothing fits has no cut.

        :raises LibraryError: if nothing fits any line
        """
        sources = Sources(host)
        table = []
        for line in script.lines:
            found = sources.search(line, settings.candidates + len(script.lines) - 1, settings.min_score)
            if settings.rerank == "likelihood":
                found = rerank(line, found, settings.candidates, encoder, decoder)
            table.append(found)
        chosen = assign(table)
        pairs = [(line, pick) for line, pick in zip(script.lines, chosen, strict=True) if pick is not None]
        if not pairs:
            gone = "; some clips lie in files that are gone or have changed" if sources.missing else ""
            raise atom.LibraryError(
                f"nothing in library '{host.settings.library}' fits the request{gone}; "
                "add videos with `atom index PATH`, or try other words with `atom search TEXT`"
            )
        cuts = [_cut(line, pick.moment) for line, pick in pairs]
        spans = trim(cuts, script.request.length_s, settings.min_cut_s)
        cuts = [evolve(cut, start_s=span.start_s, end_s=span.end_s) for cut, span in zip(cuts, spans, strict=True)]
        return atom.Timeline(request=script.request, cuts=tuple(cuts))


class AssembleTimeline:
    """From a request to a timeline: ``script``, then ``match``."""

    consumes = atom.Request
    produces = atom.Timeline

    def run(self, request: atom.Request, *, host: atom.Host) -> atom.Timeline:
        """The timeline for `request`."""
        timeline: atom.Timeline = host.run("match", host.run("script", request))
        return timeline


class Sources:
    """The files behind moments, each looked at once."""

    def __init__(self, host: atom.Host) -> None:
        self._host = host
        self._videos: dict[str, atom.Video | None] = {}

    @property
    def missing(self) -> bool:
        """Whether a file was gone or had changed."""
        return None in self._videos.values()

    def search(self, line: str, count: int, min_score: float) -> list[Candidate]:
        """The `count` moments most similar to `line` whose files are usable; others do not take their places."""
        limit = count
        while True:
            moments = self._host.run("search", atom.Query(text=line, limit=limit))
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


def rerank(
    line: str, found: list[Candidate], count: int, encoder: atom.Encoder, decoder: atom.Decoder
) -> list[Candidate]:
    """The `count` most similar candidates first, preferring by the probability that `line` describes the clip.

    Among them the preference is 1 + softmax of the log-likelihoods: a line with one likely clip goes before one with
    several.
    """

    best, rest = found[:count], found[count:]
    clips = [atom.Clip(video=pick.video, start_s=pick.moment.start_s, end_s=pick.moment.end_s) for pick in best]
    shown = encoder.encode_batch(clips)
    scores = decoder.score_many(([features, CAPTION_PROMPT], line) for features in shown)
    weights = [math.exp(score - max(scores)) for score in scores]
    best = [evolve(pick, preference=1 + weight / sum(weights)) for pick, weight in zip(best, weights, strict=True)]
    return sorted(best, key=lambda pick: -pick.preference) + rest


def assign(table: Sequence[Sequence[Candidate]]) -> list[Candidate | None]:
    """One candidate for each line: clearest preferences first, no clip twice while the line has another."""
    wishes = sorted(
        ((line, pick) for line, picks in enumerate(table) for pick in picks), key=lambda wish: -wish[1].preference
    )
    chosen: list[Candidate | None] = [None] * len(table)
    used: set[Key] = set()
    for line, pick in wishes:
        if chosen[line] is None and pick.key not in used:
            chosen[line] = pick
            used.add(pick.key)
    return [
        pick or max(picks, key=lambda p: p.preference, default=None) for pick, picks in zip(chosen, table, strict=True)
    ]


def _cut(line: str, moment: atom.Moment) -> atom.Cut:
    return atom.Cut(
        start_s=moment.start_s,
        end_s=moment.end_s,
        path=moment.path,
        content_hash=moment.content_hash,
        line=line,
        caption=moment.caption,
        score=moment.score,
    )
