"""English words: numbers, stems, words that mean the same, and words of one kind."""

from __future__ import annotations

import re
from functools import lru_cache

from atom_core.text.numbers import CARDINALS, NUMBERS, ORDINALS, TENS

_SMALL = "|".join(CARDINALS[1:10])
NUMBER = rf"(?:\d+(?:\.\d+)?|(?:{'|'.join(TENS)})(?:[- ](?:{_SMALL}))?|(?:{'|'.join(reversed(CARDINALS[:20]))}))"
"""A number in digits or words, up to ninety-nine in words."""

_PLACES = {word: number for number, word in enumerate(ORDINALS, 1)}
_PLACES |= {"opening": 1, "initial": 1, "1st": 1, "last": -1, "final": -1, "closing": -1, "penultimate": -2}
ORDINAL = rf"(?:(?:second|third|next|2nd|3rd)[- ](?:to|from)[- ](?:the )?last|{'|'.join(reversed(_PLACES))}|\d+(?:st|nd|rd|th))"
"""A place in a row: "second", "3rd", "last", "second to last"."""

SEEN = (
    "(?:seen|shown|visible|present|displayed|featured|depicted|included|found|spotted|observed|noticed|counted|identified|detected|available|pictured"
    "|contained|distinguished|discerned|discernible|recognised|recognized|recognisable|perceived|registered|recorded|captured|witnessed|sighted"
    "|encountered|located|noted|viewed|watched|filmed|portrayed|represented|exhibited|discovered|presented|given|used|made out|picked out"
    "|observable|detectable|perceptible|noticeable|viewable|in evidence|in play)"
)
"""What is shown is, in the words that say no more than that: "seen", "depicted", "made out"."""

_SAME = {
    "up": ("upward", "upwards", "to the top", "up and up"),
    "down": ("downward", "downwards", "to the bottom"),
    "left": ("to the left", "leftward", "leftwards", "towards the left", "toward the left"),
    "right": ("to the right", "rightward", "rightwards", "towards the right", "toward the right"),
    "move": ("go", "slide", "travel", "drift", "shift", "head", "glide", "float"),
    "move up": ("rise", "ascend", "climb"),
    "move down": ("sink", "fall", "descend", "drop"),
    "grow": ("expand", "enlarge", "swell", "inflate", "get bigger", "get larger", "become bigger", "become larger"),
    "shrink": ("contract", "dwindle", "get smaller", "become smaller", "get tinier"),
    "blink": ("flash", "flicker", "blink on and off", "flash on and off", "twinkle"),
    "circle": ("orbit", "move in a circle", "move in circles", "go in a circle", "go in circles", "go around", "go round",
               "move around in a circle", "revolve", "run in circles"),
    "appear": ("emerge", "show up", "come into view", "turn up", "pop up", "become visible"),
    "disappear": ("vanish", "go away", "fade out", "fade away", "fade", "leave the screen"),
    "stay still": ("stand still", "rest", "not move", "remain still", "stay put", "be still", "keep still", "stand",
                   "hold still", "sit still", "stay in place", "be motionless", "be stationary", "motionless", "stationary",
                   "stay", "remain", "remain motionless", "stay motionless", "stay where it be", "still"),
    "colour": ("color", "hue"),
    "grey": ("gray",),
    "purple": ("violet",),
    "cyan": ("turquoise", "aqua"),
    "circle ": ("disc", "disk", "dot"),
    "moon": ("crescent",),
    "large": ("big", "huge"),
    "small": ("little", "tiny"),
    "person": ("human", "somebody", "someone", "anyone", "anybody", "people"),
    "man": ("guy", "men"),
    "woman": ("lady", "women"),
    "child": ("kid", "children"),
    "bicycle": ("bike",),
    "car": ("automobile",),
    "photo": ("photograph", "picture"),
}  # fmt: skip
"""Words and phrases that mean the same, in base forms; the key stands for all of them."""

