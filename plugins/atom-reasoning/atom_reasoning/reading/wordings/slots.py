"""What a question is about, whatever its wording: the things it names and what they do, between the words of asking."""

from __future__ import annotations

import re

from atom_reasoning.english.words import is_generic
from atom_reasoning.reading.conditions import condition
from atom_reasoning.reading.record import Condition
from atom_reasoning.reading.wordings.lexicon import Token, tokens

_CONTENT = frozenset(["THING", "THINGS", "ACT", "N"])
_GLUE = frozenset(
    ["of", "in", "on", "at", "to", "from", "by", "into", "with", "without", "up", "down", "across", "over", "through", "around",
     "that", "which", "who", "not", "behind", "under", "near", "left", "right", "its", "their"]
)  # fmt: skip
"""Words that may stand within the name of a thing or of what it does, but neither begin nor end it."""
DETERMINERS = frozenset(
    ["a", "an", "the", "this", "that", "these", "those", "its", "their", "his", "her", "my", "your", "our"]
)
_ENDS = frozenset(["up", "down", "left", "right"])
ALONE = frozenset(["use", "occur", "exist", "stay", "remain", "be", "come", "turn", "go", "get", "look", "take", "keep", "have", "make", "show", "happen", "start", "begin", "end"])  # fmt: skip
"""Verbs that say, alone, no more than that something is there."""


def phrases(text: str) -> list[tuple[str, bool]]:
    """The phrases of a plain text that name things or what they do, and whether each stands behind a form of "be"."""
    found: list[tuple[str, bool]] = []
    own: list[Token] = []
    behind = False
    last = Token("", "")
    for token in [*tokens(text), Token("", "")]:
        if _belongs(token, own):
            if not own:
                behind = last.name == "BE"
            own.append(token)
        else:
            if phrase := _phrase(own):
                found.append((phrase, behind))
            own = [token] if token.name in ("OBJECT", "OBJECTS") or token.word in DETERMINERS else []
            behind = last.name == "BE"
        last = token
    return found


def _belongs(token: Token, own: list[Token]) -> bool:
    if token.name in _CONTENT or token.name in ("OBJECT", "OBJECTS") or token.word in DETERMINERS:
        return True
    return bool(own) and (token.word in _GLUE or token.name == "BE")


def _phrase(own: list[Token]) -> str:
    """The words without glue at their ends; empty where nothing is named."""
    while own and not (own[-1].name in _CONTENT or own[-1].name in ("OBJECT", "OBJECTS") or own[-1].word in _ENDS):
        own = own[:-1]
    if not any(token.name in _CONTENT for token in own):
        return ""
    return " ".join(token.word for token in own)


def conditions(text: str) -> tuple[Condition, ...]:
    """What the phrases of a text ask for; a phrase that says only what is done belongs to the thing before it."""
    found: list[Condition] = []
    for phrase, behind in phrases(text):
        if behind and re.fullmatch(r"\w+ed", phrase):
            continue  # "were filmed", "can be counted" name nothing
        one = _condition(phrase, copula=behind)
        if found and one.predicate and not one.subject and not found[-1].predicate:
            found[-1] = Condition(subject=found[-1].subject, predicate=one.predicate, copula=one.copula)
        elif not one.is_anything:
            found.append(one)
    return tuple(dict.fromkeys(found))


def _condition(phrase: str, *, copula: bool) -> Condition:
    first = phrase.split()[0]
    acts = [token.name for token in tokens(phrase) if token.name]
    if acts and acts[0] == "ACT" and not is_generic(first):
        phrase = f"something {phrase}"
    one = condition(phrase, copula=copula)
    if one.predicate in ALONE:
        return Condition(subject=one.subject)
    return one
