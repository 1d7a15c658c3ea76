"""The clips of the library that show what a line says, and the one that comes nearest where none does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property

from attrs import evolve, frozen

import atom_core as atom
from atom_assembly.evidence.judge import CAPTION_PROMPT, Judge
from atom_assembly.evidence.meaning import Meaning, extra, read_meaning, says, says_purely, share
from atom_assembly.evidence.rewording import Vocabulary, Wording, speaks, wordings
from atom_assembly.evidence.words import clauses, stems
from atom_assembly.sources import Candidate, Key, Sources

POOL = 2_000
"""Clips looked at for a line, the most similar ones."""
LIKELIEST = "the likeliest there is; the model cannot tell whether it fits"
MEANT = "its caption means that, as the search finds"
_ANYTHING = "anything"
_FOR_ALL = 4
"""How many times as many clips are asked about where all are wanted."""
_SPARE = 6
"""How many clips more than are needed the decoder is asked about that captions say to fit."""
_LIKELY, _HARDLY = 0.2, 0.12
"""Least likelihood of a line in a caption, against what stands there: of a clip that shows it, of one asked about."""


@frozen(kw_only=True)
class Found:
    """What there is for a line."""

    fits: tuple[Candidate, ...]
    """Clips that show it, the best first."""
    nearest: Candidate | None = None
    """Of those that do not, the nearest."""
    told: bool = True
    """Whether it could be told which fit; else `fits` are the most likely ones."""


@frozen(kw_only=True)
class _Line:
    """A line and what it means in captions."""

    text: str
    meaning: Meaning
    wordings: tuple[Wording, ...]


class Finder:
    """Looks for clips: by the words of their captions, then by asking the decoder about those that come near."""

    def __init__(
        self, encoder: atom.Encoder, decoder: atom.Decoder, sources: Sources, *, prompt: str, looks: int, rerank: bool
    ) -> None:
        """
        :param prompt: what the decoder is asked for scripts with
        :param looks: about how many clips the decoder is asked for each line
        :param rerank: whether it is asked at all
        """
        self._encoder, self._decoder, self._sources = encoder, decoder, sources
        self._prompt, self._looks, self._rerank = prompt, looks, rerank
        self._lines: dict[str, _Line] = {}
        self._pools: dict[str, list[Candidate]] = {}

    def find(self, text: str, *, count: int | None = 1, purely: bool = False, without: Sequence[str] = ()) -> Found:
        """The clips that show what `text` says, or any clips where it is empty.

        :param count: how many are needed; None is all
        :param purely: whether they may show nothing else
        :param without: what they must not show
        """
        pool = self._without(self._pool(text), without)
        if not stems(text) and self._line(text).meaning.num_things is None:
            return Found(fits=tuple(pool))
        line = self._line(text)
        fits = [evolve(one, reason="its caption says so") for one in pool if says(one.moment.caption, line.meaning)]
        fits = sorted(fits, key=lambda one: (extra(one.moment.caption, line.meaning), -one.moment.score))
        meant, told = self._meant(pool)
        said = {one.key for one in fits}
        fits = self._surest(line, fits, count) + [one for one in meant if one.key not in said]
        keys = {one.key for one in fits}
        others = sorted(
            (one for one in pool if one.key not in keys),
            key=lambda one: (-share(one.moment.caption, line.meaning), -one.moment.score),
        )
        if not told and (count is None or len(fits) < count):
            seen, told = self._asked(line, others[: self._looks * (1 if count else _FOR_ALL)])
            fits += seen
        if purely:
            pure = [one for one in fits if says_purely(one.moment.caption, line.meaning)]
            fits = pure or fits
        if not fits and not told:
            return Found(fits=tuple(self._likeliest(text, pool)), told=False)
        keys = {one.key for one in fits}
        return Found(fits=tuple(fits), nearest=next((one for one in others if one.key not in keys), None))

    def _meant(self, pool: Sequence[Candidate]) -> tuple[list[Candidate], bool]:
        """The clips of a search whose captions mean what was searched, and whether that could be told.

        It is told by a search with a text embedder, which says of each moment whether it fits. A decoder that was
        trained to embed is asked about clips instead: its vectors tell few words apart.
        """
        if not getattr(self._decoder, "embedding", "") or all(one.moment.fits is None for one in pool):
            return [], False
        return [evolve(one, reason=MEANT) for one in pool if one.moment.fits], True

    def shows(self, candidate: Candidate, text: str) -> bool:
        """Whether the caption of a clip says what `text` says."""
        return says(candidate.moment.caption, self._line(text).meaning)

    @cached_property
    def _all(self) -> list[Candidate]:
        return self._pool(_ANYTHING)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary.of(one.moment.caption for one in self._all)

    @cached_property
    def _speaks(self) -> bool:
        captions = [one.moment.caption for one in self._all]
        return self._rerank and speaks(self._vocabulary, captions, self._decoder, self._prompt)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._encoder, self._decoder, self._all)

    def _pool(self, text: str) -> list[Candidate]:
        if text not in self._pools:
            self._pools[text] = self._sources.search(text or _ANYTHING, POOL)
        return self._pools[text]

    def _line(self, text: str) -> _Line:
        if text not in self._lines:
            found = tuple(wordings(text, self._vocabulary, self._decoder, self._prompt)) if self._reworded(text) else ()
            meaning = read_meaning(text, [tuple(said.words for said in wording) for wording in found])
            self._lines[text] = _Line(text=text, meaning=meaning, wordings=found)
        return self._lines[text]

    def _reworded(self, text: str) -> bool:
        return bool(stems(text)) and self._speaks

    def _without(self, pool: list[Candidate], texts: Sequence[str]) -> list[Candidate]:
        meanings = [self._line(text).meaning for text in texts]
        meant = {one.key for text in texts for one in self._meant(self._pool(text))[0]}
        return [
            one
            for one in pool
            if one.key not in meant and not any(says(one.moment.caption, meaning) for meaning in meanings)
        ]

    def _asked(self, line: _Line, others: Sequence[Candidate]) -> tuple[list[Candidate], bool]:
        """Those of `others` of which the decoder says that they show it, and whether it could be told."""
        if not self._rerank:
            return [], True
        if not self._speaks and all(_rambles(one.moment.caption) for one in self._all):
            return [], False  # footage that the model does not know: what it says shows nothing
        if self._speaks and not line.wordings:
            return [], True
        asked = [(one, statements) for one in others if (statements := self._statements(line, one))]
        if not asked:
            return [], True
        threshold = self._judge.threshold
        likely = self._likely(asked) if self._speaks else {}
        if threshold > 1 and not self._speaks:
            return [], False
        if self._speaks:
            asked = [pair for pair in asked if likely.get(pair[0].key, 0.0) >= _HARDLY]
        flat = [(one, statement) for one, ways in asked for way in ways for clause in way for statement in clause]
        said = iter(self._judge.probabilities(flat) if threshold <= 1 else [0.0] * len(flat))
        fits = []
        for one, ways in asked:
            chance, share = (
                max(min(max(next(said) for _ in clause) for clause in way) for way in ways),
                likely.get(one.key, 0.0),
            )
            if chance >= threshold:
                fits.append((chance, evolve(one, reason=f"the model says that it shows it, {chance:.2f}")))
            elif share >= _LIKELY:
                fits.append((share, evolve(one, reason=f"its caption may well say so, {share:.2f}")))
        return [one for _, one in sorted(fits, key=lambda pair: -pair[0])], True

    def _likely(self, asked: Sequence[tuple[Candidate, list[list[list[str]]]]]) -> dict[Key, float]:
        """How nearly the decoder said of each clip, in its caption, what it is asked about."""
        flat = [(one, statement) for one, ways in asked for way in ways for clause in way for statement in clause]
        said = iter(self._judge.likelihoods(flat))
        return {
            one.key: max(min(max(next(said) for _ in clause) for clause in way) for way in ways) for one, ways in asked
        }

    def _surest(self, line: _Line, fits: list[Candidate], count: int | None) -> list[Candidate]:
        """Clips whose captions say a line, such that those come first of which the decoder says so, too, when it is
        asked: a caption that is wrong costs nothing where others are to be had.
        """
        if not self._rerank or count is None or len(fits) <= count or not line.wordings:
            return fits
        first, rest = fits[: count + _SPARE], fits[count + _SPARE :]
        asked = [(one, _asking(line, one)) for one in first]
        said = iter(self._judge.probabilities([(one, statement) for one, own in asked for statement in own]))
        doubted = {one.key for one, own in asked if own and max(next(said) for _ in own) < 0.5}
        return sorted(first, key=lambda one: one.key in doubted) + rest

    def _statements(self, line: _Line, candidate: Candidate) -> list[list[list[str]]]:
        """What to ask of a clip: for each wording, for each of its clauses, the statements of which one must hold."""
        if not line.wordings:
            return [[[line.text]]]
        caption = candidate.moment.caption
        ways = [[said.statements(caption) for said in wording] for wording in line.wordings]
        return [way for way in ways if all(way)]

    def _likeliest(self, text: str, pool: Sequence[Candidate]) -> list[Candidate]:
        """The most similar clips, those first whose description `text` most likely is."""
        best, rest = list(pool[: self._looks]), list(pool[self._looks :])
        if self._rerank:
            best = rerank(text, best, self._encoder, self._decoder)
        return [evolve(one, reason=LIKELIEST) for one in best + rest]


def _asking(line: _Line, candidate: Candidate) -> list[str]:
    """What to ask of a clip whose caption says a line: for each wording of one clause, whether that is there."""
    said = [wording[0] for wording in line.wordings if len(wording) == 1 and not wording[0].as_written]
    return [
        statement
        for one in said
        for statement in (one.statements(candidate.moment.caption) if one.does else [f"there is {one.thing}"])
    ]


def _rambles(caption: str) -> bool:
    """Whether a caption says a clause twice, as models do that are out of their depth."""
    parts = clauses(caption)
    return len(set(parts)) < len(parts)


def rerank(line: str, found: Sequence[Candidate], encoder: atom.Encoder, decoder: atom.Decoder) -> list[Candidate]:
    """Candidates by how likely the decoder finds `line` as the description of each; `preference` is 1 + its share."""
    prompts: Iterator[Sequence[atom.Features | str]] = ((encoder.encode(one.clip), CAPTION_PROMPT) for one in found)
    scores = decoder.score_many((parts, line) for parts in prompts)
    weights = [math.exp(score - max(scores)) for score in scores]
    best = [evolve(one, preference=1 + weight / sum(weights)) for one, weight in zip(found, weights, strict=True)]
    return sorted(best, key=lambda one: -one.preference)
