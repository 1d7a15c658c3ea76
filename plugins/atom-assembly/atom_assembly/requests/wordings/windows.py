"""What is weighed of a wording: its words, and those around one of its things, or around two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from atom_assembly.requests.wordings.rows import Row, Token

Weights = dict[str, float]
"""What is there, and how much it counts."""
Names = Sequence[Sequence[str]]
_EDGE = (("|",),)
_WORD = 1.6
"""How much a word of the whole wording counts; two that are neighbours count a third."""
_AROUND = 8
"""Words around a thing that are looked at."""
_NEXT_TO_UNKNOWN = 5


def of_whole(row: Row) -> Weights:
    """Of the whole wording: its words, neighbours, and how many things of which kinds."""
    found = _grams([("<",), *(_with_number(token) for token in row.tokens), (">",)], "g", _WORD)
    things = [token for token in row.tokens if token.thing]
    found[f"g kinds {' '.join(token.names[1] for token in things)}"] = 2.0
    found[f"g numbers {' '.join(str(token.thing) for token in things)}"] = 2.0
    found[f"g things {row.num_things}"] = 2.0
    return found | {f"g has {token.names[1]}": 1.0 for token in things}


def of_thing(row: Row, number: int) -> Weights:
    """Of one thing: the words in front of it and behind it, in its clause and beyond."""
    at = _first(row, number)
    before, follows = _before(row.tokens, at)
    after, leads = _after(row.tokens, at)
    found = _grams([*(() if follows else _EDGE), *before], "b") | _grams(_last_clause(before), "cb")
    found |= _grams([*after, *(() if leads else _EDGE)], "a", 0.8) | _grams(_first_clause(after), "ca", 0.8)
    for place, names in (("b1", before[-1:]), ("b2", before[-2:-1]), ("a1", after[:1])):
        found |= {f"{place} {name}": 1.0 for name in (names or _EDGE)[0]}
    found |= {f"between {follows} {leads}": 1.0, f"number {number} of {row.num_things}": 1.0}
    found[f"is {row.tokens[at].names[1]}"] = 1.0
    if number > 1 and follows:
        earlier, _ = _before(row.tokens, _first(row, number - 1))
        found |= {f"earlier {name}": weight / 2 for name, weight in _grams(_last_clause(earlier), "cb").items()}
    return found | {f"w {name}": 0.3 for token in row.tokens if not token.thing for name in token.names}


def of_pair(row: Row, one: int, other: int) -> Weights:
    """Of two things: the words before, between and after them, and which go with which."""
    first, last = sorted((_first(row, one), _first(row, other)))
    before, _ = _before(row.tokens, first)
    after, _ = _after(row.tokens, last)
    between = [token.names for token in row.tokens[first + 1 : last]]
    found = _grams([*_EDGE, *before], "b") | _grams(between, "m", 1.2) | _grams([*after, *_EDGE], "a")
    found |= _grams(between[:2], "x m1") | _grams(between[-2:], "y m2")
    found[f"n {row.num_things} {other - one}"] = 1.0
    found[f"kinds {row.tokens[first].names[1]} {row.tokens[last].names[1]}"] = 0.5
    inside = {name for names in between for name in names}
    found |= {f"b {b} & m {m}": 0.4 for b in _flat(_last_clause(before)) for m in inside}
    return found | {f"m {m} & a {a}": 0.4 for a in _flat(_first_clause(after)) for m in inside}


def of_join(row: Row) -> Weights:
    """Of the first two things and the whole wording."""
    return of_pair(row, 1, 2) | {f"g {name}": weight / 2 for name, weight in of_whole(row).items()}


def of_unknown(row: Row, at: int, words: Sequence[str]) -> Weights:
    """Of a run of unknown words: what stands next to it, how far the next signs are, and whether a thing stands alike.

    :param at: the token that it is
    """
    names: list[tuple[str, ...]] = [("<",), *(_plainly(token) for token in row.tokens), (">",)]
    at += 1
    found = _grams(names[max(0, at - _NEXT_TO_UNKNOWN) : at], "b")
    found |= _grams(names[at + 1 : at + 1 + _NEXT_TO_UNKNOWN], "a")
    for far in (1, 2, 3):
        found |= {f"b{far} {name}": 1.0 for name in (names[at - far] if at >= far else ())}
        found |= {f"a{far} {name}": 1.0 for name in (names[at + far] if at + far < len(names) else ())}
    found |= {f"{one} * {two}": 0.7 for one in names[at - 1] for two in names[at + 1]}
    (left, left_sign), (right, right_sign) = _sign(reversed(names[:at])), _sign(names[at + 1 :])
    found |= {f"left {min(left, 4)}": 1.0, f"right {min(right, 4)}": 1.0}
    found |= {f"left {left_sign}": 0.7, f"right {right_sign}": 0.7}
    found[f"{min(left, 3)} {left_sign} {min(right, 3)} {right_sign}"] = 1.0
    found[f"long {min(len(words), 4)}"] = 1.0
    found |= {"doing": 1.0} if any(word.endswith("ing") for word in words) else {}
    found |= {"several": 0.7} if words[-1].endswith("s") else {}
    found |= {"begins several": 0.3} if words[0].endswith("s") else {}
    things = [place for place, name in enumerate(names) if name == ("M",)]
    found[f"M {any(p < at for p in things)} {any(p > at for p in things)} {min(len(things), 3)}"] = 1.0
    for place in things:
        found |= {"alike": 1.0} if names[place - 1] == names[at - 1] else {}
        found |= {"all alike": 1.0} if place > 1 < at and names[place - 2 : place] == names[at - 2 : at] else {}
    return found


def _with_number(token: Token) -> tuple[str, ...]:
    return (f"M{token.thing}", *token.names) if token.thing else token.names


def _plainly(token: Token) -> tuple[str, ...]:
    if token.thing:
        return ("M",)
    if not token.unknown:
        return token.names
    return ("U", *(f"U:{end}" for end in ("ing", "s") if token.names[0].endswith(end)))


def _grams(names: Names, tag: str, weight: float = 1.0) -> Weights:
    """Words and neighbours."""
    found = {f"{tag} {one} {two}": min(weight / 2, 0.5) for a, b in pairwise(names) for one in a for two in b}
    return found | {f"{tag} {name}": weight for own in names for name in own}


def _flat(names: Names) -> set[str]:
    return {name for own in names for name in own}


def _first(row: Row, number: int) -> int:
    return next(at for at, token in enumerate(row.tokens) if token.thing == number)


def _before(tokens: Sequence[Token], at: int) -> tuple[list[tuple[str, ...]], bool]:
    """The words in front of a thing, back to the one before, and whether there is one."""
    start = at
    while start and at - start < _AROUND and not tokens[start - 1].thing:
        start -= 1
    return [token.names for token in tokens[start:at]], start > 0 and tokens[start - 1].thing > 0


def _after(tokens: Sequence[Token], at: int) -> tuple[list[tuple[str, ...]], bool]:
    end = at + 1
    while end < len(tokens) and end - at <= _AROUND and not tokens[end].thing:
        end += 1
    return [token.names for token in tokens[at + 1 : end]], end < len(tokens) and tokens[end].thing > 0


def _is_sign(names: Sequence[str]) -> bool:
    return "/hard" in names or "/soft" in names


def _last_clause(names: Names) -> Names:
    return names[max((at + 1 for at, own in enumerate(names) if _is_sign(own)), default=0) :]


def _first_clause(names: Names) -> Names:
    return names[: next((at for at, own in enumerate(names) if _is_sign(own)), len(names))]


def _sign(names: Iterable[Sequence[str]]) -> tuple[int, str]:
    """How many words there are up to a sign or an end, and which it is."""
    for far, own in enumerate(names):
        if _is_sign(own) or own[0] in ("<", ">"):
            return far, own[0]
    return 9, ""
