"""One search over all channels: pictures and captions by vectors, captions by words, what plugins bring.

The vectors of the best channel there is lead, words add a little: with a text embedder for captions, ranks of words and
vectors mixed evenly (reciprocal rank fusion) found less than the embedder alone, this never does (`atom bench
retrieval`). Where the decoder was trained to embed, words add more, since its vectors tell few words apart.

Shapes: N clips by their numbers, as `Snapshot` has them; -inf where a clip is not found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from itertools import compress, islice

import numpy as np
from attrs import evolve, field, frozen

import atom_core as atom
from atom_indexing.channels.background import WORDS_WORTH
from atom_indexing.channels.embedding import Embedders
from atom_indexing.channels.terms import Terms, has_phrases, terms_of
from atom_indexing.entries.rows import Row, moment
from atom_indexing.filters import Filter
from atom_indexing.library.remembering import Searchable
from atom_indexing.replica.ranking import ranked
from atom_indexing.replica.snapshot import Snapshot
from atom_indexing.replica.vectors import StaleError

TRAINED_WORTH = 0.5
"""What all words of a search add to the score of a decoder that was trained to embed."""
_KNOWN = 0.5
"""Where more of the words looked for are said anywhere, a caption with all of those fits."""
_SAME = 0.95
"""Least similarity of two vectors that were made of one text in one form, at any precision."""
_LIKELY = 0.5
"""From this score of a plugin's channel on a moment fits."""
_QUOTED = 0.3
"""From this score on what it found is shown."""
_OWN = ("pictures", "captions", "words")
"""The channels that are built in."""
_ALIKE = 0.985
"""From this similarity of pictures on, clips with one caption are near-duplicates."""
_MOST_ROWS = 500
"""Rows that are read at once."""
_GAP_S = 0.5
"""Moments of one video with less between them are neighbours."""


@frozen(kw_only=True, eq=False)
class Scored:
    """What a search says of each clip."""

    clips: Snapshot
    """The clips."""
    scores_N: np.ndarray
    """Of all channels together, -inf where a filter leaves a clip out."""
    channels: dict[str, np.ndarray] = field(repr=False)
    """Each channel's own score, by its name, NaN where it says nothing."""
    fits_N: np.ndarray | None
    """Whether a clip shows what is looked for; None where that is not known."""
    least: float = np.inf
    """From this score on one may show it that does not surely so."""
    quotes: Mapping[int, Mapping[str, atom.Quote]] = field(factory=dict, repr=False)
    """What is said or written in clips of what is looked for, by number and channel."""
    is_unwanted: Callable[[np.ndarray], np.ndarray] | None = field(default=None, repr=False)
    """Whether clips, by their numbers, show what they are not to show; asked of those that would be found."""
    text_E: np.ndarray | None = field(default=None, repr=False)
    """What pictures and captions were compared with in one pass; their own scores are found for what is shown."""

    def says(self, number: int) -> dict[str, float]:
        """The channels that found a clip, each with its own score."""
        found = {}
        if self.text_E is not None:
            found["pictures"] = float(self.clips.clips_NE[number] @ self.text_E)
            means_NE = self.clips.vectors("means")
            if means_NE is not None and self.clips.has_caption_N[number]:  # the file of captions need not be read
                found["captions"] = 2 * float(means_NE[number] @ self.text_E) - found["pictures"]
        said = {name: float(own_N[number]) for name, own_N in self.channels.items() if not np.isnan(own_N[number])}
        return found | said


