"""The words of a request divided among the things that it mentions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from attrs import frozen

from atom_assembly.requests.forms.cue_words import ARTICLES, END, START
from atom_assembly.requests.lengths import LENGTH
from atom_assembly.requests.mentions.find import BREAKS, HARD, SOFT, Mention, Mentions, is_count

_TRAILING = frozenset(
    ("times", "time", "twice", "thrice", "again", "each", "apiece", "row", "x2", "2x", "else", "both")
)
_SAYS_NEXT = frozenset(("finally", "lastly", "firstly", "secondly", "thirdly"))
_CONJUNCTIONS = frozenset(("and", "but", "then", "or", "while"))
_AT_ALL = frozenset(("of", "at", "in", "after", "above"))
"""Words after which "all" is no number: "first of all", "at all"."""


@frozen(kw_only=True)
class Around:
    """A mention and the words that belong to it."""

    mention: Mention
    before: tuple[str, ...]
    """What leads up to it, from the last sign or conjunction."""
    after: tuple[str, ...]
    """What is said of it behind."""
    parted: bool = False
    """Whether a sign parts it from the thing before."""
    new_sentence: bool = False
    """Whether a sentence begins before it."""
    headed: bool = False
    """Whether what leads up to it ends with a sign, as the heading of a list does."""
    apart: tuple[tuple[str, ...], ...] = ()
    """The clauses behind it that belong to no thing."""


def divide(mentions: Mentions) -> tuple[list[Around], list[tuple[str, ...]]]:
    """The words of a request divided among its mentions, and the pieces that belong to none."""
    tokens, found = mentions.tokens, mentions.found
    befores: list[tuple[str, ...]] = []
    afters: list[tuple[str, ...]] = []
    sentence: list[bool] = []
    apart: list[tuple[tuple[str, ...], ...]] = []
    at = 0
    for number, mention in enumerate([*found, None]):
        gap = tokens[at : mention.start if mention else len(tokens)]
        pieces = _pieces(gap)
        after: list[str] = []
        if number:
            after = list(pieces.pop(0)) if pieces and (not mention or len(pieces) > 1) else []
            if mention and not after and len(pieces) == 1 and pieces[0][:1] and pieces[0][0] not in BREAKS:
                after, pieces = _shared_out(pieces[0])
            while pieces and _trails(pieces[0]) and not (mention and _leads(pieces)) and not _is_heading(pieces):
                after += pieces.pop(0)
            afters.append(words_of(after))
        if mention:
            before: tuple[str, ...] = pieces.pop() if pieces else ()
            while pieces and (
                not words_of(before) or set(words_of(before)) <= {"a", "an", "the", "and"} or before[0] in ":="
            ):
                if before[:1] and before[0] in HARD:
                    break
                before = (*pieces.pop(), *before)
            befores.append(before)
            sentence.append(not number or bool(set(gap) & HARD))
            at = mention.end
        apart.append(tuple(words_of(piece) for piece in pieces if words_of(piece)))
    return [
        Around(
            mention=m,
            before=words_of(b),
            after=a,
            parted=bool(set(b) & (HARD | SOFT)),
            new_sentence=s,
            headed=_is_headed(b),
            apart=f,
        )
        for m, b, a, s, f in zip(found, befores, afters, sentence, apart[1:], strict=True)
    ], [piece for pieces in apart for piece in pieces]


def _pieces(gap: Sequence[str]) -> list[tuple[str, ...]]:
    """Words from sign to sign, each piece with the sign or conjunction that it begins with; the first without one."""
    pieces: list[list[str]] = [[]]
    for at, word in enumerate(gap):
        follows_sign = bool(pieces[-1]) and not words_of(pieces[-1])
        joins_ends = {*pieces[-1][-1:]} & (START | END) and {*gap[at + 1 : at + 2]} & (START | END)
        joins = (word in _CONJUNCTIONS and follows_sign) or (word in ("and", "or") and joins_ends)
        if word in BREAKS and not joins:
            pieces.append([word])
        else:
            pieces[-1].append(word)
    return [tuple(piece) for number, piece in enumerate(pieces) if piece or not number]


def _shared_out(piece: tuple[str, ...]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Words between two things without a sign: "twice" and its like belong to the first."""
    end = 0
    for at, word in enumerate(piece):
        times = word in ("times", "time") and at and is_count(piece[at - 1])
        if word in ("twice", "thrice", "again", "apiece") or times:
            end = at + 1
    if (
        not end
        and piece[0] in ("first", "last", "only")
        and len(piece) > 1
        and piece[1:2] not in (("after",), ("before",))
    ):
        end = 1
    return list(piece[:end]), [piece[end:]] if piece[end:] else [()]


def _is_headed(before: Sequence[str]) -> bool:
    bare = [word for word in before if word not in ARTICLES]
    return len(bare) > 1 and bare[-1] in SOFT


def _is_heading(pieces: Sequence[Sequence[str]]) -> bool:
    """Whether a colon ends a piece: "closing shot: ...", which speaks of what follows."""
    return bool(pieces[1:]) and pieces[1][0] in (":", "=")


def _leads(pieces: Sequence[Sequence[str]]) -> bool:
    """Whether the first of some pieces between two things speaks of the second: ", and to finish, ..."."""
    piece = pieces[0]
    said = set(piece)
    if len(pieces) == 1:
        return True
    if said & _TRAILING or any(re.fullmatch(LENGTH, word) for word in piece):
        return False
    return bool(said & _SAYS_NEXT) or any(
        one in ("to", "and", "but", "then") and other in START | END for one, other in pairwise(piece)
    )


def _trails(piece: Sequence[str]) -> bool:
    """Whether a piece says something of the thing before it: ", four times", ", 2 seconds"."""
    if not piece or piece[0] in HARD:
        return False
    said = set(piece)
    return (
        bool(said & _TRAILING)
        or any(re.fullmatch(LENGTH, word) for word in piece)
        or bool(
            len(words_of(piece)) < 4
            and said & (START | END)
            and not said & {"with", "on", "start", "end", "begin", "open"}
        )
        or any(re.fullmatch(r"x\d|\dx", word) for word in piece)
    )


def words_of(piece: Sequence[str]) -> tuple[str, ...]:
    """The words of a piece, without signs and the "all" of "first of all"."""
    words = tuple(word for word in piece if word not in HARD and word not in SOFT)
    return tuple(
        word for at, word in enumerate(words) if not (word == "all" and words[at - 1 : at] and words[at - 1] in _AT_ALL)
    )
