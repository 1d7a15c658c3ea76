"""Lists in one line, in whatever way their points are numbered or parted."""

from __future__ import annotations

import re

from atom_assembly.requests.english import begins_thing
from atom_core.text.numbers import NUMBERS

_ENUMERATORS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\w)#\s?(?P<n>\d{1,2})\b[:.)]?\s*",
        r"\b(?:no\.?|nr\.?|number|step|item|point|part)\s*#?(?P<n>\d{1,2}|one|two"
        r"|three|four|five|six|seven|eight|nine|ten)\b\s*[:.,)–-]?\s+",
        r"\b(?:block|chapter|section|segment|act|beat|group|entry|position|pos)\s+(?P<n>\d{1,2})\s*[:.)–-]\s*",
        r"(?<![\w'’])\(?(?P<n>[a-h])[.)]\s+",
        r"(?<!\w)(?P<n>one|two|three|four|five|six|seven|eight|nine|ten)\s*[:)]\s+",
        r"(?<![\w.,])(?P<n>\d{1,2})\s*(?:[-–=]\s+|[.):](?=[a-z]))(?=\w)",
        r"(?<![\w.,])(?P<n>\d{1,2})\s+(?=(?:an?|the)\s)",
    )
)
"""What the points of a list are numbered with, beside "1." and "1)"."""


def numbered(line: str) -> str:
    """A list in one line, in whatever way its points are numbered or parted, as "1) ... 2) ..." or with arrows."""
    for pattern in _ENUMERATORS:
        found = list(pattern.finditer(line))
        if len(found) > 1 and [_point(one["n"]) for one in found] == list(range(1, len(found) + 1)):
            numbers = iter(range(1, len(found) + 1))
            return pattern.sub(lambda _, numbers=numbers: f" {next(numbers)}) ", line).strip()  # type: ignore[misc]
    parts = re.split(r"\s+[–—-]\s+|\t+", line)
    if len(parts) > 1 and (
        all(map(begins_thing, parts)) or (len(parts) > 2 and all(len(p.split()) > 1 for p in parts))
    ):
        return " -> ".join(parts)
    return line


def _point(said: str) -> int:
    said = said.casefold()
    if said.isdecimal():
        return int(said)
    return NUMBERS[said] if said in NUMBERS else ord(said) - ord("a") + 1
