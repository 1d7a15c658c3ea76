"""One thing that a request mentions, with what the words around it say: how many, which, how often, where, or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from attrs import evolve, field, frozen

import atom_core as atom
from atom_assembly.evidence.words import stems
from atom_assembly.requests.english import ADJECTIVES, THING, is_plural, with_article
from atom_assembly.requests.forms.cue_words import (
    AGAIN,
    ALL,
    END,
    LINKS,
    MIDDLE,
    NOT,
    ONE_SHOT,
    ONLY,
    RANKS,
    SHOTS,
    START,
    THESE,
    WHERE,
)
from atom_assembly.requests.lengths import LENGTH, seconds
from atom_assembly.requests.mentions.divide import Around
from atom_assembly.requests.mentions.find import is_count, is_doing, number_of

PICKS: dict[str, Literal["longest", "shortest"]] = {
    "longest": "longest",
    "shortest": "shortest",
    "briefest": "shortest",
}
NEUTRAL = re.compile(
    r"\b(?:not (?:only|after|before|just|important|sure)|no (?:more|matter|longer|less|problem|other|others)"
    r"|(?:nothing|none|no one|not much) (?:else|more|other)|don't (?:forget|mind|worry|know)|can't wait"
    r"|(?:is|are|was)(?:n't| not) (?:so |that |too )?(?:hard|important|much|long)|if not|why not|never mind)\b"
)
_LEFT_OUT = re.compile(
    r"\b(?:(?:left|leave|leaving|taken?|kept|keep) out|(?:is|are|be|being|get|gets) (?:to be )?(?:excluded|omitted"
    r"|skipped|removed|avoided|ignored|dropped|banned|forbidden))\b"
)
_TWICE = {"twice": 2, "thrice": 3}
_NEGATES = frozenset(
    ("not", "never", "mustn't", "shouldn't", "can't", "cannot", "don't", "isn't", "aren't", "excluded")
)
_SEEN_WORDS = "included include be shown seen visible appear appears there in part want wanted used allowed need"
_SEEN = frozenset(_SEEN_WORDS.split())
_THAT_DOES = frozenset(("that", "which", "who", "something", "everything", "anything"))
_MUST = frozenset(("must", "should", "has", "have", "needs"))
_ANY = frozenset(("any", "anything", "whatever"))
_SOME = frozenset(("something", "everything", "anything"))
_THAT = frozenset(("that", "which", "who", "something", "everything", "anything", "things", "ones"))
_ASKING_WORDS = "give show want need put use find make play one a an second two three"
_ASKING = frozenset(_ASKING_WORDS.split())


@frozen(kw_only=True)
class Item:
    """A thing that the film shows, or must not show, with what the request says of it."""

    text: str
    wanted: atom.Wanted = field(factory=atom.Wanted)
    place: float = 0.0
    """Least first; 0 where it is written."""
    refused: bool = False
    plural: bool = False


def refers(words: Sequence[str], cue: str) -> bool:
    at = list(words).index(cue)
    return at + 1 >= len(words) or words[at + 1] in THESE


def read_thing(around: Around, arounds: Sequence[Around], number: int, items: Sequence[Item]) -> Item | None:
    """A thing with what the request says of it; None where it only speaks of one that was named already."""
    before, after = around.before, around.after
    said = set(before)
    earlier = _named_before(around, items)
    if _is_unwanted(after):
        return Item(text=refused_text(around, items), refused=True)
    if _is_refused(around, number, items):
        return Item(text=refused_text(around, items), refused=True)
    again = bool((said | set(after)) & AGAIN) or {"another", "time"} <= said or once_more((*before, "", *after))
    definite = bool(before) and before[-1] in ("the", "this", "that", "it")
    if earlier is not None and again:
        return Item(text=earlier.text, wanted=atom.Wanted(again=True), place=place_of(before, after))
    if earlier is not None and definite and (around.new_sentence or set(after) & START):
        return None
    text, plural = text_of(around, arounds, number)
    if items and items[-1].plural and plural and items[-1].text == text:
        return None
    wanted = _wanted(around, plural)
    if earlier is not None and earlier.wanted.num_shots is None and earlier.text == text and said & _MUST:
        return None  # "red only: every shot must have something red in it"
    same = earlier is not None and stems(earlier.text) == stems(text) and wanted == atom.Wanted()
    if same and not around.mention.known:
        return None
    return Item(text=text, wanted=evolve(wanted, again=same), place=place_of(before, after), plural=plural)


def _named_before(around: Around, items: Sequence[Item]) -> Item | None:
    said = stems(" ".join(around.mention.words))
    return next((item for item in items if said and said <= stems(item.text) and not item.refused), None)


def once_more(words: Sequence[str]) -> bool:
    return any(pair in (("once", "more"), ("more", "time"), ("one", "more")) for pair in pairwise(words))


def _is_refused(around: Around, number: int, items: Sequence[Item]) -> bool:
    """Whether a thing must not be seen: "not" stands before it in its clause, or before what it is listed with."""
    before = around.before
    clause = NEUTRAL.sub(" ", " ".join(before)).split()
    if "drop" in clause and not items:  # "drop a star in after the moon" puts it there
        clause.remove("drop")
    if set(clause) & NOT:
        late = max(at for at, word in enumerate(clause) if word in NOT)
        return not {"only", "just"} & set(clause[late:])
    if ("everything" in clause or "all" in clause) and "but" in clause and clause[-1] in ("but", "the"):
        return True
    listed = (
        number > 0
        and bool(items)
        and items[-1].refused
        and set(before) <= {"and", "or", "nor", "any", "a", "an", "the"}
    )
    return listed and bool(around.parted or before) and not around.new_sentence


def _is_unwanted(after: Sequence[str]) -> bool:
    """Whether what stands behind a thing says that it must not be seen: "should not be included"."""
    if _LEFT_OUT.search(" ".join(after)):
        return True
    said = NEUTRAL.sub(" ", " ".join(after)).split()
    late = next((at for at, word in enumerate(said) if word in NOT and word in _NEGATES), None)
    return late is not None and bool(_SEEN & set(said[late:]))


def refused_text(around: Around, items: Sequence[Item]) -> str:
    """What must not be seen: "the red ones" of hearts are red hearts."""
    words = around.mention.words
    adjectives = all(word in ADJECTIVES or word == "ones" for word in words)
    which = {"are", "is"} & set(around.before[-3:]) and around.before[-1:] not in (("anything",), ("something",))
    ones = "ones" in words or "ones" in around.after[:1] or which
    main = next((item for item in items if not item.refused), None)
    bare = [word for word in words if word != "ones"]
    if adjectives and ones and main is not None:
        noun = " ".join(w for w in main.text.split() if w not in ("a", "an", "the") and w not in ADJECTIVES)
        return " ".join([*bare, noun.replace("something", "thing") if noun else "things"])
    return " ".join([*bare, "things"] if adjectives else bare)


def text_of(around: Around, arounds: Sequence[Around], number: int) -> tuple[str, bool]:
    """What a thing is called in a line, and whether it names several."""
    words = list(around.mention.words)
    before = around.before
    article = before[-1] if before and before[-1] in ("a", "an", "the") else ""
    name = " ".join(words)
    if words[-1] == "ones" and len(words) > 1:
        return f"{name.removesuffix(' ones')} things", True
    if all(word in ADJECTIVES and not is_doing(word) for word in words):
        shared = _shared_noun(arounds, number)
        counted = {"one", "1"} & set(before[-5:]) or before[-1:] == ("something",)
        one = bool(counted) or bool(ONE_SHOT & set(around.after[:1]))
        return (
            (f"{article} {name} {shared}".strip(), False)
            if shared and article
            else (f"{name} things", not article and not one)
        )
    if words[0] in ADJECTIVES and not is_doing(words[0]) and before[-1:] and before[-1] in _SOME:
        front = next(at for at, word in enumerate(words) if word not in ADJECTIVES or is_doing(word))
        deed = words[front + 1 :] if words[front] in ("that", "which") else words[front:]
        return f"something {' '.join(words[:front])} that {third(' '.join(deed))}", False
    if is_doing(words[0]) or (_THAT & set(before[-3:]) and before[-1:] and before[-1] in _THAT_DOES):
        named = is_doing(words[0])
        if named and len(words) == 2 and re.fullmatch(THING, words[1]):
            name = words[0]
        return f"something {name}" if named else f"something that {third(name)}", False
    noun = _head_noun(words)
    plural = article not in ("a", "an") and (is_plural(noun) or re.fullmatch(THING, noun) is not None)
    if plural and not _says_deed(words):
        return name, True
    bare = not article and words[0] in ADJECTIVES
    return with_article(name) if bare else f"{article} {name}".strip(), False


def _head_noun(words: Sequence[str]) -> str:
    """The noun of "red circles", "red objects that blink" and "red circles blinking"; empty where it cannot be told."""
    end = next((at for at, word in enumerate(words) if at and (word in LINKS or is_doing(word))), len(words))
    return words[end - 1] if end < len(words) or len(words) < 4 else ""


def third(name: str) -> str:
    first, _, rest = name.partition(" ")
    said = first if first.endswith("s") else first + "s"
    return f"{said} {rest}".strip()


def _says_deed(words: Sequence[str]) -> bool:
    """Whether the last of a few words is what the one before it does: "a star blinks"."""
    return (
        len(words) > 1
        and not {*words} & LINKS
        and words[-2] not in ADJECTIVES
        and not is_doing(words[-2])
        and not is_doing(words[-1])
    )


def _shared_noun(arounds: Sequence[Around], number: int) -> str:
    """The noun that an adjective shares with the next thing: "a red and a blue star"."""
    if number + 1 >= len(arounds):
        return ""
    following = arounds[number + 1]
    gap = following.before
    words = following.mention.words
    if not set(gap) <= {"and", "or", "a", "an", "the", "then"} or words[0] not in ADJECTIVES or len(words) < 2:
        return ""
    return " ".join(word for word in words if word not in ADJECTIVES)


def _wanted(around: Around, plural: bool) -> atom.Wanted:
    """How many shots, which and how often."""
    before, after = around.before, around.after
    said, behind = set(before), set(after)
    length_s = next((seconds(w) for w in (*before, *after) if re.fullmatch(LENGTH, w) and seconds(w)), None)
    times, count = times_in(before, after), count_in(before)
    for word in (*before, *after):
        if word in PICKS:
            return atom.Wanted(pick=PICKS[word], num_shots=count or 1, length_s=length_s)
    purely = _says_only(before, after) and not (said & ALL and "else" in behind and "and" not in behind)
    where = any(one in SHOTS and set(before[at + 1 :]) & WHERE for at, one in enumerate(before))
    one = before[-1:] in (("a",), ("an",), ("one",))
    any_one = ("any" in said and one) or (said & ALL <= _ANY and said & (START | {"then", "next"}))
    every = said & ALL and not any_one
    several = (
        (plural and times == 1) or where or said & {"things", "objects", "shapes", "stuff"} or (purely and not one)
    )
    at_most = any(pair in (("at", "most"), ("up", "to")) for pair in pairwise(before)) or "maximum" in said
    return atom.Wanted(
        num_shots=count if count is not None else None if every or several else 1,
        repeats=times,
        purely=purely and (not said & SHOTS or "else" in behind),
        length_s=length_s,
        at_most=at_most and count is not None,
    )


def _says_only(before: Sequence[str], after: Sequence[str]) -> bool:
    said = set(before)
    for at, word in enumerate(before):
        if word in ONLY and not (word in ("just", "only") and set(before[at + 1 : at + 3]) & _ASKING):
            return not said & {"after", "before", "once"} and not any(map(is_count, before[at + 1 : at + 2]))
    nothing = {"nothing", "else"} <= set(after) or ("only" in after and not set(after) & {"after", "before"})
    return nothing or bool((ONLY - {"only", "just"}) & set(after))


def count_in(words: Sequence[str]) -> int | None:
    """How many shots the words in front of a thing want; None where they do not say."""
    for at in range(len(words) - 1, -1, -1):
        word, follows = words[at], words[at + 1 : at + 2]
        if word in ("couple", "pair"):
            return 2
        if word == "dozen":
            return 6 if words[at - 1 : at] == ("half",) or words[at - 2 : at] == ("half", "a") else 12
        if is_count(word) and word not in ("one", "1") and follows not in (("times",), ("time",)):
            return number_of(word)
    return None


def times_in(before: Sequence[str], after: Sequence[str]) -> int:
    """How often a shot is shown."""
    for words in (after, before):
        for first, second in pairwise(("", *words, "")):
            if second in _TWICE:
                return _TWICE[second]
            if second in ("times", "time") and is_count(first):
                return max(1, number_of(first))
    return next((number_of(word) for word in after if re.fullmatch(r"x\d|\dx", word)), 1)


def place_of(before: Sequence[str], after: Sequence[str]) -> float:
    """Where the words next to a thing put it; those in front of it go before those behind."""
    if {"after", "once", "when"} & set(before):  # "after a dog finishes": the dog's end, not the film's
        after = ()
    for words in (before, after):
        said = set(words) - ({"first"} if "time" in words and "first" in words else set())
        if (said & MIDDLE and not {"between"} & said - set(before[:0])) or ("between" in said and words is after):
            return 0.0
        if said & END:
            return 1.0
        if said & START:
            return -1.0
        for first, word in pairwise(("", *words)):
            if word in RANKS and first not in ("a", "one", "per", "every", "each"):
                return -1.0 + RANKS[word] / 100
    return 0.0
