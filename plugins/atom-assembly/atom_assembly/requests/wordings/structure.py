"""What a request makes of the things that it tells of, apart from what they are.

Written as `1 2 1` (one shot of the first thing, one of the second, the first again), `1*n` (several), `all 1&!2` (all
shots of the first without the second), `all 1|2`, `all 1&2` (both at once), `all 1.2` (one thing of which both are
true), `longest 1`, `shortest 1`, `!1*n` (several without the first).
"""

from __future__ import annotations

import re

from attrs import field, frozen


@frozen(kw_only=True)
class Structure:
    """A structure by what it consists of."""

    text: str
    """As written."""
    mode: str
    """`all`, `longest`, `shortest` or `row`; of a row in which things return, with the order in which they do; with
    `|`, `&` or `.` of one whose shots show several."""
    refused: frozenset[int] = frozenset()
    """The numbers of the things that must not be seen."""
    order: tuple[int, ...] = ()
    """Those of the others, as they are first shown."""
    several: frozenset[int] = frozenset()
    """Those of which several shots are wanted."""
    join: str = ""
    """How those of one shot are joined: `|`, `&`, `.`."""
    parts: tuple[tuple[str, bool], ...] = field(default=())
    """What is shown, cut by cut, and whether several times."""

    @property
    def numbers(self) -> frozenset[int]:
        """Of all things that it speaks of."""
        return self.refused | frozenset(self.order)


def structure_of(text: str) -> Structure:
    """The structure that `text` writes."""
    first, _, rest = text.partition(" ")
    if first in ("all", "longest", "shortest"):
        refused = _refused(rest)
        order = tuple(number for number in _numbers(rest) if number not in refused)
        return Structure(text=text, mode=first, refused=refused, order=order, join=_join(rest), parts=((rest, True),))
    parts = tuple((part.removesuffix("*n"), part.endswith("*n")) for part in text.split())
    shown = [part for part, _ in parts]
    refused = frozenset().union(*map(_refused, shown))
    order = tuple(dict.fromkeys(n for part in shown for n in _numbers(part) if n not in refused))
    join = next((found for part in shown if (found := _join(part))), "")
    kinds = list(dict.fromkeys(shown))
    returns = "" if len(kinds) == len(shown) else " " + " ".join(str(kinds.index(part) + 1) for part in shown)
    several = frozenset(n for part, more in parts if more for n in _numbers(part))
    return Structure(
        text=text, mode=f"row{join}{returns}", refused=refused, order=order, several=several, join=join, parts=parts
    )


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d", text)]


def _refused(text: str) -> frozenset[int]:
    return frozenset(n for part in re.findall(r"!(\d(?:\.\d)?)", text) for n in _numbers(part))


def _join(text: str) -> str:
    shown = re.sub(r"&?!\d(?:\.\d)?", "", text)
    return next((sign for sign in "|&." if sign in shown), "")
