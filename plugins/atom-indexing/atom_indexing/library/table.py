"""The library's clips in memory, compared with a query one by one.

Shapes: N clips, E width of the embedding space.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from attrs import field, frozen

import atom_core as atom
from atom_indexing.filters import recorded_s

Row = Mapping[str, Any]
"""What is stored of a clip beside its vectors, see `row_of`."""

_SAMPLED, _COMPARED, _FEW = 256, 4096, 2
"""How many captions are asked for, of how many clips, to know what scores mean; with fewer than a few that is open."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    "content_hash": (str,),
    "path": (str,),
    "start_s": (float, int),
    "end_s": (float, int),
    "caption": (str,),
}


def row_of(entry: atom.Entry, *, num_clips: int, group: str, sampling: str, home: Path) -> dict[str, Any]:
    """What is stored of an entry beside its vectors.

    :param num_clips: how many entries of its video belong together: with fewer it is not whole
    :param group: which of its video's entries it belongs to
    :param sampling: how the clip and its frames were chosen
    :param home: the library's folder, from which the way to the video is noted, too
    """
    clip = entry.clip
    path = os.path.abspath(clip.video.path)
    return {
        "content_hash": clip.video.content_hash,
        **placed(path, home),
        "start_s": float(clip.start_s),
        "end_s": float(clip.end_s),
        "index": clip.index,
        "caption": entry.caption,
        "sampling": sampling,
        "num_clips": num_clips,
        "group": group,
        "added_s": time.time(),
        "settings": entry.settings,
        "is_film": clip.video.is_film,
        **_recorded(clip.video),
    }


def _recorded(video: atom.Video) -> dict[str, float]:
    with suppress(OSError):
        return {"recorded_s": float(recorded_s(video))}
    return {}


def placed(path: str, home: Path) -> dict[str, str]:
    """Where a video is, and how to get there from the library, with which it may be moved or copied."""
    try:
        return {"path": path, "from_library": os.path.relpath(path, os.path.abspath(home))}
    except ValueError:  # on another drive
        return {"path": path, "from_library": ""}


def place_of(row: Row, home: Path) -> Path:
    """Where the video of a row is: where it was seen from the library, if there is a file now, else where it was."""
    path, way = Path(row["path"]), row.get("from_library")
    if isinstance(way, str) and way:
        beside = Path(os.path.normpath(os.path.join(os.path.abspath(home), way)))
        if beside != path and beside.is_file():
            return beside
    return path


def is_sound(row: object) -> bool:
    """Whether a row has all that a moment is made of; one that others wrote may not."""
    return isinstance(row, Mapping) and all(isinstance(row.get(name), kinds) for name, kinds in _KINDS.items())


@frozen(kw_only=True, eq=False)
class Table:
    """Clips with their vectors, in memory."""

    metadata: Sequence[Row]
    """N rows."""
    clips_NE: np.ndarray
    """Clip vectors, unit length, float32."""
    captions_NE: np.ndarray
    """Caption vectors by the decoder, unit length, float32; zeros where there is none."""
    keys: Sequence[str] = field(default=(), repr=False)
    """Their ids."""
    texts_NF: np.ndarray | None = field(default=None, repr=False)
    """Caption vectors by a text embedder, unit length, float32; zeros where there is none; None if no clip has one."""
    has_caption_N: np.ndarray = field(init=False, repr=False)
    """Whether a clip has a caption vector."""

    @has_caption_N.default
    def _find_captions(self) -> np.ndarray:
        return np.asarray(self.captions_NE.any(axis=1))

    def best(self, vector_E: np.ndarray, limit: int) -> Iterator[tuple[Row, float]]:
        """The nearest rows with their scores, best first: the mean of the similarities to the clip and to its caption.

        Text is nearer to text than to video in most embedding spaces. The mean moves all clips by the same amount, so
        that this gap does not decide the order, as it would with the maximum.
        """
        scores_N = self.scores(vector_E)
        for row in np.argsort(-scores_N, kind="stable")[:limit]:
            yield self.metadata[row], float(scores_N[row])

    @staticmethod
    def similar(rows_NE: np.ndarray, vector_E: np.ndarray) -> np.ndarray:
        """Cosine similarity of each row to a unit vector, [N].

        :raises LibraryError: if the vector has another width
        """
        if rows_NE.shape[1] != len(vector_E):
            raise atom.LibraryError(
                f"the library holds vectors of width {rows_NE.shape[1]}, the query has {len(vector_E)}; "
                "search it with the model that made it"
            )
        return np.asarray(rows_NE @ vector_E)

    def scores(self, vector_E: np.ndarray) -> np.ndarray:
        """The score of each row, [N]."""
        return np.asarray(self._scores(vector_E[:, None])[:, 0])

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, rather than not: half way between what captions get,
        in the median, of the best clip captioned otherwise and of their own; None where there are too few to tell.
        """
        _, texts_N = np.unique([row["caption"] for row in self.metadata], return_inverse=True)
        rows = np.flatnonzero(self.has_caption_N)
        rows = rows[:: max(1, len(rows) // _COMPARED)]
        _, first = np.unique(texts_N[rows], return_index=True)
        asked = rows[first][:: max(1, len(first) // _SAMPLED)]
        if len(asked) < _FEW:
            return None
        compared = Table(metadata=(), clips_NE=self.clips_NE[rows], captions_NE=self.captions_NE[rows])
        scores_NQ = compared._scores(self.captions_NE[asked].T)
        other_NQ = texts_N[rows][:, None] != texts_N[asked][None]
        chance = np.median(np.where(other_NQ, scores_NQ, -np.inf).max(axis=0))
        own = np.median(np.where(other_NQ, -np.inf, scores_NQ).max(axis=0))
        return float(chance + own) / 2

    def _scores(self, vectors_EQ: np.ndarray) -> np.ndarray:
        scores_NQ = self.clips_NE @ vectors_EQ
        both_NQ = (scores_NQ + self.captions_NE @ vectors_EQ) / 2
        return np.asarray(np.where(self.has_caption_N[:, None], both_NQ, scores_NQ))


def moment(
    row: Row, score: float, path: Path, *, channels: Mapping[str, float] | None = None, fits: bool | None = None
) -> atom.Moment:
    """A row as it is found, at `path`."""
    return atom.Moment(
        start_s=row["start_s"],
        end_s=row["end_s"],
        path=path,
        content_hash=row["content_hash"],
        caption=row["caption"],
        score=min(score, 1.0),
        channels=channels or {},
        fits=fits,
    )


def unit(vector: np.ndarray, what: object) -> np.ndarray:
    """A vector [E] of length 1.

    :raises LibraryError: if it is not finite, or zero
    """
    vector_E = np.asarray(vector, dtype=np.float32)
    norm = float(np.linalg.norm(vector_E))
    if vector_E.ndim != 1 or not np.isfinite(norm) or norm == 0.0:
        raise atom.LibraryError(f"the vector of {what} is not finite and nonzero; check the model with: atom doctor")
    return vector_E if abs(norm - 1.0) < 1e-6 else vector_E / np.float32(norm)


def float32(vectors: object) -> np.ndarray:
    """Vectors as an array."""
    return np.asarray(vectors, dtype=np.float32)
