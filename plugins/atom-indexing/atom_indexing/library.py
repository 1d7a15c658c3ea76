"""The library on Chroma: one collection of clip vectors, one of caption vectors, with the same ids.

Search is exact up to `EXACT_LIMIT` clips: the vectors are read once and compared with NumPy. Chroma's own index is
approximate (it found 95 of 100 true neighbours among 2000 random vectors); beyond the limit it proposes candidates,
which are then scored exactly.

Shapes: N clips, E width of the embedding space.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from attrs import field, frozen

import atom_core as atom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

log = logging.getLogger("atom")

FORMAT = 1
EXACT_LIMIT = 50_000
PAGE = 5_000
CLIPS, CAPTIONS, DATABASE = "atom-clips", "atom-captions", "chroma.sqlite3"


@frozen(kw_only=True, eq=False)
class Table:
    """Clips with their vectors, in memory."""

    metadata: list[Mapping[str, Any]]
    """N rows."""
    clips_NE: np.ndarray
    """Clip vectors, unit length, float32."""
    captions_NE: np.ndarray
    """Caption vectors, unit length, float32; zeros where there is none."""
    _has_caption_N: np.ndarray = field(init=False, repr=False)

    @_has_caption_N.default
    def _find_captions(self) -> np.ndarray:
        return np.asarray(self.captions_NE.any(axis=1))

    def search(self, vector_E: np.ndarray, limit: int) -> list[atom.Moment]:
        """The nearest clips, best first: the mean of the similarities to the clip and to its caption.

        Text is nearer to text than to video in most embedding spaces. The mean moves all clips by the same amount, so
        that this gap does not decide the order, as it would with the maximum.
        """
        scores_N = self.clips_NE @ vector_E
        scores_N = np.where(self._has_caption_N, (scores_N + self.captions_NE @ vector_E) / 2, scores_N)
        best = np.argsort(-scores_N, kind="stable")[:limit]
        return [_moment(self.metadata[row], float(scores_N[row])) for row in best]


class ChromaLibrary:
    """The persistent index of clips, in a folder. Safe to use from several threads; close it when done."""

    def __init__(
        self,
        client: Client,
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
        self._client, self.path, self._segmenting, self._exact_limit = client, path, segmenting, exact_limit
        self._copy = copy
        self._lock = threading.RLock()
        self._table: Table | None = None
        self._clips, self._captions = _collection(client, CLIPS), _collection(client, CAPTIONS)

    @classmethod
    def open(cls, settings: atom.Settings, model: str, *, exact_limit: int = EXACT_LIMIT) -> ChromaLibrary:
        """The library at `settings.library`, made if there is none.

        Chroma writes where it reads, so one on a read-only disk is copied to a temporary folder to be searched.

        :param model: fingerprint of the model whose vectors it holds
        :raises LibraryError: if the folder holds something else, cannot be read, or another model made it
        """
        path = settings.library
        segmenting = f"{settings.segment}:{settings.window_s:g}:{settings.min_clip_s:g}"
        with _explained(path, "opened"), ExitStack() as opened:
            copy = _copied(path) if _is_read_only(path) else None
            if copy is not None:
                opened.callback(copy.cleanup)
            client = _connect(path if copy is None else Path(copy.name))
            opened.callback(client.close)
            library = cls(client, path, segmenting=segmenting, exact_limit=exact_limit, copy=copy)
            library._claim(model, settings.model)
            opened.pop_all()
        return library

    def _claim(self, model: str, name: str) -> None:
        made = self._clips.metadata or {}
        if "model" not in made:
            self._clips.modify(metadata={"format": FORMAT, "model": model, "model_name": name})
        elif _content(made["model"]) != _content(model):
            raise atom.LibraryError(
                f"library '{self.path}' was made with model {made['model']}, not with {model}; "
                f"use --model {made['model_name']}, another --library DIR, or make it anew: atom index --rebuild"
            )
        elif made.get("format") != FORMAT:
            raise atom.LibraryError(
                f"library '{self.path}' has format {made.get('format')}, this version reads {FORMAT}; "
                "make it anew: atom index --rebuild"
            )

    def add(self, entries: Sequence[atom.Entry]) -> None:
        """Store entries; an entry of the same video and span is replaced.

        :raises LibraryError: if it cannot be written, or a vector is not finite or has another width
        """
        self._check_writable()
        rows = list({_key(entry.clip): entry for entry in entries}.items())
        with self._lock, _explained(self.path, "written"):
            self._table = None
            for start in range(0, len(rows), PAGE):
                self._add_page(rows[start : start + PAGE])

    def _add_page(self, rows: list[tuple[str, atom.Entry]]) -> None:
        keys, bare, worded, vectors, caption_vectors = [], [], [], [], []
        metadata: list[Mapping[str, Any]] = []
        for key, entry in rows:
            keys.append(key)
            vectors.append(_unit(entry.vector, entry))
            metadata.append(_metadata(entry, self._segmenting))
            if entry.caption_vector is None:
                bare.append(key)
            else:
                worded.append(key)
                caption_vectors.append(_unit(entry.caption_vector, entry))
        if bare:
            self._captions.delete(ids=bare)
        if worded:
            self._captions.upsert(ids=worded, embeddings=caption_vectors)
        self._clips.upsert(  # last: what counts as indexed has all its parts
            ids=keys, embeddings=vectors, metadatas=metadata, documents=[entry.caption for _, entry in rows]
        )

    def search(self, vector: np.ndarray, limit: int = 10) -> list[atom.Moment]:
        """The nearest clips by cosine similarity to `vector` [E], best first; see `Table.search`.

        :raises LibraryError: if the vector has another width, or the library cannot be read
        """
        vector_E = _unit(vector, "the query")
        with self._lock, _explained(self.path, "read"):
            count = self._clips.count()
            if count == 0:
                return []
            if count > self._exact_limit:
                table = self._candidates(vector_E, min(count, max(200, 10 * limit)))
            else:
                if self._table is None or len(self._table.metadata) != count:
                    self._table = self._read(None)
                table = self._table
        if (width := table.clips_NE.shape[1]) != len(vector_E):
            raise atom.LibraryError(
                f"library '{self.path}' holds vectors of width {width}, the query has {len(vector_E)}; "
                "search it with the model that made it"
            )
        return table.search(vector_E, limit)

    def videos(self) -> dict[str, Path]:
        """Content hash and path of each video in the library."""
        found: dict[str, Path] = {}
        with self._lock, _explained(self.path, "read"):
            for page in _pages(self._clips, ["metadatas"]):
                found.update((row["content_hash"], Path(row["path"])) for row in page["metadatas"])
        return found

    def remove(self, content_hash: str) -> int:
        """Forget a video; how many clips it had."""
        self._check_writable()
        with self._lock, _explained(self.path, "written"):
            self._table = None
            keys = self._clips.get(where={"content_hash": content_hash}, include=[])["ids"]
            for start in range(0, len(keys), PAGE):
                self._clips.delete(ids=keys[start : start + PAGE])
                self._captions.delete(ids=keys[start : start + PAGE])
        return len(keys)

    def move(self, content_hash: str, path: Path) -> None:
        """Note that a video's file is at `path` now."""
        self._check_writable()
        with self._lock, _explained(self.path, "written"):
            self._table = None
            found = self._clips.get(where={"content_hash": content_hash}, include=["metadatas"])
            rows: list[Mapping[str, Any]] = [{**row, "path": os.path.abspath(path)} for row in found["metadatas"] or []]
            for start in range(0, len(rows), PAGE):
                end = start + PAGE
                self._clips.update(ids=found["ids"][start:end], metadatas=rows[start:end])

    def __len__(self) -> int:
        with self._lock, _explained(self.path, "read"):
            return self._clips.count()

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._table = None
            self._client.close()
            if self._copy is not None:
                self._copy.cleanup()

    def _check_writable(self) -> None:
        if self._copy is not None:
            raise atom.LibraryError(
                f"library '{self.path}' is read-only, it can be searched but not changed; "
                "change its permissions, or name another with --library DIR"
            )

    def _read(self, keys: list[str] | None) -> Table:
        rows: dict[str, tuple[Mapping[str, Any], np.ndarray]] = {}
        for page in _pages(self._clips, ["metadatas", "embeddings"], keys):
            rows.update(
                zip(page["ids"], zip(page["metadatas"], _float32(page["embeddings"]), strict=True), strict=True)
            )
        place = {key: number for number, key in enumerate(rows)}
        clips_NE = np.stack([vector for _, vector in rows.values()])
        captions_NE = np.zeros_like(clips_NE)
        for page in _pages(self._captions, ["embeddings"], keys):
            for key, vector_E in zip(page["ids"], _float32(page["embeddings"]), strict=True):
                if key in place:
                    captions_NE[place[key]] = vector_E
        return Table(metadata=[row for row, _ in rows.values()], clips_NE=clips_NE, captions_NE=captions_NE)

    def _candidates(self, vector_E: np.ndarray, count: int) -> Table:
        keys: dict[str, None] = {}
        for collection in (self._clips, self._captions):
            if present := collection.count():
                found = collection.query(query_embeddings=[vector_E], n_results=min(count, present), include=[])
                keys.update(dict.fromkeys(found["ids"][0]))
        return self._read(list(keys))


