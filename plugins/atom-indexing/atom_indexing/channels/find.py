"""One search over all channels: pictures and captions by vectors, captions by words.

The vectors of the best channel there is lead, words add a little: with a text embedder for captions, ranks of words and
vectors mixed evenly (reciprocal rank fusion) found less than the embedder alone, this never does (`atom bench
retrieval`). Where the decoder was trained to embed, words add more, since its vectors tell few words apart.

Shapes: N clips, E width of the decoder's vectors, F of the embedder's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from attrs import evolve, field, frozen

import atom_core as atom
from atom_indexing.channels.background import WORDS_WORTH
from atom_indexing.channels.embedding import Embedders
from atom_indexing.channels.terms import Terms, terms_of
from atom_indexing.filters import Filter
from atom_indexing.library.remembering import Searchable
from atom_indexing.library.table import Table, moment

TRAINED_WORTH = 0.5
"""What all words of a search add to the score of a decoder that was trained to embed."""
_KNOWN = 0.5
"""Where more of the words looked for are said anywhere, a caption with all of those fits."""
_SAME = 0.95
"""Least similarity of two vectors that were made of one text in one form, at any precision."""
_LIKELY = 0.5
"""From this score of a plugin's channel on a moment fits."""
_PROPOSED, _FOR_EACH = 200, 10
"""How many clips each channel proposes of a library that is too large to be compared one by one: at least, and for each
that is wanted."""
_ALIKE = 0.985
"""From this similarity of pictures on, clips with one caption are near-duplicates."""
_GAP_S = 0.5
"""Moments of one video with less between them are neighbours."""


