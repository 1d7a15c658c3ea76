"""A request as the networks read it, where they are sure and it asks for no more than programs say."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from atom_assembly.evidence.words import clauses, stem, stems, thing_of
from atom_assembly.requests.read import Reading

SURE, CERTAIN = 0.6, 0.97
"""Least probability of a program that is taken; of one where the grammar reads what no program says, or where two ways
of reading agree.
"""
THING = 0.7
"""Least probability of what each word is, a thing or talk."""
_STRANGE = 0.5
"""Most of the words around things that the networks may not know: they learned English."""


def read_learned(text: str, other: Reading, seen: Sequence[str], *, careful: bool = False) -> Reading | None:
    """What the networks read in `text`; None where they are not sure, or pass over what captions tell of.

    :param other: what its grammar gives
    :param seen: the captions of the library's clips
    :param careful: whether they must be surer, since two other ways of reading agree, or do not understand all
    """
    from atom_assembly.requests.learned.guess import OTHER, networks  # torch, which a script is not imported with
    from atom_assembly.requests.learned.programs import reading

    if _says_more(other):
        return None
    guess = networks().guess(text)
    if guess is None or OTHER in guess.program or len(guess.strange) > _STRANGE * len(guess.beside):
        return None
    if guess.probability < (CERTAIN if careful or _may_say_more(other) else SURE) or guess.certainty < THING:
        return None
    if _tell_of(seen, guess.beside, guess.strange):
        return None
    return reading(guess.program, guess.things, text, other)


def _tell_of(captions: Sequence[str], beside: Collection[str], strange: Collection[str]) -> bool:
    """Whether words that were taken for talk name what captions show, or are strange and stand in them."""
    said = {word for caption in captions for word in re.findall(r"[^\W\d_]+", caption.casefold())}
    named = frozenset[str]().union(*(stems(thing_of(clause)) for caption in captions for clause in clauses(caption)))
    return not said.isdisjoint(strange) or any(stem(word) in named for word in beside)


def _says_more(other: Reading) -> bool:
    """Whether a request names videos, or shots by when they were taken, what is said, or each with its own length; the
    two longest, or the longest among others.
    """
    whole = other.constraints
    several = len(whole.wanted) > 1
    return bool(other.absent_source or whole.sources or whole.one_source or whole.min_length_s) or any(
        one.said is not None
        or one.length_s is not None
        or one.pick in ("first", "last")
        or (one.pick and (several or one.num_shots != 1))
        for one in whole.wanted
    )


def _may_say_more(other: Reading) -> bool:
    """Whether its grammar gives what is easily misread, and no program says: nothing else in the picture, at most."""
    return any(one.purely or one.at_most for one in other.constraints.wanted)