def erase(path: Path, *, first: Callable[[dict[str, Path]], object] = len) -> dict[str, Path]:
    """Empty the library at `path`, whichever model made it; the videos it had, by content hash.

    :param first: called with those videos before anything is deleted
    :raises LibraryError: if it cannot be read or written
    """
    if not (path / DATABASE).exists():
        return {}
    with _explained(path, "emptied"):
        client = _connect(path)
        try:
            videos = ChromaLibrary(client, path).videos()
            first(videos)
            for name in (CLIPS, CAPTIONS):
                client.delete_collection(name)
        finally:
            client.close()
    return videos


def _content(model: str) -> str:
    """What tells models apart: the name before ``@`` is for people, and a copy under another name is the same model."""
    return model.rpartition("@")[2]


def _is_read_only(path: Path) -> bool:
    """Whether there is a library that can be read and not written."""
    places = [path / DATABASE, path]
    return places[0].is_file() and not all(os.access(place, os.W_OK) for place in places)


def _copied(path: Path) -> TemporaryDirectory[str]:
    copy = TemporaryDirectory(prefix="atom-library-", ignore_cleanup_errors=True)
    log.warning("library %s cannot be written; a copy of it is searched", path)
    for file in path.rglob("*"):
        if file.is_file():
            place = Path(copy.name) / file.relative_to(path)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    return copy