class Finder:
    """Searches one library by the host's model and embedder."""

    def __init__(self, host: atom.Host, library: Searchable, embedders: Embedders) -> None:
        self._host, self._library, self._embedders = host, library, embedders
        self._embedder = embedders.of(host)

    def find(self, query: atom.Query, *, fold: bool = False, merge: bool = False) -> tuple[atom.Moment, ...]:
        """At most `query.limit` moments, best first.

        :param fold: leave out near-duplicates of better ones
        :param merge: make one moment of neighbours in one video
        :raises SettingsError: if the quotes of the text do not close
        """
        if self._embedder is not None:
            self._embedders.catch_up(self._library, self._embedder)
        return self._library.looking(lambda clips: self._found(clips, query, fold=fold, merge=merge))

    def _found(self, clips: Snapshot, query: atom.Query, *, fold: bool, merge: bool) -> tuple[atom.Moment, ...]:
        scored = self.scored(clips, query)
        last = min(query.skip + query.limit, len(clips))
        found: list[tuple[int, atom.Moment]] = []
        captions: dict[str, list[int]] = {}
        for number, row in _in_order(scored, last):
            one = self._moment(scored, number, row)
            twin = None
            if fold:
                twin = self._twin(clips, found, captions.get(one.caption, []), number)
            if twin is not None:
                better = found[twin][1]
                found[twin] = found[twin][0], evolve(better, num_alike=better.num_alike + 1)
            elif merge and (twin := _neighbour(found, one)) is not None:
                found[twin] = found[twin][0], _joined(found[twin][1], one)
            if twin is None:
                if len(found) == last:
                    break
                captions.setdefault(one.caption, []).append(len(found))
                found.append((number, one))
        return tuple(one for _, one in found[query.skip :])

    def scored(self, clips: Snapshot, query: atom.Query) -> Scored:
        """What each channel, and all together, say of each clip."""
        terms = terms_of(query.text) if query.text else Terms(text="", words=(), phrases=())
        looked_for = self._vectors(query, terms)
        text_E = None if query.channels else _of_both(clips, looked_for)
        channels = self._channels(clips, looked_for) if text_E is None else {}
        share_N = clips.words.shares(terms)
        channels["words"] = np.where(share_N > 0, share_N, np.nan)
        others, quotes = self._of_plugins(query, clips)
        if query.channels:
            self._check_names(query, others)
            channels = {name: own_N for name, own_N in channels.items() if name in query.channels}
            share_N = share_N if "words" in channels else np.zeros_like(share_N)
        leading_N = _leading(clips, channels) if text_E is None else clips.means(text_E)
        base_N, fits_N = self._led(clips, looked_for, leading_N, share_N, terms)
        for name, own_N in others.items():
            channels[name] = own_N
            base_N = np.fmax(base_N, self._comparable(own_N, looked_for))
            fits_N = None if fits_N is None else fits_N | (np.nan_to_num(own_N) >= _LIKELY)
        admitted_N = self._admitted(query, terms, clips, quotes)
        if query.channels:
            admitted_N &= ~np.isnan(np.stack(list(channels.values()))).all(axis=0)
        if fits_N is not None and terms.phrases:
            fits_N = fits_N | admitted_N
        scores_N = np.where(admitted_N, base_N, -np.inf)
        return Scored(
            clips=clips,
            scores_N=scores_N,
            channels=channels,
            fits_N=fits_N,
            least=self._least(clips, looked_for, surely=False) or np.inf,
            quotes=quotes,
            is_unwanted=self._showing(query, clips) if query.without else None,
            text_E=text_E,
        )

    @staticmethod
    def _check_names(query: atom.Query, others: Collection[str]) -> None:
        """
        :raises SettingsError: if there is no channel of a name
        """
        known = (*_OWN, *others)
        if unknown := [name for name in query.channels if name not in known]:
            raise atom.SettingsError(f"there is no channel {unknown[0]!r}; there are {', '.join(known)}")

    def _vectors(self, query: atom.Query, terms: Terms) -> dict[str, np.ndarray]:
        """What is looked for, by the collection that it is compared with."""
        found: dict[str, np.ndarray] = {}
        text = terms.text or query.text
        if query.like is not None:
            found["clips"] = self._host.decoder.embed([self._host.encoder.encode(query.like)])
        if text and self._embedder is not None:
            found["texts"] = self._embedder.embed([text], kind="query")[0]
            most = getattr(self._embedder, "max_tokens", 0)
            if most and len(text) > most and (num := self._embedder.num_tokens(text)) > most:
                self._embedders.tell(f"the search has {num} tokens, {self._embedder.name} reads the first {most}")
        elif text:
            vector_E = self._host.decoder.embed([text])
            found["captions"] = vector_E
            if self._is_trained:
                found["clips"] = found.get("clips", vector_E)
        return found

    @property
    def _is_trained(self) -> bool:
        """Whether texts and clips share the decoder's space."""
        return not getattr(self._host.decoder, "embedding", "")

    def _channels(self, clips: Snapshot, looked_for: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        channels: dict[str, np.ndarray] = {}
        if "clips" in looked_for and "clips" in clips.about.widths:
            channels["pictures"] = clips.similar("clips", looked_for["clips"])
        for kind, has_N in (("captions", clips.has_caption_N), ("texts", clips.has_text_N)):
            if kind in looked_for:
                is_known = kind in clips.about.widths and (kind == "texts" or self._are_comparable(clips))
                says_N = clips.similar(kind, looked_for[kind]) if is_known else np.full(len(clips), np.nan)
                channels["captions"] = np.where(has_N, says_N, np.nan)
        return channels

    def _are_comparable(self, clips: Snapshot) -> bool:
        """Whether the decoder makes vectors of captions today as it did for the library; asked of one of them."""
        if self._is_trained or not clips.has_caption_N.any():
            return True
        number = int(clips.has_caption_N.argmax())
        captions = [str(row["caption"]) for row in clips.rows([number]).values()]
        again_E = self._host.decoder.embed(captions)
        stored = clips.vectors("captions")
        if stored is None or float(again_E @ stored[number]) > _SAME:
            return True
        self._embedders.tell(
            "the decoder's vectors of captions were made in another form, so captions are found by their words alone;"
            " set an embedder, or make them anew: atom index --rebuild"
        )
        return False

    def _led(
        self,
        clips: Snapshot,
        looked_for: dict[str, np.ndarray],
        base_N: np.ndarray,
        share_N: np.ndarray,
        terms: Terms,
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The score of all channels together, and whether clips fit.

        :param base_N: the score of those that lead
        """
        least = self._least(clips, looked_for)
        if self._embedder is not None and "texts" in looked_for:
            base_N = base_N + WORDS_WORTH * self._embedders.background(self._embedder).unit * share_N
            return base_N, None if least is None else (base_N >= least) | (share_N >= 1 - 1e-9)
        if "captions" not in looked_for:
            return base_N, None
        if not self._is_trained:
            return base_N + WORDS_WORTH * share_N * (1 - base_N), None
        num_known, worth_known = clips.words.known(terms)
        says_all_N = share_N >= worth_known - 1e-9 if num_known > _KNOWN else np.zeros_like(share_N, bool)
        fits_N = None if least is None else (base_N >= least) | says_all_N
        return base_N + TRAINED_WORTH * share_N * (1 - base_N), fits_N

    def _least(self, clips: Snapshot, looked_for: Mapping[str, np.ndarray], *, surely: bool = True) -> float | None:
        """The score of the leading vectors from which on a clip fits, or may do so; None where that is not known."""
        if "texts" in looked_for:
            background = self._embedders.background(self._embedder)
            above = background.fit if surely else background.may_fit
            return background.chance(looked_for["texts"]) + above if "clips" not in looked_for else None
        return clips.fair_score() if "captions" in looked_for and self._is_trained and surely else None

    def _of_plugins(
        self, query: atom.Query, clips: Snapshot
    ) -> tuple[dict[str, np.ndarray], dict[int, dict[str, atom.Quote]]]:
        """What the channels of plugins say of each clip, NaN where they say nothing, and what they quote."""
        found: dict[str, np.ndarray] = {}
        quotes: dict[int, dict[str, atom.Quote]] = {}
        numbers: dict[str, np.ndarray] = {}
        for name, channel in self._host.channels().items():
            own_N = np.full(len(clips), np.nan)
            try:
                moments = channel.search(query, self._host) if name in (query.channels or (name,)) else ()
                for one in moments:
                    if one.content_hash not in numbers:
                        numbers[one.content_hash] = clips.numbers_of(one.content_hash)
                    place = _most_shared(clips, numbers[one.content_hash], one)
                    score = min(max(float(one.score), 0.0), 1.0)
                    if place is None or own_N[place] >= score:
                        continue
                    own_N[place] = score
                    if one.quotes and score >= _QUOTED:
                        quotes.setdefault(place, {})[name] = one.quotes[0]
            except StaleError:
                raise
            except Exception as error:
                said = f"{type(error).__name__}: {error}".partition("\n")[0]
                said += "; `atom plugins` says whose it is: mend or block that"
                self._embedders.tell(f"channel {name!r} failed and is passed over: {said}")
                continue
            found[name] = own_N
        return found, quotes

    def _comparable(self, sure_N: np.ndarray, looked_for: dict[str, np.ndarray]) -> np.ndarray:
        """How sure a channel is, as the leading channel's score that says the same: a fit from `_LIKELY` on."""
        if self._embedder is not None and "texts" in looked_for:
            background = self._embedders.background(self._embedder)
            return background.chance(looked_for["texts"]) + background.fit * sure_N / _LIKELY
        return sure_N

    def _admitted(
        self, query: atom.Query, terms: Terms, clips: Snapshot, quotes: Mapping[int, Mapping[str, atom.Quote]]
    ) -> np.ndarray:
        admitted_N = clips.is_found_N.copy()
        if terms.phrases:
            having_N = clips.words.having(terms.phrases)
            for number, said in quotes.items():
                having_N[number] |= any(has_phrases(quote.text, terms) for quote in said.values())
            admitted_N &= having_N
        if query.shortest_s:
            admitted_N &= clips.columns.duration_s_N >= query.shortest_s
        if query.longest_s is not None:
            admitted_N &= clips.columns.duration_s_N <= query.longest_s
        if query.is_filtered and admitted_N.any():
            chosen = Filter(query, self._host.video)
            numbers = [
                number
                for number, content_hash, row in clips.videos()
                if chosen.admits_video(content_hash, partial(self._library.place, row), row)
            ]
            is_admitted = np.zeros(int(clips.columns.video_N.max()) + 1, bool)
            is_admitted[numbers] = True
            admitted_N &= is_admitted[clips.columns.video_N]
        return admitted_N

    def _showing(self, query: atom.Query, clips: Snapshot) -> Callable[[np.ndarray], np.ndarray]:
        """Tells which clips show what they are not to show: those that say all its words, and those that fit it; of
        what is in quotes, those that say it so. Also those in which it is said or written.
        """
        terms = terms_of(query.without)
        others, _ = self._of_plugins(atom.Query(text=query.without, limit=max(len(clips), 1)), clips)
        told_N = np.any([np.nan_to_num(own_N) >= _LIKELY for own_N in others.values()] or [[False]], axis=0)
        if terms.phrases:
            told_N = told_N | clips.words.having(terms.phrases)
            return lambda numbers: told_N[numbers]
        told_N = told_N | (clips.words.shares(terms) >= 1 - 1e-9)
        looked_for = self._vectors(atom.Query(text=query.without), terms)
        if (least := self._least(clips, looked_for)) is None:
            return lambda numbers: told_N[numbers]
        if "texts" in looked_for:
            return lambda numbers: told_N[numbers] | (clips.similar("texts", looked_for["texts"], numbers) >= least)
        return lambda numbers: told_N[numbers] | (clips.means(looked_for["captions"], numbers) >= least)

    def _moment(self, scored: Scored, number: int, row: Row) -> atom.Moment:
        score = float(scored.scores_N[number])
        fits = None if scored.fits_N is None else bool(scored.fits_N[number])
        return moment(
            row,
            score,
            self._library.place(row),
            channels=scored.says(number),
            fits=fits,
            may_fit=None if fits is None else fits or score >= scored.least,
            quotes=tuple(scored.quotes.get(number, {}).values()),
        )

    @staticmethod
    def _twin(clips: Snapshot, found: list[tuple[int, atom.Moment]], places: list[int], number: int) -> int | None:
        """The place of a better moment that looks the same, among those that read the same."""
        clips_NE = clips.clips_NE
        return next((it for it in places if clips_NE[found[it][0]] @ clips_NE[number] >= _ALIKE), None)


def _in_order(scored: Scored, first: int) -> Iterator[tuple[int, Row]]:
    """Numbers and rows of the clips that no filter leaves out, best first; rows are read some at once."""
    numbers, size = ranked(scored.scores_N, first + 1), first + 1
    while part := list(islice(numbers, size)):
        if scored.is_unwanted is not None:
            part = list(compress(part, ~scored.is_unwanted(np.array(part))))
        rows = scored.clips.rows(part)
        yield from ((number, rows[number]) for number in part if number in rows)
        size = min(2 * size, _MOST_ROWS)


def _of_both(clips: Snapshot, looked_for: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The vector that pictures and captions are both compared with, where it is one; their mean is found at once."""
    text_E = looked_for.get("captions")
    return text_E if text_E is looked_for.get("clips") and "clips" in clips.about.widths else None


def _leading(clips: Snapshot, channels: Mapping[str, np.ndarray]) -> np.ndarray:
    """The mean of what pictures and captions say of each clip; 0 where none says anything."""
    own = [channels[name] for name in ("pictures", "captions") if name in channels]
    if len(own) < 2:
        return np.nan_to_num(own[0]) if own else np.zeros(len(clips))
    num_N = sum(~np.isnan(own_N) for own_N in own)
    return np.asarray(sum(np.nan_to_num(own_N) for own_N in own) / np.maximum(num_N, 1))


def _most_shared(clips: Snapshot, numbers: np.ndarray, span: atom.Span) -> int | None:
    """Which of the clips `numbers` shares most time with `span`; None if none does."""
    if not len(numbers):
        return None
    rows = clips.columns.rows_N[numbers]
    shared_s = np.minimum(rows["end_s"], span.end_s) - np.maximum(rows["start_s"], span.start_s)
    best = int(shared_s.argmax())
    return int(numbers[best]) if shared_s[best] > 0 else None


def _neighbour(found: list[tuple[int, atom.Moment]], one: atom.Moment) -> int | None:
    for place, (_, other) in enumerate(found):
        near = one.start_s - other.end_s < _GAP_S and other.start_s - one.end_s < _GAP_S
        if near and one.content_hash == other.content_hash and one.fits == other.fits:
            return place
    return None


def _joined(better: atom.Moment, one: atom.Moment) -> atom.Moment:
    start_s, end_s = min(better.start_s, one.start_s), max(better.end_s, one.end_s)
    return evolve(better, start_s=start_s, end_s=end_s)
