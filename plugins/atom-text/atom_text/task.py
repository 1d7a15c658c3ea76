"""The task ``read``."""

from __future__ import annotations

import atom_core as atom
from atom_text.reader import Reader


class ReadClip:
    """What is written in the pictures of a clip, line by line, each once however long it stands."""

    consumes = atom.Clip
    produces = tuple[atom.WrittenText, ...]

    def run(
        self, clip: atom.Clip, *, reader: Reader, frames: atom.ReadFrames, progress: atom.Tell
    ) -> tuple[atom.WrittenText, ...]:
        """The lines that stand during `clip`, in order of time; their times end with it.

        :raises ModelError: if the reader is not installed
        :raises MediaError: if the video cannot be read
        """
        return reader.texts(clip, frames, progress)
