"""English words that say how many, which and of what, and how they are told from what is to be seen."""

from __future__ import annotations

import re

from atom_core.text.numbers import NUMBERS

COUNTS = NUMBERS | {"forty-five": 45, "a couple of": 2, "a pair of": 2, "both": 2, "half a dozen": 6, "a dozen": 12}
"""How many, in words."""

COUNT = (
    rf"(?:(?!0+(?!\d))\d{{1,3}}|{'|'.join(sorted((word for word in COUNTS if word != 'zero'), key=len, reverse=True))})"
)
"""A pattern for how many."""

SHOT = (
    r"(?:shots?|clips?|scenes?|cuts?|takes?|moments?|snippets?|parts?|bits?|pictures?|images?|examples?|footage|views?)"
)
"""A pattern for words that mean any piece of a video."""

FILM = (
    r"(?:film|video|movie|montage|clip|edit|reel|compilation|sequence|trailer|teaser|short|mix|supercut|medley|piece"
    r"|collage|highlight reel|slideshow)"
)
"""A pattern for words that mean what is asked for."""

THING = (
    r"(?:things?|objects?|items?|shapes?|figures?|ones?|something|anything"
    r"|everything|whatever|stuff|elements?|subjects?)"
)
"""A pattern for words that name nothing in particular."""

_ADJECTIVES_WORDS = """
red orange yellow green cyan blue purple white black grey gray pink brown violet turquoise magenta golden
silver beige crimson teal navy dark light bright pale big small large little tiny huge tall short long young
old new fast slow hot cold wet dry happy sad round striped spotted wooden empty full open closed beautiful
pretty loud quiet single other blinking flashing growing shrinking moving spinning circling rising falling
"""
ADJECTIVES = frozenset(_ADJECTIVES_WORDS.split())
"""Words that need a noun after them where two share one: "a red and a blue star"."""

DETERMINER = (
    rf"(?:an?|the|some|many|several|all|every|each|any|another|no|my|his|her|its|our|their|this|that|these|those|both"
    rf"|everything|something|anything|whatever|only|just|{COUNT})\b"
)
"""A pattern for words that a new thing begins with."""

_FIRST_COMPOUNDS = (
    "light|day|time|person|snow|steps?|class|aid|floor|kiss|dance|prize|place|train|school|date|half|night"
)


def count_of(word: str) -> int:
    """The number that a match of `COUNT` says.

    :raises KeyError: if it is none
    """
    word = " ".join(word.casefold().split())
    return int(word) if word.isdecimal() else COUNTS[word]


def is_plural(noun: str) -> bool:
    """Whether a noun says that there are several."""
    noun = noun.casefold()
    return len(noun) > 3 and noun.endswith("s") and not noun.endswith(("ss", "us", "is"))


def singular(noun: str) -> str:
    """A noun as said of one."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if noun.endswith(ending):
            return noun.removesuffix(ending) + instead
    return noun[:-1] if is_plural(noun) else noun


def with_article(noun: str) -> str:
    """`noun` with the indefinite article that fits."""
    return f"{'an' if noun[:1].casefold() in 'aeiou' else 'a'} {noun}"


def begins_thing(text: str) -> bool:
    """Whether a text begins as a new thing does: "a dog", "three cats"."""
    return re.match(DETERMINER, text.strip(), re.IGNORECASE) is not None


def is_ordinal(word: str, after: str) -> bool:
    """Whether "first", "next", "last" ... before `after` say a place in the film, and not what is seen, as "last
    summer" does.
    """
    if after[:1] in (",", ":", ""):
        return True
    after = after.strip().casefold()
    if re.match(rf"(?:{DETERMINER}|(?:comes?|shows?|i|we|you|there|with|of all)\b)", after):
        return True
    return word.casefold() == "first" and not re.match(rf"(?:{_FIRST_COMPOUNDS})\b", after)
