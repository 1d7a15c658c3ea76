"""German and French questions word by word in English: words of asking, colours, shapes, and some common things."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from attrs import frozen

from atom_reasoning.english.clauses import VERBS
from atom_reasoning.english.normal import plain
from atom_reasoning.english.words import KINDS_OF_WORDS, base
from atom_reasoning.reading.conditions import bare as bare_verb

LANGUAGES = ("german", "french")
_WORD = re.compile(r"[dlnsmcj]'|\d+(?::\d+)*\.?(?!\w)|[^\W_]+(?:[-'][^\W_]+)*|[,;:]")


@frozen(kw_only=True)
class Translated:
    """A question in English."""

    text: str
    """Its words; those that are not known stand as they were."""
    known: float
    """The share of its words that are known, 0 to 1."""


def in_english(question: str) -> Translated | None:
    """A German or French question word by word in English; None for one that is in neither."""
    words = _words(question)
    if not words:
        return None
    scores = {name: sum(word in _single(name) for word in words) for name in LANGUAGES}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < 2 or scores[best] <= sum(word in _english() for word in words):
        return None
    return _translated(words, _known(best))


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _translated(words: list[str], known: dict[tuple[str, ...], str]) -> Translated:
    out: list[str] = []
    found = at = 0
    longest = max(map(len, known))
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            if (put := known.get(tuple(words[at : at + length]))) is not None:
                out += put.split()
                at, found = at + length, found + length
                break
        else:
            bare = _WITH_PRONOUN.sub("", words[at])
            put = known.get((bare,))
            found += put is not None or not words[at][0].isalpha()
            place = re.fullmatch(r"(\d+)\.", words[at])
            out.append(f"{place[1]}th" if place else bare if put is None else put)
            at += 1
    return Translated(text=_as_english_orders(" ".join(out)), known=found / max(len(words), 1))


_WITH_PRONOUN = re.compile(r"-(?:t-)?(?:ils?|elles?|on)$")
_ADJECTIVE = f"(?:{KINDS_OF_WORDS['colour'].replace(' ', '|')})"
_THING = rf"(?:the|a|an|no) (?:{_ADJECTIVE} )?\w+"


def _as_english_orders(text: str) -> str:
    """The adjective before its noun, and the verb behind what does it: "when blinks the star red"."""
    text = re.sub(rf"\b(the|a|an|no|every|many) (\w+) ({_ADJECTIVE})\b(?! \w+(?<!s)$)", r"\1 \3 \2", text)
    text = re.sub(r"\s+([,;:])", r"\1", text)
    found = re.match(rf"(?P<asks>when |where |how often |why )?(?P<verb>\w+s)(?P<thing> {_THING})(?P<rest>\b.*)$", text)
    if not found or base(found["verb"]) not in VERBS or found["verb"] in ("shows", "comes", "has", "appears"):
        return text
    return f"{found['asks'] or ''}does{found['thing']} {bare_verb(found['verb'])}{found['rest']}"


def is_english(question: str) -> bool:
    """Whether a question has a word that English questions are asked with."""
    return any(word in _english() for word in _words(question))


@lru_cache(4)
def _known(language: str) -> dict[tuple[str, ...], str]:
    """What words and phrases of a language mean."""
    found: dict[tuple[str, ...], str] = {}
    for line in files(__package__).joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            phrase, _, meant = line.partition(" = ")
            found[tuple(_WORD.findall(phrase))] = meant
    return found


@lru_cache(4)
def _single(language: str) -> frozenset[str]:
    return frozenset(words[0] for words in _known(language) if len(words) == 1)


@lru_cache(1)
def _english() -> frozenset[str]:
    from atom_reasoning.reading.wordings.lexicon import ASKING

    return ASKING | {
        "red",
        "green",
        "blue",
        "yellow",
        "white",
        "black",
        "star",
        "moon",
        "circle",
        "square",
        "dog",
        "cat",
    }
