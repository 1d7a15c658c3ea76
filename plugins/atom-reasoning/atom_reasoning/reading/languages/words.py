"""German and French questions word by word in English: words of asking, colours, shapes, and some common things."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from attrs import frozen

from atom_reasoning.english.clauses import VERBS
from atom_reasoning.english.normal import normal, plain
from atom_reasoning.english.words import KINDS_OF_WORDS, base
from atom_reasoning.reading.conditions import bare as bare_verb

LANGUAGES = ("german", "french")
LEAST_ENGLISH = 0.3
"""The least share of words of asking in an English question that does not begin with one."""
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
    return _translated(_joined(words, best), _known(best))


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


def _joined(words: list[str], language: str) -> list[str]:
    """A verb whose prefix stands at the end, "kommt ein Hund vor", with the prefix beside it."""
    for verb, prefix in _apart(language):
        if verb in words and prefix in words:
            first, last = words.index(verb), len(words) - 1 - words[::-1].index(prefix)
            if last > first and (last == len(words) - 1 or words[last + 1] in ",;:"):
                return [*words[: first + 1], prefix, *words[first + 1 : last], *words[last + 1 :]]
    return words


_WITH_PRONOUN = re.compile(r"-(?:t-)?(?:ils?|elles?|on)$")
_ADJECTIVE = f"(?:{KINDS_OF_WORDS['colour'].replace(' ', '|')})"
_THING = rf"(?:the|a|an|no) (?:{_ADJECTIVE} )?\w+"


def _as_english_orders(text: str) -> str:
    """The adjective before its noun, and the verb behind what does it: "when blinks the star red"."""
    text = re.sub(rf"\b(the|a|an|no|every|many) (\w+) ({_ADJECTIVE})\b(?! \w+(?<!s)$)", r"\1 \3 \2", text)
    text = re.sub(r"\s+([,;:])", r"\1", text)
    text = re.sub(rf"^what does ({_THING})$", r"what does \1 do", text)
    found = re.match(
        rf"(?P<asks>when |where |how often |why |(?:by|with) what )?(?P<verb>\w+s)(?P<never> never)?(?P<thing> {_THING})(?P<rest>\b.*)$",
        text,
    )
    verb = found["verb"] if found else ""
    if (
        not found
        or base(verb) not in VERBS
        or verb in ("shows", "has")
        or (verb in ("comes", "appears") and found["rest"])
    ):
        return text
    return f"{found['asks'] or ''}does{found['thing']}{found['never'] or ''} {bare_verb(verb)}{found['rest']}"


def is_english(question: str) -> bool:
    """Whether enough of a question's words are such as English questions are asked with."""
    from atom_reasoning.reading.wordings.lexicon import tokens

    known = [token.word in _english() or token.name not in ("THING", "THINGS") for token in tokens(normal(question))]
    return any(known[:1]) or sum(known) >= LEAST_ENGLISH * max(len(known), 1)


@lru_cache(4)
def _lines(language: str) -> tuple[tuple[str, str], ...]:
    """The phrases of a language, and what they mean."""
    lines = files(__package__).joinpath(f"{language}.txt").read_text(encoding="utf-8").splitlines()
    parts = (line.partition(" = ") for line in lines if line and not line.startswith("#"))
    return tuple((phrase, meant) for phrase, _, meant in parts)


@lru_cache(4)
def _known(language: str) -> dict[tuple[str, ...], str]:
    """What words and phrases of a language mean."""
    return {tuple(_WORD.findall(phrase)): meant for phrase, meant in _lines(language)}


@lru_cache(4)
def _apart(language: str) -> tuple[tuple[str, str], ...]:
    """The verbs whose prefix may stand apart, with it."""
    pairs = (phrase.split(" ... ") for phrase, _ in _lines(language) if " ... " in phrase)
    return tuple((verb, prefix) for verb, prefix in pairs)


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
