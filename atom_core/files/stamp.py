"""What changes whenever a file does, so that what was found out about it need not be found out again."""

from __future__ import annotations

import os
from typing import NamedTuple

_YOUNG_NS = 2_000_000_000
"""A file may change within one tick of a coarse clock unseen: younger stamps prove nothing. FAT has ticks of 2 s."""


class FileStamp(NamedTuple):
    """The place, size and times of a file. Nobody can set the time of the last change of its inode, `ctime_ns`."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, stat: os.stat_result) -> FileStamp:
        """The stamp of a file by what `os.stat` returned."""
        return cls(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)

    def is_settled(self, now_ns: int) -> bool:
        """Whether whoever changes the file after `now_ns` is sure to change its stamp, too."""
        return max(self.mtime_ns, self.ctime_ns) < now_ns - _YOUNG_NS