@frozen(kw_only=True, eq=False)
class Scored:
    """What a search says of each clip."""

    table: Table
    """The clips."""
    scores_N: np.ndarray
    """Of all channels together, -inf where a filter leaves a clip out."""
    channels: dict[str, np.ndarray] = field(repr=False)
    """Each channel's own score, by its name, NaN where it says nothing."""
    fits_N: np.ndarray | None
    """Whether a clip shows what is looked for; None where that is not known."""


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
        scored = self.scored(query)
        found: list[tuple[int, atom.Moment]] = []
        for row in self._order(scored):
            one = self._moment(scored, row)
            twin = self._twin(scored.table, found, row) if fold else None
            if twin is None and merge:
                twin = _neighbour(found, one)
                if twin is not None:
                    found[twin] = found[twin][0], _joined(found[twin][1], one)
            elif twin is not None:
                place, better = found[twin]
                found[twin] = place, evolve(better, num_alike=better.num_alike + 1)
            if twin is None:
                if len(found) == query.skip + query.limit:
                    break
                found.append((row, one))
        return tuple(one for _, one in found[query.skip :])

    def scored(self, query: atom.Query) -> Scored:
        """What each channel, and all together, say of each clip."""
        terms = terms_of(query.text) if query.text else Terms(text="", words=(), phrases=())
        if self._embedder is not None:
            self._embedders.catch_up(self._library, self._embedder)
        shares = self._library.shares(terms)
        looked_for = self._vectors(query, terms)
        count = max(_PROPOSED, _FOR_EACH * (query.skip + query.limit))
        most = sorted(shares, key=lambda key: -shares[key])[:count]
        table = self._library.table(looked_for, count, most)
        channels = self._channels(table, looked_for)
        share_N = np.array([shares.get(key, 0.0) for key in table.keys])
        channels["words"] = np.where(share_N > 0, share_N, np.nan)
        base_N, fits_N = self._led(looked_for, channels, share_N, terms)
        for name, own_N in self._of_plugins(query, table).items():
            channels[name] = own_N
            base_N = np.fmax(base_N, self._comparable(own_N, looked_for))
            fits_N = None if fits_N is None else fits_N | (np.nan_to_num(own_N) >= _LIKELY)
        admitted_N = self._admitted(query, terms, table)
        if query.without:
            admitted_N &= ~self._shown(query, table)
        if fits_N is not None and terms.phrases:
            fits_N = fits_N | admitted_N
        return Scored(table=table, scores_N=np.where(admitted_N, base_N, -np.inf), channels=channels, fits_N=fits_N)

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

    def _channels(self, table: Table, looked_for: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        channels: dict[str, np.ndarray] = {}
        if "clips" in looked_for:
            channels["pictures"] = table.similar(table.clips_NE, looked_for["clips"])
        if "captions" in looked_for:
            says_N = table.similar(table.captions_NE, looked_for["captions"])
            comparable_N = table.has_caption_N & self._are_comparable(table)
            channels["captions"] = np.where(comparable_N, says_N, np.nan)
        if "texts" in looked_for:
            if table.texts_NF is None:
                channels["captions"] = np.full(len(table.metadata), np.nan)
            else:
                says_N = table.similar(table.texts_NF, looked_for["texts"])
                channels["captions"] = np.where(table.texts_NF.any(axis=1), says_N, np.nan)
        return channels

    def _are_comparable(self, table: Table) -> bool:
        """Whether the decoder makes vectors of captions today as it did for the library; asked of one of them."""
        if self._is_trained or not table.has_caption_N.any():
            return True
        row = int(table.has_caption_N.argmax())
        again_E = self._host.decoder.embed([str(table.metadata[row]["caption"])])
        if float(again_E @ table.captions_NE[row]) > _SAME:
            return True
        self._embedders.tell(
            "the decoder's vectors of captions were made in another form, so captions are found by their words alone;"
            " set an embedder, or make them anew: atom index --rebuild"
        )
        return False

    def _led(
        self, looked_for: dict[str, np.ndarray], channels: dict[str, np.ndarray], share_N: np.ndarray, terms: Terms
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The score of all channels together, and whether clips fit."""
        leading = np.stack([channels[name] for name in ("pictures", "captions") if name in channels])
        num_N = (~np.isnan(leading)).sum(axis=0)
        base_N = np.nan_to_num(leading).sum(axis=0) / num_N.clip(1)
        if self._embedder is not None and "texts" in looked_for:
            background = self._embedders.background(self._embedder)
            base_N = base_N + WORDS_WORTH * background.unit * share_N
            chance = background.chance(looked_for["texts"])
            return base_N, base_N >= chance + background.fit if "clips" not in looked_for else None
        if "captions" not in looked_for:
            return base_N, None
        if not self._is_trained:
            return base_N + WORDS_WORTH * share_N * (1 - base_N), None
        fair = self._library.fair_score()
        num_known, worth_known = self._library.known(terms)
        says_all_N = share_N >= worth_known - 1e-9 if num_known > _KNOWN else np.zeros_like(share_N, bool)
        fits_N = None if fair is None else (base_N >= fair) | says_all_N
        return base_N + TRAINED_WORTH * share_N * (1 - base_N), fits_N

    def _of_plugins(self, query: atom.Query, table: Table) -> dict[str, np.ndarray]:
        """What the channels of plugins say of each clip, NaN where they say nothing."""
        found: dict[str, np.ndarray] = {}
        rows: dict[str, list[int]] = {}
        for number, row in enumerate(table.metadata):
            rows.setdefault(row["content_hash"], []).append(number)
        for name, channel in self._host.channels().items():
            own_N = np.full(len(table.metadata), np.nan)
            try:
                for one in channel.search(query, self._host):
                    if (place := _most_shared(table, rows.get(one.content_hash, []), one)) is not None:
                        own_N[place] = np.fmax(own_N[place], min(max(float(one.score), 0.0), 1.0))
            except Exception as error:
                said = f"{type(error).__name__}: {error}".partition("\n")[0]
                self._embedders.tell(f"channel {name!r} failed and is passed over: {said}")
                continue
            found[name] = own_N
        return found

    def _comparable(self, sure_N: np.ndarray, looked_for: dict[str, np.ndarray]) -> np.ndarray:
        """How sure a channel is, as the leading channel's score that says the same: a fit from `_LIKELY` on."""
        if self._embedder is not None and "texts" in looked_for:
            background = self._embedders.background(self._embedder)
            return background.chance(looked_for["texts"]) + background.fit * sure_N / _LIKELY
        return sure_N

    def _admitted(self, query: atom.Query, terms: Terms, table: Table) -> np.ndarray:
        admitted_N = np.ones(len(table.metadata), bool)
        if terms.phrases:
            having = self._library.having(terms.phrases)
            admitted_N &= np.array([key in having for key in table.keys], bool)
        if query.is_filtered:
            chosen = Filter(query, self._host.video)
            for number in np.flatnonzero(admitted_N).tolist():
                row = table.metadata[number]
                span = atom.Span(start_s=row["start_s"], end_s=row["end_s"])
                admitted_N[number] = chosen.admits(span, row["content_hash"], self._library.place(row), row)
        return admitted_N

    def _shown(self, query: atom.Query, table: Table) -> np.ndarray:
        """Which clips show what they are not to show: those that say all its words, and those that fit it."""
        terms = terms_of(query.without)
        shares = self._library.shares(terms)
        share_N = np.array([shares.get(key, 0.0) for key in table.keys])
        looked_for = self._vectors(atom.Query(text=query.without), terms)
        channels = self._channels(table, looked_for)
        _, fits_N = self._led(looked_for, channels, np.zeros_like(share_N), terms)
        said_N = share_N >= 1 - 1e-9
        return said_N if fits_N is None else said_N | fits_N

    @staticmethod
    def _order(scored: Scored) -> Iterator[int]:
        for row in np.argsort(-scored.scores_N, kind="stable"):
            if scored.scores_N[row] == -np.inf:
                return
            yield int(row)

    def _moment(self, scored: Scored, row: int) -> atom.Moment:
        about = scored.table.metadata[row]
        found = {name: float(own_N[row]) for name, own_N in scored.channels.items() if not np.isnan(own_N[row])}
        return moment(
            about,
            float(scored.scores_N[row]),
            self._library.place(about),
            channels=found,
            fits=None if scored.fits_N is None else bool(scored.fits_N[row]),
        )

    @staticmethod
    def _twin(table: Table, found: list[tuple[int, atom.Moment]], row: int) -> int | None:
        """The place of a better moment that looks and reads the same."""
        caption = table.metadata[row]["caption"]
        for place, (other, _) in enumerate(found):
            if table.metadata[other]["caption"] == caption and table.clips_NE[other] @ table.clips_NE[row] >= _ALIKE:
                return place
        return None


def _most_shared(table: Table, rows: list[int], span: atom.Span) -> int | None:
    """Which of `rows` shares most time with `span`; None if none does."""

    def shared_s(row: int) -> float:
        about = table.metadata[row]
        return float(min(about["end_s"], span.end_s) - max(about["start_s"], span.start_s))

    best = max(rows, key=shared_s, default=None)
    return best if best is not None and shared_s(best) > 0 else None


def _neighbour(found: list[tuple[int, atom.Moment]], one: atom.Moment) -> int | None:
    for place, (_, other) in enumerate(found):
        near = one.start_s - other.end_s < _GAP_S and other.start_s - one.end_s < _GAP_S
        if near and one.content_hash == other.content_hash and one.fits == other.fits:
            return place
    return None


def _joined(better: atom.Moment, one: atom.Moment) -> atom.Moment:
    start_s, end_s = min(better.start_s, one.start_s), max(better.end_s, one.end_s)
    return evolve(better, start_s=start_s, end_s=end_s)
