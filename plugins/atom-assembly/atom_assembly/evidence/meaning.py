"""What a line wants to be seen, in the words of captions, and whether a caption says so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import frozen

from atom_assembly.evidence.words import clauses, one_of_each, shown, stems
from atom_assembly.requests.english import COUNT, THING, count_of
from atom_assembly.requests.order import shared_noun

Clauses = tuple[frozenset[str], ...]


@frozen(kw_only=True)
class Meaning:
    """What a line wants to be seen."""

    wordings: tuple[Clauses, ...]
    """Ways to say it, each the words of its clauses; one of them is enough."""
    num_things: int | None = None
    """How many things are to be seen at once; None is any number."""

    @property
    def words(self) -> frozenset[str]:
        """All words of all wordings."""
        return frozenset(word for wording in self.wordings for clause in wording for word in clause)


def read_meaning(line: str, wordings: Sequence[Clauses] = ()) -> Meaning:
    """What `line` means by the words of `wordings`, or, where there are none, by its own."""
    number, rest = num_things(line)
    if not wordings:
        wordings = [tuple(stems(clause) for clause in clauses(one)) for one in alternatives(rest)]
    kept = tuple(dict.fromkeys(tuple(clause for clause in one if clause) for one in wordings))
    return Meaning(wordings=kept, num_things=number)


def num_things(line: str) -> tuple[int | None, str]:
    """How many things "two things at once" wants, and the line without that."""
    match = re.match(
        rf"^(?:exactly\s+|only\s+)?({COUNT})\s+(?:different\s+)?(?:{THING})\b", line.strip(), re.IGNORECASE
    )
    return (count_of(match[1]), line.strip()[match.end() :]) if match else (None, line)


def alternatives(line: str) -> list[str]:
    """Each of what "or" joins: "a red or a blue star" is "a red star", "a blue star"."""
    parts = [part for part in re.split(r",?\s+or\s+", line.strip()) if re.search(r"\w", part)]
    if len(parts) < 2:
        return [line]
    return shared_noun(parts, one=True) or _shared_predicate(parts)


def _shared_predicate(parts: list[str]) -> list[str]:
    """ "a star or a moon that blinks": what the last does, they all may do."""
    match = re.search(r"\s+(?:that|which|who)\s+.*$", parts[-1])
    alone = all(len(part.split()) <= 3 for part in parts[:-1])
    return [*(part + match[0] for part in parts[:-1]), parts[-1]] if match and alone else parts


def says(caption: str, meaning: Meaning) -> bool:
    """Whether `caption` says all of one wording, each clause of another thing."""
    there = shown(caption)
    if meaning.num_things is not None and len(there) != meaning.num_things:
        return False
    return any(one_of_each(list(wording), there) for wording in meaning.wordings)


def share(caption: str, meaning: Meaning) -> float:
    """How much of the best wording `caption` has, 0 to 1: of each clause the share of its words in the nearest one."""
    there = shown(caption) or [frozenset()]

    def of(wording: Clauses) -> float:
        parts = [max(len(clause & one) for one in there) / len(clause) for clause in wording]
        return sum(parts) / len(parts) if parts else 1.0

    return max((of(wording) for wording in meaning.wordings), default=0.0)


def says_purely(caption: str, meaning: Meaning) -> bool:
    """Whether `caption` says nothing but what is wanted: each of its clauses has all words of a clause of it."""
    return all(any(clause <= one for wording in meaning.wordings for clause in wording) for one in shown(caption))


def extra(caption: str, meaning: Meaning) -> int:
    """How many words `caption` has beside what is wanted."""
    words: Sequence[str] = [word for clause in clauses(caption) for word in stems(clause)]
    return len(words) - max((sum(map(len, wording)) for wording in meaning.wordings), default=0)
