"""Where the things that a request tells of stand in it: the words of the library's captions, with those beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from attrs import frozen

from atom_assembly.evidence.words import clauses, stem, stems, thing_of
from atom_assembly.requests.english import ADJECTIVES, THING, is_plural
from atom_assembly.requests.forms.cue_words import WAYS
from atom_assembly.requests.mentions.find import DOES, deed_end, is_doing, kinds_of, moves, tokens_of

Kind = Literal["deed", "noun", "nouns", "looks", "does", "unknown"]
"""How a thing is told: with what it does, by one noun or several, by how it looks, by what it does alone, in words that
no caption has.
"""
Span = tuple[int, int]
_JOINS = frozenset(("that", "which", "who", "is", "are", "was", "were"))
_PLACE_WORDS = """
on in at to through off over into onto under near with along the a an his her its their
"""
_PLACES = frozenset(_PLACE_WORDS.split())
"""Words before where something is done, or what to: "sleeps on a sofa", "plays the piano"."""
_WITHIN = frozenset(("of", "on", "in", "at", "to", "the", "a", "an", "with", "our", "my", "for", "by", "over", "from"))
_DOERS = frozenset(
    ("something", "anything", "everything", "nothing", "whatever", "that", "which", "who", "things", "thing", "shapes")
) | {"objects", "ones", "is", "are", "don't", "doesn't", "not", "stuff", "items", "else"}
"""Words before a verb that says what is to be seen: "things that stay", not "to stay awake"."""


@frozen(kw_only=True)
class Words:
    """The words of a library's captions, by what they tell."""

    known: frozenset[str]
    """All of them, small."""
    of_things: frozenset[str]
    """Stems of those that name things."""
    of_deeds: frozenset[str]
    """Stems of those that say what things do."""

    @classmethod
    def of(cls, captions: Iterable[str]) -> Words:
        """Of `captions`."""
        known: set[str] = set()
        things: set[str] = set()
        deeds: set[str] = set()
        for caption in dict.fromkeys(captions):
            known |= {word.casefold() for word in re.findall(r"[^\W\d_]+", caption)}
            for clause in clauses(caption):
                thing = thing_of(clause)
                things |= stems(thing)
                deeds |= stems(clause.casefold().removeprefix(thing)) if thing else set()
        return cls(known=frozenset(known), of_things=frozenset(things), of_deeds=frozenset(deeds))


@frozen(kw_only=True)
class Spelled:
    """A request by its tokens."""

    words: tuple[str, ...]
    """Its words, lengths and signs, small."""
    kinds: tuple[str, ...]
    """What each is, as `kinds_of` says."""
    things: tuple[Span, ...]
    """Where things stand that captions have words for."""
    talk: tuple[Span, ...]
    """Where such words stand that are none: verbs and ways that belong to no thing."""
    runs: tuple[Span, ...]
    """Where unknown words stand together."""


def spelled(text: str, words: Words) -> Spelled:
    """`text` by its tokens.

    :param words: of the library's captions
    """
    tokens = tokens_of(text)
    kinds = kinds_of(tokens, words.known)
    known = frozenset(map(stem, words.known))
    spans = [span for span in _things(tokens, kinds, words) if any(stem(one) in known for one in tokens[slice(*span)])]
    kinds = ["U" if kind == "K" and not _within(at, spans) else kind for at, kind in enumerate(kinds)]
    return Spelled(
        words=tokens,
        kinds=tuple(kinds),
        things=tuple(span for span in spans if not _is_talk(tokens, span, words)),
        talk=tuple(span for span in spans if _is_talk(tokens, span, words)),
        runs=tuple(unknown_runs(tokens, kinds, spans)),
    )


def _within(at: int, spans: Iterable[Span]) -> bool:
    return any(start <= at < end for start, end in spans)


def _things(spelled: Sequence[str], kinds: Sequence[str], words: Words) -> list[Span]:
    """Where words of captions stand together, with the small words that join them."""
    found: list[Span] = []
    at = 0
    while at < len(spelled):
        if kinds[at] != "K":
            at += 1
            continue
        start, end = _begin(spelled, kinds, at, found), _past(spelled, kinds, at, words)
        named = all(word in ADJECTIVES for word in spelled[at:end]) and re.fullmatch(
            THING, " ".join(spelled[end : end + 1]), re.IGNORECASE
        )
        end = _past(spelled, kinds, end, words) if named else end
        end = _with_others(spelled, kinds, start, end, words)
        found.append((start, end))
        at = end
    return found


