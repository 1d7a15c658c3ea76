"""What the stored clips of a video make of it: those of one segmentation are found once all are there."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

from attrs import asdict, define, field, frozen

from atom_indexing.entries.rows import Row, group_of, place_of

_NOTED = ("content_hash", "path", "from_library", "is_film", "recorded_s")
"""What the rows of a video say of the video."""


def _names(value: Iterable[str]) -> frozenset[str]:
    return frozenset(value)


@frozen(kw_only=True)
class Held:
    """What a library holds of one video."""

    path: Path
    """Where it is."""
    num_clips: int
    """How many of its clips are stored."""
    is_whole: bool
    """Whether that is all of them: a program that was killed may have stored a part."""
    settings: frozenset[str]
    """What was set when they were made, as in `Entry.settings`; more than one where that differs."""
    groups: frozenset[str] = frozenset()
    """The groups of its rows that are found; empty where it is not whole."""
    stale_groups: frozenset[str] = frozenset()
    """Those that were stored before them and are not found any more."""
    first_s: float = 0.0
    """When the oldest of its clips was stored, seconds since 1970; 0 where that is not known."""


@frozen(kw_only=True)
class Summary:
    """What there is of one video, as `Held`, wherever the library is."""

    row: Row
    """What a row of it says of the video."""
    num_clips: int
    is_whole: bool
    settings: frozenset[str] = field(converter=_names)
    groups: frozenset[str] = field(converter=_names)
    stale_groups: frozenset[str] = field(converter=_names)
    first_s: float

    def held(self, home: Path | None) -> Held:
        """Of the library in the folder `home`."""
        return Held(
            path=place_of(self.row, home),
            num_clips=self.num_clips,
            is_whole=self.is_whole,
            settings=self.settings,
            groups=self.groups,
            stale_groups=self.stale_groups,
            first_s=self.first_s,
        )

    def as_json(self) -> str:
        """As text."""
        return json.dumps(asdict(self), default=sorted)

    @classmethod
    def of_json(cls, text: str) -> Summary:
        """What `as_json` gave."""
        return cls(**json.loads(text))


@define
class _Group:
    """Rows of a video that belong together."""

    row: Row
    """One of them, the last."""
    count: int = 0
    wanted: int = 0
    """How many there are of it if it is whole."""
    first_s: float = math.inf
    """When the oldest of them was stored, seconds since 1970; 0 where that is not known."""
    last_s: float = 0.0
    """When the newest was."""
    settings: set[str] = field(factory=set)

    def take(self, row: Row) -> None:
        """Count `row` in."""
        self.row = row
        self.count += 1
        self.wanted = max(self.wanted, int(_number(row, "num_clips")))
        added_s = _number(row, "added_s")
        self.first_s, self.last_s = min(self.first_s, added_s), max(self.last_s, added_s)
        self.settings.add(str(row.get("settings", "")))


def summed_up(rows: Iterable[Row]) -> Summary:
    """What the rows of one video make of it: the whole segmentation that was stored last, and what was added since."""
    groups: dict[str, _Group] = {}
    for row in rows:
        name = group_of(row)
        if name not in groups:
            groups[name] = _Group(row)
        groups[name].take(row)
    whole = {name: group for name, group in groups.items() if group.count >= group.wanted}
    found = dict(whole)
    if segmented := [name for name in whole if name]:
        last = max(segmented, key=lambda name: (whole[name].last_s, name))
        found = {name: whole[name] for name in (last, "") if name in whole}
        if "" in found and found[""].last_s <= found[last].last_s:
            del found[""]
    counted = (found or groups).values()
    last_s = max((group.last_s for group in found.values()), default=-1.0)
    row = next(iter(counted)).row
    return Summary(
        row={name: row[name] for name in _NOTED if name in row},
        num_clips=sum(group.count for group in counted),
        is_whole=bool(found),
        settings=frozenset[str]().union(*(group.settings for group in counted)),
        groups=frozenset(found),
        stale_groups=frozenset(name for name in groups.keys() - found.keys() if groups[name].last_s <= last_s),
        first_s=min(group.first_s for group in counted),
    )


def _number(row: Row, name: str) -> float:
    value = row.get(name, 0)
    return value if isinstance(value, (int, float)) else 0
