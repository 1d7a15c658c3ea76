"""Captions with the searches that are to find them, in kinds, and searches that nothing fits."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

import atom_core as atom

HERE = Path(__file__).parent
HELD_OUT, HELD_OUT_ABSENT = HERE / "held_out.tsv", HERE / "held_out_absent.txt"
"""Written before any of it was measured; what is tuned is not tuned on it."""
SHORT, SHORT_ABSENT = HERE / "short.tsv", HERE / "short_absent.txt"
"""Searches of a few words, as people type them; written apart, too."""
FOREIGN = ("german", "french")
"""Kinds whose searches are in another language than the captions."""


@frozen
class Pair:
    """A caption and a search that it alone fits."""

    kind: str
    """``paraphrase``, ``names`` (also numbers), ``hard`` (others differ in a word), ``short`` (a few words),
    ``german``, ``french``."""
    caption: str
    """What the library has."""
    search: str
    """What is looked for."""


def read_pairs(path: Path | None = None) -> list[Pair]:
    """The pairs in a file, one a line: kind, caption and search between tabs; those of this package if none is named.

    :raises SettingsError: if it cannot be read, or a line is none
    """
    place = path or HERE / "pairs.tsv"
    try:
        rows = [line.split("\t") for line in place.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise atom.SettingsError(f"cannot read '{place}': {error}; name another file") from None
    for number, row in enumerate(rows, 1):
        if len(row) != 3 or not all(part.strip() for part in row):
            raise atom.SettingsError(f"'{place}', line {number}: expected kind, caption and search between tabs")
    return [Pair(*(part.strip() for part in row)) for row in rows]


def read_absent(path: Path | None = None) -> list[str]:
    """Searches that nothing fits, one a line; those of this package if no file is named.

    :raises SettingsError: if it cannot be read
    """
    place = path or HERE / "absent.txt"
    try:
        return [line.strip() for line in place.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise atom.SettingsError(f"cannot read '{place}': {error}; name another file") from None
