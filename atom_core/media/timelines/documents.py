"""Documents about videos, such as their captions and transcripts: a file for each video, where nothing of the user's is
replaced."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from atom_core.errors import MediaError
from atom_core.files.outputs import NotOurs, OfAnother, Outputs, short_name
from atom_core.records import Video


class Documents:
    """Files, one for each video: in `folder`, where only what Atom wrote of the same video is replaced, or beside the
    videos, where nothing is."""

    def __init__(self, folder: Path | None, suffix: str, outputs: Outputs, *, overwrite: bool = False) -> None:
        """
        :param suffix: of the files' names, such as ``.srt``
        :param overwrite: replace in `folder` also what Atom did not write
        """
        self._folder, self._suffix = folder, suffix
        self._outputs, self._overwrite = outputs, overwrite
        self._places: dict[Path, Path] = {}

    def place(self, video: Video) -> None:
        """Choose the file for one video's document.

        :raises MediaError: if what is there must be kept, or its folder cannot be written
        """
        try:
            path = self._free(video)
        except NotOurs as error:
            way = (
                "move it, or replace it with --overwrite" if self._folder else "move it, or write elsewhere with -o DIR"
            )
            raise MediaError(f"{error.filename}: {error.strerror}; {way}", path=error.filename) from None
        except OSError as error:
            raise MediaError(
                f"{error.filename} cannot be written: {error.strerror}; use -o DIR", path=error.filename
            ) from None
        if not os.access(path.parent, os.W_OK):
            raise MediaError(f"no permission to write {path}; choose a folder with -o DIR", path=path)
        self._places[video.path] = path

    def _free(self, video: Video) -> Path:
        """The first of the video's names that no other video's document has, in this run or an earlier one.

        :raises NotOurs: if what is there must be kept
        """
        folder, stem = self._folder or video.path.parent, video.path.stem
        *names, last = (stem, video.path.name, f"{stem}-{video.content_hash[:8]}")
        for name in names:
            path = folder / short_name(name, self._suffix)
            if path not in self._places.values():
                with suppress(OfAnother):
                    self._check(path, video)
                    return path
        path = folder / short_name(last, self._suffix)
        self._check(path, video)
        return path

    def _check(self, path: Path, video: Video) -> None:
        if self._folder is None:
            if path.exists():
                raise NotOurs(path, "it exists already")
        elif not self._overwrite:
            self._outputs.check(path, subject=video.content_hash)

    def write(self, video: Video, text: str) -> Path:
        """Write one video's document into its place; the file.

        :raises MediaError: if the file cannot be written
        """
        path = self._places[video.path]
        try:
            self._check(path, video)
            self._outputs.write(path, text, subject=video.content_hash, overwrite=self._overwrite)
        except OSError as error:
            raise MediaError(
                f"{path} cannot be written: {error.strerror}; choose a folder with -o DIR", path=path
            ) from None
        return path
