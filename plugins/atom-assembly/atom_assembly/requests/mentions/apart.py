"""What a request says of its things in clauses that mention none: "the longest", "five of them", "once more"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from attrs import evolve

import atom_core as atom
from atom_assembly.requests.english import COUNT, SHOT, count_of
from atom_assembly.requests.forms.cue_words import AGAIN, NOT, ONE_SHOT, START
from atom_assembly.requests.lengths import LENGTH
from atom_assembly.requests.mentions.divide import Around
from atom_assembly.requests.mentions.find import gives_reason, is_count
from atom_assembly.requests.mentions.thing import NEUTRAL, PICKS, Item, count_in, once_more, times_in

_EVERY = re.compile(
    rf"(?<!in )(?<!from )\b(?:all|every)\s+(?:(?:single|last|such|of|the|my|our)\s+)*"
    rf"(?:them|those|these|one|you|we|there|{SHOT})\b"
)
_COUNTED = re.compile(
    rf"(?<![\w-])(?<!the )(?<!these )(?<!those )({COUNT})\b(?! times?| one)"
    rf"(?:\s+(?:of|different|will|would|is|are)\b|\s+(?:\w+\s+)?{SHOT}\b|$)"
)
_SAME = frozenset(("it", "that", "this", "same", "one", "shot", "clip", "scene", "them", "both"))
"""Words that stand for a thing that was named."""
AND_AGAIN = AGAIN | {
    "then",
    "and",
    "one",
    "once",
    "more",
    "time",
    "yet",
    "please",
    "a",
    "second",
    "third",
    "also",
    "with",
}
"""Words of which a clause says no more than that what was shown before it comes again."""
_SORTS = frozenset(("order", "sequence", "time", "moment", "way", "length", "video", "film", "colour", "color", "kind"))
"""Of what two things may be the same, which says of neither that it comes again."""


def said_apart(items: list[Item], pieces: Sequence[Sequence[str]]) -> list[Item]:
    """The one thing that is to be shown, with what clauses of their own say of it: which shots of it, and how many."""
    shown = [number for number, item in enumerate(items) if not item.refused]
    if len(shown) != 1:
        return items
    (at,) = shown
    wanted = items[at].wanted
    count = free_count(pieces)
    pick = next((PICKS[word] for piece in pieces for word in piece if word in PICKS), None)
    if pick and not wanted.pick:
        wanted = evolve(wanted, pick=pick, num_shots=count or 1, purely=False)
    elif count is not None and wanted.num_shots in (1, None) and not wanted.pick:
        wanted = evolve(wanted, num_shots=count)
    elif _EVERY.search(" ; ".join(map(" ".join, pieces))) and wanted.num_shots == 1 and wanted.repeats == 1:
        wanted = evolve(wanted, num_shots=None)
    return [*items[:at], evolve(items[at], wanted=wanted), *items[at + 1 :]]


def shown_again(items: Sequence[Item], piece: Sequence[str]) -> list[Item]:
    """The things that a clause without a name of theirs asks for again, "the same once more", "the first one again";
    none where it does not.
    """
    said = set(piece)
    same = any(one == "same" and other not in _SORTS for one, other in pairwise(piece))
    again = said & AGAIN or same or once_more(piece)
    shown = [item for item in items if not item.refused]
    if not again or not shown or times_in(piece, ()) > 1 or said & NOT:
        return []
    if said & START:
        named = shown[:1]
    elif said & _SAME or said <= AND_AGAIN:
        named = shown if said & {"both", "them"} else shown[-1:]
    else:
        named = []
    return [evolve(item, wanted=evolve(item.wanted, again=True), place=0.0) for item in named]


def free_count(pieces: Sequence[Sequence[str]]) -> int | None:
    """How many shots clauses that mention nothing ask for; None where they do not say."""
    for piece in pieces:
        match = _COUNTED.search(" ".join(piece))
        if match and match[1] not in ("one", "1"):
            return count_of(match[1])
    return None


def unclear(pieces: Sequence[Sequence[str]], shown: Sequence[Item]) -> tuple[str, ...]:
    """The pieces with a number, a length or a "not" that no thing has taken."""
    taken = free_count(pieces) if len(shown) == 1 else None
    return tuple(
        " ".join(piece)
        for piece in pieces
        if (set(NEUTRAL.sub(" ", " ".join(piece)).split()) & NOT or any(map(_is_number, piece)))
        and not gives_reason(piece)
        and not (taken is not None and any(map(_is_number, piece)))
    )


def _is_number(word: str) -> bool:
    return (is_count(word) and word not in ("one", "1")) or re.fullmatch(LENGTH, word, re.IGNORECASE) is not None


def anything(arounds: Sequence[Around], free: Sequence[Sequence[str]]) -> Item:
    """Shots of anything that is not refused: all there are, or as many as the request says."""
    before = arounds[0].before
    late = max((at for at, word in enumerate(before) if word in NOT), default=len(before))
    count = count_in(before[:late]) or free_count([arounds[-1].after, *free])
    one = (
        {"a", "one"} & set(before[:late])
        and set(before[:late]) & ONE_SHOT
        and not {"all", "every"} & set(before[:late])
    )
    return Item(text="", wanted=atom.Wanted(num_shots=count or (1 if one else None)))
