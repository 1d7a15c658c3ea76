"""One state of a library, as searches look at it.

Shapes: N clips by their numbers, also such as are not found any more; E width of the decoder's vectors, F of the
embedder's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import atom_core as atom
from atom_indexing.entries.rows import Row
from atom_indexing.entries.summary import Held, Summary
from atom_indexing.entries.table import Table
from atom_indexing.replica.columns import CAPTIONED, EMBEDDED, FOUND, STORED, Columns
from atom_indexing.replica.ranking import ranked
from atom_indexing.replica.words import Words

if TYPE_CHECKING:
    from atom_indexing.replica.about import About
    from atom_indexing.replica.replica import Replica

_SAMPLED, _COMPARED, _FEW = 256, 4096, 2
"""How many captions are asked for, of how many clips, to know what scores mean; with fewer than a few that is open."""
_AT_ONCE = 500
"""Values of one question to SQLite."""


class Snapshot:
    """The clips of a library. Safe to use from several threads.

    All may raise `StaleError`: then it is to be looked at anew.
    """

    def __init__(self, replica: Replica, about: About, columns: Columns) -> None:
        self._replica, self.about, self.columns = replica, about, columns
        self.is_found_N: np.ndarray = columns.flags_N & FOUND != 0
        """Whether a clip is one that is found."""
        self.has_caption_N: np.ndarray = self.is_found_N & (columns.flags_N & CAPTIONED != 0)
        """Whether it has a caption vector by the decoder."""
        self.is_bare_N: np.ndarray = self.is_found_N & ~self.has_caption_N
        """Whether it has none."""
        self.has_text_N: np.ndarray = self.is_found_N & (columns.flags_N & EMBEDDED != 0)
        """Whether it has one by the text embedder."""
        self.num_found = int(self.is_found_N.sum())
        """How many clips are found."""
        self.words = Words(self.ask, len(self.is_found_N))
        self._lock = threading.Lock()
        self._vectors: dict[str, np.ndarray] = {}
        self._fair: tuple[float | None] | None = None
        self._summaries: dict[str, tuple[int, Summary]] | None = None

    def __len__(self) -> int:
        return len(self.is_found_N)

    def ask(self, question: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """What SQLite answers."""
        return self._replica.ask(self.about.token, question, values)

    def vectors(self, kind: str) -> np.ndarray | None:
        """The vectors of a collection, unit length, to be read only, zeros where there is none; None if no clip has
        one.
        """
        if kind not in self.about.widths:
            return None
        with self._lock:
            if kind not in self._vectors:
                self._vectors[kind] = self._replica.map(self.about, kind, len(self))
            return self._vectors[kind]

    @property
    def clips_NE(self) -> np.ndarray:
        """Clip vectors."""
        found = self.vectors("clips")
        return np.zeros((len(self), 0), np.float32) if found is None else found

    @property
    def captions_NE(self) -> np.ndarray:
        """Caption vectors by the decoder."""
        found = self.vectors("captions")
        return np.zeros_like(self.clips_NE) if found is None else found

    def rows(self, numbers: Sequence[int]) -> dict[int, Row]:
        """What is stored of clips, by number; those that are gone meanwhile are left out."""
        found: dict[int, Row] = {}
        for start in range(0, len(numbers), _AT_ONCE):
            part = [int(number) for number in numbers[start : start + _AT_ONCE]]
            marks = ", ".join("?" * len(part))
            for number, text in self.ask(f"SELECT number, row FROM rows WHERE number IN ({marks})", part):
                found[int(str(number))] = json.loads(str(text))
        return found

    def numbers_of(self, content_hash: str) -> np.ndarray:
        """The numbers of a video's clips that are found."""
        if (known := self._videos().get(content_hash)) is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero((self.columns.video_N == known[0]) & self.is_found_N)

    def held(self, home: Path | None, content_hashes: Collection[str] | None = None) -> dict[str, Held]:
        """What there is of each video, or of some, by content hash.

        :param home: the library's folder
        """
        known = self._videos()
        names = known if content_hashes is None else [name for name in content_hashes if name in known]
        return {name: known[name][1].held(home) for name in names}

    def at(self, path: str) -> list[str]:
        """Content hashes of what was stored of the file at a path: more than one where it has changed."""
        asked = "SELECT content_hash FROM videos WHERE json_extract(held, '$.row.path') = ?"
        return [str(content_hash) for (content_hash,) in self.ask(asked, [path])]

    def videos(self) -> Iterator[tuple[int, str, Row]]:
        """Number, content hash and a row of each video."""
        for content_hash, (number, summary) in self._videos().items():
            yield number, content_hash, summary.row

    def _videos(self) -> Mapping[str, tuple[int, Summary]]:
        if self._summaries is None:
            asked = self.ask("SELECT video, content_hash, held FROM videos")
            self._summaries = {
                str(name): (int(str(number)), Summary.of_json(str(text))) for number, name, text in asked
            }
        return self._summaries

    def captions_without_text(self, *, anew: bool = False) -> dict[str, str]:
        """Captions that no text embedder has embedded, or with `anew` all, by the ids of their clips."""
        flags_N = self.columns.flags_N
        lacking_N = (flags_N & STORED != 0) & (anew | (flags_N & EMBEDDED == 0))
        if not lacking_N.any():
            return {}
        found = self.rows_with_keys(np.flatnonzero(lacking_N))
        return {key: str(row["caption"]) for key, row in found.items() if row["caption"]}

    def rows_with_keys(self, numbers: np.ndarray) -> dict[str, Row]:
        """What is stored of clips, by id."""
        if not len(numbers):
            return {}
        wanted = set(numbers.tolist())
        asked = self.ask("SELECT number, key, row FROM rows WHERE number BETWEEN ? AND ?", (min(wanted), max(wanted)))
        return {str(key): json.loads(str(text)) for number, key, text in asked if number in wanted}

    def similar(self, kind: str, vector: np.ndarray, numbers: np.ndarray | None = None) -> np.ndarray:
        """Cosine similarity of each row of a collection to a unit vector, [N]; zeros if it has no vectors.

        :param numbers: of the rows that are asked for, if not of all
        :raises LibraryError: if the vector has another width
        """
        rows = self.vectors(kind)
        if rows is None:
            return np.zeros(len(self) if numbers is None else len(numbers), np.float32)
        if rows.shape[1] != len(vector):
            raise atom.LibraryError(
                f"the library holds vectors of width {rows.shape[1]}, the query has {len(vector)}; "
                "search it with the model that made it"
            )
        return np.asarray((rows if numbers is None else rows[numbers]) @ vector)

    def scores(self, vector_E: np.ndarray) -> np.ndarray:
        """The mean of the similarities to each clip and to its caption, -inf where it is not found, [N].

        Text is nearer to text than to video in most embedding spaces. The mean moves all clips by the same amount, so
        that this gap does not decide the order, as it would with the maximum.
        """
        return np.where(self.is_found_N, self.means(vector_E), -np.inf)

    def means(self, vector_E: np.ndarray, numbers: np.ndarray | None = None) -> np.ndarray:
        """The mean of the similarities to each clip and to its caption, [N], in one pass over the vectors.

        :param numbers: of the clips that are asked for, if not of all
        """
        if "means" not in self.about.widths:
            return self.similar("clips", vector_E, numbers)
        means_N = self.similar("means", vector_E, numbers)
        bare = np.flatnonzero(self.is_bare_N if numbers is None else self.is_bare_N[numbers])
        if len(bare):
            means_N[bare] = self.similar("clips", vector_E, bare if numbers is None else numbers[bare])
        return means_N

    def best(self, vector_E: np.ndarray, limit: int) -> list[tuple[Row, float]]:
        """The nearest rows with their scores, best first."""
        scores_N = self.scores(vector_E)
        numbers = [number for number, _ in zip(ranked(scores_N, limit), range(limit), strict=False)]
        rows = self.rows(numbers)
        return [(rows[number], float(scores_N[number])) for number in numbers if number in rows]

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, rather than not: half way between what captions get,
        in the median, of the best clip captioned otherwise and of their own; None where there are too few to tell.
        """
        if self._fair is None:
            if self.about.fair is None:
                self._fair = (self._find_fair(),)
                self._replica.note_fair(self.about, self._fair[0])
            else:
                self._fair = (self.about.fair[0],)
        return self._fair[0]

    def _find_fair(self) -> float | None:
        numbers = np.flatnonzero(self.has_caption_N)
        numbers = numbers[:: max(1, len(numbers) // _COMPARED)]
        rows = self.rows(numbers.tolist())
        numbers = np.array([number for number in numbers.tolist() if number in rows], np.int64)
        if not len(numbers):
            return None
        _, first, texts_n = np.unique(
            [str(rows[number]["caption"]) for number in numbers.tolist()], return_index=True, return_inverse=True
        )
        asked = first[:: max(1, len(first) // _SAMPLED)]
        if len(asked) < _FEW:
            return None
        captions_nE = self.captions_NE[numbers]
        scores_nQ = (self.clips_NE[numbers] @ captions_nE[asked].T + captions_nE @ captions_nE[asked].T) / 2
        other_nQ = texts_n[:, None] != texts_n[asked][None]
        chance = np.median(np.where(other_nQ, scores_nQ, -np.inf).max(axis=0))
        own = np.median(np.where(other_nQ, -np.inf, scores_nQ).max(axis=0))
        return float(chance + own) / 2

    def table(self) -> Table:
        """All clips that are found, in memory."""
        numbers = np.flatnonzero(self.is_found_N)
        asked = {int(str(number)): str(key) for number, key in self.ask("SELECT number, key FROM rows")}
        rows = self.rows(numbers.tolist())
        texts = self.vectors("texts")
        return Table(
            metadata=[rows[number] for number in numbers.tolist()],
            clips_NE=np.array(self.clips_NE[numbers]),
            captions_NE=np.array(self.captions_NE[numbers]),
            keys=[asked[number] for number in numbers.tolist()],
            texts_NF=None if texts is None else np.array(texts[numbers]),
        )
