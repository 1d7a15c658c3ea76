"""Records that callers send: files are those of allowed folders, and what is said of a video is looked at anew."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

import atom_core as atom
from atom_core.serving import converter, read_record, type_hints
from atom_serve.access.folders import Folders

if TYPE_CHECKING:
    from atom_core import Host


class Given:
    """Makes records of what callers send."""

    def __init__(self, host: Host, folders: Folders, file: Callable[[str], Path]) -> None:
        """
        :param folders: where files may be written
        :param file: the file that a caller means by a name, if it may be read
        """
        self._host, self._folders, self._file = host, folders, file
        self._by = converter(forbid_extra_keys=True)
        self._by.register_structure_hook(atom.Video, self._video)
        self._by.register_structure_hook(Path, lambda value, _: self._file(_text(value)))

    def record(self, value: object, kind: object) -> Any:
        """The record, or tuple of records, of type `kind`.

        A video may be written as the path of its file; of one that is written whole, only path and hash count.

        :raises SettingsError: if it does not fit; `Refused` for a file outside
        :raises MediaError: if a video cannot be read, or is not what it was
        """
        return read_record(value, kind, self._by)

    def video(self, name: str) -> atom.Video:
        """The video that a caller means by `name`.

        :raises AtomError: if it may not be named, is not there or cannot be read
        """
        return self._host.video(self._file(name))

    def settings(self, task: str, values: object) -> dict[str, Any]:
        """Settings that a caller gives for one call of a task; files among them lie in allowed folders.

        :raises SettingsError: if they are none
        """
        if not isinstance(values, dict):
            raise atom.SettingsError(f"settings are an object, got {type(values).__name__}")
        kind = getattr(self._host.plugins.load(self._host.plugins.task(task)), "Settings", None)
        hints = {} if kind is None else type_hints(kind)
        given = {}
        for name, value in values.items():
            if name in hints and (hints[name] is Any or _is_object(hints[name])):
                raise atom.SettingsError(f"{name!r} of task {task!r} can be given by programs in one process alone")
            if value is not None and (hints.get(name) is Path or name == "path" or name.endswith(("_path", "folder"))):
                value = str(self._folders.place(value)) if _text(value) else value
            given[name] = value
        return given

    def _video(self, value: object, _: object) -> atom.Video:
        if isinstance(value, str):
            return self.video(value)
        if not isinstance(value, Mapping) or not isinstance(value.get("path"), str):
            raise ValueError("a video is the path of its file, or an object with its 'path'")
        video = self.video(value["path"])
        expected = value.get("content_hash", video.content_hash)
        if expected != video.content_hash:
            raise atom.MediaError(f"'{value['path']}' has changed since it was read; ask anew", path=video.path)
        return video


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a path, got {type(value).__name__}")
    return value


def _is_object(hint: object) -> bool:
    """Whether a setting is a record, alone or one of several."""
    kinds = typing.get_args(hint) or (hint,)
    return any(isinstance(kind, type) and attrs.has(kind) for kind in kinds)
