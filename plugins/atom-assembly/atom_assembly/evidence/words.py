"""The words of lines and captions that say what is seen, brought to one form."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from atom_assembly.requests.english import THING

_STOP_WORDS = """
a an the and or of in on at to from with without by for as is are was were be been being am it its itself
that which who whom whose this these those there here he she they them his her their some any each every all
both while whilst then when where so just only also very really toward towards into onto other another one
ones can could may might will would shall should do does did has have had having please show shown shows
showing see seen clip shot scene video film footage happens
happening somewhere something anything everything nothing again once same time together meanwhile during
"""
_STOP = frozenset(_STOP_WORDS.split())
_THING = re.compile(rf"(?:{THING})", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_CLAUSE = re.compile(
    r"\s*(?:[.;!?]\s+|,?\s+(?:and\s+)?then\s+|,?\s+(?:while|whilst|meanwhile"
    r"|whereas|as)\s+(?=(?:an?|the|another|some|two|three|something)\s)"
    r"|,?\s+and\s+(?=(?:an?|the|another|some|something)\s)|,\s+(?=(?:an?|the|another)\s)"
    r"|\s+(?:at the same time as|together with|along with|next to|beside|alongside)\s+(?=(?:an?"
    r"|the|another|some|something)\s))",
    re.IGNORECASE,
)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A word without the endings of number, person and tense: `blinks`, `blinking` and `blinked` are `blink`."""
    word = re.sub(r"['’]s?$", "", word.casefold())
    if len(word) > 4 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) > 2 and re.search(r"[aeiouy]", rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    return word.removesuffix("e") if len(word) > 3 else word


def stems(text: str) -> frozenset[str]:
    """The words of `text` that say what is seen; one that stands there twice is there as `word#2`, too."""
    counted: Counter[str] = Counter()
    found = set()
    for word in (word.casefold() for word in _WORD.findall(text)):
        if word not in _STOP and not _THING.fullmatch(word):
            one = stem(word)
            counted[one] += 1
            found.add(one if counted[one] == 1 else f"{one}#{counted[one]}")
    return frozenset(found)


def thing_of(clause: str) -> str:
    """What a clause of a caption is about: its words before the one that looks like a verb; empty if none does."""
    words = clause.split()
    for number, word in enumerate(words):
        if number > 1 and (re.search(r"[^s]s$|^(?:is|are)$", word) or (word.endswith("ing") and stem(word) != word)):
            return " ".join(words[:number]).casefold()
    return ""


def told_apart(thing: str, does: str) -> frozenset[str]:
    """The words of a thing and of what it does, such that a circle is not taken for what circles."""
    return frozenset({f"<{word}" for word in stems(thing)} | {f">{word}" for word in stems(does)})


def shown(caption: str) -> list[frozenset[str]]:
    """The words of each clause of `caption`, as they stand and told apart."""
    parts = [(clause, thing_of(clause)) for clause in clauses(caption)]
    return [stems(clause) | told_apart(thing or clause, clause.removeprefix(thing)) for clause, thing in parts]


def clauses(text: str) -> list[str]:
    """The parts of a sentence that each say of one thing what it does."""
    return [part for part in _CLAUSE.split(text.strip().rstrip(".")) if part and re.search(r"\w", part)]


_DIRECTIONS = frozenset({"up", "down", "left", "right", "forward", "backward", "away", "in", "out"})


def _contains(shown: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether all that is wanted is shown, and no other direction: what moves down left does not move left."""
    ways = wanted & _ALL_DIRECTIONS
    return wanted <= shown and (
        not ways or len({w.lstrip(">") for w in shown & _ALL_DIRECTIONS}) == len({w.lstrip(">") for w in ways})
    )


_ALL_DIRECTIONS = _DIRECTIONS | {f">{word}" for word in _DIRECTIONS}


def one_of_each(wanted: list[frozenset[str]], there: list[frozenset[str]]) -> bool:
    """Whether each of `wanted` is contained in another one of `there`."""
    if not wanted:
        return True
    first, rest = wanted[0], wanted[1:]
    return any(_contains(one, first) and one_of_each(rest, there[:n] + there[n + 1 :]) for n, one in enumerate(there))
