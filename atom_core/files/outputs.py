"""Texts that Atom writes where the user says so, or beside videos: nothing that is the user's own is replaced.

What stands there already is replaced only if it is what Atom wrote there last, unchanged, or if the user says so with
``--overwrite``. What Atom wrote is noted in the cache, for subtitles have no room for a mark.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from attrs import field, frozen

from atom_core.files import check_writable, private_folder, write_whole

_LONGEST_BYTES = 2**28
"""What is larger is no text that Atom wrote."""
_LONGEST_NAME_BYTES = 255
"""File systems take no longer names."""


class NotOurs(FileExistsError):
    """What stands at the place of an output is not what Atom wrote there."""

    def __init__(self, path: Path | str, why: str) -> None:
        super().__init__(errno.EEXIST, why, os.fspath(path))


class OfAnother(NotOurs):
    """What stands there is Atom's, but was made of another video."""


@frozen(kw_only=True)
class _Noted:
    """What is remembered of a place."""

    subject: str = ""
    """What the text there is about, such as the content hash of a video."""
    digests: tuple[str, ...] = field(default=(), converter=tuple)
    """Digests of the last texts that Atom wrote there: two, for a program that is killed between noting and writing."""


class Outputs:
    """Writes texts for the user, and remembers them."""

    def __init__(self, cache: Path) -> None:
        """
        :param cache: the folder of the cache; where it cannot be written nothing is remembered, so all is kept
        """
        self._folder = cache / "written"

    def check(self, path: Path | str, *, subject: str = "", keys: Collection[str] = ()) -> None:
        """Make sure that a text may be written; asked before any work is spent, and once more when it is written.

        :param subject: of what the text tells, such as the content hash of a video
        :param keys: what stands there is Atom's, too, if it is a JSON object that has these keys
        :raises NotOurs: if what stands there is not Atom's; `OfAnother` if it is, of another subject
        :raises OSError: if it cannot be looked at
        """
        target = Path(os.path.realpath(path))
        if not target.is_file() or target.stat().st_size == 0:
            return
        content = target.read_bytes() if target.stat().st_size <= _LONGEST_BYTES else b""
        noted = self._noted(target)
        if _digest(content) in noted.digests:
            if noted.subject != subject:
                raise OfAnother(path, "it is made of another video")
        elif not (keys and _has_keys(content, keys)):
            raise NotOurs(path, "it exists and is not what Atom wrote there, so it is kept")

    def check_place(self, path: Path | str, *, overwrite: bool = False) -> None:
        """Make sure that a file can and may be written, before any work is spent.

        :param overwrite: whether any other text that stands there may be replaced
        :raises NotOurs: as `check` does, unless `overwrite`
        :raises OSError: if it cannot be written, or holds something other than text
        """
        if not overwrite:
            self.check(path)
        check_writable(path)

    def write(
        self, path: Path | str, text: str, *, subject: str = "", keys: Collection[str] = (), overwrite: bool = False
    ) -> None:
        """Write a text whole or not at all, as `write_whole` does.

        :param overwrite: whether any other text that stands there may be replaced
        :raises NotOurs: as `check` does, unless `overwrite`
        :raises OSError: if it cannot be written
        """
        if not overwrite:
            self.check(path, subject=subject, keys=keys)
        self._note(Path(os.path.realpath(path)), text, subject)
        write_whole(path, text)

    def write_lines(self, path: Path | str, lines: Iterable[str], *, overwrite: bool = False) -> None:
        """Write lines, of any number, as `write` writes a text. More than 256 MiB are not remembered.

        :param overwrite: whether any other text that stands there may be replaced
        :raises NotOurs: as `check` does, unless `overwrite`
        :raises OSError: if it cannot be written
        """
        if not overwrite:
            self.check(path)
        write_whole(path, (f"{line}\n" for line in lines))
        if os.path.isfile(path):
            self.note(path)

    def note(self, path: Path | str, *, subject: str = "") -> None:
        """Remember what Atom has written at `path` by other means, if it has at most 256 MiB.

        :raises OSError: if it cannot be read
        """
        target = Path(os.path.realpath(path))
        if target.stat().st_size <= _LONGEST_BYTES:
            self._keep(target, [_digest(target.read_bytes())], subject)

    def _entry(self, target: Path) -> Path:
        return self._folder / f"{_digest(os.fsencode(target))[:32]}.json"

    def _noted(self, target: Path) -> _Noted:
        try:
            return _Noted(**json.loads(self._entry(target).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            return _Noted()

    def _note(self, target: Path, text: str, subject: str) -> None:
        before = self._noted(target).digests[-1:]
        self._keep(target, [*before, _digest(text.encode(errors="backslashreplace"))], subject)

    def _keep(self, target: Path, digests: list[str], subject: str) -> None:
        with suppress(OSError):
            private_folder(self._folder)
            write_whole(self._entry(target), json.dumps({"subject": subject, "digests": digests}), private=True)


def short_name(stem: str, ending: str) -> str:
    """``stem + ending``, of a long stem only as much as file systems take."""
    room, name = _LONGEST_NAME_BYTES - len(os.fsencode(ending)), os.fsencode(stem)
    return (stem if len(name) <= room else name[:room].decode(errors="ignore")) + ending


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _has_keys(content: bytes, keys: Collection[str]) -> bool:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and all(key in value for key in keys)
