"""The library on Chroma: one collection of clip vectors, one of caption vectors, with the same ids.

Search is exact up to `EXACT_LIMIT` clips: the vectors are read once and compared with NumPy. Chroma's own index is
approximate (it found 95 of 100 true neighbours among 2000 random vectors); beyond the limit it proposes candidates,
which are then scored exactly.

A video counts once all the clips are there that were stored with it: what a program that was killed has stored of one
is neither found nor listed, and goes when the video is indexed again.

Shapes: N clips, E width of the embedding space.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from attrs import field, frozen

import atom_core as atom
from atom_indexing.channels.terms import Terms
from atom_indexing.channels.words import WordIndex
from atom_indexing.library.chroma import (
    DATABASE,
    PAGE,
    TEXTS,
    cannot_be_written,
    check_room,
    copied,
    explained,
    pages,
)
from atom_indexing.library.database import Collections, Database, Version
from atom_indexing.library.groups import contents, delete, delete_groups, group_mark, group_of, key_of, replace_others
from atom_indexing.library.made_by import claim, content_of
from atom_indexing.library.remembering import Held
from atom_indexing.library.stored import Stored, page_of, place_videos, put_page, put_texts, table_of
from atom_indexing.library.table import Row, Table, is_sound, moment, place_of, placed, row_of, unit

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from chromadb.api.models.Collection import Collection

T = TypeVar("T")
log = logging.getLogger("atom")

EXACT_LIMIT = 50_000
_TRIES = 3
_STORED_BYTES = 6
"""What one byte of a vector takes on disk, at most: the log, the index, and what SQLite needs to write."""


@frozen(kw_only=True)
class Known:
    """What was found in the library, and when."""

    version: Version | None = None
    """Of the database then; None before anything was read."""
    videos: Mapping[str, Held] = field(factory=dict)
    """By content hash."""
    rows: Mapping[str, Row] | None = None
    """All clips by id, unless there are more than are held in memory."""


class ChromaLibrary:
    """The persistent index of clips, in a folder. Safe to use from several threads; close it when done.

    What other processes change meanwhile is seen by the next call.
    """

    def __init__(
        self,
        database: Database,
        path: Path,
        *,
        segmenting: str = "",
        exact_limit: int = EXACT_LIMIT,
        copy: TemporaryDirectory[str] | None = None,
    ) -> None:
        """
        :param segmenting: the rule that clips are made by, noted with each
        :param copy: what is opened in place of the folder at `path`, which cannot be written; removed by `close`
        """
        self._database, self.path, self._segmenting, self._exact_limit = database, path, segmenting, exact_limit
        self._copy = copy
        self._claim: Callable[[Collections], None] = lambda _: None
        self._claimed: Collections | None = None
        self._lock = threading.RLock()
        self._known = Known()
        self._table: Table | None = None
        self._words: WordIndex | None = None
        self._worded_version: Version | None = None
        self._all_embedded: tuple[Version | None, str] | None = None
        self._told = self._closed = False

    @classmethod
    def open(cls, settings: atom.Settings, model: str, *, exact_limit: int = EXACT_LIMIT) -> ChromaLibrary:
        """The library at `settings.library`, made if there is none.

        Chroma writes where it reads, so one on a read-only or full disk is copied to a temporary folder to be searched.

        :param model: fingerprint of the model whose vectors it holds
        :raises LibraryError: if the folder holds something else, cannot be read, or another model made it
        """
        path = settings.library
        segmenting = f"{settings.segment}:{settings.window_s:g}:{settings.min_clip_s:g}"
        with explained(path, "opened"), ExitStack() as opened:
            copy = copied(path) if cannot_be_written(path) else None
            if copy is not None:
                opened.callback(copy.cleanup)
            database = Database.shared(path if copy is None else Path(copy.name))
            opened.callback(database.release)
            library = cls(database, path, segmenting=segmenting, exact_limit=exact_limit, copy=copy)
            library._claim = partial(claim, path=path, model=model, name=settings.model)
            library._use(lambda _: None, "opened")
            opened.pop_all()
        return library

    @property
    def _clips(self) -> Collection:
        return self._use(lambda found: found.clips)

    @property
    def _captions(self) -> Collection:
        return self._use(lambda found: found.captions)

    def add(self, entries: Sequence[atom.Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced. What is given of a video is there as a whole
        or not at all, however the program ends.

        Those with `Entry.num_clips` are found once so many of one segmentation are stored; then they replace whatever
        else there was of their video, which is found until then.

        :raises LibraryError: if it cannot be written, or a vector is not finite or has another width
        """
        self._check_writable()
        chosen = {key_of(entry): entry for entry in entries}
        together = Counter(entry.clip.video.content_hash for entry in chosen.values() if not entry.num_clips)
        rows = [(key, it, it.num_clips or together[it.clip.video.content_hash]) for key, it in chosen.items()]
        with self._lock, explained(self.path, "written"):
            size = sum(entry.vector.nbytes * 2 for entry in chosen.values())
            check_room(self.path, _STORED_BYTES * size)
            for start in range(0, len(rows), PAGE):
                self._add_page(rows[start : start + PAGE])
            for entry in {(it.clip.video.content_hash, group_mark(it)): it for it in chosen.values()}.values():
                if entry.num_clips:
                    self._use(partial(replace_others, entry), "written")

    def _add_page(self, rows: list[tuple[str, atom.Entry, int]]) -> None:
        clips = []
        for key, entry, num_clips in rows:
            vectors = {"clips": unit(entry.vector, entry)}
            if entry.caption_vector is not None:
                vectors["captions"] = unit(entry.caption_vector, entry)
            sampling = f"{self._segmenting} {entry.rule}".strip()
            mark = group_mark(entry)
            row = row_of(entry, num_clips=num_clips, group=mark, sampling=sampling, home=self.path)
            clips.append((key, row, vectors))
        self._use(partial(put_page, clips), "written")

    def search(self, vector: np.ndarray, limit: int = 10) -> list[atom.Moment]:
        """The nearest clips by cosine similarity to `vector` [E], best first; see `Table.best`.

        :raises LibraryError: if the vector has another width, or the library cannot be read
        """
        vector_E = unit(vector, "the query")
        with self._lock, explained(self.path, "read"):
            count = len(self)
            if count == 0:
                return []
            if count > self._exact_limit:
                table = self._candidates(vector_E, min(count, max(200, 10 * limit)))
            else:
                table = self._whole()
        if (width := table.clips_NE.shape[1]) != len(vector_E):
            raise atom.LibraryError(
                f"library '{self.path}' holds vectors of width {width}, the query has {len(vector_E)}; "
                "search it with the model that made it"
            )
        return [moment(row, score, self._place(row)) for row, score in table.best(vector_E, limit)]

    def table(self, vectors: Mapping[str, np.ndarray], count: int, more: Iterable[str] = ()) -> Table:
        """The clips to be searched: all, or of a library with more than are compared one by one, those near to what is
        looked for.

        :param vectors: what is looked for, by the collection it is compared with: ``clips``, ``captions`` or ``texts``
        :param count: how many are to be proposed by each
        :param more: ids of others
        """
        with self._lock, explained(self.path, "read"):
            total = len(self)
            if total <= self._exact_limit:
                return self._whole()
            keys = dict.fromkeys(more)

            def nearest(found: Collections) -> None:
                for name, vector_E in vectors.items():
                    collection = getattr(found, name)
                    if present := collection.count():
                        near = collection.query(query_embeddings=[vector_E], n_results=min(count, present), include=[])
                        keys.update(dict.fromkeys(near["ids"][0]))

            self._use(nearest)
            return self._read(list(keys))

    def shares(self, terms: Terms) -> dict[str, float]:
        """How much of the words of a search each clip's caption has that has any, by id."""
        return self._worded().shares(terms) if terms.words else {}

    def known(self, terms: Terms) -> tuple[float, float]:
        """How many of the words of a search any caption has, by number and by how much they count."""
        return self._worded().known(terms) if terms.words else (0.0, 0.0)

    def having(self, phrases: Sequence[str]) -> set[str]:
        """The ids of the clips whose captions have each of `phrases`."""
        return self._worded().having(phrases)

    def place(self, row: Row) -> Path:
        """Where the video of a row is."""
        return self._place(row)

    @property
    def embedder(self) -> str:
        """Fingerprint of the text embedder whose vectors of captions it has; empty if it has none."""
        with self._lock, explained(self.path, "read"):
            return str(self._use(lambda found: (found.texts.metadata or {}).get("embedder", "")))

    def not_embedded(self, embedder: str, *, anew: bool = False) -> dict[str, str]:
        """Captions that `embedder` has not embedded yet, by id.

        :param anew: all of them where another embedder's vectors are there
        :raises LibraryError: if another embedder's vectors are there
        """
        with self._lock, explained(self.path, "read"):
            self._current()
            if self._all_embedded == (self._known.version, embedder):
                return {}
            there: set[str] = set()
            if not (other := self.embedder) or content_of(other) == content_of(embedder):
                there = set(self._use(lambda found: [key for page in pages(found.texts, []) for key in page["ids"]]))
            elif not anew:
                self.check_embedder(embedder)
            captions = self._captions_by_id()
            missing = {key: caption for key, caption in captions.items() if caption and key not in there}
            if not missing:
                self._all_embedded = self._known.version, embedder
            return missing

    def check_embedder(self, embedder: str) -> None:
        """
        :raises LibraryError: if another embedder's vectors of captions are there
        """
        if (other := self.embedder) and content_of(other) != content_of(embedder):
            raise atom.LibraryError(
                f"library '{self.path}' has its captions embedded by {other}, not by {embedder}; set that one with"
                " --embedder, or embed them anew, which needs no new captions: atom index --embed"
            )

    def add_texts(self, embedder: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Store the vectors that `embedder` gives captions, by id; those of another one are deleted."""
        self._check_writable()
        with self._lock, explained(self.path, "written"):
            check_room(self.path, _STORED_BYTES * sum(vector.nbytes for vector in vectors.values()))
            if (other := self.embedder) and content_of(other) != content_of(embedder):
                self._database.clear(TEXTS)
            self._use(partial(put_texts, embedder, vectors), "written")

    def _captions_by_id(self) -> dict[str, str]:
        rows = self._current().rows
        if rows is None:
            rows = self._use(lambda found: dict(self._stored(found, None)))
        return {key: str(row["caption"]) for key, row in rows.items()}

    def _worded(self) -> WordIndex:
        """The index of captions' words, kept up with the library."""
        with self._lock, explained(self.path, "read"):
            self._current()
            version = self._known.version
            if self._words is None:
                self._words = WordIndex(self._database.path if self._copy is None else None)
            if version is None or version != self._worded_version:
                self._words.update(self._captions_by_id())
                self._worded_version = version
            return self._words

    def made_by(self) -> dict[str, str]:
        """Which model and which text embedder made its vectors."""
        about = self.reading(lambda found: dict(found.clips.metadata or {}))
        return {
            "model": str(about.get("model", "")),
            "model_name": str(about.get("model_name", "")),
            "embedder": self.embedder,
        }

    def num_stored(self) -> int:
        """How many clips there are, also of videos that are not whole."""
        return int(self.reading(lambda found: found.clips.count()))

    def stored_pages(self) -> Iterator[list[Stored]]:
        """All clips, some at once: their ids, rows, and vectors by collection."""
        for start in range(0, self.num_stored(), PAGE):
            yield self.reading(partial(page_of, start))

    def put(self, clips: Sequence[Stored]) -> None:
        """Store clips as `stored_pages` gives them, but for the text embedder's vectors.

        :raises LibraryError: if they cannot be written
        """
        self._check_writable()
        with self._lock, explained(self.path, "written"):
            size = sum(vector.nbytes for _, _, vectors in clips for vector in vectors.values())
            check_room(self.path, _STORED_BYTES * size)
            for start in range(0, len(clips), PAGE):
                self._use(partial(put_page, clips[start : start + PAGE]), "written")

    def reading(self, work: Callable[[Collections], T]) -> T:
        """What `work` makes of the collections."""
        with self._lock, explained(self.path, "read"):
            return self._use(work)

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, see `Table.fair_score`; None where that is not known:
        of a library with few clips, or with more than are compared one by one.
        """
        with self._lock, explained(self.path, "read"):
            return self._whole().fair_score() if 0 < len(self) <= self._exact_limit else None

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video in the library."""
        return {content_hash: held.path for content_hash, held in self.held().items() if held.is_whole}

    def held(self) -> Mapping[str, Held]:
        """What there is of each video, by content hash, also of those that are not whole."""
        with self._lock, explained(self.path, "read"):
            return self._current().videos

    def remove(self, content_hash: str) -> int:
        """Forget a video; how many clips it had."""
        self._check_writable()

        def forget(found: Collections) -> int:
            keys = found.clips.get(where={"content_hash": content_hash}, include=[], limit=PAGE)["ids"]
            delete(found, keys)
            return len(keys)

        num_clips = 0
        with self._lock, explained(self.path, "written"):
            check_room(self.path)
            while num_clips % PAGE == 0 and (deleted := self._use(forget, "written")):
                num_clips += deleted
        return num_clips

    def tidy(self) -> None:
        """Delete what is not found any more, since it was to be replaced when a program was killed."""

        for content_hash, held in self.held().items():
            if held.stale_groups:
                self._check_writable()
                with self._lock, explained(self.path, "written"):
                    self._use(partial(delete_groups, content_hash, held.stale_groups), "written")

    def move(self, content_hash: str, path: Path) -> None:
        """Note that a video's file is at `path` now."""
        self._check_writable()
        place = placed(os.path.abspath(path), self.path)
        with self._lock, explained(self.path, "written"):
            check_room(self.path)
            self._use(partial(place_videos, content_hash, place), "written")

    def __len__(self) -> int:
        return sum(held.num_clips for held in self.held().values() if held.is_whole)

    def close(self) -> None:
        """Let go of the files."""
        if self._closed:
            return
        self._closed, self._table = True, None
        if self._words is not None:
            self._words.close()
        self._database.release()
        if self._copy is not None:
            self._copy.cleanup()

    def _use(self, work: Callable[[Collections], T], done: str = "read") -> T:
        return self._read_at(work, done)[0]

    def _read_at(self, work: Callable[[Collections], T], done: str = "read") -> tuple[T, Version | None]:
        """What `work` makes of the collections and the version they had, once they are known to be this model's."""
        if self._closed:
            raise atom.LibraryError(f"library '{self.path}' is closed; open it again")

        def claimed(found: Collections) -> T:
            if found is not self._claimed:
                self._claim(found)
                self._claimed = found
            return work(found)

        return self._database.use(claimed, done)

    def _check_writable(self) -> None:
        if self._copy is not None:
            check_room(self.path)
            raise atom.LibraryError(
                f"library '{self.path}' is read-only, it can be searched but not changed; "
                "change its permissions, or name another with --library DIR"
            )

    def _current(self) -> Known:
        """What is in the library now; read again if anything has changed."""
        if self._database.changed(self._known.version):
            self._table = None
            (videos, rows), version = self._read_at(self._look)
            self._known = Known(version=version, videos=videos, rows=rows)
        return self._known

    def _look(self, found: Collections) -> tuple[dict[str, Held], dict[str, Row] | None]:
        if found.clips.count() > self._exact_limit:
            return contents((row for _, row in self._stored(found, None)), self.path), None
        rows = dict(self._stored(found, None))
        return contents(rows.values(), self.path), rows

    def _stored(self, found: Collections, keys: list[str] | None) -> Iterator[tuple[str, Row]]:
        """Ids and rows; those that lack something are left out, which is told once."""
        for page in pages(found.clips, ["metadatas"], keys):
            for key, row in zip(page["ids"], page["metadatas"], strict=True):
                if is_sound(row):
                    yield key, row
                elif not self._told:
                    self._told = True
                    log.warning("library %s has entries that are no clips of videos; they are passed over", self.path)

    def _whole(self) -> Table:
        """All clips of whole videos."""
        for _ in range(_TRIES):
            known = self._current()
            if self._table is not None:
                return self._table
            table, version = self._read_at(partial(self._table_of, known, None))
            if version == known.version:
                self._table = table
        return table

    def _read(self, keys: list[str] | None) -> Table:
        with self._lock, explained(self.path, "read"):
            return self._whole() if keys is None else self._use(partial(self._table_of, self._current(), keys))

    def _table_of(self, known: Known, keys: list[str] | None, found: Collections) -> Table:
        rows = known.rows if keys is None and known.rows is not None else dict(self._stored(found, keys))
        counted = {
            key: row
            for key, row in rows.items()
            if (held := known.videos.get(row["content_hash"])) is not None and group_of(row) in held.groups
        }
        return table_of(counted, keys, found)

    def _candidates(self, vector_E: np.ndarray, count: int) -> Table:
        def nearest(found: Collections) -> list[str]:
            keys: dict[str, None] = {}
            for collection in (found.clips, found.captions):
                if present := collection.count():
                    near = collection.query(query_embeddings=[vector_E], n_results=min(count, present), include=[])
                    keys.update(dict.fromkeys(near["ids"][0]))
            return list(keys)

        return self._read(self._use(nearest))

    def _place(self, row: Row) -> Path:
        """Where the video of a found row is. Where two files may be it, the one whose content was indexed."""
        path, place = Path(row["path"]), place_of(row, self.path)
        if place != path and path.is_file():
            from atom_core.media.probe import content_hash

            try:
                return place if content_hash(place) == row["content_hash"] else path
            except atom.MediaError:
                return path
        return place


def erase(path: Path, *, first: Callable[[dict[str, Path]], object] = len) -> dict[str, Path]:
    """Empty the library at `path`, whichever model made it; the videos it had, also such as were not whole, by hash.

    :param first: called with those videos before anything is deleted
    :raises LibraryError: if it cannot be read or written
    """
    if not (path / DATABASE).exists():
        return {}
    check_room(path)
    database = Database.shared(path)
    try:
        library = ChromaLibrary(database, path)
        videos = {content_hash: held.path for content_hash, held in library.held().items()}
        first(videos)
        with explained(path, "emptied"):
            database.clear()
    finally:
        database.release()
    return videos
