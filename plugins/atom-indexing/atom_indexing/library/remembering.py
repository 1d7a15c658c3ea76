"""What a library may tell beside what every library does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import frozen

if TYPE_CHECKING:
    import numpy as np

    from atom_indexing.channels.terms import Terms
    from atom_indexing.library.table import Row, Table


@frozen(kw_only=True)
class Held:
    """What a library holds of one video."""

    path: Path
    """Where it is."""
    num_clips: int
    """How many of its clips are stored."""
    is_whole: bool
    """Whether that is all of them: a program that was killed may have stored a part."""
    settings: frozenset[str]
    """What was set when they were made, as in `Entry.settings`; more than one where that differs."""
    groups: frozenset[str] = frozenset()
    """The groups of its rows that are found; empty where it is not whole."""
    stale_groups: frozenset[str] = frozenset()
    """Those that were stored before them and are not found any more."""
    first_s: float = 0.0
    """When the oldest of its clips was stored, seconds since 1970; 0 where that is not known."""


@runtime_checkable
class Remembering(Protocol):
    """A library that keeps in mind how its entries were made, and what a score means."""

    def held(self) -> Mapping[str, Held]:
        """What there is of each video, by content hash, also of those that are not whole."""

    def tidy(self) -> None:
        """Delete what is not found any more, since it was to be replaced when a program was killed."""

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, rather than not; None where that is not known."""


@runtime_checkable
class Searchable(Protocol):
    """A library that the channels can search."""

    def table(self, vectors: Mapping[str, np.ndarray], count: int, more: Iterable[str] = ()) -> Table:
        """The clips to be searched: all, or of a large library those near to what is looked for."""

    def shares(self, terms: Terms) -> dict[str, float]:
        """How much of the words of a search each clip's caption has that has any, by id."""

    def known(self, terms: Terms) -> tuple[float, float]:
        """How many of the words of a search any caption has, by number and by how much they count."""

    def having(self, phrases: Sequence[str]) -> set[str]:
        """The ids of the clips whose captions have each of `phrases`."""

    def place(self, row: Row) -> Path:
        """Where the video of a row is."""

    def fair_score(self) -> float | None:
        """The score from which on a clip shows what a text says, by the decoder's vectors."""

    def not_embedded(self, embedder: str, *, anew: bool = False) -> dict[str, str]:
        """Captions that `embedder` has not embedded yet, by id; with `anew` all where another one's are there."""

    def check_embedder(self, embedder: str) -> None:
        """Refuse an embedder if another one's vectors of captions are there."""

    def add_texts(self, embedder: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Store the vectors that `embedder` gives captions, by id."""
