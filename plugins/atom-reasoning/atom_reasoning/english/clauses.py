"""Captions as clauses, each of a subject and what it does, and whether one says that a condition holds."""

from __future__ import annotations

import re
from functools import lru_cache

from attrs import frozen

from atom_reasoning.english.normal import one_slip, plain
from atom_reasoning.english.words import (
    ARTICLES,
    DIRECTIONS,
    KINDS_OF_WORDS,
    NUMBER,
    base,
    is_generic,
    meaning,
    number_of,
)

_JOINS = re.compile(
    r"(?P<then>,? (?:and )?then )|,? (?:while|whereas|as) (?=(?:a|an|the|one|two|three)\b)|,? and (?=(?:a|an|the|one|two|three|some|several)\b)|; |\. "
)
_NOT_VERBS = frozenset(
    [
        "glass",
        "dress",
        "grass",
        "bus",
        "cross",
        "class",
        "press",
        "less",
        "across",
        "this",
        "his",
        "its",
        "is",
        "as",
        "chess",
        "brass",
        "mess",
    ]
)
_ALSO_NOUNS = frozenset(
    [
        "circle",
        "circles",
        "cross",
        "crosses",
        "play",
        "head",
        "point",
        "start",
        "show",
        "end",
        "fall",
        "drop",
        "light",
        "shine",
        "paint",
        "walk",
        "run",
    ]
)
_BEFORE_NOUNS = (
    frozenset(" ".join(words for kind, words in KINDS_OF_WORDS.items() if kind != "shape").split())
    | ARTICLES
    | frozenset(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "big",
            "little",
            "any",
            "some",
            "many",
            "bright",
            "dark",
        ]
    )
)
_AUXILIARIES = frozenset(["is", "are", "was", "were", "has", "have", "does", "do", "can"])
_VERB_WORDS = """
move go slide travel drift rise ascend climb sink fall descend drop grow expand shrink contract blink
flash flicker circle orbit appear emerge disappear vanish fade stay stand rest remain get become come
show turn run walk sit jump swim fly ride drive play eat drink hold wear carry look talk speak sing
dance cook cut open close throw catch kick hit push pull put take pick lie sleep read write work smile
laugh cry wait leave enter cross follow chase spin rotate roll bounce shake wave lift bark swing start
begin stop end happen occur change keep do have use make hang float head shift glide revolve swell
enlarge pass approach twinkle shine glow burn melt rain snow pour break drag lead reach touch point
blow paint draw dig clean wash brush pet feed hug kiss stretch bend kneel crawl skate ski surf sail
row skip race fight lose win see vary exist
"""
VERBS = frozenset(base(word) for word in _VERB_WORDS.split())
"""Stems of common verbs."""
NOUNS_AND_VERBS = frozenset(map(base, _ALSO_NOUNS))
"""Stems that name a thing or say what one does: "a circle" is no thing that circles."""


@frozen(kw_only=True)
class Clause:
    """What a caption says of one thing."""

    text: str
    """Its words."""
    subject: str
    """The noun phrase before the verb, with its article; empty where no verb was found."""
    predicate: str
    """The verb and what follows."""
    follows: bool = False
    """Whether it comes after the clause before it, not at the same time."""

    @property
    def number(self) -> int:
        """How many things it speaks of: two of "two dogs run"."""
        found = re.match(rf"(?:the )?({NUMBER})\b", self.subject or self.text)
        return int(number_of(found[1])) if found else 1


@lru_cache(16384)
def clauses(caption: str) -> tuple[Clause, ...]:
    """The clauses of a caption, in order."""
    text = plain(caption)
    found, at, follows = [], 0, False
    text = re.sub(r"^(?:first,? |in this (?:clip|video|shot),? )", "", text)
    for join in _JOINS.finditer(text):
        found.append((text[at : join.start()], follows))
        at, follows = join.end(), join["then"] is not None
    found.append((text[at:], follows))
    return tuple(_clause(words.strip(" ,"), later) for words, later in found if words.strip(" ,"))


def _clause(text: str, follows: bool) -> Clause:
    words = text.split()
    at = verb_at(words)
    if at is None:
        return Clause(text=text, subject=text, predicate="", follows=follows)
    return Clause(text=text, subject=" ".join(words[:at]), predicate=" ".join(words[at:]), follows=follows)


def verb_at(words: list[str]) -> int | None:
    """Where the verb of a clause in the present tense stands; None where none is found."""
    nouns = 0
    for place, word in enumerate(words):
        follower = words[place + 1] if place + 1 < len(words) else ""
        if nouns and (word in _AUXILIARIES or (word.endswith("ing") and base(word) in VERBS)):
            return place
        if nouns and word.endswith("s") and not word.endswith("ss") and word not in _NOT_VERBS:
            if base(word) in VERBS and not (
                follower.endswith("s") and base(follower) in VERBS and not follower.endswith("ss")
            ):
                return place
        if (
            nouns
            and place
            and base(word) in VERBS
            and not word.endswith("s")
            and re.match(r"(?:\w+ )*(?:two|three|four|five|several|some|many|\d+)\b", words[0])
        ):
            return place
        nouns += word not in ARTICLES
    return None


