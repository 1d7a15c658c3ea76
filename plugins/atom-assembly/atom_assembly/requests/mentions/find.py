"""What a request mentions: the things that are to be seen, told by the words of the library's captions.

Every word of a request is one of four: a word of captions, a word that people speak of films and to each other with,
a small word, or an unknown one. Words of captions, with what is unknown beside them, make a mention. Unknown words
alone make one where a thing would stand ("then a dog", "three shots of dogs"), and else are talk: reasons, greetings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from attrs import frozen

from atom_assembly.evidence.words import stem
from atom_assembly.requests.english import ADJECTIVES, COUNTS, THING, is_plural
from atom_assembly.requests.forms.cue_words import (
    AGAIN,
    ALL,
    ARTICLES,
    CUES,
    END,
    LINKS,
    MIDDLE,
    NOT,
    ONE_SHOT,
    ONLY,
    PERSONS,
    RANKS,
    REASONS,
    START,
    THESE,
    TURNS,
    WAYS,
)
from atom_assembly.requests.forms.spoken_words import SMALL, SPOKEN, VERBS
from atom_assembly.requests.lengths import LENGTH, MARK

_TOKEN = re.compile(
    rf"{LENGTH}|->|=>|[→>]|[.,;:=!?\n/|&+()\[\]•]|(?<=\s)[-–—](?=\s)|[^\W_]+(?:['’-][^\W_]+)*", re.IGNORECASE
)
HARD = frozenset((".", ";", "!", "?", "\n"))
"""Signs that end a sentence."""
SOFT = frozenset((",", ":", "=", "/", "|", "&", "+", "(", ")", "[", "]", "•", "->", "=>", "→", ">", "-", "–", "—"))
BREAKS = HARD | SOFT | {"and", "but", "then", "while", "or"}
_CUE = START | END | MIDDLE | NOT | ONLY | ALL | CUES | AGAIN | TURNS | frozenset(RANKS)
_LEADING_WORDS = (
    "follow precede open close start end begin lead finish conclude include contain feature show exclude skip"
)
_LEADING = frozenset(stem(word) for word in _LEADING_WORDS.split())
"""Stems of what a film does, and no thing in it."""
_ORDER = _CUE - {"open", "opens", "close", "closes", "front", "head", "tail", "lead", "drop", "leave", "back"}
"""Words that say order and number even where captions have them."""
_AFTER_DEEDS = (_ORDER - {"not", "never"}) | {"but", "while", "please", "there", "you", "i", "we", "for"}
"""Words that say no more of what a thing does."""
_STAYS = frozenset(map(stem, ("stay", "stand", "sit", "lie", "keep", "hold", "remain", "is", "are", "be", "being")))
_NAMES_NOTHING = re.compile(THING, re.IGNORECASE)
_ALSO_NOUNS = frozenset(("kick", "lead", "head", "hook", "tail", "front", "match", "show", "cover", "trip", "drop"))
"""Words of films and requests that often end the name of a thing."""
_BEFORE_THINGS = frozenset(
    ("of", "with", "showing", "containing", "featuring", "include", "including", "see", "show", "watch", "shows")
)
_FORWARD = frozenset(("for", "about", "as", "like", "at", "on", "to", "by", "in", "from", "into", "until", "during"))
_CLOSINGS = frozenset(
    ("thanks", "thank", "regards", "wishes", "cheers", "sincerely", "yours", "greetings", "bye", "dear", "hi", "hello")
)
_WISHERS = frozenset(("i'd", "we'd", "would", "i", "we", "should", "you'd"))
_LOOKING_WORDS = """
look looking search searching ask asking wish hope hoping start end open close begin finish opens closes cut go switch
jump move ends starts
"""
_LOOKING = frozenset(_LOOKING_WORDS.split())
"""Words after which "for" or "on" leads to what is to be seen."""
_PARTICLE_WORDS = "wrap wraps end ends finish open start round mix speed follow line"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
"""Verbs of films that "up" belongs to."""
_CLAUSES = frozenset(("that", "which", "who", "is", "are", "than", "while", "and"))
_OF_PEOPLE = frozenset(("little", "small", "big", "old", "young", "tall", "happy", "sad"))
DOES = frozenset(("do", "does", "did", "doesn't", "don't", "didn't", "gets", "get", "goes", "go", "going", "getting"))


@frozen(kw_only=True)
class Mention:
    """Something that is to be seen, or not to be."""

    start: int
    """Its first token."""
    end: int
    """The token behind its last."""
    words: tuple[str, ...]
    """Its words, without articles in front."""
    known: bool
    """Whether captions have a word of it."""


@frozen(kw_only=True)
class Mentions:
    """The words of a request and what they mention."""

    tokens: tuple[str, ...]
    """Its words and signs, small."""
    found: tuple[Mention, ...]
    """What they mention, as written."""
    passed_over: tuple[str, ...]
    """Unknown words that are taken for talk."""


def read_mentions(text: str, known: Collection[str]) -> Mentions:
    """What `text` mentions.

    :param known: the words of the library's captions, small
    """
    tokens = tokens_of(text)
    kinds = kinds_of(tokens, known)
    found: list[Mention] = []
    passed: list[str] = []
    at = 0
    while at < len(tokens):
        if kinds[at] not in "KU":
            at += 1
            continue
        end = _run(tokens, kinds, at)
        start = _first_of_thing(tokens, kinds, at, end)
        has_known = "K" in kinds[start:end]
        if set(tokens[start:end]) <= WAYS and not moves(tokens[start - 1 : start]):
            at = end
            continue
        if _is_talk(tokens, kinds, start) if has_known else not _stands_for_thing(tokens, kinds, start, end):
            passed += [tokens[n] for n in range(start, end) if kinds[n] == "U"]
        else:
            words = tuple(word for n, word in enumerate(tokens[start:end]) if not n or word != tokens[start + n - 1])
            found.append(Mention(start=start, end=end, words=words, known=has_known))
        at = end
    return Mentions(tokens=tokens, found=tuple(found), passed_over=tuple(passed))


def tokens_of(text: str) -> tuple[str, ...]:
    """The words, lengths and signs of `text`, small."""
    return tuple(_TOKEN.findall(text.replace(MARK, " ").replace("’", "'").casefold()))


def kinds_of(tokens: Sequence[str], known: Collection[str]) -> list[str]:
    """Of each token: B is a sign, C a count or length, S spoken, L small, K of captions, U unknown.

    :param known: the words of the library's captions, small
    """
    stems = {stem(word) for word in known}
    return [_kind(tokens, at, stems) for at in range(len(tokens))]


def number_of(word: str) -> int:
    """The number that a word says that `is_count`."""
    return int(word.strip("x")) if word.strip("x").isdecimal() else COUNTS[word]


def is_count(word: str) -> bool:
    """Whether a word says how many."""
    return (word in COUNTS and word not in ("both", "zero")) or re.fullmatch(
        r"0*[1-9]\d{0,2}|x?[1-9]\d?x?", word
    ) is not None


def _kind(tokens: Sequence[str], at: int, stems: set[str]) -> str:
    word = tokens[at]
    if word in HARD or word in SOFT:
        return "B"
    if is_count(word) or re.fullmatch(LENGTH, word, re.IGNORECASE) or re.fullmatch(r"\d+", word):
        return "C"
    if word in SMALL:
        return "L"
    if word == "up" and tokens[at + 1 : at + 2] == ("front",):
        return "S"
    if word == "still" and (not at or stem(tokens[at - 1]) not in _STAYS):
        return "S"  # "do you still have ..."
    if word in _ORDER or _NAMES_NOTHING.fullmatch(word):
        return "S"
    follows = tokens[at + 1] if at + 1 < len(tokens) else ""
    if _leads_on(tokens, at):
        return "S"
    if stem(word) in stems or all(stem(part) in stems for part in word.split("-")):
        return "K"
    if (
        word in ADJECTIVES
        and word not in SPOKEN
        and not (word in _OF_PEOPLE and follows == "one")
        and (_NAMES_NOTHING.fullmatch(follows) or stem(follows) in stems)
    ):
        return "K"
    if word in SPOKEN or stem(word) in VERBS or re.fullmatch(r"[a-z](?:-[a-z])+|[a-z]", word):
        return "S"
    if word.endswith("ly") and len(word) > 5 and (not at or tokens[at - 1] not in ARTICLES):
        return "S"
    return "U"


def _leads_on(tokens: Sequence[str], at: int) -> bool:
    """Whether a direction is none: "right after", "left out"."""
    word, before, follows = tokens[at], tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""
    if word == "up":
        moves = before not in WAYS and (is_doing(before) or before.endswith("s"))
        return (follows in ("first", "next", "last") and not moves) or before in _PARTICLES
    if word == "left":
        return follows in ("out", "over", "off", "behind")
    return (
        word == "right"
        and follows in ("after", "before", "behind", "at")
        and not (before in ("up", "down") or is_doing(before) or before in ("moves", "goes", "turns", "the"))
    )


def _run(tokens: Sequence[str], kinds: Sequence[str], at: int) -> int:
    """Where the words that belong to one thing end."""
    end = at + 1
    while end < len(tokens):
        if kinds[end] in "KU" or (tokens[end - 1].endswith("'s") and kinds[end - 1] == "U" and kinds[end] == "S"):
            end += 1
            continue
        doing = is_doing(tokens[end]) and stem(tokens[end]) not in _LEADING and kinds[end - 1] in "KU"
        if doing or (_NAMES_NOTHING.fullmatch(tokens[end]) and tokens[end - 1] in ADJECTIVES):
            end += 1
            continue
        from_to = tokens[end] in ("to", "into") and "from" in tokens[max(0, at - 2) : at]
        ahead = None if from_to else _across(tokens, kinds, end)
        if ahead is None:
            ahead = deed_end(tokens, kinds, end)
        if ahead is None:
            return end
        end = ahead
    return end


def _across(tokens: Sequence[str], kinds: Sequence[str], end: int) -> int | None:
    """Past the small words that join what follows to a thing, "on the", "that is"; None where they do not."""
    at = end
    while at < len(tokens) and (tokens[at] in LINKS or tokens[at] in ARTICLES) and at - end < 4:
        at += 1
    gap = tokens[end:at]
    if gap[:2] in (("is", "with"), ("are", "with")):
        return None
    if gap and at < len(tokens) and gap[0] in ARTICLES and is_doing(tokens[end - 1]) and kinds[end - 1] != "K":
        return at if kinds[at] in "KU" else None
    if not gap or at >= len(tokens) or kinds[at] not in "KU" or gap[0] not in LINKS or gap[0] == "while":
        return None
    if gap[0] == "and":
        joins = gap[1:2] == ("to",) or (len(gap) == 1 and tokens[at] in WAYS and tokens[end - 1] in WAYS)
        return at if joins else None
    if gap[0] == "for" or (kinds[at] == "U" and gap[0] in ("is", "are")):
        return None
    if "K" in kinds[at : at + 2] and gap[-1] in ("with", "a", "an") and gap[0] in ("with", "at", "by", "in", "on"):
        in_turns = gap[0] == "with" and set(tokens[sentence_of(tokens, end)[0] : end]) & TURNS
        return at if gap[0] != "by" and not in_turns else None
    return at


def deed_end(tokens: Sequence[str], kinds: Sequence[str], end: int) -> int | None:
    """Past "does not", "goes" and their like where they say what a thing does, and no place in the film."""
    does = tokens[end] in DOES or tuple(tokens[end : end + 2]) == ("shows", "up")
    if kinds[end - 1] != "K" or not does:
        return None
    at = end + 1
    while at < len(tokens) and kinds[at] != "B" and tokens[at] not in _AFTER_DEEDS:
        if tokens[at] == "and" and not {*tokens[at + 1 : at + 2]} & (WAYS | {"to"}):
            break
        at += 1
    return at if any(kind in "KUS" for kind in kinds[end + 1 : at]) else None


def moves(before: Sequence[str]) -> bool:
    """Whether the word before a direction says that something moves there: "going up", not "down to two seconds"."""
    return any(word in DOES or is_doing(word) or word in ("moving", "go", "goes") for word in before)


def _first_of_thing(tokens: Sequence[str], kinds: Sequence[str], at: int, end: int) -> int:
    """Where a thing begins among the words of its run: unknown words in front of an article are no part of it, where
    they have none of their own.
    """
    counted = at > 0 and is_count(tokens[at - 1])
    if counted and kinds[at] == "U" and "of" in tokens[at : min(at + 3, end - 2)]:
        behind = tokens.index("of", at) + 1
        if tokens[behind] in ARTICLES:  # "two portions of a star"
            return behind + 1
    if kinds[at] == "K" or counted or (at and tokens[at - 1] in ARTICLES) or _someone_does(tokens, at):
        return at
    articles = [n for n in range(at + 1, end - 1) if tokens[n] in ARTICLES and tokens[n - 1] not in LINKS - _CLAUSES]
    known = next((n for n in range(at, end) if kinds[n] == "K"), end)
    first = next((n for n in articles if n < known), None)
    return first + 1 if first is not None else at


def sentence_of(tokens: Sequence[str], at: int) -> tuple[int, int]:
    """The sentence that a token stands in."""
    start = next((n + 1 for n in range(at - 1, -1, -1) if tokens[n] in HARD), 0)
    return start, next((n for n in range(at, len(tokens)) if tokens[n] in HARD), len(tokens))


def _piece_before(tokens: Sequence[str], at: int) -> list[str]:
    """The words between the last sign and a token."""
    start = next((n + 1 for n in range(at - 1, -1, -1) if tokens[n] in HARD or tokens[n] in SOFT), 0)
    return list(tokens[start:at])


def is_doing(word: str) -> bool:
    """Whether a word says what something is doing: "blinking", not "ring"."""
    return word.endswith("ing") and stem(word) != word


_OF_THEM = frozenset(("he", "she", "they", "he's", "she's", "they're"))
_OTHERS = frozenset(("that", "they", "he", "she", "it", "everyone", "everybody", "people"))


def gives_reason(words: Sequence[str]) -> bool:
    """Whether a reason is given: "because stars ...", "so that they ..."."""
    so = any(first == "so" and second in _OTHERS for first, second in pairwise(words))
    return bool(set(words) & REASONS) or (so and "show" not in words)


def _is_talk(tokens: Sequence[str], kinds: Sequence[str], start: int) -> bool:
    """Whether words of captions stand in a reason, or in what is said of those for whom the film is."""
    before = _piece_before(tokens, start)
    joined = max((n for n, word in enumerate(before) if word in ("so", "and", "but", "then")), default=0)
    of_them = next((n for n in range(start - len(before) + joined, start) if tokens[n] in _OF_THEM), start)
    known = kinds.index("K", start)
    if of_them < start and "U" in kinds[of_them:known]:  # "she is scared of dogs"
        return True
    return gives_reason(before) or before[-2:] in (["for", "my"], ["for", "our"], ["for", "your"])


def _stands_for_thing(tokens: Sequence[str], kinds: Sequence[str], start: int, end: int) -> bool:
    """Whether unknown words stand where a thing would."""
    first, last = sentence_of(tokens, start)
    before, after = _piece_before(tokens, start), tokens[end] if end < last else ""
    if gives_reason(before) or set(tokens[first:start]) & _CLOSINGS - {"hi", "hello", "thanks", "thank"}:
        return False
    if after == "up" and end + 1 < last:  # "a dog up first"
        end, after = end + 1, tokens[end + 1]
    after_kind = kinds[end] if end < last else "B"
    if after in (":", "=") or _heads_list(tokens, kinds, end):
        return False
    if _is_headed(tokens, start, before) or _someone_does(tokens, start):
        return True
    article = before[-1] if before and before[-1] in ARTICLES else ""
    lead = before[:-1] if article else before
    counted = bool(lead) and is_count(lead[-1]) and not article
    every = any(word in ALL for word in lead[-4:])
    others_do = any(kinds[start - len(before) + at] == "U" for at in range(len(lead)))  # "my eyes get tired"
    asked = bool(lead) and (lead[-1] in _BEFORE_THINGS or (stem(lead[-1]) in VERBS and not others_do))
    wished = lead[-1:] == ["like"] and lead[-2:-1] != [] and lead[-2] in _WISHERS
    if article and after in ONE_SHOT and _goes_on_unknown(tokens, kinds, end):
        return True  # "a drone shot over the harbour"
    if after in START and end + 1 < last and tokens[end + 1] in BREAKS and article != "the":
        after_kind = "B"  # "roses first, ..."
    if article and after in _ALSO_NOUNS and end + 1 < last and tokens[end + 1] in BREAKS:
        after_kind = "B"  # "the penalty kick, ..."
    if after_kind == "S" and after not in ONLY | CUES | AGAIN | END and not _ends_request(after):
        return (counted or every) and stem(after) not in VERBS and len(tokens[start:end]) < 3
    if after_kind == "L" and after not in ("and", "or", "but", "please", "in", "at", "with", "for", "as", "from"):
        return False
    if lead[-2:-1] and lead[-1] in ("is", "are", "was", "were") and lead[-2] in THESE | PERSONS:
        return False  # "those are our colours"
    if lead and lead[-1] in PERSONS:
        return every or counted or lead[-2:-1] in (["of"], ["with"], ["showing"], ["then"], ["see"], ["show"])
    if lead and lead[-1] in _FORWARD and not wished and not set(lead[-3:-1]) & _LOOKING:
        return False
    if any(word in ("i", "we", "they", "it") for word in lead) and not (asked or counted or every or article):
        return False
    if counted or every or asked or article in ("a", "an", "another"):
        return True
    several = is_plural(tokens[end - 1]) or any(map(is_doing, tokens[start:end]))
    joined = max((n + 1 for n, word in enumerate(before) if word in ("then", "and", "but")), default=0)
    listed = all(kinds[start - len(before) + n] in "SLC" for n in range(joined, len(before)))
    if article:
        return listed
    return listed and (several or end - start > 1 or before[-1:] == ["then"])


def _someone_does(tokens: Sequence[str], at: int) -> bool:
    """Whether a word says what someone does who is listed: ", then someone unpacking"."""
    before = _piece_before(tokens, at)
    listed = before[-1:] in (["someone"], ["somebody"], ["people"]) and before[:-1] in ([], ["then"], ["and", "then"])
    return listed and is_doing(tokens[at])


def _is_headed(tokens: Sequence[str], start: int, before: Sequence[str]) -> bool:
    """Whether unknown words are what a heading names: "intro: our logo"."""
    return len(before) == 1 and before[0] in PERSONS and tokens[start - 2 : start - 1] == (":",)


def _goes_on_unknown(tokens: Sequence[str], kinds: Sequence[str], end: int) -> bool:
    """Whether more unknown words follow up to the next sign, and none of captions."""
    stop = next((n for n in range(end, len(tokens)) if kinds[n] == "B"), len(tokens))
    return "U" in kinds[end:stop] and "K" not in kinds[end:stop]


def _heads_list(tokens: Sequence[str], kinds: Sequence[str], end: int) -> bool:
    """Whether what stands before a token is in the heading of a list: "three stations for the foyer:"."""
    stop = next((n for n in range(end, len(tokens)) if tokens[n] in HARD or tokens[n] in (":", "=")), len(tokens))
    return tokens[stop : stop + 1] in ((":",), ("=",)) and "K" not in kinds[end:stop]


def _ends_request(word: str) -> bool:
    return word in ("please", "thanks", "thank", "twice", "thrice", "too", "there", "times", "again")
