"""The library on Chroma: one collection of clip vectors, two of caption vectors, with the same ids.

Search is exact: every vector is compared, in a replica of the database that is mapped into memory and kept in step with
it. Chroma's own index is approximate (it found 95 of 100 true neighbours among 2000 random vectors), and is not asked.

A video counts once all the clips are there that were stored with it: what a program that was killed has stored of one
is neither found nor listed, and goes when the video is indexed again.

Shapes: E width of the embedding space.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Collection as Names
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

import atom_core as atom
from atom_indexing.entries.rows import Row, group_mark, key_of, moment, placed, row_of, unit
from atom_indexing.entries.summary import Held
from atom_indexing.entries.table import Table
from atom_indexing.entries.whereabouts import Whereabouts
from atom_indexing.library.chroma import PAGE, TEXTS, check_room, explained
from atom_indexing.library.database import Collections, Database
from atom_indexing.library.folder import Folder
from atom_indexing.library.groups import delete, delete_groups, replace_others
from atom_indexing.library.made_by import check_model, claim, content_of, made_by
from atom_indexing.library.stored import page_of, place_videos, put_page, put_texts
from atom_indexing.passages.store import forget_video
from atom_indexing.replica.changes import Stored
from atom_indexing.replica.vectors import StaleError

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

    from atom_indexing.replica.snapshot import Snapshot

T = TypeVar("T")
log = logging.getLogger("atom")

_TRIES = 5
_STORED_BYTES = 6
"""What one byte of a vector takes on disk, at most: the log, the index, the replica, and what SQLite needs to write."""


class ChromaLibrary:
    """The persistent index of clips, in a folder. Safe to use from several threads; close it when done.

    What other processes change meanwhile is seen by the next call.
    """

    def __init__(self, folder: Folder, *, segmenting: str = "", model: str = "", name: str = "") -> None:
        """
        :param folder: where it lies; the library's own from now on
        :param segmenting: the rule that clips are made by, noted with each
        :param model: fingerprint of the model whose vectors it holds; empty where that does not matter
        :param name: that model's name
        """
        self._folder, self._segmenting, self._model, self._name = folder, segmenting, model, name
        self.path = folder.path
        self._claimed: Collections | None = None
        self._lock = threading.RLock()
        self._snapshot: Snapshot | None = None
        self._closed = False
        self._whereabouts = Whereabouts()

    @classmethod
    def open(cls, settings: atom.Settings, model: str) -> ChromaLibrary:
        """The library at `settings.library`. If there is none, it is empty, and made once something is written.

        Where its replica is in step, Chroma is not even loaded to search it. One on a read-only or full disk is copied
        to a temporary folder if it must be, since Chroma writes where it reads.

        :param model: fingerprint of the model whose vectors it holds
        :raises LibraryError: if the folder holds something else, cannot be read, or another model made it
        """
        if settings.library_server:
            from atom_indexing.library.server import check_allowed

            check_allowed(settings)
        segmenting = f"{settings.segment}:{settings.window_s:g}:{settings.min_clip_s:g}"
        with explained(settings.library, "opened"), ExitStack() as opened:
            library = cls(Folder.open(settings), segmenting=segmenting, model=model, name=settings.model)
            opened.callback(library.close)
            if not library._folder.is_absent:
                library._check()
            opened.pop_all()
        return library

    @property
    def _database(self) -> Database:
        return self._folder.database

    def _check(self) -> None:
        """Refuse a library of another model; claim a new one."""
        if (found := self._database.snapshot()) is not None:
            check_model(found.about.made_by, path=self.path, model=self._model)
        else:
            self._use(lambda _: None, "opened")
            if not self._use(lambda found: found.clips.count(), "opened"):
                self._database.replicated()  # which is kept in step from now on

    @property
    def is_absent(self) -> bool:
        """Whether there is no library in its place: what only reads makes none."""
        if self._folder.has_come:
            self.make()
        return self._folder.is_absent

    def make(self) -> None:
        """Make it, if there is none.

        :raises LibraryError: if its folder cannot be made or written
        """
        with self._lock, explained(self.path, "opened"):
            if self._folder.is_absent:
                self._folder.make()
                self._claimed = self._snapshot = None
                self._check()

    @property
    def called(self) -> str:
        """What messages call it: its folder, or the address of its server."""
        return self._folder.called

    @property
    def home(self) -> Path | None:
        """The folder from which the way to a video is noted, too; None on a server."""
        return self._folder.home

    @property
    def _clips(self) -> Collection:
        self.make()
        return self._use(lambda found: found.clips)

    @property
    def _captions(self) -> Collection:
        self.make()
        return self._use(lambda found: found.captions)

    def add(self, entries: Sequence[atom.Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced. What is given of a video is there as a whole
        or not at all, however the program ends.

        Those with `Entry.num_clips` are found once so many of one segmentation are stored; then they replace whatever
        else there was of their video, and of the same file before it was changed, which is found until then.

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
                if entry.num_clips and self._use(partial(replace_others, entry), "written"):
                    self.forget_former(os.path.abspath(entry.clip.video.path), entry.clip.video.content_hash)

    def _add_page(self, rows: list[tuple[str, atom.Entry, int]]) -> None:
        clips = []
        for key, entry, num_clips in rows:
            vectors = {"clips": unit(entry.vector, entry)}
            if entry.caption_vector is not None:
                vectors["captions"] = unit(entry.caption_vector, entry)
            sampling = f"{self._segmenting} {entry.rule}".strip()
            mark = group_mark(entry)
            row = row_of(entry, num_clips=num_clips, group=mark, sampling=sampling, home=self.home)
            clips.append((key, row, vectors))
        self._use(partial(put_page, clips), "written")

    def search(self, vector: np.ndarray, limit: int = 10) -> list[atom.Moment]:
        """The nearest clips by cosine similarity to `vector` [E], best first; see `Snapshot.scores`.

        :raises LibraryError: if the vector has another width, or the library cannot be read
        """
        vector_E = unit(vector, "the query")

        def nearest(found: Snapshot) -> list[atom.Moment]:
            if not found.num_found:
                return []
            if (width := found.about.widths["clips"]) != len(vector_E):
                raise atom.LibraryError(
                    f"library '{self.called}' holds vectors of width {width}, the query has {len(vector_E)}; "
                    "search it with the model that made it"
                )
            return [moment(row, score, self.place(row)) for row, score in found.best(vector_E, limit)]

        return self.looking(nearest)

    def looking(self, work: Callable[[Snapshot], T]) -> T:
        """What `work` makes of the library as it is now; it may run again, if the library is made anew meanwhile.

        :raises LibraryError: if the library cannot be read
        """
        for _ in range(_TRIES):
            try:
                return work(self._now())
            except StaleError as error:
                log.info("library %s is looked at anew: %s", self.path, error)
                with self._lock:
                    self._database.replicated(looked_through=True)
        raise atom.LibraryError(f"library '{self.called}' is changed all the time by another program; end that first")

    def _now(self) -> Snapshot:
        with self._lock:
            self._check_open()
            if (found := self._database.snapshot()) is None:
                self._to_copy()
                if self._folder.is_absent:
                    self._use(lambda _: None)
                found = self._database.replicated()
            if self._model and not found.about.made_by["model"]:  # emptied by another program
                self._use(lambda _: None)
                found = self._database.replicated()
            if self._model and found is not self._snapshot:
                check_model(found.about.made_by, path=self.path, model=self._model)
            self._snapshot = found
            return found

    def place(self, row: Row) -> Path:
        """Where the video of a found row is. Where two files may be it, the one whose content was indexed."""
        return self._whereabouts.of(row, self.home)

    @property
    def embedder(self) -> str:
        """Fingerprint of the text embedder whose vectors of captions it has; empty if it has none."""
        return self.looking(lambda found: found.about.made_by["embedder"])

    def not_embedded(self, embedder: str, *, anew: bool = False) -> dict[str, str]:
        """Captions that `embedder` has not embedded yet, by id.

        :param anew: all of them where another embedder's vectors are there
        :raises LibraryError: if another embedder's vectors are there
        """
        other = self.embedder
        if other and content_of(other) != content_of(embedder):
            if not anew:
                self.check_embedder(embedder)
            return self.looking(lambda found: found.captions_without_text(anew=True))
        return self.looking(lambda found: found.captions_without_text())

    def check_embedder(self, embedder: str) -> None:
        """
        :raises LibraryError: if another embedder's vectors of captions are there
        """
        if (other := self.embedder) and content_of(other) != content_of(embedder):
            raise atom.LibraryError(
                f"library '{self.called}' has its captions embedded by {other}, not by {embedder}; set that one with"
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

    def made_by(self) -> dict[str, str]:
        """Which model and which text embedder made its vectors."""
        made = self.reading(made_by)
        return {name: made[name] for name in ("model", "model_name", "embedder")}

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

    def give(self, content_hashes: Sequence[str]) -> object:
        """All that it holds of some videos, for `take` of another library."""
        from atom_indexing.library.parcels import parcel_of

        return parcel_of(self, content_hashes)

    def take(self, parcels: Sequence[object]) -> None:
        """Put in what libraries of the same model gave, in place of what there is of the same clips.

        :raises LibraryError: if they were made with another model, or cannot be written
        """
        from atom_indexing.library.parcels import put_parcels

        put_parcels(self, parcels)

    def reading(self, work: Callable[[Collections], T]) -> T:
        """What `work` makes of the collections."""
        with self._lock, explained(self.path, "read"):
            return self._use(work)

    def changing(self, work: Callable[[Collections], T]) -> T:
        """What `work`, which changes something, makes of the collections."""
        self.make()
        with self._lock, explained(self.path, "written"):
            return self._use(work, "written")

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, see `Snapshot.fair_score`; None with few clips."""
        return self.looking(lambda found: found.fair_score())

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video in the library."""
        return {content_hash: held.path for content_hash, held in self.held().items() if held.is_whole}

    def held(self, content_hashes: Names[str] | None = None) -> Mapping[str, Held]:
        """What there is of each video, or of some, by content hash, also of those that are not whole."""
        return self.looking(lambda found: found.held(self.home, content_hashes))

    def remove(self, content_hash: str) -> int:
        """Forget a video, and what is said and written in it; how many clips it had."""
        if self.is_absent:
            return 0
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
        forget_video(self.path, content_hash)
        return num_clips

    def forget_former(self, path: str, content_hash: str) -> None:
        """Forget what the file at `path` was before it became that with `content_hash`."""
        for former in self.looking(lambda found: found.at(path)):
            if former != content_hash:
                self.remove(former)

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
        place = placed(os.path.abspath(path), self.home)
        with self._lock, explained(self.path, "written"):
            check_room(self.path)
            self._use(partial(place_videos, content_hash, place), "written")

    def __len__(self) -> int:
        return self.looking(lambda found: found.num_found)

    def close(self) -> None:
        """Let go of the files."""
        if self._closed:
            return
        self._closed, self._snapshot = True, None
        self._folder.close()

    def _use(self, work: Callable[[Collections], T], done: str = "read") -> T:
        """What `work` makes of the collections, once they are known to be this model's."""
        self._check_open()
        self._to_copy()

        def claimed(found: Collections) -> T:
            if found is not self._claimed:
                if self._model:
                    claim(found, path=self.path, model=self._model, name=self._name)
                self._claimed = found
            return work(found)

        return self._database.use(claimed, done)

    def _check_open(self) -> None:
        if self._closed:
            raise atom.LibraryError(f"library '{self.called}' is closed; open it again")
        _ = self.is_absent

    def _to_copy(self) -> None:
        with self._lock:
            self._folder.use_copy()

    def _check_writable(self) -> None:
        self.make()
        self._folder.check_writable()

    def _read(self, keys: None) -> Table:
        """All clips that are found, in memory."""
        assert keys is None
        return self.looking(lambda found: found.table())