@frozen(kw_only=True)
class Wanted:
    """A condition in stems, to be held against clauses."""

    subject: tuple[str, ...]
    predicate: tuple[str, ...]


@lru_cache(4096)
def wanted(subject: str, predicate: str) -> Wanted:
    """The stems of a condition; words that fit anything are left out."""
    nouns = tuple(word for word in meaning(subject) if not is_generic(word))
    verbs = tuple(word for word in meaning(predicate) if word not in ("be", "do", "have", "ever", "at", "all"))
    if verbs and not re.match(r"(?:not|be) ", predicate) and verbs == ("be",):
        verbs = ()
    return Wanted(subject=nouns, predicate=verbs)


@lru_cache(65536)
def fit(clause: Clause, want: Wanted) -> float:
    """How well a clause says what is wanted: 1 if every word is there, else the share of the words that are, below 1.

    Words of the subject may stand anywhere but as the verb; those of the predicate after the subject, or as an
    adjective before its noun; words of direction have to be the same ones.
    """
    nouns, verbs = meaning(clause.subject), meaning(clause.predicate)
    if not clause.predicate:
        verbs = nouns
    things = set(nouns) | set(verbs[1:] if clause.predicate else verbs)
    hits = [_has(things, word) for word in want.subject]
    before = nouns[:-1] if clause.predicate and nouns and nouns[-1] in NOUNS_AND_VERBS else nouns
    done = set(verbs) | (set(before) if not DIRECTIONS & set(want.predicate) else set())
    told = [_has(done, word) for word in want.predicate]
    if want.predicate and (DIRECTIONS & set(want.predicate)) != (DIRECTIONS & set(verbs)) and _is_motion(want, verbs):
        told = [*told[:-1], False]
    words = [*hits, *told]
    if not words:
        return 1.0
    share = sum(words) / len(words)
    return 1.0 if share == 1.0 else min(share, 0.9)


_EXCLUSIVE = tuple(
    frozenset(base(verb) for verb in verbs)
    for verbs in (("move", "circle", "stay"), ("grow", "shrink"), ("appear", "disappear"))
)
"""Deeds of which one thing does one at a time."""


def contradicts(clause: Clause, want: Wanted) -> bool:
    """Whether a clause says of the thing that is wanted that it does what it cannot do beside the deed that is wanted:
    that it moves up, where it has to circle."""
    nouns, verbs = set(meaning(clause.subject)), meaning(clause.predicate)
    if not want.subject or not want.predicate or not verbs or not set(want.subject) <= nouns:
        return False
    said, wanted_deed = verbs[0], want.predicate[0]
    if said == wanted_deed:
        ways = DIRECTIONS & set(verbs), DIRECTIONS & set(want.predicate)
        return all(ways) and not ways[1] <= ways[0]
    return any({said, wanted_deed} <= deeds for deeds in _EXCLUSIVE)


def _is_motion(want: Wanted, verbs: tuple[str, ...]) -> bool:
    return bool(DIRECTIONS & (set(want.predicate) | set(verbs))) and bool(DIRECTIONS & set(want.predicate))


def _has(words: set[str], word: str) -> bool:
    return word in words or (len(word) >= 4 and any(len(one) >= 4 and one_slip(word, one) for one in words))


def best_fit(caption: str, want: Wanted) -> float:
    """The best fit of a caption's clauses, or of the whole of it for a condition that spans several."""
    found = [fit(clause, want) for clause in clauses(caption)]
    return max(found, default=0.0)


def _is_row(word: str, follower: str) -> bool:
    """Whether a word that may be a noun stands before the verb: "the cross moves"."""
    return word in _ALSO_NOUNS and base(follower) in VERBS and follower not in ("still", "around")


def split_subject(phrase: str, *, first: int = 1) -> tuple[str, str]:
    """A phrase with a bare verb, "the green moon move up", as subject and predicate; no predicate if no verb is found.

    Of words that may be noun and verb ("the red circle circle") the last of a row is the verb.
    """
    words = phrase.split()
    heads = [place for place, word in enumerate(words) if word not in ARTICLES]
    start = heads[0] + first if heads else len(words)
    for place in range(start, len(words)):
        word = words[place]
        follower = words[place + 1] if place + 1 < len(words) else ""
        is_verb = word == "not" or base(word) in VERBS or (word.endswith("ing") and len(word) > 5)
        if word in _ALSO_NOUNS and words[place - 1] in _BEFORE_NOUNS:
            is_verb = False  # "a red circle" names a thing, "the moon circles" says what it does
        if is_verb and word not in _NOT_VERBS.difference({"cross"}) and not _is_row(word, follower):
            return " ".join(words[:place]), " ".join(words[place:])
    return phrase, ""
