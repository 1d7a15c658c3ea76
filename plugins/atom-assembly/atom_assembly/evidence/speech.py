"""Moments of the library's videos in which something is said, cut where the voice pauses."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from attrs import evolve

import atom_core as atom
from atom_assembly.evidence.finder import Found
from atom_assembly.sources import Candidate, Sources
from atom_core.text.topics import shares_of, topic_of

log = logging.getLogger("atom")

_PAUSE_S = 0.12
"""A gap between words this long may be cut in; utterances that are closer stay together."""
_TOGETHER_S = 1.0
"""Moments of one video this close are one, if both are wanted."""
_PAD_S = 0.25
"""Left before the first word and after the last, where the pause is that long."""
REASON = "it is said there"


class Heard:
    """What is said in the videos of a library."""

    def __init__(self, host: atom.Host, sources: Sources, names: Sequence[str]) -> None:
        """
        :param names: of the videos to stay within; none is all
        """
        self._host, self._sources, self._names = host, sources, set(names)
        self._said: dict[str, tuple[atom.Utterance, ...]] = {}

    def find(self, topic: str) -> Found:
        """The moments in which a topic is talked about, or words in quotation marks are said, in the videos' order."""
        wanted, exact = topic_of(topic)
        known: Mapping[str, Path] = self._host.library.videos()
        paths = {
            content_hash: path
            for content_hash, path in sorted(known.items(), key=lambda pair: str(pair[1]))
            if not self._names or path.name in self._names
        }
        said = [
            (content_hash, number) for content_hash in paths for number in range(len(self._of(content_hash, paths)))
        ]
        shares = shares_of(wanted, [self._said[video][number].text for video, number in said], exact=exact)
        moments = []
        for content_hash in paths:
            fit = {number: share for (video, number), share in zip(said, shares, strict=True) if video == content_hash}
            numbers = [number for number, share in fit.items() if share > 0]
            for first, last in _together(self._said[content_hash], numbers):
                share = max(fit[number] for number in range(first, last + 1))
                moments.append(self._moment(paths[content_hash], content_hash, first, last, share))
        found = self._sources.usable(moments)
        return Found(fits=tuple(evolve(one, reason=REASON, pauses=self._pauses(one)) for one in found))

    def _of(self, content_hash: str, paths: Mapping[str, Path]) -> tuple[atom.Utterance, ...]:
        if content_hash not in self._said:
            try:
                self._said[content_hash] = self._host.run("transcribe", self._host.video(paths[content_hash]))
            except atom.MediaError as error:
                log.warning("%s", error)
                self._said[content_hash] = ()
        return self._said[content_hash]

    def _moment(self, path: Path, content_hash: str, first: int, last: int, share: float) -> atom.Moment:
        said = self._said[content_hash]
        before_s = said[first].start_s - said[first - 1].end_s if first else said[first].start_s
        after_s = said[last + 1].start_s - said[last].end_s if last + 1 < len(said) else 0.0
        end_s = said[last].end_s + min(after_s / 2, _PAD_S)
        if last + 1 == len(said):
            end_s = min(said[last].end_s + _PAD_S, max(self._host.video(path).duration_s, said[last].end_s))
        return atom.Moment(
            path=path,
            content_hash=content_hash,
            start_s=said[first].start_s - min(before_s / 2 if first else before_s, _PAD_S),
            end_s=end_s,
            caption=" ".join(one.text for one in said[first : last + 1]),
            score=share,
            channels={"speech": share},
        )

    def _pauses(self, candidate: Candidate) -> tuple[float, ...]:
        """Where a moment may be cut: between words."""
        moment = candidate.moment
        words = [
            word
            for one in self._said[moment.content_hash]
            for word in one.words or (atom.SpokenWord(text=one.text, start_s=one.start_s, end_s=one.end_s),)
            if moment.start_s <= word.start_s and word.end_s <= moment.end_s
        ]
        return tuple((before.end_s + after.start_s) / 2 for before, after in pairwise(words))


def _together(said: Sequence[atom.Utterance], numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last utterance of each moment: those that are close together, and reach to a pause on both sides."""

    def gap_s(number: int) -> float:
        return said[number + 1].start_s - said[number].end_s

    spans: list[tuple[int, int]] = []
    for number in numbers:
        first = last = number
        while first > 0 and gap_s(first - 1) < _PAUSE_S:
            first -= 1
        while last + 1 < len(said) and gap_s(last) < _PAUSE_S:
            last += 1
        if spans and (first <= spans[-1][1] or (first == spans[-1][1] + 1 and gap_s(spans[-1][1]) < _TOGETHER_S)):
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    yield from spans


def subtitles(host: atom.Host, timeline: atom.Timeline, track: str) -> list[tuple[float, float, str]]:
    """Start, end and text of the subtitles of a film: what is said in its cuts, on its own clock.

    :param track: the sound track that the film has; empty is the one that players take
    """
    from atom_core.media.timelines.cues import cues

    made: list[atom.Utterance] = []
    elapsed_s = 0.0
    for cut in timeline.cuts:
        said = host.run("transcribe", host.video(cut.path), track=track)
        made += [part for one in said if (part := _within(one, cut, elapsed_s - cut.start_s)) is not None]
        elapsed_s += cut.duration_s
    return cues(made)


def _within(one: atom.Utterance, cut: atom.Cut, by_s: float) -> atom.Utterance | None:
    """What of an utterance is said in a cut, on the clock of the film; None if nothing is."""
    words = [
        evolve(word, start_s=max(word.start_s, cut.start_s) + by_s, end_s=min(word.end_s, cut.end_s) + by_s)
        for word in one.words
        if cut.start_s <= (word.start_s + word.end_s) / 2 < cut.end_s
    ]
    text = one.during(cut.start_s, cut.end_s)
    if not text:
        return None
    start_s, end_s = max(one.start_s, cut.start_s) + by_s, min(one.end_s, cut.end_s) + by_s
    if words:
        start_s, end_s = words[0].start_s, words[-1].end_s
    return evolve(one, start_s=max(start_s, 0.0), end_s=end_s, text=text, words=words)
