"""What forms and mentions read in a request, held against the known wordings that it is most like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve

from atom_assembly.evidence.words import stem, stems
from atom_assembly.requests.english import SHOT
from atom_assembly.requests.lengths import take_any_length
from atom_assembly.requests.mentions.find import is_count, number_of
from atom_assembly.requests.read import Reading
from atom_assembly.requests.sloppy import whole_words
from atom_assembly.requests.whole import take_whole
from atom_assembly.requests.wordings.building import built, structure_text
from atom_assembly.requests.wordings.likeness import Likeness, likeness
from atom_assembly.requests.wordings.rows import Row, row_of, run_in
from atom_assembly.requests.wordings.spelled import Span, Spelled, Words, spelled
from atom_assembly.requests.wordings.structure import structure_of

TRUST = 3.5
"""How much likelier, as a logarithm, what was read is than its wording says; chosen on eight sets of requests of which
each was held out in turn.
"""
THING, READ_THING = 0.7, 0.2
"""Least likelihood of unknown words that are something to be seen; of those that were read so."""
_MOST_THINGS = 4
_LONGEST = 2_000
"""Characters of a request that known wordings tell of."""


def weighed(
    reading: Reading, text: str, seen: Sequence[str], known: Likeness | None = None, *, twice: bool = False
) -> Reading:
    """The likelier of `reading` and of what `text` is like.

    :param seen: the captions of the library's clips
    :param twice: whether it was read so in two ways
    :param known: what tells; by default, all known wordings
    """
    if len(text) > _LONGEST or reading.absent_source:
        return reading
    words = Words.of(seen)
    _, rest = take_any_length(whole_words(text))
    _, rest = take_whole(rest)
    request = spelled(rest, words)
    if not 0 < len(request.things) <= 2 * _MOST_THINGS:
        return reading
    known = known or likeness()
    unknown = _things_among(request, words, reading, known, twice)
    row = row_of(request, words, unknown)
    if row.num_things > _MOST_THINGS or not _tells_of(request, row, reading, words):
        return reading
    own = structure_text(reading, row)
    every = own and structure_of(own).numbers == frozenset(range(1, row.num_things + 1))
    trust = TRUST * (1 + twice)
    scores = known.structures(row, [own] if every else [])
    best = max(scores, key=lambda one: scores[one] + (trust if one.text == own else 0.0), default=None)
    if best is None or best.text == own:
        return reading
    counted = own.endswith("*n") and " " not in own
    if counted and not best.several and _counts_shots(request.words):
        return reading
    passed = [word for run in request.runs if run not in unknown for word in request.words[slice(*run)]]
    return evolve(built(best, row, request.words, reading), passed_over=tuple(passed))


def _things_among(request: Spelled, words: Words, reading: Reading, known: Likeness, twice: bool) -> list[Span]:
    """The runs of unknown words that are something to be seen; all that are a line of their own in two readings."""
    read = stems(" ".join(reading.lines))
    lines = [*map(stems, reading.lines)]
    found = []
    for run in request.runs:
        row, at, own = run_in(request, run, words)
        said = stems(" ".join(own))
        least = READ_THING if said & read else THING
        if (twice and said in lines) or known.is_thing(row, at, own) >= least:
            found.append(run)
    return found


def _tells_of(request: Spelled, row: Row, reading: Reading, words: Words) -> bool:
    """Whether all that was read is a thing of the row, or of unknown words, and of what a structure can say."""
    wanted = reading.constraints.wanted
    if any(one.pick in ("first", "last") or one.said is not None for one in wanted):
        return False
    talk = {stem(word) for span in request.talk for word in request.words[slice(*span)]}
    known = frozenset(map(stem, words.known)) - talk
    things = [stems(" ".join(own)) for own in (*(one.words for one in row.things), *_unknown(request))]
    lines = [*reading.lines, *reading.constraints.without, *(text for one in wanted for text in one.without)]
    for said in map(stems, lines):
        within = [thing for thing in things if thing and thing <= said]
        if said and not within and not any(said <= thing for thing in things):
            return False
        if within and (said - frozenset().union(*within)) & known:
            return False
    return True


def _counts_shots(said: Sequence[str]) -> bool:
    """Whether a request says how many shots it wants: "five of them", not "either of the two"."""
    return any(
        is_count(word)
        and number_of(word) > 1
        and said[max(0, at - 1) : at] not in (("the",), ("those",), ("these",))
        and any(follows == "of" or re.fullmatch(SHOT, follows) for follows in said[at + 1 : at + 4])
        for at, word in enumerate(said)
    )


def _unknown(request: Spelled) -> list[tuple[str, ...]]:
    return [request.words[start:end] for start, end in request.runs]
