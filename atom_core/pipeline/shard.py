"""Which part of the videos a run takes, where several machines share them out without knowing of each other."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from atom_core.errors import SettingsError
from atom_core.media.container.opening import open_file, reading

_VARIABLE = "ATOM_SHARD"
_EDGE_BYTES = 64 * 1024
_FORMS = "expected K/N, such as 3/8, or auto or auto/N, which take K (and N) from Slurm or Kubernetes"


@frozen
class Shard:
    """One of several equal parts of a set of videos."""

    index: int
    """Which part, from 1."""
    count: int
    """How many parts there are."""

    @classmethod
    def from_option(cls, option: str | None, environ: Mapping[str, str]) -> Shard | None:
        """The part that the option ``--shard`` or else the variable ``ATOM_SHARD`` names; None where neither does.

        :raises SettingsError: if it is no part, or ``auto`` finds none in the environment
        """
        text = option if option is not None else environ.get(_VARIABLE, "")
        if not text:
            if option is None:
                return None
            raise SettingsError(f"--shard is empty: {_FORMS}")
        source = "--shard" if option is not None else _VARIABLE
        given = re.fullmatch(r"(?:(\d{1,9})|auto)(?:/(\d{1,9}))?", text.strip(), re.ASCII)
        if given is None or (given[1] and not given[2]):
            raise SettingsError(f"{source} {text}: {_FORMS}")
        index, count = given[1], given[2]
        if index is None:
            index, count = _from_scheduler(source, count, environ)
        if not 1 <= int(index) <= int(count):
            raise SettingsError(f"{source} {text}: there is no part {int(index)} of {int(count)}; {_FORMS}")
        return cls(int(index), int(count))

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def has(self, path: Path) -> bool:
        """Whether a video belongs to this part.

        Parts are told by a file's size and by its first and last bytes: the same on every machine, whatever the path
        and whatever else is in the folder, without reading hours of footage that another part is about to read. Copies
        of one video are in one part.

        :raises MediaError: if it cannot be read
        """
        with reading(path), open_file(path) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            digest = hashlib.blake2b(b"%d:" % size + file.read(_EDGE_BYTES), digest_size=8)
            file.seek(max(0, size - _EDGE_BYTES))
            digest.update(file.read(_EDGE_BYTES))
        return int.from_bytes(digest.digest(), "big") % self.count == self.index - 1

    def library(self, whole: Path) -> Path:
        """The folder of this part's own library, beside that of the whole.

        :raises SettingsError: if there are parts of another number of them: together they would be no whole
        """
        parts = whole.with_name(f"{whole.name}.shards")
        for other in sorted(parts.glob("*-of-*")):
            if (num := other.name.rpartition("-of-")[2]) != str(self.count):
                raise SettingsError(
                    f"'{parts}' has parts of {num}, such as {other.name}, and this is part {self}; take the same number"
                    " of parts, name another --library, or remove those"
                )
        return parts / f"{self.index}-of-{self.count}"


def _from_scheduler(source: str, count: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """Part and number of parts as a job array has them.

    Slurm says both, counted from its least index on; Kubernetes says only which, from 0.
    """
    found = {name: value for name, value in environ.items() if value.isascii() and value.isdigit()}
    if (task := found.get("SLURM_ARRAY_TASK_ID")) is not None:
        first, step = found.get("SLURM_ARRAY_TASK_MIN", "0"), int(found.get("SLURM_ARRAY_TASK_STEP", "1")) or 1
        number = count or found.get("SLURM_ARRAY_TASK_COUNT")
        place = (int(task) - int(first)) // step
    else:
        number, place = count, int(found.get("JOB_COMPLETION_INDEX", "-1"))
    if place < 0 and "SLURM_ARRAY_TASK_ID" not in found:
        raise SettingsError(
            f"{source} auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set; name the part, such as 3/8"
        )
    if number is None:
        raise SettingsError(f"{source} auto: how many parts there are is not said; write auto/N")
    return str(place + 1), number
