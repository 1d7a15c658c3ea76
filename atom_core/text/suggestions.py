"""The nearest of several names, for messages about one that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, names: Iterable[str]) -> str:
    """``, did you mean 'x'?`` for the nearest of `names`, or nothing."""
    near = difflib.get_close_matches(name, list(names), 1)
    return f", did you mean {near[0]!r}?" if near else ""
