"""The channels ``speech`` and ``text``: what is said and written, found word by word and by its meaning."""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import atom_core as atom
from atom_indexing.channels.embedding import BATCH, Embedders
from atom_indexing.channels.embedding import passages as embedded
from atom_indexing.channels.numbers import forms_of
from atom_indexing.channels.terms import Terms, has_phrases, terms_of
from atom_indexing.passages.collect import SOURCES, folder_of
from atom_indexing.passages.store import FILE, Passage, Passages

if TYPE_CHECKING:
    import numpy as np

QUOTED = 0.95
"""How sure it is that a moment is meant in which what stands in quotes is said or written."""
ALL_WORDS = (0.0, 0.6, 0.75, 0.9)
"""How sure, where all words of a search are: of one word, of two, of more. One word is said of many things."""
MEANING = 0.85
"""How much that counts which is near by its meaning, of what a caption does: short texts are nearer to each other than
captions, and what is shown must not be drowned."""
_LEAST = 0.1
"""What is less sure is not told."""
_MOST, _FOR_EACH = 100, 5
"""How many moments are given at least, and for each that is wanted."""


class PassageChannel:
    """Finds passages of one channel; made by a host, searched from several threads."""

    name = ""

    def __init__(self) -> None:
        self._embedders = Embedders(tells_lack=False)
        self._lock = threading.Lock()
        self._vectors: dict[tuple[object, ...], tuple[list[int], np.ndarray]] = {}

    def search(self, query: atom.Query, host: Any) -> Sequence[atom.Moment]:
        """Moments in which it is said or written, best first; of phrases in quotes those that have each of them."""
        folder = folder_of(host)
        if not query.text or not (folder / FILE).is_file():
            return ()
        terms = terms_of(query.text)
        try:
            with Passages.opened(folder) as passages:
                sure = self._sure(passages, terms, host)
                most = max(_MOST, _FOR_EACH * (query.skip + query.limit))
                best = sorted((number for number in sure if sure[number] >= _LEAST), key=lambda it: -sure[it])[:most]
                found = passages.get(best)
        except sqlite3.DatabaseError as error:
            raise atom.LibraryError(f"{folder / FILE} cannot be read: {error}; make it anew: atom index PATH") from None
        places = host.library.videos() if found else {}
        return [
            _moment(self.name, passage, places[passage.content_hash], sure[number], terms)
            for number, passage in found.items()
            if passage.content_hash in places
        ]

    def _sure(self, passages: Passages, terms: Terms, host: Any) -> dict[int, float]:
        """How sure each passage is, by number."""
        if terms.phrases:
            having = [self._having(passages, phrase) for phrase in terms.phrases]
            numbers = sorted(set.intersection(*having))
            texts = {number: one.text for number, one in passages.get(numbers).items()}
            return {number: QUOTED for number in numbers if has_phrases(texts[number], terms)}
        sure = self._by_words(passages, terms)
        for number, meaning in self._by_meaning(passages, terms, host).items():
            sure[number] = max(sure.get(number, 0.0), meaning)
        return sure

    def _having(self, passages: Passages, phrase: str) -> set[int]:
        """Passages that may have a phrase: in one form of its numbers, ``$19`` for ``nineteen dollars``."""
        return {number for form in forms_of(phrase) for number in passages.having(self.name, form, exact=True)}

    def _by_words(self, passages: Passages, terms: Terms) -> dict[int, float]:
        total, shares, num = 0.0, dict[int, float](), passages.num(self.name)
        for word in terms.words:
            numbers = {number for form in forms_of(word) for number in passages.having(self.name, form)}
            having = max(len(numbers), 1)  # a word that nobody says tells no more than one that is said once
            worth = math.log(1 + (max(num - having, 0) + 0.5) / (having + 0.5))
            total += worth
            for number in numbers:
                shares[number] = shares.get(number, 0.0) + worth
        most = ALL_WORDS[min(len(terms.words), len(ALL_WORDS) - 1)]
        return {number: most * (share / total) ** 2 for number, share in shares.items()}

    def _by_meaning(self, passages: Passages, terms: Terms, host: Any) -> dict[int, float]:
        """By the text embedder, where there is one: nearly as sure as a caption would be that is as near."""
        embedder = self._embedders.of(host)
        if embedder is None or not terms.text:
            return {}
        self._catch_up(passages, embedder, host)
        numbers, vectors_PF = self._embedded(passages, embedder, folder_of(host))
        if not numbers:
            return {}
        search_F = embedder.embed([terms.text], kind="query")[0]
        background = self._embedders.background(embedder)
        sure_P = MEANING * 0.5 * (vectors_PF @ search_F - background.chance(search_F)) / background.fit
        return {number: min(float(sure), 1.0) for number, sure in zip(numbers, sure_P, strict=True) if sure > _LEAST}

    def _catch_up(self, passages: Passages, embedder: Any, host: Any) -> None:
        """Embed what is not embedded yet; once, for it is kept."""
        fingerprint = str(embedder.fingerprint)
        if missing := passages.not_embedded(self.name, fingerprint):
            vectors = embedded(embedder, list(missing.values()))
            try:
                with Passages.opened(folder_of(host), write=True) as kept:
                    kept.embed(fingerprint, dict(zip(missing, vectors, strict=True)))
            except (OSError, sqlite3.Error) as error:
                self._embedders.tell(f"what is said and written is searched by its words alone: {error}")

    def _embedded(self, passages: Passages, embedder: Any, folder: Path) -> tuple[list[int], np.ndarray]:
        """Numbers and vectors, read again when the file has changed."""
        stat = (folder / FILE).stat()
        key = folder, stat.st_mtime_ns, stat.st_size, str(embedder.fingerprint)
        with self._lock:
            if key not in self._vectors:
                self._vectors = {key: passages.vectors(self.name, str(embedder.fingerprint))}
            return self._vectors[key]


