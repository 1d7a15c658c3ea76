"""What a library may tell beside what every library does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from atom_indexing.entries.summary import Held

if TYPE_CHECKING:
    import numpy as np

    from atom_indexing.entries.rows import Row
    from atom_indexing.replica.snapshot import Snapshot

T = TypeVar("T")


@runtime_checkable
class Remembering(Protocol):
    """A library that keeps in mind how its entries were made, and what a score means."""

    def held(self, content_hashes: Collection[str] | None = None) -> Mapping[str, Held]:
        """What there is of each video, or of some, by content hash, also of those that are not whole."""

    def tidy(self) -> None:
        """Delete what is not found any more, since it was to be replaced when a program was killed."""

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, rather than not; None where that is not known."""


@runtime_checkable
class MadeOnWriting(Protocol):
    """A library that is made in its place once something is to be written."""

    @property
    def is_absent(self) -> bool:
        """Whether there is none yet."""

    def make(self) -> None:
        """Make it, if there is none."""


@runtime_checkable
class Searchable(Protocol):
    """A library that the channels can search."""

    def __len__(self) -> int:
        """How many clips are found."""

    def looking(self, work: Callable[[Snapshot], T]) -> T:
        """What `work` makes of the library as it is now; it may run again, if the library is made anew meanwhile."""

    def place(self, row: Row) -> Path:
        """Where the video of a row is."""

    def not_embedded(self, embedder: str, *, anew: bool = False) -> dict[str, str]:
        """Captions that `embedder` has not embedded yet, by id; with `anew` all where another one's are there."""

    def check_embedder(self, embedder: str) -> None:
        """Refuse an embedder if another one's vectors of captions are there."""

    def add_texts(self, embedder: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Store the vectors that `embedder` gives captions, by id."""
