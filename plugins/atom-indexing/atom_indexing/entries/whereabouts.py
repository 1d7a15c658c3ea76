"""Where the videos of a library's rows are now."""

from __future__ import annotations

from pathlib import Path

import atom_core as atom
from atom_indexing.entries.rows import Row, is_beside, place_of


class Whereabouts:
    """Finds the files of rows; those that can be in one place alone are remembered. Shared by threads."""

    def __init__(self) -> None:
        self._settled: dict[tuple[str, object], Path] = {}

    def of(self, row: Row, home: Path | None) -> Path:
        """Where the video of a row is. Where two files may be it, the one whose content was indexed.

        :param home: folder of the library, from which the way to the video is noted
        """
        said = row["path"], row.get("from_library")
        if (settled := self._settled.get(said)) is not None:
            return settled
        if is_beside(row, home):
            self._settled[said] = Path(row["path"])
            return self._settled[said]
        path, place = Path(row["path"]), place_of(row, home)
        if place != path and path.is_file():
            from atom_core.media.probe import content_hash

            try:
                return place if content_hash(place) == row["content_hash"] else path
            except atom.MediaError:
                return path
        return place