def _begin(spelled: Sequence[str], kinds: Sequence[str], at: int, found: Sequence[Span]) -> int:
    """Where a thing begins: unknown words between its article and its known ones are of it, "a brown circle"."""
    start = at
    while start and kinds[start - 1] == "U" and at - start < 2 and not _within(start - 1, found):
        start -= 1
    return start if start and spelled[start - 1] in ("a", "an") else at


def _past(spelled: Sequence[str], kinds: Sequence[str], at: int, words: Words) -> int:
    """Where the words of captions end that begin with a token, with the small words that join them."""
    end = at + 1
    while end < len(spelled):
        joined = _skipped(spelled, end, _JOINS)
        if _is_known(kinds, joined) and not (joined > end and spelled[joined] in WAYS):
            end = joined + 1  # "whatever the circle is up to" moves nowhere
            continue
        placed = _skipped(spelled, end, _PLACES)
        if not _is_known(kinds, placed) or stem(spelled[placed]) not in words.of_deeds - words.of_things:
            return end
        end = placed + 1
    return end


def _skipped(spelled: Sequence[str], at: int, small: frozenset[str]) -> int:
    """Past small words, two at most."""
    ahead = at
    while ahead < len(spelled) and spelled[ahead] in small and ahead - at < 2:
        ahead += 1
    return ahead


def _is_known(kinds: Sequence[str], at: int) -> bool:
    return at < len(kinds) and kinds[at] == "K"


def _with_others(spelled: Sequence[str], kinds: Sequence[str], start: int, end: int, words: Words) -> int:
    """Past other words that belong to a thing: a noun behind adjectives, "a red dog", or what it does, "a star
    explodes", "a star gets bigger".
    """
    own = spelled[start:end]
    if end >= len(spelled):
        return end
    if kinds[end] == "U" and all(word in ADJECTIVES for word in own) and spelled[start - 1 : start] != ("something",):
        return _past(spelled, kinds, end, words)
    if kind_of_thing(own, words) not in ("noun", "nouns"):
        return end
    if kinds[end] == "U":
        return end + 1 if spelled[end].endswith("s") or is_doing(spelled[end]) else end
    return deed_end(spelled, kinds, end) or end


def _is_talk(spelled: Sequence[str], span: Span, words: Words) -> bool:
    """Whether words of captions are no thing: ways that nothing moves, and verbs that nothing does, "follow it up"."""
    own = spelled[slice(*span)]
    if set(own) <= WAYS:
        return not moves(spelled[max(0, span[0] - 1) : span[0]])
    if kind_of_thing(own, words) != "does":
        return False
    plain = not (own[0].endswith("s") or is_doing(own[0]))
    return plain and spelled[max(0, span[0] - 1) : span[0]] != () and spelled[span[0] - 1] not in _DOERS


def unknown_runs(spelled: Sequence[str], kinds: Sequence[str], known: Sequence[Span]) -> list[Span]:
    """Where unknown words stand together, with the small words between them."""
    found: list[Span] = []
    at = 0
    while at < len(spelled):
        if kinds[at] != "U" or _within(at, known):
            at += 1
            continue
        end = at + 1
        while end < len(spelled):
            ahead = end
            while ahead < len(spelled) and spelled[ahead] in _WITHIN and ahead - end < 2:
                ahead += 1
            if ahead >= len(spelled) or kinds[ahead] != "U" or _within(ahead, known):
                break
            end = ahead + 1
        found.append((at, end))
        at = end
    return found


def kind_of_thing(own: Sequence[str], words: Words) -> Kind:
    """How the words of a thing tell it."""
    nouns: list[str] = []
    deed = looks = False
    for word in own:
        one = stem(word)
        if word in _JOINS:
            continue
        if re.fullmatch(THING, word):
            continue
        if word in DOES and nouns:
            deed = True
            continue
        if word in ADJECTIVES and one not in words.of_deeds:
            looks = True
        elif one in words.of_deeds and (
            one not in words.of_things or nouns or (not looks and (word.endswith("s") or is_doing(word)))
        ):
            deed = True
        else:
            nouns.append(word)
    if deed:
        return "deed" if nouns or looks else "does"
    if not nouns:
        return "looks"
    return "nouns" if is_plural(nouns[-1]) and nouns[-1] not in words.known else "noun"
