"""German and French questions word by word in English: words of asking, colours, shapes, and some common things.

A question in English with words of one of them, "How many Szenen are there?", has only those put in English.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

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
    """A German or French question, or one with words of them, word by word in English; None for one without."""
    words = _words(question)
    if not words:
        return None
    scores = {name: sum(word in _single(name) for word in words) for name in LANGUAGES}
    best = max(scores, key=lambda name: scores[name])
    if (
        scores[best] >= 2
        and any(_is_own(word, best) for word in words)
        and scores[best] > sum(word in _english() for word in words)
    ):
        return _translated(_joined(words, best), _known(best))
    if words[0] == "was" and words[1:2] and words[1] in _BEHIND_WHAT:
        return Translated(text=" ".join(["what", *words[1:]]), known=1.0)
    own = {name: sum(_is_own(word, name) for word in words) for name in LANGUAGES}
    best = max(own, key=lambda name: own[name])
    if own[best] == 0 or _is_foreign(words, best):
        return None
    found = _translated(words, _only_with(_known(best), words, best), mixed=True)
    return None if found.text == " ".join(words) else found


def _is_own(word: str, language: str) -> bool:
    """Whether a word is known in a language and is none in English."""
    return word in _all(language) and word not in _english() and word not in ALSO_ENGLISH


def _is_foreign(words: list[str], language: str) -> bool:
    """Whether a question is in a third language: fewer of its words are known than not, in both languages."""
    known = sum(word in _english() or word in _single(language) or not word[0].isalpha() for word in words)
    return 2 * known < len(words)


def _only_with(known: dict[tuple[str, ...], str], words: list[str], language: str) -> dict[tuple[str, ...], str]:
    """The phrases that have a word which is none in English, or stand beside one in the question."""
    beside = {word for one, other in pairwise(words) for word in (one, other) if _is_own(one, language) or _is_own(other, language)}  # fmt: skip
    return {
        phrase: meant
        for phrase, meant in known.items()
        if any(_is_own(word, language) for word in phrase) or (len(phrase) == 1 and phrase[0] in beside and phrase[0] not in _english())
    }  # fmt: skip


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text))


def _translated(words: list[str], known: dict[tuple[str, ...], str], *, mixed: bool = False) -> Translated:
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
            found += put is not None or mixed or not words[at][0].isalpha()
            place = re.fullmatch(r"(\d+)\.", words[at])
            out.append(f"{place[1]}th" if place else put if put is not None else words[at] if mixed else bare)
            at += 1
    put_in_order = _adjectives_first if mixed else _as_english_orders
    return Translated(text=put_in_order(" ".join(out)), known=found / max(len(words), 1))


def _joined(words: list[str], language: str) -> list[str]:
    """A verb whose prefix stands at the end, "kommt ein Hund vor", with the prefix beside it."""
    for verb, prefix in _apart(language):
        if verb in words and prefix in words:
            first, last = words.index(verb), len(words) - 1 - words[::-1].index(prefix)
            if last > first and (last == len(words) - 1 or words[last + 1] in ",;:"):
                return [*words[: first + 1], prefix, *words[first + 1 : last], *words[last + 1 :]]
    return words


_ALSO = """
die was in an am so war man hat rot ring ball person film films clip clips video videos orange form formen minute lang um kind links rosa auto autos gut mal gib sag
stern bald plan plans court chat chats on a fin rose violet cyan triangle triangles moment suit font dis cite liste son point sur est comment tout tour pour plus
ensemble fait sans les le la de du des d' l' j' s' n' un une il y se me moi tu si six mars second hier dort der den dem das das mit von bei es wo wer quoi que rue
visible present absent exact s nr rectangle moments extrait image cube note sept dix objects object shot shots scene gang turquoise teil teilen teile beginn uns je aus als los liste rings stars name an bat nun ab
"""
ALSO_ENGLISH = frozenset(_ALSO.split()) - {
    "mit",
    "von",
    "bei",
    "wer",
    "quoi",
    "teil",
    "teile",
    "teilen",
    "beginn",
    "uns",
    "als",
    "aus",
}
"""Words of the other languages that are words in English, or parts of names, too."""
_BEHIND_WHAT = frozenset(
    ["happens", "comes", "is", "are", "does", "do", "can", "follows", "appears", "goes", "colour", "color"]
)
"""English words behind which a German "was" is no past of "be"."""
_WITH_PRONOUN = re.compile(r"-(?:t-)?(?:ils?|elles?|on)$")
_ADJECTIVE = f"(?:{KINDS_OF_WORDS['colour'].replace(' ', '|')})"
_THING = rf"(?:(?:the|a|an|no) (?:{_ADJECTIVE} )?\w+|something|anything|everything|nothing)"


def _adjectives_first(text: str) -> str:
    """ "The red star" for "the star red"."""
    return re.sub(
        rf"\b(the|a|an|no|every|many) (\w+) ({_ADJECTIVE})\b(?! (?!anywhere\b|appear\b|come\b|there\b|shown\b|seen\b)\w+(?<!s)$)",
        r"\1 \3 \2",
        text,
    )


def _as_english_orders(text: str) -> str:
    """The adjective before its noun, and the verb behind what does it: "when blinks the star red"."""
    text = _adjectives_first(text)
    text = re.sub(r"\s+([,;:])", r"\1", text)
    text = re.sub(r"\b(true that .+) (seen|shown|visible|there) (is|are)$", r"\1 \3 \2", text)
    text = re.sub(r"\bof (\d+:\d+) at (?=\d+:\d+)", r"from \1 to ", text)
    text = re.sub(
        r"^(can you |please )*(?P<what>(?!tell|list|name|describe|count).+) (?P<do>list|name|describe|count|summarise)$",
        r"\g<do> \g<what>",
        text,
    )
    text = re.sub(rf"^what does ({_THING})$", r"what does \1 do", text)
    found = re.match(
        rf"(?P<asks>when |where |how often |how long |why |(?:by|with) what |(?:in |at |from )?(?:which|what) (?:shot|scene|clip|video|time) |from when )?(?P<verb>\w+s)(?P<never> never)?(?P<thing> {_THING})(?P<rest>\b.*)$",
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
    return {tuple(_WORD.findall(phrase.casefold())): meant for phrase, meant in _lines(language)}


@lru_cache(4)
def _apart(language: str) -> tuple[tuple[str, str], ...]:
    """The verbs whose prefix may stand apart, with it."""
    pairs = (phrase.split(" ... ") for phrase, _ in _lines(language) if " ... " in phrase)
    return tuple((verb, prefix) for verb, prefix in pairs)


@lru_cache(4)
def _single(language: str) -> frozenset[str]:
    return frozenset(words[0] for words in _known(language) if len(words) == 1)


@lru_cache(4)
def _all(language: str) -> frozenset[str]:
    return frozenset(word for words in _known(language) for word in words if word[0].isalpha())


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
