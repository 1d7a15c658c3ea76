"""Vectors in files that are mapped into memory to be compared: rows of float32, which are appended and never changed.

Shapes: N rows, E numbers in each.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from attrs import frozen

from atom_core.files import begin_private

_ALIGN = 16
"""Rows begin at multiples of so many numbers, which is 64 bytes."""
_WORD = np.dtype("<u8")


class StaleError(Exception):
    """What is looked at is not there any more: it was made anew, or something else has changed its files."""


class DamagedError(StaleError):
    """A file does not hold what was written into it."""


@frozen
class VectorFile:
    """Rows of one width in a file."""

    path: Path
    width: int
    """E."""

    @property
    def stride(self) -> int:
        """Bytes from one row to the next."""
        return -(-self.width // _ALIGN) * _ALIGN * 4

    def write(self, start: int, rows_NE: np.ndarray, count: int) -> int:
        """Write rows from number `start` on, and let the file end `count` rows after that; their checksum.

        Rows that are not written are zeros, which take no room on most disks.

        :raises OSError: if there is no room
        """
        begin_private(self.path)
        with self.path.open("r+b") as file:
            self._end(file.fileno(), start, count)
            if not len(rows_NE):
                return 0
            return self._put(file.fileno(), start, rows_NE)

    def fill(self, numbers: np.ndarray, rows_NE: np.ndarray) -> int:
        """Write rows that were zeros; their checksum."""
        total = 0
        with self.path.open("r+b") as file:
            breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
            for part in np.split(np.arange(len(numbers)), breaks):
                total += self._put(file.fileno(), int(numbers[part[0]]), rows_NE[part])
        return total % 2**64

    def mapped(self, count: int, checksum: int) -> np.ndarray:
        """The first `count` rows, [N, E], to be read only.

        :raises DamagedError: if they are not what was written
        """
        try:
            if self.path.stat().st_size < count * self.stride:
                raise DamagedError(f"{self.path} is cut short")
            whole = np.memmap(self.path, np.float32, "r", shape=(count, self.stride // 4))
        except OSError as error:
            raise DamagedError(str(error)) from error
        if checksum_of(whole) != checksum:
            raise DamagedError(f"{self.path} holds something else than was written")
        return np.asarray(whole)[:, : self.width]

    def _end(self, file: int, start: int, count: int) -> None:
        """What a killed program wrote beyond `start` goes; the file gets room for `count` rows more."""
        os.ftruncate(file, start * self.stride)
        os.ftruncate(file, (start + count) * self.stride)

    def _put(self, file: int, start: int, rows_NE: np.ndarray) -> int:
        padded = np.zeros((len(rows_NE), self.stride // 4), np.float32)
        padded[:, : self.width] = rows_NE
        data, place = memoryview(padded.tobytes()), start * self.stride
        while data:
            written = os.pwrite(file, data, place)
            data, place = data[written:], place + written
        return checksum_of(padded)


def checksum_of(rows_NE: np.ndarray) -> int:
    """The sum of all 64-bit words: it costs a fraction of one comparison, and tells damage of any extent."""
    if not rows_NE.size:
        return 0
    return int(np.add.reduce(rows_NE.reshape(-1).view(_WORD)))