def embed_passages(folder: Path, embedder: Any) -> int:
    """Embed all passages in a library's folder that an embedder has not embedded; how many that are.

    :raises LibraryError: if they cannot be read or written
    """
    num, fingerprint = 0, str(embedder.fingerprint)
    if not (folder / FILE).is_file():
        return 0
    try:
        for name in SOURCES:
            with Passages.opened(folder, write=True) as kept:
                missing = list(kept.not_embedded(name, fingerprint).items())
                for start in range(0, len(missing), BATCH):
                    numbers, texts = zip(*missing[start : start + BATCH], strict=True)
                    kept.embed(fingerprint, dict(zip(numbers, embedded(embedder, texts), strict=True)))
                num += len(missing)
    except (OSError, sqlite3.Error) as error:
        raise atom.LibraryError(
            f"what is said and written cannot be embedded in '{folder / FILE}': {error}; check the folder"
        ) from None
    return num


class SpeechChannel(PassageChannel):
    """What is said."""

    name = "speech"


class TextChannel(PassageChannel):
    """What is written."""

    name = "text"


def _moment(name: str, passage: Passage, path: Path, sure: float, terms: Terms) -> atom.Moment:
    start_s, end_s = _span(passage, terms)
    quote = atom.Quote(channel=name, text=passage.text, start_s=passage.start_s, end_s=passage.end_s)
    return atom.Moment(
        start_s=start_s,
        end_s=end_s,
        path=path,
        content_hash=passage.content_hash,
        caption="",
        score=sure,
        quotes=(quote,),
    )


def _span(passage: Passage, terms: Terms) -> tuple[float, float]:
    """When the words of a search are said in a passage; all of it where that is not known."""
    wanted = {word.rstrip("*") for word in terms.words}
    times = [
        (start_s, end_s)
        for word, start_s, end_s in passage.words
        if any(part and part[: len(one)] == one for one in wanted for part in (word.casefold().strip(".,;:!?\"'()"),))
    ]
    if not times:
        return passage.start_s, max(passage.end_s, passage.start_s)
    return min(start_s for start_s, _ in times), max(end_s for _, end_s in times)
