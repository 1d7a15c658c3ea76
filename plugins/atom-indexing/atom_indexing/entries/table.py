"""Clips with their vectors, in memory.

Shapes: N clips, E width of the decoder's vectors, F of the embedder's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import field, frozen

from atom_indexing.entries.rows import Row


@frozen(kw_only=True, eq=False)
class Table:
    """Clips with their vectors."""

    metadata: Sequence[Row]
    """N rows."""
    clips_NE: np.ndarray
    """Clip vectors, unit length, float32."""
    captions_NE: np.ndarray
    """Caption vectors by the decoder, unit length, float32; zeros where there is none."""
    keys: Sequence[str] = field(repr=False)
    """Their ids."""
    texts_NF: np.ndarray | None = field(repr=False)
    """Caption vectors by a text embedder, unit length, float32; zeros where there is none; None if no clip has one."""