KINDS_OF_WORDS = {
    "colour": "red orange yellow green cyan blue purple white black grey pink brown gold silver beige teal magenta maroon",
    "shape": "circle square triangle star cross ring moon heart rectangle oval diamond hexagon pentagon cube sphere line",
    "size": "small large medium",
    "direction": "left right up down",
}
"""Words that answer "which colour?" and the like, by what is asked for."""
GENERIC = frozenset(
    [
        "object",
        "thing",
        "something",
        "anything",
        "item",
        "figure",
        "element",
        "entity",
        "shape",
        "one",
        "everything",
        "nothing",
        "stuff",
        "form",
        "symbol",
        "subject",
        "action",
        "motion",
        "movement",
        "event",
        "entry",
    ]
)
"""Nouns that any thing fits."""
_ABSTRACT_WORDS = """
stat stats statistic statistics sample size sizes onset observation observations frequency frequencies prevalence incidence occurrence occurrences tally line-up lineup
result results objective hypothesis measure metric finding findings proportion ratio percentage rate score scores scoreline summary conclusion data datum
story plot storyline detail details fact facts info information kick-off kickoff debut arrival entrance emergence duration timing chronology quantity average total category aspect
"""
ABSTRACT = frozenset(_ABSTRACT_WORDS.split())
"""Nouns of telling and counting, of which no picture is made."""
ARTICLES = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "any",
        "some",
        "its",
        "their",
        "his",
        "her",
        "all",
        "every",
        "each",
        "both",
        "of",
        "there",
    ]
)
DIRECTIONS = frozenset(["left", "right", "up", "down"])
_BE = {"is": "be", "are": "be", "was": "be", "were": "be", "been": "be", "being": "be", "am": "be", "has": "have"}
_IRREGULAR = _BE | {
    "went": "go", "gone": "go", "goes": "go", "rose": "rise", "risen": "rise", "fell": "fall", "fallen": "fall",
    "sank": "sink", "sunk": "sink", "grew": "grow", "grown": "grow", "shrank": "shrink", "shrunk": "shrink",
    "stood": "stand", "got": "get", "gotten": "get", "became": "become", "came": "come", "ran": "run", "sat": "sit",
    "rode": "ride", "slid": "slide", "kept": "keep", "shown": "show", "seen": "see", "saw": "see", "left": "left",
    "does": "do", "did": "do", "having": "have", "had": "have", "lying": "lie", "men": "man", "women": "woman",
    "children": "child", "people": "person",
}  # fmt: skip


def number_of(text: str) -> float:
    """The value of what `NUMBER` matches; "a" and "an" are one.

    :raises ValueError: if it is no number
    """
    if text in ("a", "an"):
        return 1.0
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    try:
        return float(sum(NUMBERS[word] for word in re.split(r"[- ]", text)))
    except KeyError:
        raise ValueError(f"{text!r} is no number") from None


def place_of(text: str) -> int:
    """The place of what `ORDINAL` matches, from 1; negative ones count from the end."""
    if found := re.match(r"(second|third|next|2nd|3rd)[- ]", text):
        return -3 if found[1] in ("third", "3rd") else -2
    return _PLACES.get(text) or int(re.match(r"\d+", text)[0])  # type: ignore[index]


@lru_cache(4096)
def base(word: str) -> str:
    """The form that "moves", "moving", "moved" and "move" share; of plurals the singular."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending in ("ing", "ed", "es", "s"):
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 3 or not re.search(r"[aeiouy]", stem) or (ending == "s" and stem.endswith("s")):
            continue
        if ending in ("ing", "ed") and len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "ls":
            stem = stem[:-1]
        if ending == "es" and not re.search(r"(s|x|z|ch|sh)$", stem):
            continue
        return _without_e(stem)
    return _without_e(word)


def _without_e(stem: str) -> str:
    return stem[:-1] if len(stem) > 3 and stem.endswith("e") and not stem.endswith("ee") else stem


_ARTICLE_STEMS = frozenset(map(base, ARTICLES))


@lru_cache(1)
def _phrases() -> tuple[dict[tuple[str, ...], tuple[str, ...]], int]:
    """Each phrase that means the same as another, in stems, and the length of the longest."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {("stay", "still"): ("stay", "still")}
    for meant, phrases in _SAME.items():
        for phrase in phrases:
            known[tuple(map(base, phrase.split()))] = tuple(map(base, meant.split()))
    return known, max(map(len, known))


@lru_cache(8192)
def meaning(text: str) -> tuple[str, ...]:
    """The stems of the words of `text`, without articles; of words that mean the same, always the same ones."""
    words = [base(word) for word in re.findall(r"[^\W_]+(?:['-][^\W_]+)*", text.casefold())]
    for _ in range(2):
        words = _replaced(words)
    return tuple(word for word in words if word not in _ARTICLE_STEMS)


def _replaced(words: list[str]) -> list[str]:
    known, longest = _phrases()
    out: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            if meant := known.get(tuple(words[at : at + length])):
                out += meant
                at += length
                break
        else:
            out.append(words[at])
            at += 1
    return out


def is_generic(word: str) -> bool:
    """Whether any thing fits this noun."""
    return base(word) in {base(one) for one in GENERIC}
