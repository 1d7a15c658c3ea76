"""What is stored of a clip: its id, its row, and which other rows it belongs to."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import atom_core as atom
from atom_indexing.filters import recorded_s

Row = Mapping[str, Any]
"""What is stored of a clip beside its vectors, see `row_of`."""

_KINDS: Mapping[str, tuple[type, ...]] = {
    "content_hash": (str,),
    "path": (str,),
    "start_s": (float, int),
    "end_s": (float, int),
    "caption": (str,),
}


def row_of(entry: atom.Entry, *, num_clips: int, group: str, sampling: str, home: Path | None) -> dict[str, Any]:
    """What is stored of an entry beside its vectors.

    :param num_clips: how many entries of its video belong together: with fewer it is not whole
    :param group: which of its video's entries it belongs to
    :param sampling: how the clip and its frames were chosen
    :param home: the library's folder, from which the way to the video is noted, too; None where it is in none
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


def placed(path: str, home: Path | None) -> dict[str, str]:
    """Where a video is, and how to get there from the library, with which it may be moved or copied."""
    if home is None:
        return {"path": path, "from_library": ""}
    try:
        return {"path": path, "from_library": os.path.relpath(path, os.path.abspath(home))}
    except ValueError:  # on another drive
        return {"path": path, "from_library": ""}


def place_of(row: Row, home: Path | None) -> Path:
    """Where the video of a row is: where it was seen from the library, if there is a file now, else where it was."""
    path, beside = str(row["path"]), _beside(row, home)
    return Path(beside if beside != path and os.path.isfile(beside) else path)


def is_beside(row: Row, home: Path | None) -> bool:
    """Whether the video of a row can be in one place alone: it is seen from the library where it was."""
    return _beside(row, home) == str(row["path"])


def _beside(row: Row, home: Path | None) -> str:
    """Where the way from the library leads now; where the video was if none is noted."""
    way = row.get("from_library")
    if home is None or not (isinstance(way, str) and way):
        return str(row["path"])
    return os.path.normpath(os.path.join(os.path.abspath(home), way))


def is_sound(row: object) -> bool:
    """Whether a row has all that a moment is made of; one that others wrote may not."""
    return isinstance(row, Mapping) and all(isinstance(row.get(name), kinds) for name, kinds in _KINDS.items())


def key_of(entry: atom.Entry) -> str:
    """The id of an entry: that of its video, span and segmentation."""
    clip = entry.clip
    return f"{clip.video.content_hash}:{clip.start_s!r}:{clip.end_s!r}{group_mark(entry)}"


def group_mark(entry: atom.Entry) -> str:
    """How the ids of the entries end that belong together with one; empty where it is stored by itself."""
    return f":{entry.num_clips}-{entry.segmentation}" if entry.num_clips else ""


def group_of(row: Row) -> str:
    """Which rows of its video a row belongs to: those of one segmentation; empty where it was stored by itself."""
    name = row.get("group", "")
    return name if isinstance(name, str) else ""


def moment(
    row: Row,
    score: float,
    path: Path,
    *,
    channels: Mapping[str, float] | None = None,
    fits: bool | None = None,
    may_fit: bool | None = None,
    quotes: tuple[atom.Quote, ...] = (),
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
        may_fit=may_fit,
        quotes=quotes,
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
