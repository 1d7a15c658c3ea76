"""What was changed in the database's collections, for what is kept in step with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import field, frozen

from atom_indexing.entries.rows import Row

Stored = tuple[str, Row, Mapping[str, np.ndarray]]
"""A clip: its id, its row, and its vectors by collection."""


@frozen(kw_only=True)
class Change:
    """One change; what it does not name is as it was."""

    put: Sequence[Stored] = field(default=(), repr=False)
    """Clips that were stored, in place of those with the same ids."""
    removed: Sequence[str] = ()
    """Ids of clips that were deleted."""
    texts: Mapping[str, np.ndarray] = field(factory=dict, repr=False)
    """Vectors of captions by the text embedder, by id."""
    no_texts: bool = False
    """Whether all such vectors were deleted."""
    placed: tuple[str, Mapping[str, str]] | None = None
    """The content hash of a video, and what its rows say of its place now."""