def _connect(path: Path) -> Client:
    if path.is_dir() and not (path / DATABASE).exists() and any(path.iterdir()):
        raise atom.LibraryError(f"'{path}' holds other files, not a library; name another folder with --library DIR")
    path.mkdir(parents=True, exist_ok=True)

    import chromadb
    import chromadb.config

    quiet = chromadb.config.Settings(anonymized_telemetry=False)
    return cast("Client", chromadb.PersistentClient(path=str(path), settings=quiet))


def _collection(client: Client, name: str) -> Collection:
    return client.get_or_create_collection(name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None)


@contextmanager
def _explained(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except (atom.AtomError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if not _is_storage_fault(error):
            raise
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        raise atom.LibraryError(
            f"library '{path}' cannot be {done}: {reason.splitlines()[0]}; "
            "check the folder, or name another with --library DIR"
        ) from error


def _is_storage_fault(error: BaseException) -> bool:
    from chromadb.errors import ChromaError

    panic = type(error).__name__ == "PanicException"  # Chroma's core, on damaged files; not an Exception
    return panic or isinstance(error, (ChromaError, sqlite3.Error, OSError))


def _pages(collection: Collection, include: list[Any], keys: list[str] | None = None) -> Iterator[Any]:
    total = collection.count() if keys is None else len(keys)
    for start in range(0, total, PAGE):
        if keys is None:
            yield collection.get(include=include, limit=PAGE, offset=start)
        else:
            yield collection.get(ids=keys[start : start + PAGE], include=include)


def _key(clip: atom.Clip) -> str:
    return f"{clip.video.content_hash}:{clip.start_s!r}:{clip.end_s!r}"


def _metadata(entry: atom.Entry, segmenting: str) -> dict[str, Any]:
    clip = entry.clip
    return {
        "content_hash": clip.video.content_hash,
        "path": os.path.abspath(clip.video.path),
        "start_s": float(clip.start_s),
        "end_s": float(clip.end_s),
        "index": clip.index,
        "caption": entry.caption,
        "sampling": f"{segmenting} {entry.rule}".strip(),
    }


def _moment(row: Mapping[str, Any], score: float) -> atom.Moment:
    return atom.Moment(
        start_s=row["start_s"],
        end_s=row["end_s"],
        path=row["path"],
        content_hash=row["content_hash"],
        caption=row["caption"],
        score=min(score, 1.0),
    )


def _unit(vector: np.ndarray, what: object) -> np.ndarray:
    vector_E = np.asarray(vector, dtype=np.float32)
    norm = float(np.linalg.norm(vector_E))
    if vector_E.ndim != 1 or not np.isfinite(norm) or norm == 0.0:
        raise atom.LibraryError(f"the vector of {what} is not finite and nonzero; check the model with: atom doctor")
    return vector_E if abs(norm - 1.0) < 1e-6 else vector_E / np.float32(norm)


def _float32(vectors: Any) -> np.ndarray:
    return np.asarray(vectors, dtype=np.float32)
